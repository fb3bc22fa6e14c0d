//! The real binary in a home folder of its own: text in, text out.
#![allow(dead_code, reason = "every test program uses a part of it")]

pub mod sim;

use expect_test::Expect;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};

pub struct Home {
    root: tempfile::TempDir,
    /// Where the simulator listens.
    lab: RefCell<Option<String>>,
}

/// How a command ended. The home folder's path reads `$HOME`, the simulator's address `$LAB`.
pub struct Told {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Told {
    /// Checks exit code and what was said on standard error.
    pub fn is(&self, code: i32, stderr: Expect) {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        stderr.assert_eq(self.stderr.trim_end());
    }
}

impl Home {
    /// No home folder yet.
    pub fn empty() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
            lab: RefCell::default(),
        }
    }

    /// A home folder as `init` makes it.
    pub fn new() -> Self {
        let home = Self::empty();
        let told = home.run(&["init"]);
        assert_eq!(told.code, 0, "{}", told.stderr);
        home
    }

    pub fn path(&self, name: &str) -> PathBuf {
        let home = self.root.path().join("home");
        if name.is_empty() {
            home
        } else {
            home.join(name)
        }
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// A path as an argument.
    pub fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Points the settings at a simulator.
    pub fn at_lab(&self, url: &str) {
        let settings = std::fs::read_to_string(self.path("almanac.yaml")).unwrap();
        let lab = format!("lab: {{ login_url: '{url}', graph_url: '{url}' }}");
        self.write("almanac.yaml", &format!("{settings}\n{lab}\n"));
        self.lab
            .replace(url.split_once("://").map(|(_, host)| host.to_owned()));
    }

    pub fn list(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(folder)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Every file of the home folder but the store's, with its bytes: what must be as it was after a failure.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut open = vec![self.path("")];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path == self.path("data") {
                    continue;
                }
                if path.is_dir() {
                    open.push(path);
                } else {
                    files.insert(path.clone(), std::fs::read(&path).unwrap());
                }
            }
        }
        files
    }

    pub fn example_tunnel(&self) -> String {
        std::fs::read_to_string(self.path("tunnels/everyone-on-phones.yaml.example")).unwrap()
    }

    pub fn add_tenant(&self, name: &str) {
        let id = "11111111-2222-3333-4444-555555555555";
        let told = self.run(&[
            "tenant",
            "add",
            name,
            "--directory",
            "contoso.example",
            "--client-id",
            id,
        ]);
        assert_eq!(told.code, 0, "{}", told.stderr);
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_almanac"));
        command.arg("--config").arg(self.path("")).args(arguments);
        for name in ["ALMANAC_HOME", "ALMANAC_LOG", "ALMANAC_LOG_JSON"] {
            command.env_remove(name);
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Told {
        self.told(self.command(arguments).output().unwrap())
    }

    /// Runs it in a shell that first does `preparation`.
    pub fn run_under(&self, preparation: &str, arguments: &[&str]) -> Told {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("{preparation} exec \"$@\""))
            .arg("sh");
        command
            .arg(env!("CARGO_BIN_EXE_almanac"))
            .arg("--config")
            .arg(self.path(""))
            .args(arguments);
        self.told(command.output().unwrap())
    }

    /// Like [`Home::run_under`], as root of a namespace of its own; `None` where that is not allowed.
    pub fn run_alone(&self, preparation: &str, arguments: &[&str]) -> Option<Told> {
        let alone = ["-rm", "true"];
        let allowed = Command::new("unshare").args(alone).status();
        if !allowed.is_ok_and(|status| status.success()) {
            return None;
        }
        let mut command = Command::new("unshare");
        command.args([
            "-rm",
            "sh",
            "-c",
            &format!("{preparation} exec \"$@\""),
            "sh",
        ]);
        command
            .arg(env!("CARGO_BIN_EXE_almanac"))
            .arg("--config")
            .arg(self.path(""))
            .args(arguments);
        Some(self.told(command.output().unwrap()))
    }

    fn told(&self, output: Output) -> Told {
        let home = self.path("").display().to_string();
        let lab = self
            .lab
            .borrow()
            .clone()
            .unwrap_or_else(|| "$LAB".to_owned());
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            text.replace(&home, "$HOME").replace(&lab, "$LAB")
        };
        Told {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }
}
