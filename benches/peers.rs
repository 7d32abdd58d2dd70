//! Peers in C and C++: compiled here, run as programs of their own, timed by themselves.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A peer that is ready to run.
pub(crate) struct Peer {
    program: PathBuf,
    input: PathBuf,
    output: PathBuf,
}

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers");

/// Where peers are built, beside the other things that are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers")
}

impl Peer {
    /// Glibc's vector library, by gcc.
    pub(crate) fn libmvec(input: &Path) -> Result<Self, String> {
        Self::build("libmvec", input, |output| {
            let options = ["-O3", "-march=native", "-ffast-math"];
            run(Command::new("gcc").args(options).arg("-c").arg(source("libmvec.c")).arg("-o").arg(output))
        })
    }

    /// QuantLib, by g++.
    pub(crate) fn quantlib(input: &Path) -> Result<Self, String> {
        Self::build("quantlib", input, |output| {
            let options = ["-O3", "-march=native", "-c"];
            run(Command::new("g++").args(options).arg(source("quantlib.cpp")).arg("-o").arg(output))
        })
    }

    fn build(
        name: &str,
        input: &Path,
        compile: impl FnOnce(&Path) -> Result<(), String>,
    ) -> Result<Self, String> {
        let folder = folder();
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let (object, program) = (folder.join(format!("{name}.o")), folder.join(name));
        compile(&object)?;
        let main = folder.join("main.o");
        run(Command::new("gcc").args(["-O2", "-c"]).arg(source("main.c")).arg("-o").arg(&main))?;
        let mut link = Command::new("g++");
        link.arg(&main).arg(&object).arg("-o").arg(&program);
        if name == "quantlib" {
            link.arg("-lQuantLib");
        }
        // Glibc's vector library is part of it, and only there on x86-64.
        if cfg!(target_arch = "x86_64") {
            link.arg("-lmvec");
        }
        run(link.arg("-lm"))?;
        Ok(Self { program, input: input.to_owned(), output: folder.join(format!("{name}.prices")) })
    }

    /// The prices of other inputs.
    pub(crate) fn prices_of(&self, input: &Path) -> Result<Vec<f64>, String> {
        let other =
            Self { program: self.program.clone(), input: input.to_owned(), output: self.output.clone() };
        other.seconds(0)?;
        other.prices().map_err(|error| error.to_string())
    }

    /// The seconds of so many passes.
    pub(crate) fn seconds(&self, passes: usize) -> Result<f64, String> {
        let mut command = Command::new(&self.program);
        let command = command.arg(&self.input).arg(&self.output).arg(passes.to_string());
        let text = output(command)?;
        text.trim().parse().map_err(|_| format!("{}: {text:?} is no time", self.program.display()))
    }

    fn prices(&self) -> io::Result<Vec<f64>> {
        let bytes = fs::read(&self.output)?;
        Ok(bytes.as_chunks::<8>().0.iter().map(|bytes| f64::from_ne_bytes(*bytes)).collect())
    }
}

/// Writes the inputs of peers: the count, then the columns.
pub(crate) fn write_input(name: &str, columns: [&[f64]; 6]) -> Result<PathBuf, String> {
    let mut bytes = (columns[0].len() as u64).to_ne_bytes().to_vec();
    for value in columns.into_iter().flatten() {
        bytes.extend(value.to_ne_bytes());
    }
    let file = folder().join(name);
    fs::create_dir_all(folder()).and_then(|()| fs::write(&file, bytes)).map_err(|error| error.to_string())?;
    Ok(file)
}

/// What numpy with scipy and fast-vollib do with the same inputs: a line each, in million prices a second.
pub(crate) fn python(input: &Path) -> Result<String, String> {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/python");
    let one_thread = [("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1"), ("NUMBA_NUM_THREADS", "1")];
    let mut command = Command::new("python3");
    output(command.env("PYTHONPATH", packages).envs(one_thread).arg(source("scipy_and_vollib.py")).arg(input))
}

fn source(name: &str) -> PathBuf {
    Path::new(SOURCES).join(name)
}

fn run(command: &mut Command) -> Result<(), String> {
    output(command).map(|_| ())
}

fn output(command: &mut Command) -> Result<String, String> {
    let ran = command.output().map_err(|error| format!("{:?}: {error}", command.get_program()))?;
    if ran.status.success() {
        Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
    } else {
        let errors = String::from_utf8_lossy(&ran.stderr);
        Err(format!("{:?}: {}", command.get_program(), errors.lines().next().unwrap_or("no message")))
    }
}
