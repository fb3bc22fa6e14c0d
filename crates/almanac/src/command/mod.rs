//! One file per command; each looks, decides little, asks the crate that knows, and prints.

mod apply;
mod backup;
mod bench;
mod choose;
mod decide;
mod demo;
mod init;
mod plan;
mod restore;
mod runs;
mod schema;
pub mod serve;
mod shell;
mod sim;
mod simulate;
mod tenant;
mod validate;
mod why;
mod work;

use crate::cli::{Cli, Command};
use crate::exit::{Ended, Exit, Failure};
use crate::output::Voice;
use crate::settings::Settings;
use std::path::PathBuf;

/// What every command is given.
#[derive(Clone, Debug)]
pub struct Context {
    pub home: PathBuf,
    pub voice: Voice,
}

impl Context {
    /// The settings of the home folder.
    ///
    /// # Errors
    /// There is none, or a document in it is wrong.
    pub fn settings(&self) -> Result<Settings, Failure> {
        Settings::load(&self.home)
    }
}

/// Carries out one command.
///
/// # Errors
/// It could not be carried out; the failure says what, where and what to do.
pub fn carry_out(cli: Cli) -> Ended {
    let filter = cli.log.clone().or_else(|| log_filter(&cli.config));
    crate::output::log::start(filter.as_deref(), cli.log_json)?;
    let context = Context {
        home: cli.config,
        voice: Voice { json: cli.json },
    };
    match cli.command {
        Command::Demo(wanted) => demo::demo(&context, &wanted),
        Command::Init => init::init(&context),
        Command::Tenant(command) => tenant::tenant(&context, command),
        Command::Validate(wanted) => validate::validate(&context, &wanted),
        Command::Plan(wanted) => plan::plan(&context, &wanted),
        Command::Apply(wanted) => apply::apply(&context, &wanted),
        Command::Run(wanted) => apply::run(&context, &wanted),
        Command::Pause(wanted) => decide::pause(&context, &wanted),
        Command::Resume(wanted) => decide::resume(&context, &wanted),
        Command::Cancel(wanted) => decide::cancel(&context, &wanted),
        Command::Status(wanted) => runs::status(&context, &wanted),
        Command::Runs(wanted) => runs::runs(&context, &wanted),
        Command::Show(wanted) => runs::show(&context, &wanted),
        Command::Why(wanted) => why::why(&context, &wanted),
        Command::Approve(wanted) => decide::approve(&context, &wanted),
        Command::Reject(wanted) => decide::reject(&context, &wanted),
        Command::Restore(wanted) => restore::restore(&context, &wanted),
        Command::Backup(wanted) => backup::backup(&context, &wanted),
        Command::Bench(wanted) => bench::bench(&context, &wanted),
        Command::Serve(wanted) => serve::serve(&context, &wanted),
        Command::Sim(command) => sim::sim(&context, command),
        Command::Schema(wanted) => schema::schema(wanted.document),
        Command::Completions(wanted) => shell::completions(wanted.shell),
        Command::Man => shell::man(),
        Command::Simulate(wanted) => simulate::simulate(&context, &wanted),
    }
}

/// What the settings say of logging; a mistake in them is told by the command that needs them.
fn log_filter(home: &std::path::Path) -> Option<String> {
    Settings::load(home)
        .ok()
        .map(|settings| settings.document.log)
}

/// Runs a future to its end on the threads of this process.
///
/// # Errors
/// The operating system gives no threads.
pub fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(Exit::Failed, format!("cannot start threads: {e}"), ""))?;
    Ok(runtime.block_on(future))
}
