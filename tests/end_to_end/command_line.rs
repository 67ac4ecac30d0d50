//! Arguments, exit status and streams.

use std::process::Stdio;

use crate::support::{GALLERY, Project, small, tree};

#[test]
fn exit_status_tells_success_failure_and_bad_usage() {
    let project = small();
    assert_eq!(project.run(&["check"]).status, 0);
    assert_eq!(project.run(&["build", "--specs", "nowhere"]).status, 1);
    assert_eq!(project.run(&["build", "--jobs", "none"]).status, 2);
    assert_eq!(project.run(&["bild"]).status, 2);
    assert_eq!(project.run(&["build", "--base-url", "example.org"]).status, 2);
    assert_eq!(project.run(&[]).status, 2);
    assert_eq!(project.run(&["--version"]).status, 0);
    let empty = Project::new(&[("specs/readme.txt", "nothing")]);
    let ran = empty.run(&["build"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("there are no specs"), "{}", ran.stderr);
}

#[test]
fn results_go_to_stdout_and_the_rest_to_stderr() {
    let project = small();
    let ran = project.run(&["build"]);
    assert!(ran.stdout.contains("2 cases: 2 trained, 0 reused"), "{}", ran.stdout);
    assert!(ran.stderr.starts_with("done in"), "no bar where there is no terminal: {:?}", ran.stderr);
    let quiet = project.run(&["build", "--quiet"]);
    assert!(quiet.stderr.is_empty(), "{}", quiet.stderr);
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stderr.contains('\u{1b}'));
}

#[test]
fn a_list_shows_what_there_is() {
    let ran = GALLERY.run(&["list"]);
    for part in ["experiment  benchmark", "targets/functions.yaml:1", "built in", "swish_beta"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    let cases = GALLERY.run(&["list", "cases"]);
    assert!(cases.stdout.contains("rates/quartic_true_w/tanh/learning_rate-0.01"), "{}", cases.stdout);
    let functions = GALLERY.run(&["list", "functions"]);
    for part in ["clamp(x, low, high)", "normal_cdf(x)", "the natural logarithm"] {
        assert!(functions.stdout.contains(part), "{part}: {}", functions.stdout);
    }
    let json = GALLERY.run(&["list", "targets", "--json"]);
    let rows: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 12);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child =
        GALLERY.command(&["list", "cases"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[cfg(unix)]
#[test]
fn what_cannot_be_written_is_named() {
    let project = small();
    // A file where a folder should be keeps even the administrator out.
    project.write("blocked", "");
    let ran = project.run(&["build", "--out", "blocked/site"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("blocked"), "{}", ran.stderr);
    // Without a cache it takes longer, and that is all.
    let ran = project.run(&["build", "--cache", "blocked/cache"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("blocked/cache"), "{}", ran.stderr);
}

#[test]
fn a_missing_folder_of_specs_is_named_with_what_to_do() {
    let empty = Project::new(&[]);
    for command in ["build", "check", "list"] {
        let ran = empty.run(&[command]);
        assert_eq!(ran.status, 1);
        assert!(ran.stderr.contains("there is no folder specs to read specs from"), "{}", ran.stderr);
        assert!(ran.stderr.contains("actfn-site init"), "{}", ran.stderr);
    }
    empty.write("specs", "a file");
    assert!(empty.run(&["check"]).stderr.contains("specs is a file and no folder"));
}

#[test]
fn folders_that_would_mix_are_refused_before_there_is_anything_in_them() {
    let project = small();
    project.write("mine", "mine");
    let before = tree(&project.path("."));
    let all = [
        ["--out", "mine"],
        ["--out", "static/public"],
        ["--out", "static"],
        ["--out", "site_templates/public"],
        ["--cache", "static/cache"],
        ["--cache", "public/cache"],
        ["--static", "mine"],
    ];
    for arguments in all {
        for command in [vec!["build"], vec!["build", "--dry-run"]] {
            let ran = project.run(&[command.as_slice(), &arguments].concat());
            assert_eq!(ran.status, 1, "{arguments:?} {}", ran.stdout);
            let count = ran.stderr.matches("error:").count();
            assert_eq!(count, 1, "{arguments:?} {}", ran.stderr);
        }
    }
    assert_eq!(tree(&project.path(".")), before);
}

#[test]
fn what_is_wrong_with_a_page_is_said_before_anything_is_trained_for_long() {
    let project = small();
    let long = "kind: experiment\nid: long\ntarget: cubic\nactivation: tanh\ntraining: {learning_rate: 0.01, epochs: 3000000}\nfigures: []\n";
    project.write("specs/long.yaml", long);
    project.write("specs/note.yaml", "kind: page\nbody: See [it](experiment:smal).\n");
    let ran = project.run(&["build"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("experiment:smal"), "{}", ran.stderr);
    assert!(!project.path(".actfn-cache/v1/run").exists());
}
