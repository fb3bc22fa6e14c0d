//! `almanac completions` and `almanac man`: what a shell and a manual reader need.

use crate::cli::Cli;
use crate::exit::{Ended, Exit, Failure};
use clap::CommandFactory;
use std::io::Write;

pub fn completions(shell: clap_complete::Shell) -> Ended {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "almanac", &mut text);
    print(&text)
}

/// The page of `almanac` and those of its commands, one after the other.
pub fn man() -> Ended {
    let mut text = Vec::new();
    let mut root = Cli::command();
    root.build();
    render(&root, &mut text).map_err(failed)?;
    for command in root.get_subcommands().filter(|c| c.get_name() != "help") {
        render(command, &mut text).map_err(failed)?;
    }
    print(&text)
}

fn render(command: &clap::Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    clap_mangen::Man::new(command.clone()).render(text)
}

fn print(text: &[u8]) -> Ended {
    std::io::stdout().lock().write_all(text).map_err(failed)?;
    Ok(Exit::Done)
}

fn failed(error: std::io::Error) -> Failure {
    Failure::file("write", std::path::Path::new("standard output"), &error)
}
