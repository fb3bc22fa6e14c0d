//! The command line: every command and option, with the words that people read.

use crate::settings::span::Span;
use crate::settings::tenants::CopiesWish;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use std::net::SocketAddr;
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0 done or nothing to do   1 failed        2 the plan has changes   3 incomplete
  4 held by a guard         5 stale plan   64 usage                 65 configuration
 66 sign-in or permission  67 unreachable  68 store                 69 disk

First steps: `almanac demo` shows it all without a tenant; `almanac init` begins in earnest.";

/// Keeps the contacts of many Microsoft 365 tenants in step: plan, then apply.
#[derive(Debug, Parser)]
#[command(name = "almanac", version, after_help = EXIT_CODES, max_term_width = 100, propagate_version = true)]
pub struct Cli {
    /// The home folder with almanac.yaml, tenants and tunnels
    #[arg(long, global = true, value_name = "DIR", env = "ALMANAC_HOME", default_value = "almanac", value_hint = ValueHint::DirPath)]
    pub config: PathBuf,

    /// Print one JSON document (JSON lines for streams) instead of text
    #[arg(long, global = true)]
    pub json: bool,

    /// Log this much: error, warn, info, debug, or per crate as `warn,engine=info`
    #[arg(long, global = true, value_name = "FILTER", env = "ALMANAC_LOG")]
    pub log: Option<String>,

    /// Write logs as JSON lines
    #[arg(long, global = true, env = "ALMANAC_LOG_JSON")]
    pub log_json: bool,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the whole story against a simulated client: plan, apply, change, run again
    Demo(Demo),
    /// Make a home folder with example settings and the root key
    Init,
    /// Add, list, check or remove client tenants
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Check every document of the home folder
    Validate(Validate),
    /// Show what would change, without changing anything
    ///
    /// Looks at the sources and the target mailboxes and prints, per mailbox and person, what an
    /// apply would do and what it would leave alone. Exit code 2 says that there are changes.
    Plan(PlanArgs),
    /// Carry out a saved plan, or plan and carry it out
    Apply(Apply),
    /// Look at everything now and work until done
    Run(Run),
    /// Stop a tunnel, tenant or run; nothing more is written for it
    Pause(Target),
    /// Let a paused tunnel, tenant or run go on
    Resume(Target),
    /// Give a run up; what is done stays done
    Cancel(RunTarget),
    /// Work by the schedule until stopped, with a health endpoint
    Serve(Serve),
    /// Show how every tunnel stands
    Status(Status),
    /// List past and present runs
    Runs(Runs),
    /// Show one run: what was planned, done and left alone
    Show(RunTarget),
    /// Say why a person is, or is not, in a mailbox, and since when it is stale
    Why(Why),
    /// Approve the very plan that a guard holds
    Approve(Decision),
    /// Refuse a held plan
    Reject(Decision),
    /// Put items back as they were before we changed or deleted them
    Restore(Restore),
    /// Copy the store, settings and tunnels while everything runs
    Backup(Backup),
    /// Microsoft's cloud in a box: serve, import, generate
    #[command(subcommand)]
    Sim(SimCommand),
    /// Run the whole product under virtual time with faults, and check it
    Simulate(Simulate),
    /// Measure, and print the figures with their goals
    Bench(Bench),
    /// Print the JSON Schema of a document
    Schema(Schema),
    /// Print a completion script for your shell
    Completions(Completions),
    /// Print the manual page
    Man,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// Mailboxes of the simulated client
    #[arg(long, default_value_t = 25, value_name = "N", value_parser = clap::value_parser!(u32).range(3..=2000))]
    pub mailboxes: u32,
    /// People in its directory; default: as many as there are mailboxes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(3..=20000))]
    pub contacts: Option<u32>,
    /// Another seed gives another client
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
}

#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Add a client: makes key and certificate, prints what its admin has to do
    Add(TenantAdd),
    /// List the tenants with their credentials
    List,
    /// Try it: token, permissions needed, granted and in excess, one mailbox that must answer
    Check(TenantCheck),
    /// Take a tenant out; its copies are kept or removed, as a plan
    Remove(TenantRemove),
}

