//! Kills at every change that a build makes to a disk, failures and full disks at every ninth: the last site stands whole, and the next
//! build ends as a clean one.
//!
//! Changes are counted and cut short in the process that makes them (`fs::change::trial`), so each trial runs this test
//! program once more, with the one test that is meant for it. That needs no privileges, no tool of one system, and no switch in
//! the program that users get.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use walkdir::WalkDir;

use super::*;
use crate::fs::change::trial::{self, KILLED, Trouble};

/// In these a test tells the process that it starts what to do; nothing else reads them.
const FOLDER: &str = "TRIAL_FOLDER";
const AT: &str = "TRIAL_AT";
const WITHOUT_EXCHANGE: &str = "TRIAL_WITHOUT_EXCHANGE";
const STEP: &str = "TRIAL_STEP";

/// The file in which a process that was not killed says how many changes come before the exchange of folders.
const EXCHANGE: &str = "exchange";

const SITE: &str = "kind: site\nfigures: {dark: false}\n";
const COMMON: &str = "kind: polynomial\nid: line\ncoefficients: [0, 1.5]\n---\nkind: figure\nid: fit\ntype: fit\nsize: [200, 200]\n";
const EXPERIMENT: &str = "kind: experiment\nid: one\ntarget: line\nactivation: relu\ndata: {points: 5}\n\
    training: {learning_rate: 0.01, epochs: 3}\nattainable: {budget: 10}\nfigures: [fit]\n";

/// A site in two versions, of which the second changes, adds and removes pages, and makes a folder of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    First,
    Second,
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn write_inputs(folder: &Path, version: Version) {
    for name in ["specs", "static"] {
        let _ = fs::remove_dir_all(folder.join(name));
    }
    let specs = folder.join("specs");
    write(&specs.join("site.yaml"), SITE);
    write(&specs.join("common.yaml"), COMMON);
    match version {
        Version::First => {
            write(&specs.join("one.yaml"), EXPERIMENT);
            write(&specs.join("old.yaml"), "kind: page\nbody: Old.\n");
            write(&folder.join("static/extra"), "a file");
        }
        Version::Second => {
            write(&specs.join("one.yaml"), &EXPERIMENT.replace("epochs: 3", "epochs: 4"));
            write(&specs.join("new.yaml"), "kind: page\nbody: New.\n");
            write(&folder.join("static/extra/more.txt"), "in a folder");
        }
    }
}

fn options(folder: &Path) -> Options {
    let part = |name: &str| Folder { path: folder.join(name), is_required: false };
    Options {
        specs: folder.join("specs"),
        templates: part("site_templates"),
        statics: part("static"),
        out: folder.join("public"),
        cache: folder.join("cache"),
        base_url: None,
        is_verifying: false,
        is_strict: false,
        // So that the changes come in the same order every time.
        jobs: NonZeroUsize::new(1),
    }
}

struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &'static str, _: usize) {}
    fn step(&self) {}
    fn waiting(&self) {}
}

type Tree = BTreeMap<String, Vec<u8>>;

