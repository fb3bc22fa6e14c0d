//! Logs on standard error: text for people, JSON lines for collectors.

use crate::exit::{Exit, Failure};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging. Default: warnings and errors.
///
/// # Errors
/// The filter is not understood.
pub fn start(filter: Option<&str>, json: bool) -> Result<(), Failure> {
    let text = filter.unwrap_or("warn");
    let filter = EnvFilter::try_new(text).map_err(|_| {
        let what = format!("`{text}` is no log filter");
        Failure::new(
            Exit::Usage,
            what,
            "write error, warn, info, debug, or `warn,engine=info`",
        )
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // A second start in one process (tests) changes nothing.
    let _ = if json {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
    Ok(())
}
