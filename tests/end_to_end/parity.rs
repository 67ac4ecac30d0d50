//! The original's numbers. The table was written by the original playground, the other numbers are those of its studies.

use std::collections::BTreeMap;

use crate::support::{GALLERY, Project};

const ORIGINAL: &str = include_str!("../fixtures/seed_benchmark.csv");

type Row = BTreeMap<String, String>;

fn rows(csv: &str) -> Vec<Row> {
    let mut lines = csv.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row =
        |line: &str| header.iter().map(ToString::to_string).zip(line.split(',').map(str::to_owned)).collect();
    lines.map(row).collect()
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} of {row:?}"))
}

#[track_caller]
fn agree(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance * expected.abs(), "{found} is not {expected}");
}

#[test]
fn the_benchmark_is_the_originals() {
    let found = rows(std::str::from_utf8(&GALLERY.site()["experiments/benchmark/results.csv"]).unwrap());
    let expected = rows(ORIGINAL);
    assert_eq!((found.len(), expected.len()), (30, 30));
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(
            (&found["target"], &found["activation"]),
            (&expected["polynomial"], &expected["activation"])
        );
        let (target, activation) = (&expected["polynomial"], &expected["activation"]);
        for column in ["best_mse", "final_mse"] {
            let (found, expected) = (number(found, column), number(expected, column));
            if target == "linear_pos" && activation == "identity" {
                assert!((found - expected).abs() <= 1e-9, "{found} {expected}");
            } else {
                agree(found, expected, 1e-9);
            }
        }
        for (ours, theirs) in [("w", "best_w"), ("b", "best_b"), ("v", "best_v"), ("c", "best_c")] {
            agree(number(found, ours), number(expected, theirs), 1e-7);
        }
        let run = run(&format!("benchmark/{target}/{activation}"));
        let initial: Vec<f64> = run["initial_parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tensor| tensor["values"][0].as_f64().unwrap())
            .collect();
        let drawn = ["init_w", "init_b", "init_v", "init_c"].map(|column| number(expected, column));
        assert_eq!(initial, drawn, "the very draws of numpy");
    }
}

fn run(case: &str) -> serde_json::Value {
    let path = format!("experiments/{case}/run.json");
    serde_json::from_slice(&GALLERY.site()[&path]).unwrap()
}

fn last_snapshot(run: &serde_json::Value) -> Vec<f64> {
    let snapshots = run["snapshots"].as_array().unwrap();
    serde_json::from_value(snapshots.last().unwrap()["parameters"].clone()).unwrap()
}

#[test]
fn the_studies_are_the_originals() {
    let best = |run: &serde_json::Value| run["best_mse"].as_f64().unwrap();
    let relu = run("relu/cubic_s/relu");
    agree(best(&relu), 22.31553919828925, 1e-9);
    agree(last_snapshot(&relu)[3], -1.169937929765226, 1e-9);
    let sigmoid = run("sigmoid/cubic_s/sigmoid");
    agree(best(&sigmoid), 22.062282008543097, 1e-9);
    agree(last_snapshot(&sigmoid)[0], 2.3821084631529685, 1e-9);
    let tanh = run("single_neuron_pair/cubic_s/tanh");
    agree(best(&tanh), 3.125454064356824, 1e-9);
    let expected = [1.0780766919743665, 0.9067142747867605, 5.201838368587198, -2.501748632838232];
    last_snapshot(&tanh).iter().zip(expected).for_each(|(found, expected)| agree(*found, expected, 1e-9));
    let relu = run("single_neuron_pair/cubic_s/relu");
    agree(best(&relu), 1.4764643541030447, 1e-9);
    let expected = [-2.59846134997826, -0.6111248732421541, -2.4008460082703222, 1.933466959301267];
    last_snapshot(&relu).iter().zip(expected).for_each(|(found, expected)| agree(*found, expected, 1e-9));
}

/// The frames of a GIF with their delays in hundredths of a second.
fn delays(bytes: &[u8]) -> Vec<u16> {
    let mut decoder = gif::DecodeOptions::new().read_info(bytes).unwrap();
    let mut delays = Vec::new();
    while let Some(frame) = decoder.next_frame_info().unwrap() {
        delays.push(frame.delay);
    }
    delays
}

#[test]
fn animations_have_the_originals_frames_and_a_pause_at_the_end() {
    let site = GALLERY.site();
    for (case, name, frames) in [
        ("benchmark/cubic_s/sine", "convergence", 41),
        ("benchmark/linear_pos/identity", "convergence", 41),
        ("relu/cubic_s/relu", "convergence", 61),
        ("sigmoid/cubic_s/sigmoid", "convergence_w", 81),
        ("single_neuron_pair/cubic_s/tanh", "convergence", 61),
    ] {
        let delays = delays(&site[&format!("experiments/{case}/{name}.gif")]);
        assert_eq!(delays.len(), frames, "{case}");
        let (last, others) = delays.split_last().unwrap();
        assert!(others.iter().all(|&delay| delay == 8) && *last >= 100, "{case}: {delays:?}");
    }
}

#[test]
fn pictures_have_the_originals_sizes() {
    let size = |path: &str| {
        let bytes = &GALLERY.site()[path];
        let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        (word(16), word(20))
    };
    assert_eq!(size("experiments/benchmark/cubic_s/tanh/fit.png"), (1350, 900));
    assert_eq!(size("experiments/relu/cubic_s/relu/landscape.png"), (1200, 900));
}

#[test]
fn the_tiny_network_does_at_least_as_well() {
    let run = run("tiny_mlp/cubic_s/tanh");
    assert!(run["best_mse"].as_f64().unwrap() < 0.258);
}

#[test]
fn the_acceptance_specs_build_as_they_stand() {
    let project = Project::with_specs_of("tests/fixtures/acceptance");
    let summary = project.build();
    assert_eq!(summary["cases"], 42);
    let site = project.site();
    for path in [
        "index.html",
        "REPORT.md",
        "report/index.html",
        "404.html",
        "sitemap.xml",
        "robots.txt",
        ".nojekyll",
        "about/index.html",
        "experiments/rates/quartic_true_w/tanh/learning_rate-0.001/trajectories.png",
        "experiments/relu/cubic_s/relu/landscape.png",
        "experiments/single_neuron_pair/comparison.png",
        "experiments/tiny_mlp/chirp/swish_beta/loss_curve.png",
        "activations/leaky_relu_02/activation.png",
        "models/mlp_4_4/index.html",
        "targets/chirp/index.html",
    ] {
        assert!(site.contains_key(path), "{path}");
    }
}
