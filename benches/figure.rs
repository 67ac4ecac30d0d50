//! Every type of figure, drawn and encoded: `cargo bench --bench figure`.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use actfn_site::diagnostic::SourceFile;
use actfn_site::figure::{Input, draw};
use actfn_site::finding::Finding;
use actfn_site::fs::TextFile;
use actfn_site::plan::{Case, Plan, PlannedFigure, Subject, plan};
use actfn_site::spec::load;
use actfn_site::train::{train, trials};
use divan::Bencher;
use walkdir::WalkDir;

fn main() {
    divan::main();
}

/// The acceptance specs, planned and trained.
static TRAINED: LazyLock<(Plan, Vec<Finding>)> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/acceptance");
    let entries = WalkDir::new(&folder).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file()).map(|entry| {
        let name = entry.path().strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        TextFile { file: Arc::new(SourceFile { path: name.clone(), text }), name }
    });
    let plan = plan(&load(&files.collect::<Vec<_>>(), Vec::new()).unwrap());
    let findings = plan.cases.iter().map(|case| {
        let trials = (!case.seeded.is_empty()).then(|| Arc::new(trials(case)));
        Finding::new(case, Arc::new(train(case)), trials, None).unwrap()
    });
    let findings = findings.collect();
    (plan, findings)
});

/// The first picture of every path's end.
fn picture(end: &str) -> &'static PlannedFigure {
    let (plan, _) = &*TRAINED;
    plan.figures.iter().find(|planned| planned.path.ends_with(end)).unwrap_or_else(|| panic!("no {end}"))
}

#[divan::bench(args = [
    "benchmark/cubic_s/tanh/fit.png",
    "benchmark/cubic_s/tanh/fit.dark.png",
    "benchmark/cubic_s/tanh/convergence.gif",
    "benchmark/cubic_s/sine/convergence.gif",
    "benchmark/quartic_w/identity/convergence.gif",
    "relu/cubic_s/relu/activation.png",
    "relu/cubic_s/relu/trajectories.png",
    "relu/cubic_s/relu/landscape.png",
    "sigmoid/cubic_s/sigmoid/convergence_w.gif",
    "tiny_mlp/cubic_s/tanh/loss_curve.png",
    "benchmark/~card.png",
])]
fn figure(bencher: Bencher, end: &str) {
    let (plan, findings) = &*TRAINED;
    let planned = picture(end);
    let cases: Vec<(&Case, &Finding)> =
        planned.subject.cases().iter().map(|&at| (&*plan.cases[at], &findings[at])).collect();
    let input = match &planned.subject {
        Subject::Activation(activation) => Input::Activation(activation),
        Subject::Cases(_) => Input::Cases(&cases),
    };
    bencher.bench_local(|| draw(&planned.figure, input, planned.form).len());
}