fn tree(folder: &Path) -> Tree {
    let files = WalkDir::new(folder).into_iter().filter_map(Result::ok).filter(|it| it.file_type().is_file());
    let name = |path: &Path| path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
    files.map(|file| (name(file.path()), fs::read(file.path()).unwrap())).collect()
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    for (name, bytes) in tree(from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// What a trial begins with, and what it may end with.
struct Scene {
    owner: TempDir,
    /// The site before, if there is one; with a file of somebody else, as all of them.
    first: Option<Tree>,
    second: Tree,
}

/// A file that the program did not write, in a folder that the second version no longer has.
const FOREIGN: (&str, &str) = ("old/mine.txt", "mine");

impl Scene {
    fn new(is_built: bool) -> Self {
        let owner = tempfile::tempdir().unwrap();
        let (start, clean) = (owner.path().join("start"), owner.path().join("clean"));
        write_inputs(&clean, Version::Second);
        build(&options(&clean), &Silent).unwrap();
        write(&clean.join("public").join(FOREIGN.0), FOREIGN.1);
        let mut first = None;
        if is_built {
            write_inputs(&start, Version::First);
            build(&options(&start), &Silent).unwrap();
            write(&start.join("public").join(FOREIGN.0), FOREIGN.1);
            first = Some(tree(&start.join("public")));
        }
        write_inputs(&start, Version::Second);
        Self { first, second: tree(&clean.join("public")), owner }
    }

    /// A folder in which a trial can begin.
    fn set(&self, name: &str) -> PathBuf {
        let folder = self.owner.path().join(name);
        copy(&self.owner.path().join("start"), &folder);
        folder
    }

    /// What is wrong with the site, if it is neither the one before nor the new one.
    fn fault(&self, folder: &Path) -> Option<String> {
        let site = tree(&folder.join("public"));
        let mut new = self.second.clone();
        if self.first.is_none() {
            new.remove(FOREIGN.0);
        }
        let is_whole = site == new || self.first.as_ref().map_or(site.is_empty(), |first| site == *first);
        (!is_whole).then(|| format!("a mixture: {:?}", site.keys()))
    }

    /// Builds without trouble, and says what is wrong with what is there then.
    fn fault_of_next(&self, folder: &Path) -> Option<String> {
        if let Err(failure) = build(&options(folder), &Silent) {
            return Some(format!("the next build fails: {:?}", failure.diagnostics()));
        }
        let fault = self.fault(folder);
        let out = tree(&folder.join("public"));
        let unlike = self.second.iter().find(|(name, bytes)| {
            (self.first.is_some() || *name != FOREIGN.0) && out.get(*name) != Some(bytes)
        });
        let beside: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !["specs", "static", "public", "cache"].contains(&name.as_str()))
            .collect();
        let unfinished = tree(&folder.join("cache/v1/unfinished"));
        fault
            .or(unlike.map(|(name, _)| format!("{name} is not as in a clean build")))
            .or((!beside.is_empty()).then(|| format!("{beside:?} are left")))
            .or((!unfinished.is_empty()).then(|| format!("{:?} are left in the cache", unfinished.keys())))
    }
}

/// This test program, told to run one test only.
fn process(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "--ignored", "--test-threads=1", test]).env(FOLDER, folder);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[test]
#[ignore = "run by others, as a process of its own that is killed"]
fn build_until_killed() {
    let folder = PathBuf::from(told(FOLDER).unwrap());
    let at = told(AT).unwrap().parse().unwrap();
    trial::begin(Trouble::Killed { at }, told(WITHOUT_EXCHANGE).is_some());
    build(&options(&folder), &Silent).unwrap();
    let (_, exchange) = trial::end();
    fs::write(folder.join(EXCHANGE), exchange.unwrap_or(0).to_string()).unwrap();
}

#[test]
#[ignore = "run by others, as a process of its own that is killed"]
fn build_again_until_killed() {
    let folder = PathBuf::from(told(FOLDER).unwrap());
    let at = told(AT).unwrap().parse().unwrap();
    let mut builder = Builder::lasting(options(&folder)).unwrap();
    builder.spare_from = Some(0);
    // The third site is laid out where the first one lay.
    for version in [Version::Second, Version::First] {
        write_inputs(&folder, version);
        builder.build(&Inputs::read(&options(&folder)), &Silent).unwrap();
        builder.tidy();
    }
    assert!(folder.join(".public.actfn-site-spare/site").is_dir());
    write_inputs(&folder, Version::Second);
    let inputs = Inputs::read(&options(&folder));
    trial::begin(Trouble::Killed { at }, false);
    builder.build(&inputs, &Silent).unwrap();
    drop(builder);
    let (_, exchange) = trial::end();
    fs::write(folder.join(EXCHANGE), exchange.unwrap_or(0).to_string()).unwrap();
}

/// A process that builds and is killed at a change.
fn killed(folder: &Path, way: Way, at: usize) -> Option<i32> {
    let test = if way == Way::Again { "build_again_until_killed" } else { "build_until_killed" };
    let mut command = process(&format!("build::trouble::{test}"), folder);
    command.env(AT, at.to_string());
    if way == Way::WithoutExchange {
        command.env(WITHOUT_EXCHANGE, "1");
    }
    command.status().unwrap().code()
}

/// How the build that is killed goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Once,
    WithoutExchange,
    /// As while watching: where an earlier site lay, the new one is laid out.
    Again,
}

