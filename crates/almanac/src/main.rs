//! The door: reads the command line, carries out one command, and ends with its exit code.

use almanac::{cli::Cli, command, exit::Exit, output};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let json = cli.json;
    match command::carry_out(cli) {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(failure) => {
            if json {
                output::json::print(&output::json::failure(&failure));
            }
            eprintln!("almanac: {failure}");
            ExitCode::from(failure.exit.code())
        }
    }
}

/// Help and version are no mistakes; everything else that clap says is one.
fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    let exit = if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Done
    };
    ExitCode::from(exit.code())
}
