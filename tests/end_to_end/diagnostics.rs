//! What authors are told, word for word.

use std::path::Path;

use crate::support::{Project, small};

/// Every file of `tests/fixtures/invalid/` with what `check` says of it.
#[test]
fn faults_are_explained() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/invalid");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".yaml"))
        .collect();
    names.sort();
    assert!(names.len() > 8);
    for name in names {
        let text = std::fs::read_to_string(Path::new("tests/fixtures/invalid").join(&name)).unwrap();
        let project = Project::new(&[(&format!("specs/{name}"), &text)]);
        let ran = project.run(&["check"]);
        assert_eq!(ran.status, 1, "{name}: {}", ran.stdout);
        assert!(ran.stdout.is_empty(), "{name}: diagnostics go to stderr");
        insta::assert_snapshot!(name.trim_end_matches(".yaml"), ran.stderr);
    }
}

#[test]
fn faults_of_all_files_are_told_at_once() {
    let project = small();
    project.write("specs/a.yaml", "kind: polynomal\nid: a\n");
    project.write("specs/b.yaml", "kind: model\nid: b\ntype: mlp\nhiden_sizes: [4]\n");
    project.write("specs/c.yaml", "a: [1\n");
    project.edit("specs/small.yaml", "[tanh, relu]", "[tnah, relu]");
    let ran = project.run(&["check"]);
    for part in ["polynomal", "hiden_sizes", "not valid YAML"] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    // What the unreadable file declares is not known: no name is called unknown as long as it is there.
    assert!(!ran.stderr.contains("tnah"), "{}", ran.stderr);
    std::fs::remove_file(project.path("specs/c.yaml")).unwrap();
    let ran = project.run(&["check"]);
    for part in ["polynomal", "hiden_sizes", "did you mean `tanh`?"] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
}

#[test]
fn faults_can_be_read_by_programs() {
    let project = small();
    project.edit("specs/small.yaml", "[tanh, relu]", "[tnah, relu]");
    let ran = project.run(&["check", "--json"]);
    assert_eq!(ran.status, 1);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let diagnostic = &report["diagnostics"][0];
    assert_eq!(diagnostic["token"], "tnah");
    assert_eq!((&diagnostic["line"], &diagnostic["column"]), (&5.into(), &14.into()));
    assert_eq!(diagnostic["path"], "specs/small.yaml");
    assert_eq!(diagnostic["help"][0], "did you mean `tanh`?");
}

#[test]
fn faults_in_pages_and_templates_have_a_place() {
    let project = small();
    project.write(
        "specs/page.yaml",
        "kind: page\nid: notes\nbody: |\n  See [it](experiment:smal).\n\n  {{ figure(experiment=\"small\", case=\"cubic/tanh\", figure=\"fitt\") }}\n\n  {{ figur(experiment=\"small\", figure=\"fit\") }}\n\n  {{ figure(experiment=\"small\", figur=\"fit\") }}\n\n  {{ figure(experiment=small) }}\n\n  {{ figure(experiment=\"small\") }}\n\n  {{ figure(experiment=\"small\" figure=\"fit\") }}\n\n  {{ braces(of, the, author) }}\n\n  $\\frac{1$\n\n  [x](javascript:alert)\n",
    );
    let ran = project.run(&["build"]);
    assert_eq!(ran.status, 1);
    insta::assert_snapshot!("page_references", ran.stderr);
    let checked = project.run(&["check"]);
    assert_eq!((checked.status, checked.stderr), (1, ran.stderr), "a check finds what a build would");
    std::fs::remove_file(project.path("specs/page.yaml")).unwrap();
    project.write("site_templates/case.html", "<p>{{ page.title }}</p>\n<p>{{ page.titel }}</p>\n");
    let ran = project.run(&["build"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("site_templates/case.html:2"), "{}", ran.stderr);
    assert_eq!(project.run(&["check"]).stderr, ran.stderr);
    project.write("site_templates/case.html", "{% if %}");
    assert!(project.run(&["check"]).stderr.contains("site_templates/case.html:1"));
}

const SLIPS: &str = "\
kind: polynomial
id: line
coefficients: [0, 1]
explanation: |
  As [the paper](http:/example.org/paper) has it:

  ![](plot.png)
---
kind: target
id: idle
expression: sin(x)
parameters: {a: 2}
---
kind: experiment
id: one
target: line
activation: tanh
data: {points: 11}
training: {learning_rate: 0.01, epochs: 3}
figures: []
";

#[test]
fn slips_are_warnings_and_errors_where_asked() {
    let project = Project::new(&[("specs/one.yaml", SLIPS)]);
    let strict = project.run(&["build", "--strict"]);
    assert_eq!(strict.status, 1);
    assert!(!project.path("public").exists());
    insta::assert_snapshot!("slips_strictly", strict.stderr);
    let built = project.run(&["build"]);
    assert_eq!(built.status, 0, "{}", built.stderr);
    assert_eq!(built.stderr.matches("warning: ").count(), 5, "{}", built.stderr);
    assert!(project.path("public/index.html").exists());
    assert_eq!(project.run(&["check"]).status, 0);
    assert_eq!(project.run(&["check", "--strict"]).status, 1);
    let annotations = project.run(&["check", "--format", "github"]);
    assert_eq!((annotations.status, annotations.stdout.matches("::warning file=").count()), (0, 5));
    let report: serde_json::Value = serde_json::from_str(&project.run(&["build", "--json"]).stdout).unwrap();
    let severities: Vec<&str> =
        report["warnings"].as_array().unwrap().iter().map(|it| it["severity"].as_str().unwrap()).collect();
    assert_eq!(severities, ["warning"; 5]);
    assert!(report["bytes"].as_u64().unwrap() > 10_000);
}

/// Links and pictures that lead to no file; and those that lead to pages, pictures and static files, which do.
const LINKS: &str = "\
kind: target
id: line
title: Line
expression: 2 * x
explanation: See [the plan](/plam.pdf), [this](../lin/), and [the experiment](../../experiments/one).
---
kind: figure
id: fit
type: fit
caption: Of [a plan](plan.pdf), ![seen](activations/tanh/activation.svg).
---
kind: experiment
id: one
title: One
target: line
activation: tanh
training: {optimizer: adam, learning_rate: 0.1, epochs: 5}
init: {distribution: normal, mean: 0, std: 0.5, seed: 1}
data: {domain: [-1, 1], points: 11}
figures: [fit]
description: |
  [a](line/tanh/fit.png), [b](line/tanh/), [c](../../activations/tanh/activation.png), [d](/search.js), [e](#part:data),
  [f](../../plan.pdf#page=2).
";

#[test]
fn links_to_no_file_of_the_site_are_slips() {
    let project = Project::new(&[("specs/one.yaml", LINKS), ("static/plan.pdf", "")]);
    let strict = project.run(&["check", "--strict"]);
    assert_eq!(strict.status, 1);
    insta::assert_snapshot!("dead_links", strict.stderr);
    let refused = project.run(&["build", "--strict"]);
    assert_eq!((refused.status, project.path("public").exists()), (1, false));
    assert_eq!(refused.stderr.matches("error: the site has no file").count(), 4, "{}", refused.stderr);
    let built = project.run(&["build"]);
    assert_eq!(built.status, 0, "{}", built.stderr);
    assert_eq!(built.stderr.matches("warning: the site has no file").count(), 4, "{}", built.stderr);
    // Of a build that has nothing to do they are told too.
    assert_eq!(project.run(&["build"]).stderr.matches("warning: the site has no file").count(), 4);
}
