//! The original's four studies from an empty cache, and again with nothing to do: `cargo bench --bench cold_build`.
//!
//! Beside the whole build stands what the original does of it: the same pictures, without dark ones and without a search for
//! what can be attained; and of that the benchmark alone. And the floors, measured in the same run: to draw and encode the same
//! pictures with two threads and no program around it, with everything trained before; and to read the specs and look up the
//! site's files. Every build has folders of its own, all of which stay until the end: where files were removed a moment ago, ext4
//! is slow to make new ones.
//!
//! Where ACTFN_PYTHON names a Python with matplotlib, `comparison/pictures.py` makes the original's pictures in the same run
//! (about four minutes), so that both have the same machine; otherwise times are compared with those of another one.

#![expect(clippy::print_stdout, reason = "its results go to the terminal")]

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actfn_site::diagnostic::SourceFile;
use actfn_site::figure::{Input, draw};
use actfn_site::finding::Finding;
use actfn_site::fs::TextFile;
use actfn_site::plan::{Case, Plan, Subject, plan};
use actfn_site::train::train;
use rayon::prelude::*;
use walkdir::WalkDir;

/// What the original's scripts take for its benchmark and for all, measured on a quiet machine of two cores on which they keep
/// one busy.
const ORIGINAL: Original =
    Original { benchmark: Duration::from_millis(130_800), all: Duration::from_secs(150) };
/// Its studies; the others of the fixtures are our own.
const STUDIES: [&str; 4] = ["benchmark", "relu", "sigmoid", "single_neuron_pair"];
const UNUSED: [&str; 6] = ["leaky_relu_02", "swish_beta", "mlp_4_4", "quartic_true_w", "chirp", "tiny_mlp"];
const ROUNDS: usize = 7;

#[derive(Clone, Copy)]
struct Original {
    benchmark: Duration,
    all: Duration,
}

fn main() {
    // Before anything asks for threads.
    rayon::ThreadPoolBuilder::new().num_threads(2).build_global().unwrap();
    let folder = tempfile::tempdir().unwrap();
    copy_specs(folder.path());
    let drawn = ["specs", "plain"].map(|specs| Drawn::new(&folder.path().join(specs)));

    let (mut whole, mut as_original, mut benchmark, mut again, mut looked) = Default::default();
    let mut floors = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        let build = |specs: &str| build(folder.path(), specs, &format!("{specs}-{round}"));
        note(&mut whole, || build("specs"));
        note(&mut again, || build("specs"));
        note(&mut looked, || look(folder.path(), &format!("specs-{round}")));
        note(&mut as_original, || build("plain"));
        note(&mut benchmark, || build("benchmark"));
        for (floor, drawn) in floors.iter_mut().zip(&drawn) {
            note(floor, || drawn.draw());
        }
    }
    let original =
        std::env::var_os("ACTFN_PYTHON").map_or(ORIGINAL, |python| original(&python, folder.path()));
    let [floor, plain_floor] = floors.map(median);
    let (again, looked) = (median(again), median(looked));
    println!("{} cases, medians of {ROUNDS} rounds", drawn[0].plan.cases.len());
    println!(
        "the original                         {:>9.3?}  its benchmark {:.3?}",
        original.all, original.benchmark
    );
    let row = |name: &str, time: Duration, note: String| println!("{name:<36} {time:>9.3?}  {note}");
    let (as_original, benchmark, whole) = (median(as_original), median(benchmark), median(whole));
    row(
        "what the original does",
        as_original,
        format!("{:.0} times its speed", ratio(original.all, as_original)),
    );
    row(
        "  its pictures alone",
        plain_floor,
        format!(
            "the floor: {:.2} of it, {} pictures",
            ratio(as_original, plain_floor),
            drawn[1].plan.figures.len()
        ),
    );
    row("  its benchmark alone", benchmark, format!("{:.0} times", ratio(original.benchmark, benchmark)));
    row("with dark pictures and searches", whole, format!("{:.0} times", ratio(original.all, whole)));
    row(
        "  its pictures alone",
        floor,
        format!("the floor: {:.2} of it, {} pictures", ratio(whole, floor), drawn[0].plan.figures.len()),
    );
    row("build with nothing to do", again, String::new());
    row("  to read specs and look up files", looked, format!("the floor: {:.2} of it", ratio(again, looked)));
}

/// Pictures of which everything is known that they show.
struct Drawn {
    plan: Plan,
    findings: Vec<Finding>,
}

impl Drawn {
    fn new(folder: &Path) -> Self {
        let plan = plan(&actfn_site::spec::load(&files(folder), Vec::new()).unwrap());
        let trained =
            plan.cases.par_iter().map(|case| Finding::new(case, Arc::new(train(case)), None, None).unwrap());
        Self { findings: trained.collect(), plan }
    }

