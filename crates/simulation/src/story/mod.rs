//! Stories: scripts in plain text, played against the simulated world, and told with what came of each line.
//!
//! `docs/stories.md` describes the language. A script is read as a whole first ([`Script::read`]), so that a slip of
//! the pen on its last line is told before anything is played. Everything that a story does goes through the same
//! world, cloud, store and engine as a history of seeds; the same monitors watch, and a promise that is broken ends it.

mod acts;
mod document;
mod folder;
mod form;
mod scene;
mod script;
mod show;
mod stage;
mod table;
mod traits;
mod verb;
mod work;

pub use script::{Mistake, Script};
pub use table::forms;

use crate::checks::Violation;
use scene::Scene;
use stage::Stage;

/// The words that a story names calls with, for the documentation.
pub fn calls() -> impl Iterator<Item = &'static str> {
    crate::armed::Calls::words().into_iter()
}

/// What became of a story.
#[derive(Clone, Debug)]
pub struct Played {
    /// The script with what came of it below each line.
    pub text: String,
    /// The first 128 bits of a hash over everything that happened.
    pub trace: u128,
    /// The promise that was broken, at which the story ended.
    pub violation: Option<Violation>,
    /// A line that could not be done, at which the story ended.
    pub mistake: Option<Mistake>,
}

/// Plays a story to its end, to a line that cannot be done, or to a promise that is broken.
pub fn play(script: &Script) -> Played {
    let mut telling = Telling {
        scene: Scene::default(),
        stage: None,
        text: String::new(),
    };
    let mut mistake = None;
    for line in &script.lines {
        telling.echo(&line.text);
        let Some(verb) = &line.verb else { continue };
        match telling.perform(verb) {
            Ok(said) => said.iter().for_each(|line| telling.say(line)),
            Err(what) => {
                let line = line.number;
                mistake = Some(Mistake { line, what });
                break;
            }
        }
        if telling.stage.as_ref().is_some_and(Stage::is_broken) {
            break;
        }
    }
    telling.end(mistake)
}

/// A story as far as it was told.
struct Telling {
    scene: Scene,
    /// None: nothing has happened yet.
    stage: Option<Stage>,
    text: String,
}

impl Telling {
    fn echo(&mut self, line: &str) {
        self.text += line;
        self.text.push('\n');
    }

    fn say(&mut self, line: &str) {
        self.text += format!("  | {line}").trim_end();
        self.text.push('\n');
    }

    fn perform(&mut self, verb: &verb::Verb) -> Result<Vec<String>, String> {
        if self.stage.is_none() {
            if self.scene.takes(verb) {
                return self.scene.add(verb).map(|()| Vec::new());
            }
            self.stage = Some(Stage::new(&self.scene)?);
        }
        match &mut self.stage {
            Some(stage) => stage.perform(verb),
            None => Ok(Vec::new()),
        }
    }

    fn end(mut self, mistake: Option<Mistake>) -> Played {
        let (trace, violation) = match &mut self.stage {
            Some(stage) => stage.end(),
            None => (0, None),
        };
        if let Some(broken) = &violation {
            let line = format!(
                "BROKEN PROMISE {} at {}: {}",
                broken.check, broken.at, broken.what
            );
            self.say(&line);
        }
        if let Some(mistake) = &mistake {
            self.say(&format!("CANNOT GO ON: {mistake}"));
        }
        Played {
            text: self.text,
            trace,
            violation,
            mistake,
        }
    }
}
