//! What may not be read or written: tried as an ordinary user, also where the tests run as root, whom no permission stops,
//! and as root.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Project, SMALL, small};

/// The user that every system has and that owns nothing.
const NOBODY: u32 = 65534;

/// Who runs the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum User {
    Root,
    /// `None`: whoever runs the tests.
    Ordinary(Option<u32>),
}

fn changed(arguments: &[&str], folder: &Path) {
    let (program, rest) = arguments.split_first().unwrap();
    assert!(
        Command::new(program).args(rest).current_dir(folder).status().unwrap().success(),
        "{arguments:?}"
    );
}

struct Stage {
    project: Project,
    /// Where everybody can run it.
    program: PathBuf,
    user: User,
}

type Site = BTreeMap<String, Vec<u8>>;

impl Stage {
    fn command(&self, arguments: &[&str]) -> Command {
        if let User::Ordinary(Some(user)) = self.user {
            changed(&["chown", "-R", &format!("{user}:{user}"), "."], &self.project.path("."));
        }
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(self.project.path("."));
        if let User::Ordinary(Some(user)) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    /// The project in one of two versions, which differ in what pages say and in which there are.
    fn choose(&self, version: usize) {
        self.project.write("specs/small.yaml", &SMALL.replace("A small", ["A small", "Another"][version]));
        for (own, page) in ["zero", "one"].iter().enumerate() {
            let path = format!("specs/{page}.yaml");
            if own == version {
                self.project.write(&path, "kind: page\nbody: Text.\n");
            } else {
                let _ = std::fs::remove_file(self.project.path(&path));
            }
        }
    }

    fn build(&self) -> Site {
        let output = self.command(&["build", "--quiet"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.project.site()
    }
}

/// What a build does where something has other permissions.
#[derive(Debug, Clone, Copy)]
enum Expected {
    /// It ends well, with this many notes, each of which has this part.
    Built(usize, &'static str),
    /// It says this, and the last site stands.
    Refused(&'static str),
}

use Expected::{Built, Refused};

/// Changes of permissions, as `chmod` takes them, and what an ordinary user's build does then.
const CASES: [(&[&[&str]], Expected); 19] = [
    (
        &[&["-R", "a-w", ".actfn-cache"]],
        Built(1, "the cache cannot be written: cannot open .actfn-cache/lock: Permission denied"),
    ),
    (&[&["0", ".actfn-cache"]], Built(1, "the cache cannot be written: cannot open .actfn-cache/lock")),
    (&[&["0", ".actfn-cache/lock"]], Built(1, "the cache cannot be written")),
    (
        &[&["0", ".actfn-cache/v1/run"]],
        Built(1, "the cache cannot be written: cannot create .actfn-cache/v1/run/"),
    ),
    (&[&["-R", "a-r", ".actfn-cache/v1/figure"]], Built(8, "was damaged or cannot be read: made anew")),
    // The folder around is there to be written in, and what is exchanged is the folder itself.
    (&[&["-R", "a-w", "public"]], Built(0, "")),
    // Where it is not, files take their places one by one.
    (&[&["555", "."]], Built(0, "")),
    (&[&["111", "."]], Built(0, "")),
    (
        &[&["-R", "a-w", "public"], &["555", "."]],
        Refused("cannot create public/.actfn-site-staging: Permission denied"),
    ),
    (&[&["0", "public/index.html"]], Built(0, "")),
    (&[&["0", "public"]], Refused("cannot read public: Permission denied")),
    (&[&["0", "public/experiments"]], Refused("cannot read public/experiments: Permission denied")),
    (&[&["0", "public/.manifest.b3"]], Refused("is damaged or cannot be read, and does not say whose it is")),
    (&[&["0", "specs/small.yaml"]], Refused("cannot read specs/small.yaml: Permission denied")),
    (&[&["0", "specs/more"]], Refused("cannot read specs/more: Permission denied")),
    (&[&["0", "specs"]], Refused("cannot read specs: Permission denied")),
    (&[&["0", "static/hello.txt"]], Refused("cannot read static/hello.txt: Permission denied")),
    (&[&["0", "static"]], Refused("cannot read static: Permission denied")),
    (&[&["0", "site_templates"]], Refused("cannot read site_templates: Permission denied")),
];

fn everything_is_tried(user: User) {
    let programs = tempfile::tempdir().unwrap();
    std::fs::set_permissions(programs.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = programs.path().join("actfn-site");
    std::fs::copy(env!("CARGO_BIN_EXE_actfn-site"), &program).unwrap();
    let stage = Stage { project: small(), program, user };
    let root = stage.project.path(".");
    stage.project.write("static/hello.txt", "hello");
    for folder in ["site_templates", "specs/more"] {
        std::fs::create_dir(stage.project.path(folder)).unwrap();
    }
    let clean = [1, 0].map(|version| {
        stage.choose(version);
        stage.build()
    });
    let clean = |version: usize| &clean[1 - version];
    for (index, (changes, expected)) in CASES.iter().enumerate() {
        let what = format!("{user:?}, {changes:?}");
        let (before, version) = (clean(index % 2), (index + 1) % 2);
        stage.choose(version);
        let mut command = stage.command(&["build", "--json"]);
        changes.iter().for_each(|change| changed(&[&["chmod"], *change].concat(), &root));
        let output = command.output().unwrap();
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let told = format!("{what}: {stdout}{stderr}");
        changed(&["chmod", "-R", "u+rwX", "."], &root);
        let expected = if user == User::Root { Built(0, "") } else { *expected };
        match expected {
            Built(count, part) => {
                assert_eq!(output.status.code(), Some(0), "{told}");
                let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
                let notes = report["notes"].as_array().unwrap();
                assert_eq!(notes.len(), count, "{told}");
                assert!(notes.iter().all(|note| note.as_str().unwrap().contains(part)), "{told}");
                assert!(stage.project.site() == *clean(version), "{what}");
            }
            Refused(part) => {
                assert_eq!(output.status.code(), Some(1), "{told}");
                assert!(told.contains(part), "{told}");
                assert!(stage.project.site() == *before, "{what}");
            }
        }
        assert!(!told.contains("panicked"), "{told}");
        assert!(stage.build() == *clean(version), "{what}");
        let beside = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(beside.count(), 5, "{what}: something is left");
    }
    // What cannot be looked at is not what is not there.
    std::fs::create_dir_all(stage.project.path("locked/specs")).unwrap();
    let mut command = stage.command(&["check", "--specs", "locked/specs"]);
    changed(&["chmod", "0", "locked"], &root);
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let expected = match user {
        User::Root => "there are no specs (*.yaml) in locked/specs",
        User::Ordinary(_) => "cannot read locked/specs: Permission denied",
    };
    assert!(output.status.code() == Some(1) && told.contains(expected), "{told}");
    changed(&["chmod", "700", "locked"], &root);
}

fn are_tests_run_by_root() -> bool {
    let file = tempfile::tempdir().unwrap();
    file.path().metadata().unwrap().uid() == 0
}

#[test]
fn what_an_ordinary_user_may_not_is_told_or_done_without() {
    everything_is_tried(User::Ordinary(are_tests_run_by_root().then_some(NOBODY)));
}

#[test]
fn root_is_stopped_by_no_permission() {
    if are_tests_run_by_root() {
        everything_is_tried(User::Root);
    }
}
