//! Trains the cases that `train.py` beside this file trains in JAX and in numpy: `cargo bench --bench comparison`, with two
//! threads. Words after `--` pick models.
//!
//! Every case is trained as a build trains it, whole: losses, the best parameters and the snapshots are kept.

#![expect(clippy::print_stdout, reason = "its results go to the terminal")]

use std::sync::Arc;
use std::time::Instant;

use actfn_site::diagnostic::SourceFile;
use actfn_site::fs::TextFile;
use actfn_site::plan::{self, Case};
use actfn_site::spec;
use actfn_site::train::train;
use rayon::prelude::*;

/// Model, hidden sizes and cases, as in `train.py`.
const MODELS: [(&str, &str, usize); 3] = [
    ("single_neuron", "", 10_000),
    ("mlp_4_4", "kind: model\nid: m\ntype: mlp\nhidden_sizes: [4, 4]\n", 500),
    ("mlp_64_64", "kind: model\nid: m\ntype: mlp\nhidden_sizes: [64, 64]\n", 8),
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    rayon::ThreadPoolBuilder::new().num_threads(2).build_global().unwrap();
    for (name, model, count) in MODELS {
        if !words.is_empty() && !words.iter().any(|word| word == name) {
            continue;
        }
        let cases = cases(model, count);
        train(&cases[0]);
        let start = Instant::now();
        let finite = cases.par_iter().filter(|case| train(case).final_mse().is_some()).count();
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(finite, count);
        println!("actfn-site,{name},{count},200,1000,{seconds:.3}");
    }
}

/// Cases that differ in their initial parameters.
fn cases(model: &str, count: usize) -> Vec<Case> {
    let named = if model.is_empty() { "single_neuron" } else { "m" };
    let seeds: Vec<String> = (0..count.div_ceil(100).max(2)).map(|seed| seed.to_string()).collect();
    let text = format!(
        "kind: experiment\nid: e\ntarget: t\nactivation: tanh\nmodel: {named}\nseeds: [{}]\n\
         data: {{domain: [-1, 1], points: 200}}\n\
         training: {{learning_rate: 0.01, epochs: 1000, snapshot_every: 1000}}\n\
         ---\nkind: polynomial\nid: t\ncoefficients: [0.5, 1.5, -0.8, 0.4]\n---\n{model}",
        seeds.join(", ")
    );
    let file = Arc::new(SourceFile { path: "specs/a.yaml".into(), text });
    let files = [TextFile { name: "a.yaml".into(), file }];
    let specs = spec::load(&files, Vec::new()).unwrap_or_else(|found| panic!("{found:?}"));
    let case = &plan::plan(&specs).cases[0];
    let starts = case.seeded.iter().flat_map(|seeded| &seeded.starts).cycle().enumerate().take(count);
    let cases = starts.map(|(index, start)| {
        // A hundredth of a hundredth more for every round, so that none is trained twice.
        let moved = 1.0 + 1e-4 * f64::from(u32::try_from(index).unwrap());
        let initial = start.iter().map(|parameter| moved * parameter).collect();
        Case { initial, seeded: Vec::new(), ..Case::clone(case) }
    });
    cases.collect()
}
