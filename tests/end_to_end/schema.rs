//! The schema against an independent validator: what the program accepts is valid, and what it refuses mostly is not.

use serde_json::Value;

use crate::support::{Project, tree};

/// The documents of a YAML text, as JSON.
fn documents(text: &str) -> Vec<Value> {
    let documents: Vec<Value> = serde_yaml::from_multiple(text).unwrap();
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

fn schema() -> Value {
    let ran = Project::new(&[]).run(&["schema"]);
    assert_eq!(ran.status, 0);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn it_is_a_schema() {
    jsonschema::draft7::meta::validate(&schema()).unwrap();
}

#[test]
fn all_specs_are_valid() {
    let validator = jsonschema::draft7::new(&schema()).unwrap();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    let folders = ["specs", "tests/fixtures/acceptance"];
    let mut texts: Vec<(String, String)> = folders
        .into_iter()
        .flat_map(|folder| tree(&root.join(folder)))
        .filter(|(name, _)| name.ends_with(".yaml"))
        .map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap()))
        .collect();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let examples = readme.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    texts.extend(examples.map(|example| ("README.md".to_owned(), example)));
    let project = Project::new(&[]);
    assert_eq!(project.run(&["init", "."]).status, 0);
    for kind in ["experiment", "polynomial", "target", "activation", "model", "figure", "page"] {
        assert_eq!(project.run(&["new", kind, &format!("my_{kind}")]).status, 0, "{kind}");
    }
    let scaffolded = tree(&project.path("specs")).into_iter().filter(|(name, _)| name.ends_with(".yaml"));
    texts.extend(scaffolded.map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap())));
    for (name, text) in texts {
        for document in documents(&text) {
            let faults: Vec<String> = validator
                .iter_errors(&document)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(faults.is_empty(), "{name}: {faults:?}");
            count += 1;
        }
    }
    assert!(count > 65, "{count}");
}

#[test]
fn what_editors_can_see_is_marked() {
    let validator = jsonschema::draft7::new(&schema()).unwrap();
    let is_valid = |text: &str| documents(text).iter().all(|document| validator.is_valid(document));
    let experiment =
        "kind: experiment\ntarget: t\nactivation: tanh\ntraining: {learning_rate: 0.1, epochs: 5}\n";
    assert!(is_valid(experiment));
    for added in [
        "modle: single_neuron",
        "target: []",
        "data: {points: many}",
        "data: {domain: [1]}",
        "init: {std: x}",
        "init: {w: 1, distributoin: normal}",
        "init: {}\nfigures: fit",
        "id: ../up",
    ] {
        let text = if added.starts_with("target") {
            experiment.replace("target: t", added)
        } else {
            format!("{experiment}{added}\n")
        };
        assert!(!is_valid(&text), "{added}");
    }
    for valid in [
        "init: {w: 1, b: 0.5, v: -1, c: 0}",
        "init: {W1: [[1, 2]], b1: [0, 0], Wo: [[1], [2]], bo: [0]}",
        "init: {}",
        "model: [single_neuron, mine]",
    ] {
        assert!(is_valid(&format!("{experiment}{valid}\n")), "{valid}");
    }
    for wrong in [
        "kind: experimnt",
        "id: x",
        "kind: model\ntype: mlpp",
        "kind: figure\ntype: fit\nsize: [100]",
        "kind: activation\nid: a\nbuiltin: tnah",
        "kind: activation\nid: a\ncolor: blue",
        "kind: page\ntitle: t",
        "[]",
        "text",
    ] {
        assert!(!is_valid(wrong), "{wrong}");
    }
    for optimizer in ["adam", "{type: momentum, momentum: 0.8}", "[adam, {type: adam, beta1: 0.8}]"] {
        let with = experiment.replace("epochs: 5", &format!("epochs: [5, 6], optimizer: {optimizer}"));
        assert!(is_valid(&with), "{optimizer}");
    }
    assert!(!is_valid(&experiment.replace("epochs: 5", "epochs: 5, optimizer: adma")));
    assert!(!is_valid(&experiment.replace("epochs: 5", "epochs: 5, schedule: {type: halve_on_rise}")));
    assert!(!is_valid(&experiment.replace("epochs: 5", "epochs: 5, schedule: {type: constant, every: 3}")));
}

#[test]
fn shells_complete_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = Project::new(&[]).run(&["completions", shell]);
        assert_eq!(ran.status, 0);
        assert!(ran.stdout.contains("actfn-site") && ran.stdout.contains("dry-run"), "{shell}");
    }
}
