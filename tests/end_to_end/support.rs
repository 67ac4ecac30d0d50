//! Projects in folders of their own, and the program run in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use tempfile::TempDir;
use walkdir::WalkDir;

/// A folder with specs in it.
pub(crate) struct Project {
    folder: PathBuf,
    /// Removes the folder in the end; `None` for one that stays.
    _owner: Option<TempDir>,
}

/// What a run of the program left.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// What a run of the program left and took.
pub(crate) struct Measured {
    pub(crate) ran: Ran,
    /// The time of processors, which does not depend on what else they have to do.
    pub(crate) cpu: Duration,
    /// The most memory that it held at a time.
    pub(crate) megabytes: u64,
}

/// The time and the most memory that a process has taken so far.
fn taken(process: u32) -> Option<(Duration, u64)> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // After the name in parentheses: the state, ten numbers, and then hundredths of a second for itself and in the kernel.
    let times: Vec<u64> = stat
        .rsplit(')')
        .next()?
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|it| it.parse().ok())
        .collect();
    Some((Duration::from_millis(10 * times.iter().sum::<u64>()), kilobytes >> 10))
}

impl Project {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let owner = tempfile::tempdir().unwrap();
        let project = Self { folder: owner.path().to_owned(), _owner: Some(owner) };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// In a folder that another project made.
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self { folder, _owner: None }
    }

    /// With copies of all files of a folder of this repository, under `specs`.
    pub(crate) fn with_specs_of(folder: &str) -> Self {
        let project = Self::new(&[]);
        project.copy_specs(folder);
        project
    }

    fn copy_specs(&self, folder: &str) {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for (name, bytes) in tree(&source) {
            let path = self.path("specs").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.join(relative)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// [`Self::edit`], where nobody may see the file empty: as editors save that exchange it for another one.
    pub(crate) fn edit_at_once(&self, path: &str, from: &str, to: &str) {
        let aside = format!("{path}.aside");
        std::fs::copy(self.path(path), self.path(&aside)).unwrap();
        self.edit(&aside, from, to);
        std::fs::rename(self.path(&aside), self.path(path)).unwrap();
    }

    /// Replaces a text in a file that must hold it.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path(path)).unwrap();
        assert!(text.contains(from), "{path} does not hold {from:?}");
        self.write(path, &text.replace(from, to));
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_actfn-site"));
        command.current_dir(&self.folder).args(arguments).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().unwrap();
        Ran {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs the program and looks, all the while, at what it takes of the machine; nothing is known of that where the system
    /// does not tell as Linux does.
    pub(crate) fn measure(&self, arguments: &[&str]) -> Measured {
        let (out, err) = (self.path(".stdout"), self.path(".stderr"));
        let mut command = self.command(arguments);
        command.stdout(std::fs::File::create(&out).unwrap()).stderr(std::fs::File::create(&err).unwrap());
        let mut child = command.spawn().unwrap();
        let (mut cpu, mut megabytes) = (Duration::ZERO, 0);
        let status = loop {
            if let Some((time, memory)) = taken(child.id()) {
                (cpu, megabytes) = (time, memory.max(megabytes));
            }
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let read = |path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        let ran = Ran { status: status.code().unwrap_or(-1), stdout: read(&out), stderr: read(&err) };
        Measured { ran, cpu, megabytes }
    }

    /// Builds, and returns what the build says it did.
    #[track_caller]
    pub(crate) fn build(&self) -> serde_json::Value {
        let ran = self.run(&["build", "--json"]);
        assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// Every file of the site; none if it was never built.
    pub(crate) fn site_if_any(&self) -> BTreeMap<String, Vec<u8>> {
        if self.path("public").exists() { self.site() } else { BTreeMap::new() }
    }

    /// Every file of the site.
    pub(crate) fn site(&self) -> BTreeMap<String, Vec<u8>> {
        tree(&self.path("public"))
    }
}

/// Every file below a folder, by its path with `/` between the parts.
pub(crate) fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries =
        WalkDir::new(folder).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    entries
        .map(|entry| {
            let relative = entry.path().strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
            (relative, std::fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// The project's own specs, built once for all tests that look at the result.
pub(crate) static GALLERY: LazyLock<Project> = LazyLock::new(|| {
    // What is static is never dropped: it lies where the build's own files lie, and is made anew each time.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gallery");
    let _ = std::fs::remove_dir_all(&folder);
    let project = Project { folder, _owner: None };
    project.copy_specs("specs");
    project.build();
    project
});

/// A small experiment that is trained in no time.
pub(crate) const SMALL: &str = "\
kind: experiment
id: small
title: A small experiment
target: cubic
activation: [tanh, relu]
training: {learning_rate: 0.01, epochs: 20, snapshot_every: 5}
figures: [fit]
";

/// Its target.
pub(crate) const CUBIC: &str = "kind: polynomial\nid: cubic\ncoefficients: [0.5, 1.5, -0.8, 0.4]\n";

/// Its figure.
pub(crate) const FIT: &str = "kind: figure\nid: fit\ntype: fit\nsize: [300, 200]\n";

pub(crate) fn small() -> Project {
    Project::new(&[("specs/small.yaml", SMALL), ("specs/cubic.yaml", CUBIC), ("specs/fit.yaml", FIT)])
}

/// A generator of small numbers that is good enough to choose edits and damages.
pub(crate) struct Choices(pub(crate) u64);

impl Choices {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}
