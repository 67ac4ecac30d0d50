//! From saving a spec to the refreshed page, as an open page meets it: `cargo bench --bench edit_to_refresh`.
//!
//! A copy of `specs/` is watched. After each save the clock runs until the event stream has told of the page and the page
//! and its figures have been fetched anew.

#![expect(clippy::print_stdout, reason = "its results go to the terminal")]

#[path = "support/watched.rs"]
mod watched;

use std::path::Path;
use std::time::Duration;

use watched::Watched;

/// One case as the benchmark's cases are.
const CASE: &str = "\
kind: experiment
id: one
target: cubic_s
activation: tanh
init: {distribution: normal, mean: 0, std: 0.5, seed: 42}
training:
  learning_rate: RATE
  epochs: 1000
  snapshot_every: 25
  schedule: {type: halve_on_rise, every: 250, window: 50, minimum: 1.0e-5}
figures: [fit, convergence]
";

/// The figure whose caption is edited: it stands on the pages of all cases of the benchmark.
const FIGURES: &str = "figures/figures.yaml";

const PAGE: &str = "experiments/one/cubic_s/tanh/index.html";
/// What the page shows and is drawn anew.
const DRAWN: [&str; 2] =
    ["experiments/one/cubic_s/tanh/fit.png", "experiments/one/cubic_s/tanh/convergence.gif"];
const EDITS: usize = 20;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let specs = folder.path().join("specs");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("specs"), &specs);
    let one = specs.join("one.yaml");
    std::fs::write(&one, CASE.replace("RATE", "0.002")).unwrap();
    let figures = std::fs::read_to_string(specs.join(FIGURES)).unwrap();
    let watched = Watched::start(folder.path());
    let captions = (0..EDITS).map(|edit| {
        let caption = format!("Caption {edit}");
        let text = figures.replace("type: fit\n", &format!("type: fit\ncaption: {caption}\n"));
        watched.edit(&specs.join(FIGURES), &text, PAGE, &caption, &[])
    });
    report("a caption", &captions.collect::<Vec<_>>());
    let rates = (0..EDITS).map(|edit| {
        let rate = format!("0.00{}", 21 + edit);
        watched.edit(&one, &CASE.replace("RATE", &rate), PAGE, &rate, &DRAWN)
    });
    report("the learning rate of a benchmark case", &rates.collect::<Vec<_>>());
}

fn report(what: &str, times: &[Duration]) {
    let (median, slowest) = watched::summary(times);
    println!("{what}: median {median:.0} ms, slowest {slowest:.0} ms of {} edits", times.len());
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).into_iter().map(Result::unwrap) {
        let path = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(path).unwrap();
        } else {
            std::fs::copy(entry.path(), path).unwrap();
        }
    }
}