#[derive(Debug, Args)]
pub struct TenantAdd {
    /// A short name of your choice: lower-case letters, digits, dashes
    pub name: String,
    /// Directory id (GUID) or a verified domain of the tenant
    #[arg(long, value_name = "ID|DOMAIN")]
    pub directory: String,
    /// Application (client) id of the app registration
    #[arg(long, value_name = "GUID")]
    pub client_id: String,
    /// Region for phone numbers of people without a country, for example DE
    #[arg(long, value_name = "CODE")]
    pub region: Option<String>,
    /// Use the certificate of this name for several tenants instead of one of its own
    #[arg(long, value_name = "NAME", conflicts_with = "secret_file")]
    pub shared_certificate: Option<String>,
    /// Use a client secret from this file (laboratories only)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub secret_file: Option<PathBuf>,
    /// Days until the certificate expires
    #[arg(long, default_value_t = 365, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1095))]
    pub valid_days: u32,
    /// Where Microsoft sends the admin after consent; must be registered with the app
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://login.microsoftonline.com/common/oauth2/nativeclient"
    )]
    pub redirect_uri: String,
}

#[derive(Debug, Args)]
pub struct TenantCheck {
    /// The tenant; all of them without it
    pub name: Option<String>,
    /// A mailbox that must answer
    #[arg(long, value_name = "ADDRESS")]
    pub mailbox: Option<String>,
}

#[derive(Debug, Args)]
pub struct TenantRemove {
    pub name: String,
    /// What becomes of our copies in its mailboxes
    #[arg(long, value_enum, value_name = "WHAT")]
    pub copies: CopiesWish,
}

#[derive(Debug, Args)]
pub struct Validate {
    /// Print the tunnels as they take effect, with every default
    #[arg(long)]
    pub effective: bool,
}

/// Which part of the work is meant.
#[derive(Clone, Debug, Default, Args)]
pub struct Selection {
    /// Only this tunnel (id or name)
    #[arg(long, value_name = "TUNNEL")]
    pub tunnel: Option<String>,
    /// Only this tenant
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
    /// Only this mailbox (address); may be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub mailbox: Vec<String>,
    /// Only the first N mailboxes: a pilot
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub pilot: Option<u32>,
}

#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub selection: Selection,
    /// Save the plan, to be read, approved and applied later
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Write every step as CSV
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub csv: Option<PathBuf>,
    /// Write a page for the client to read
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub html: Option<PathBuf>,
    /// Show every person instead of the first few of each block
    #[arg(long)]
    pub all: bool,
}