/// Kills builds at every change, one after the other, and returns how many there are. Where folders can be exchanged, what is
/// left must be a whole site each time; where not, all is the same before that is seen, and is not tried again.
fn kill_everywhere(scene: &Scene, way: Way) -> usize {
    let mut first = 0;
    if way == Way::WithoutExchange {
        let folder = scene.set("measured");
        assert_eq!(killed(&folder, way, usize::MAX), Some(0));
        first = fs::read_to_string(folder.join(EXCHANGE)).unwrap().parse().unwrap();
    }
    let workers = 2;
    let kill_every_second = |worker: usize| {
        let mut faults = Vec::new();
        for at in (first + worker..).step_by(workers) {
            let folder = scene.set(&format!("trial{worker}"));
            let status = killed(&folder, way, at);
            if status == Some(0) {
                return (at, faults);
            }
            assert_eq!(status, Some(KILLED), "change {at}");
            let left = if way == Way::WithoutExchange { None } else { scene.fault(&folder) };
            let fault = left.or_else(|| scene.fault_of_next(&folder));
            faults.extend(fault.map(|fault| format!("killed at change {at}: {fault}")));
        }
        unreachable!("a build ends some time");
    };
    let results: Vec<(usize, Vec<String>)> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..workers).map(|worker| scope.spawn(move || kill_every_second(worker))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let faults: Vec<&String> = results.iter().flat_map(|(_, faults)| faults).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    results.iter().map(|(at, _)| *at).min().unwrap() - first
}

#[test]
fn a_first_build_can_be_killed_at_every_change() {
    let count = kill_everywhere(&Scene::new(false), Way::Once);
    assert!(count > 100, "{count}");
    eprintln!("killed at each of {count} changes of a first build");
}

#[test]
fn a_build_over_another_site_can_be_killed_at_every_change() {
    let count = kill_everywhere(&Scene::new(true), Way::Once);
    assert!(count > 100, "{count}");
    eprintln!("killed at each of {count} changes of a build over another site");
}

#[test]
fn a_build_that_lays_a_site_out_where_another_lay_can_be_killed_at_every_change() {
    let count = kill_everywhere(&Scene::new(true), Way::Again);
    assert!(count > 40, "{count}");
}

#[test]
fn where_files_take_their_places_one_by_one_the_next_build_mends_what_a_kill_leaves() {
    let count = kill_everywhere(&Scene::new(true), Way::WithoutExchange);
    assert!(count > 50, "{count}");
    eprintln!("killed at each of {count} changes of placing files one by one");
}

#[test]
#[ignore = "run by others, as a process of its own in which changes fail"]
fn build_on_failing_disks() {
    let step = told(STEP).unwrap().parse().unwrap();
    let is_without_exchange = told(WITHOUT_EXCHANGE).is_some();
    let scene = Scene::new(true);
    for (name, trouble) in [
        ("failing", (|at| Trouble::Failing { at }) as fn(usize) -> Trouble),
        ("full", |from| Trouble::Full { from }),
    ] {
        let folder = scene.set("measured");
        trial::begin(Trouble::Failing { at: usize::MAX }, is_without_exchange);
        build(&options(&folder), &Silent).unwrap();
        // All before is the same.
        let first = trial::end().1.filter(|_| is_without_exchange).unwrap_or(0);
        for at in (first..).step_by(step) {
            let folder = scene.set("trial");
            trial::begin(trouble(at), is_without_exchange);
            let result = build(&options(&folder), &Silent);
            let is_reached = trial::end().0 > at;
            let what = format!("{name} at {at}, without exchange: {is_without_exchange}, {result:?}");
            match &result {
                Ok(_) => assert!(tree(&folder.join("public")) == scene.second, "{what}"),
                Err(failure) => {
                    assert_eq!(scene.fault(&folder), None, "{what}");
                    let told = format!("{:?}", failure.diagnostics());
                    assert!(told.contains("cannot "), "{told}");
                }
            }
            assert_eq!(scene.fault_of_next(&folder), None, "{what}");
            if !is_reached {
                assert!(at - first > 50, "{what}");
                eprintln!("{name}, without exchange: {is_without_exchange}: {} changes", at - first);
                break;
            }
        }
    }
}

#[test]
fn a_build_survives_failures_and_full_disks() {
    // `ACTFN_TRIALS=1` tries every change, which takes minutes.
    let step = told("ACTFN_TRIALS").unwrap_or_else(|| "9".to_owned());
    let owner = tempfile::tempdir().unwrap();
    let start = |is_without_exchange: bool| {
        let mut command = process("build::trouble::build_on_failing_disks", owner.path());
        command.arg("--nocapture").env(STEP, &step).stderr(Stdio::piped());
        if is_without_exchange {
            command.env(WITHOUT_EXCHANGE, "1");
        }
        command.spawn().unwrap()
    };
    for process in [start(false), start(true)] {
        let output = process.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        assert_eq!(told.matches(" changes\n").count(), 2, "{told}");
        eprint!("{told}");
    }
}
