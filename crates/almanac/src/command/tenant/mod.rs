//! `almanac tenant`: clients come and go.

mod add;
mod check;
mod list;
mod remove;
mod scope;

use crate::cli::TenantCommand;
use crate::command::Context;
use crate::exit::Ended;

pub fn tenant(context: &Context, command: TenantCommand) -> Ended {
    match command {
        TenantCommand::Add(wanted) => add::add(context, wanted),
        TenantCommand::List => list::list(context),
        TenantCommand::Check(wanted) => check::check(context, &wanted),
        TenantCommand::Remove(wanted) => remove::remove(context, &wanted),
    }
}