#[derive(Debug, Args)]
pub struct Apply {
    /// A plan saved by `plan --out`; without it a new plan is made, shown and carried out
    #[arg(value_name = "PLAN", conflicts_with_all = ["tunnel", "tenant", "mailbox", "pilot"], value_hint = ValueHint::FilePath)]
    pub plan: Option<PathBuf>,
    #[command(flatten)]
    pub selection: Selection,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    pub selection: Selection,
    /// List every target folder in full instead of asking for changes
    #[arg(long)]
    pub full: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Target {
    /// A tunnel (id or name)
    #[arg(long, value_name = "TUNNEL")]
    pub tunnel: Option<String>,
    /// Every tunnel of a tenant
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
    /// A run, by number
    #[arg(long, value_name = "N")]
    pub run: Option<i64>,
}

#[derive(Debug, Args)]
pub struct RunTarget {
    /// The run's number, as `runs` shows it
    #[arg(value_name = "RUN")]
    pub run: i64,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// Health endpoint; default: `listen` of almanac.yaml
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// How often trouble is looked for and documents are read again
    #[arg(long, value_name = "SPAN", default_value = "30s", hide = true, value_parser = span)]
    pub watch: Span,
}

fn span(text: &str) -> Result<Span, String> {
    Span::parse(text).ok_or_else(|| "write 500ms, 30s, 15m, 2h or 1d".to_owned())
}

#[derive(Debug, Args)]
pub struct Status {
    /// Only this tenant
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
}

#[derive(Debug, Args)]
pub struct Runs {
    /// Only this tenant
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
    /// How many, the newest first
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub last: u32,
}

#[derive(Debug, Args)]
pub struct Why {
    /// The person: address, name or object id
    #[arg(long, value_name = "WHO")]
    pub person: String,
    /// The mailbox (address)
    #[arg(long, value_name = "ADDRESS")]
    pub mailbox: String,
}

#[derive(Debug, Args)]
pub struct Decision {
    /// The held run's number, as `status` shows it
    #[arg(value_name = "RUN")]
    pub run: i64,
    /// The plan's fingerprint, to be sure that it is the plan you read
    #[arg(long, value_name = "HEX")]
    pub fingerprint: Option<String>,
}

#[derive(Debug, Args)]
pub struct Restore {
    /// Everything that this run changed
    #[arg(long, value_name = "N")]
    pub run: Option<i64>,
    /// Only this person (address, name or object id)
    #[arg(long, value_name = "WHO")]
    pub person: Option<String>,
    /// Only this mailbox (address)
    #[arg(long, value_name = "ADDRESS")]
    pub mailbox: Option<String>,
    /// Do it; without this only what would be put back is shown
    #[arg(long, short)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct Backup {
    /// The folder to make; it must not be there yet
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub to: PathBuf,
}

#[derive(Debug, Subcommand)]
pub enum SimCommand {
    /// Serve Microsoft Graph and Entra on this machine
    Serve(SimServe),
    /// Make a fleet file from the admin centre's users CSV or from vCard files
    Import(SimImport),
    /// Make a fleet file of believable people
    Generate(SimGenerate),
}

#[derive(Debug, Args)]
pub struct SimServe {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:9443", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Serve https with a certificate made for this run
    #[arg(long)]
    pub tls: bool,
    /// Tenants, people and groups; default: one client with 25 people
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub fleet: Option<PathBuf>,
    /// All chance comes from it
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// How badly it behaves: none, light, hostile, or a YAML file of settings
    #[arg(long, default_value = "none", value_name = "PROFILE")]
    pub faults: String,
    /// How many times faster than real time its clock runs
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    pub time_scale: f64,
}

#[derive(Debug, Args)]
pub struct SimImport {
    /// A users CSV of the Microsoft 365 admin centre, or vCard files
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// The tenant's domain; default: the most frequent one of the users, else contoso.example
    #[arg(long, value_name = "DOMAIN")]
    pub domain: Option<String>,
    /// Put the vCards into this shared mailbox instead of the directory's org contacts
    #[arg(long, value_name = "ADDRESS")]
    pub cards_to: Option<String>,
    /// Write here instead of standard output
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct SimGenerate {
    /// People in the directory
    #[arg(long, default_value_t = 25, value_name = "N")]
    pub people: u32,
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Write here instead of standard output
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Simulate {
    /// How many histories
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 1, value_name = "S")]
    pub start: u64,
    /// Play this story instead
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub script: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Bench {
    /// Only these measurements; all of them without
    #[arg(value_enum, value_name = "NAME")]
    pub only: Vec<Measure>,
    /// People and org contacts of the measured client; default: what the goal is stated for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(10..=50_000))]
    pub contacts: Option<u32>,
    /// Its mailboxes; default: what the goal is stated for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub mailboxes: Option<u32>,
    /// Fill with photos, too
    #[arg(long)]
    pub photos: bool,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Measure {
    /// Planning: merges per second of one core
    Merges,
    /// The first fill under virtual time: finish and requests
    Fill,
    /// The first fill over HTTP: processor time and memory of our own process
    FillHttp,
    /// A run with nothing to do, for few and for many mailboxes
    Quiet,
    /// Ten changes for every mailbox
    Changes,
    /// Memory of the simulated cloud
    Cloud,
    /// The store lost after a full fill
    Recover,
    /// One change of a small client beside the first fill of a large one
    Fair,
}

#[derive(Debug, Args)]
pub struct Schema {
    #[arg(value_enum, value_name = "DOCUMENT")]
    pub document: SchemaOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// almanac.yaml
    Settings,
    /// tenants.yaml and tenants/*.yaml
    Tenants,
    /// tunnels/*.yaml
    Tunnels,
}

#[derive(Debug, Args)]
pub struct Completions {
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does() {
        for command in Cli::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
        }
    }
}
