//! Progress of long work: bars on standard error when it is a terminal, nothing that disturbs otherwise.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// One bar. Dropping it wipes it.
pub struct Progress {
    bar: ProgressBar,
    /// Without a terminal every change of the message is one plain line.
    plain: bool,
    said: String,
}

impl Progress {
    /// A bar over `total` things; 0: not known yet, a spinner.
    pub fn new(total: u64, quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = if terminal && !quiet {
            shown(total)
        } else {
            ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden())
        };
        Self {
            bar,
            plain: !terminal && !quiet,
            said: String::new(),
        }
    }

    /// What is being done now.
    pub fn doing(&mut self, what: &str) {
        if self.plain && self.said != what {
            what.clone_into(&mut self.said);
            eprintln!("{what}");
        }
        self.bar.set_message(what.to_owned());
    }

    /// How far it is.
    pub fn at(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn shown(total: u64) -> ProgressBar {
    let form = match total {
        0 => "{spinner} {msg}",
        _ => "{msg:40} {wide_bar} {pos}/{len} {eta}",
    };
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(form) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
