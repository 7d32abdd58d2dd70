//! Running the command line, and the files it is run on.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use plimsoll_engine::parameters::{sample, spn};

/// What a run left behind.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Run {
    pub(crate) out: String,
    pub(crate) errors: String,
    pub(crate) status: i32,
}

impl Run {
    /// The output of a run that ended well and had nothing to complain about.
    pub(crate) fn well(self) -> String {
        // A run of commands says its name.
        let is_told = |line: &&str| !line.starts_with("commands without an id get ");
        let errors: Vec<&str> = self.errors.lines().filter(is_told).collect();
        assert_eq!((self.status, errors), (0, Vec::new()), "{}", self.out);
        self.out
    }

    /// The JSON objects of the output.
    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The program, without the environment's settings.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.args(arguments).env_remove("PLIMSOLL_SERVER");
    command
}

/// Runs the program.
pub(crate) fn run(arguments: &[&str]) -> Run {
    run_with_input(arguments, b"")
}

/// Runs the program with this standard input.
pub(crate) fn run_with_input(arguments: &[&str], input: &[u8]) -> Run {
    let mut command = command(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut standard_input = child.stdin.take().unwrap();
    let input = input.to_vec();
    // The program need not read what it was given.
    let writing = thread::spawn(move || standard_input.write_all(&input));
    let output = child.wait_with_output().unwrap();
    let _ = writing.join().unwrap();
    Run {
        out: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
        status: output.status.code().unwrap(),
    }
}

/// Where the files of the tests are.
pub(crate) fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plimsoll-client");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A file of the tests; every test has its own names.
pub(crate) fn file(name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder().join(name);
    fs::write(&path, content).unwrap();
    text(&path)
}

/// The sample exchange as a parameter file.
pub(crate) fn sample_file() -> &'static str {
    static FILE: OnceLock<String> = OnceLock::new();
    FILE.get_or_init(|| file("sample.spn", sample_bytes()))
}

/// The bytes of the sample exchange's parameter file.
pub(crate) fn sample_bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    spn::write(&sample::definition(), BufWriter::new(&mut bytes)).unwrap();
    bytes
}

/// The path as an argument.
pub(crate) fn text(path: &Path) -> String {
    PathBuf::from(path).into_os_string().into_string().unwrap()
}
