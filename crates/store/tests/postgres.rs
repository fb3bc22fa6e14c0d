//! Every statement is prepared on a real PostgreSQL: the same text must mean something there too.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use store::{all_statements, postgres_schema};

/// Where Debian keeps the server's programs, the newest version first.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
        .collect();
    found.sort();
    found.pop()
}

/// PostgreSQL refuses to run as root: then another user runs it.
fn as_user(program: &Path) -> Command {
    let root = std::fs::metadata("/proc/self").is_ok_and(|of| {
        use std::os::unix::fs::MetadataExt;
        of.uid() == 0
    });
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    command.args(nobody).arg(program);
    command
}

fn run(command: &mut Command) -> Output {
    let output = command.output().expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {errors}");
    output
}

/// A server of our own in a temporary folder, reached by its socket, gone with this value.
struct Cluster {
    bin: PathBuf,
    _folder: tempfile::TempDir,
    data: PathBuf,
    socket: PathBuf,
}

impl Cluster {
    fn start(bin: PathBuf) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(folder.path(), open).expect("permissions");
        let (data, socket) = (folder.path().join("data"), folder.path().to_owned());
        let mut initdb = as_user(&bin.join("initdb"));
        initdb.arg("-D").arg(&data);
        initdb.args([
            "--auth=trust",
            "--username=almanac",
            "--no-sync",
            "--encoding=UTF8",
            "--no-locale",
        ]);
        run(&mut initdb);
        let options = format!("-c listen_addresses= -c fsync=off -k {}", socket.display());
        let mut start = as_user(&bin.join("pg_ctl"));
        start
            .arg("-D")
            .arg(&data)
            .arg("-l")
            .arg(folder.path().join("log"));
        start.args(["-w", "-o", &options, "start"]);
        // The server inherits what it was started with: a pipe would never end.
        let status = start.stdout(std::process::Stdio::null()).status();
        assert!(status.expect("pg_ctl starts").success());
        Self {
            bin,
            _folder: folder,
            data,
            socket,
        }
    }

    /// Runs a script; the answer is what went wrong, blank when nothing did.
    fn script(&self, text: &str) -> String {
        let file = self.socket.join("script.sql");
        std::fs::write(&file, text).expect("the script is written");
        let mut psql = as_user(&self.bin.join("psql"));
        psql.arg("-h").arg(&self.socket);
        psql.args(["-U", "almanac", "-d", "postgres", "-X", "-q", "-f"])
            .arg(&file);
        let output = psql.output().expect("psql starts");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = as_user(&self.bin.join("pg_ctl"));
        let _ = stop
            .arg("-D")
            .arg(&self.data)
            .args(["-m", "immediate", "stop"])
            .output();
    }
}

#[test]
fn every_statement_prepares_on_postgresql() {
    let Some(bin) = programs() else {
        println!("skipped: PostgreSQL is not installed");
        return;
    };
    let cluster = Cluster::start(bin);
    assert_eq!(cluster.script(&postgres_schema()), "");
    let mut script = String::new();
    for (number, statement) in all_statements().enumerate() {
        script += &format!(
            "\\echo {}\nPREPARE s{number} AS {};\n",
            statement.name, statement.text
        );
    }
    assert_eq!(cluster.script(&script), "");
}