    fn draw(&self) {
        let bytes = self.plan.figures.par_iter().with_max_len(1).map(|planned| {
            let cases: Vec<(&Case, &Finding)> = planned
                .subject
                .cases()
                .iter()
                .map(|&at| (&*self.plan.cases[at], &self.findings[at]))
                .collect();
            let input = match &planned.subject {
                Subject::Activation(activation) => Input::Activation(activation),
                Subject::Cases(_) => Input::Cases(&cases),
            };
            draw(&planned.figure, input, planned.form).len()
        });
        assert!(bytes.sum::<usize>() > 1_000_000);
    }
}

/// Has the original's pictures made by numpy and matplotlib.
fn original(python: &OsStr, folder: &Path) -> Original {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/comparison/pictures.py");
    let output = Command::new(python)
        .arg(script)
        .arg(folder.join("original"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    let seconds: Vec<f64> =
        printed.lines().map(|line| line.split_once(' ').unwrap().1.parse().unwrap()).collect();
    let [benchmark, studies] = seconds[..] else { panic!("{printed}") };
    Original {
        benchmark: Duration::from_secs_f64(benchmark),
        all: Duration::from_secs_f64(benchmark + studies),
    }
}

fn ratio(time: Duration, floor: Duration) -> f64 {
    time.as_secs_f64() / floor.as_secs_f64()
}

fn note(times: &mut Vec<Duration>, work: impl FnOnce()) {
    let start = Instant::now();
    work();
    times.push(start.elapsed());
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The specs of the four studies in `specs`, in `plain` without what the original does not do, and of that its benchmark alone.
fn copy_specs(folder: &Path) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/acceptance");
    for entry in WalkDir::new(&source) {
        let entry = entry.unwrap();
        let name = entry.path().strip_prefix(&source).unwrap();
        if entry.file_type().is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).unwrap();
        // Nor is what only those use: it would be warned of.
        let is_ours = |document: &&str| {
            let is_one_of = |ids: &[&str]| ids.iter().any(|id| document.contains(&format!("\nid: {id}")));
            !is_one_of(&UNUSED) && (!document.contains("kind: experiment") || is_one_of(&STUDIES))
        };
        let documents: Vec<&str> = text.split("\n---\n").filter(is_ours).collect();
        let text = documents.join("\n---\n") + "\n";
        let plain = text.replace("\nid: benchmark\n", "\nid: benchmark\nattainable: {budget: 0}\n");
        let plain = STUDIES[1..].iter().fold(plain, |text, id| {
            text.replace(&format!("\nid: {id}\n"), &format!("\nid: {id}\nattainable: {{budget: 0}}\n"))
        });
        let plain = if plain.contains("kind: site") { plain + "figures: {dark: false}\n" } else { plain };
        let alone =
            |document: &&str| !STUDIES[1..].iter().any(|id| document.contains(&format!("\nid: {id}\n")));
        let benchmark: Vec<&str> = plain.split("\n---\n").filter(alone).collect();
        let benchmark =
            benchmark.join("\n---\n").replace("home: [benchmark, relu, sigmoid]", "home: [benchmark]");
        for (specs, text) in [("specs", text), ("plain", plain), ("benchmark", benchmark)] {
            if text.trim().is_empty() {
                continue;
            }
            let path = folder.join(specs).join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }
}

fn files(folder: &Path) -> Vec<TextFile> {
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    let read = entries.filter(|entry| entry.file_type().is_file()).map(|entry| {
        let name = entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        TextFile { file: Arc::new(SourceFile { path: name.clone(), text }), name }
    });
    read.collect()
}

/// Builds the site of some specs, whose output and cache have this name.
fn build(folder: &Path, specs: &str, name: &str) {
    let status = Command::new(env!("CARGO_BIN_EXE_actfn-site"))
        .args(["build", "--quiet", "--jobs", "2", "--specs", specs])
        .args(["--out", &format!("out-{name}"), "--cache", &format!("cache-{name}")])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
}

/// Reads the specs and looks up every file of the site and of the cache.
fn look(folder: &Path, name: &str) {
    let entries = |name: &str| WalkDir::new(folder.join(name)).into_iter().map(Result::unwrap);
    let read: usize = entries("specs")
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| std::fs::read(entry.path()).unwrap().len())
        .sum();
    let looked: u64 = [format!("out-{name}"), format!("cache-{name}")]
        .iter()
        .flat_map(|name| entries(name))
        .map(|entry| entry.metadata().unwrap().len())
        .sum();
    assert!(read > 0 && looked > 0);
}
