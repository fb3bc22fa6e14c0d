//! `almanac sim`: Microsoft's cloud in a box, for rehearsals, tests and development.

mod fleet;
mod serve;

use crate::cli::SimCommand;
use crate::command::Context;
use crate::exit::Ended;

pub fn sim(context: &Context, command: SimCommand) -> Ended {
    match command {
        SimCommand::Serve(wanted) => serve::serve(context, &wanted),
        SimCommand::Import(wanted) => fleet::import(context, &wanted),
        SimCommand::Generate(wanted) => fleet::generate(context, &wanted),
    }
}
