//! Diagnoses as readers meet them: in the data, on the pages and in the report, for the project's own specs.

use serde_json::Value;

use crate::support::{GALLERY, Project};

fn text(path: &str) -> String {
    String::from_utf8(GALLERY.site()[path].clone()).unwrap()
}

fn cases(experiment: &str) -> Vec<Value> {
    let results: Value =
        serde_json::from_str(&text(&format!("experiments/{experiment}/results.json"))).unwrap();
    results["cases"].as_array().unwrap().clone()
}

fn kinds(case: &Value) -> Vec<String> {
    let diagnoses = case["diagnoses"].as_array().unwrap();
    diagnoses.iter().map(|diagnosis| diagnosis["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_relu_of_the_study_is_dead_from_epoch_0() {
    let run: Value = serde_json::from_str(&text("experiments/relu/cubic_s/relu/run.json")).unwrap();
    assert_eq!(kinds(&run), ["dead_unit", "stuck", "plateau"]);
    let dead = &run["diagnoses"][0];
    assert_eq!(dead["evidence"]["units"][0]["since_epoch"], 0);
    assert_eq!(dead["evidence"]["units"][0]["not_at_epoch"], Value::Null);
    assert_eq!(dead["evidence"]["points"], 200);
    let page = text("experiments/relu/cubic_s/relu/index.html");
    assert!(
        page.contains("<span class=\"badge bad\">dead</span> The neuron is dead from epoch 0."),
        "{page}"
    );
    // w and b are what they were, and only c has moved.
    let snapshots = run["snapshots"].as_array().unwrap();
    let (first, last) = (&snapshots[0]["parameters"], &snapshots[snapshots.len() - 1]["parameters"]);
    assert_eq!((&first[0], &first[1], &first[2]), (&last[0], &last[1], &last[2]));
    assert_ne!(first[3], last[3]);
}

#[test]
fn a_good_run_has_no_diagnosis() {
    let benchmark = cases("benchmark");
    let line = benchmark.iter().find(|case| case["path"] == "linear_pos/identity").unwrap();
    assert!(line["best_mse"].as_f64().unwrap() < 1e-7);
    assert!(kinds(line).is_empty(), "{line}");
    let page = text("experiments/benchmark/linear_pos/identity/index.html");
    assert!(!page.contains("class=\"badge") && page.contains("as good as settled"), "{page}");
}

#[test]
fn learning_rates_that_are_too_large_are_told_apart() {
    let cases = cases("too_fast");
    let found: Vec<Vec<String>> = cases.iter().map(kinds).collect();
    let words = |kinds: &[&str]| kinds.iter().map(|&kind| kind.to_owned()).collect::<Vec<_>>();
    assert_eq!(found, [words(&[]), words(&["risen", "not_converged"]), words(&["diverged"])]);
    assert_eq!(cases[2]["diagnoses"][0]["evidence"]["epoch"], cases[2]["diverged_at"]);
}

#[test]
fn every_experiment_counts_its_diagnoses_and_names_the_cases() {
    for experiment in ["benchmark", "zoo", "relu", "too_fast"] {
        let page = text(&format!("experiments/{experiment}/index.html"));
        let report = text(&format!("experiments/{experiment}/REPORT.md"));
        let cases = cases(experiment);
        let labels = [
            ("diverged", "diverged"),
            ("dead_unit", "dead"),
            ("stuck", "stuck"),
            ("saturated", "saturated"),
            ("plateau", "plateau"),
            ("not_converged", "not converged"),
            ("duplicate_units", "duplicate units"),
            ("learning_rate_halved", "rate halved"),
        ];
        for (kind, label) in labels {
            let count = cases.iter().filter(|case| kinds(case).iter().any(|other| other == kind)).count();
            let badge = format!("href=\"#diagnosis:{kind}\">{count} {label}</a>");
            let heading = format!("<h3 id=\"diagnosis:{kind}\">{count} {label}</h3>");
            assert_eq!(page.contains(&badge), count > 0, "{experiment}: {badge}");
            assert_eq!(page.contains(&heading), count > 0, "{experiment}: {heading}");
            assert_eq!(report.contains(&format!("{count} {label}")), count > 0, "{experiment}: {label}");
        }
    }
}

#[test]
fn the_table_of_results_ends_with_the_kinds() {
    for experiment in ["benchmark", "relu", "tiny_mlp", "too_fast"] {
        let csv = text(&format!("experiments/{experiment}/results.csv"));
        let mut rows = csv.lines().map(|row| row.rsplit(',').next().unwrap());
        assert_eq!(rows.next(), Some("diagnoses"));
        let expected: Vec<String> = cases(experiment).iter().map(|case| kinds(case).join(";")).collect();
        assert_eq!(rows.collect::<Vec<_>>(), expected, "{experiment}");
    }
}

#[test]
fn units_of_a_network_are_named() {
    // All parameters are −½ to within 10⁻⁹, and the data lie right of −1: every unit is like the others, and no ReLU is alive.
    let project = Project::new(&[(
        "specs/all.yaml",
        "\
kind: target
id: parabola
expression: x^2
---
kind: model
id: three
type: mlp
hidden_sizes: [3]
---
kind: experiment
id: alike
model: three
target: parabola
activation: [tanh, relu]
data: {domain: [-0.9, 1], points: 21}
init: {distribution: normal, mean: -0.5, std: 1.0e-9, seed: 1}
training: {learning_rate: 0.05, epochs: 400, snapshot_every: 50}
figures: []
",
    )]);
    project.build();
    let site = project.site();
    let page = |case: &str| {
        String::from_utf8(site[&format!("experiments/alike/parabola/{case}/index.html")].clone()).unwrap()
    };
    let relu = page("relu");
    let dead = "3 of 3 hidden units are dead: unit 1 (from epoch 0), unit 2 (from epoch 0) and unit 3 (from epoch 0).";
    assert!(relu.contains(dead) && relu.contains("All of layer 1 is dead"), "{relu}");
    let tanh = page("tanh");
    assert!(tanh.contains("Units 1 and 2 agree to within") && tanh.contains("from the start"), "{tanh}");
    assert!(!tanh.contains("dead"), "{tanh}");
}

#[test]
fn a_constant_that_is_met_is_met() {
    let specs = "kind: target\nid: flat\nexpression: \"2\"\n---\nkind: experiment\nid: e\ntarget: flat\nactivation: [identity, relu]\n\
                 seeds: 4\ntraining: {learning_rate: 0.05, epochs: 2000}\n";
    let project = Project::new(&[("specs/flat.yaml", specs)]);
    project.build();
    let results: Value = serde_json::from_str(&project.read("public/experiments/e/results.json")).unwrap();
    let identity = &results["cases"][0];
    assert!(identity["best_mse"].as_f64().unwrap() < 1e-28 && kinds(identity).is_empty(), "{identity}");
    // All that it leaves is rounding, and that is no share of anything.
    let home = project.read("public/index.html");
    assert!(!home.contains("variance lost"), "{home}");
}
