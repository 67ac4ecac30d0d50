//! `why` names what has changed, with its old and new value and its line; `--dry-run` foretells what a build does.

use serde_json::Value;

use crate::support::{Project, SMALL, small};

#[track_caller]
fn why(project: &Project, name: &str) -> Value {
    let ran = project.run(&["why", name, "--json"]);
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

/// `PATH:LINE FIELD: OLD → NEW` of every change.
fn changes(explanation: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let changes = explanation["changes"].as_array().unwrap().iter();
    changes
        .map(|change| {
            let place = &change["place"];
            let place =
                if place.is_null() { "-".into() } else { format!("{}:{}", text(&place[0]), place[1]) };
            format!("{place} {}: {} → {}", text(&change["field"]), text(&change["old"]), text(&change["new"]))
        })
        .collect()
}

const FIT: &str = "public/experiments/small/cubic/tanh/fit.png";

#[test]
fn a_changed_field_is_named_with_its_values_and_its_line() {
    let project = small();
    project.build();
    assert!(why(&project, "small/cubic/tanh")["outcome"].as_str().unwrap().contains("first build"));
    project.edit("specs/small.yaml", "0.01", "0.02");
    project.edit("specs/small.yaml", "A small", "Another small");
    project.build();
    let expected = ["specs/small.yaml:6 training.learning_rate: 0.01 → 0.02"];
    for name in ["small/cubic/tanh", "cubic/tanh", FIT] {
        let explanation = why(&project, name);
        assert_eq!(changes(&explanation), expected, "{name}");
        assert_eq!(explanation["is_new"], true);
    }
    let page = why(&project, "public/experiments/small/cubic/tanh/");
    let title = "specs/small.yaml:3 title: A small experiment → Another small experiment";
    assert_eq!(changes(&page), [title, expected[0]]);
    // Another build that changes nothing has nothing to tell.
    project.build();
    assert_eq!(why(&project, FIT)["is_new"], false);
}

#[test]
fn what_did_not_change_was_reused() {
    let project = small();
    project.build();
    project.write("specs/tanh.yaml", "kind: activation\nid: tanh\ncolor: \"#112233\"\n");
    project.build();
    assert_eq!(changes(&why(&project, FIT)), ["specs/tanh.yaml:3 color: - → #112233"]);
    for name in ["small/cubic/tanh", "experiments/small/cubic/relu/fit.png"] {
        let explanation = why(&project, name);
        assert_eq!((&explanation["is_new"], changes(&explanation).len()), (&false.into(), 0), "{name}");
        assert!(
            explanation["outcome"].as_str().unwrap().contains("nothing that it is made from has changed")
        );
    }
    project.edit("specs/fit.yaml", "type: fit", "type: fit\ncaption: Now with a caption");
    project.build();
    assert_eq!(why(&project, FIT)["is_new"], false);
    let page = why(&project, "experiments/small/cubic/tanh/index.html");
    assert_eq!(changes(&page), ["specs/fit.yaml:4 caption: - → Now with a caption"]);
}

#[test]
fn changes_that_come_from_afar_are_named_where_they_were_made() {
    let project = small();
    project.edit(
        "specs/small.yaml",
        "figures: [fit]",
        "figures: [fit, comparison]\ninit: {seed: 3, stream: shared}",
    );
    project.build();
    project.edit("specs/small.yaml", "[tanh, relu]", "[sine, tanh, relu]");
    project.build();
    let list = "specs/small.yaml:5 activation: [tanh, relu] → [sine, tanh, relu]";
    assert_eq!(changes(&why(&project, "small/cubic/tanh")), [list], "its draws come after those of sine now");
    assert_eq!(changes(&why(&project, "experiments/small/comparison.png")), [list]);
    assert!(why(&project, "small/cubic/sine")["outcome"].as_str().unwrap().contains("it is new"));
    project.edit("specs/cubic.yaml", "0.4", "0.5");
    project.build();
    let target = "specs/cubic.yaml:3 coefficients: [0.5, 1.5, -0.8, 0.4] → [0.5, 1.5, -0.8, 0.5]";
    assert_eq!(changes(&why(&project, "experiments/small/cubic/relu/fit.png")), [target]);
    assert_eq!(changes(&why(&project, "targets/cubic/")), [target]);
    project.write("site_templates/robots.txt", "# mine\n");
    project.build();
    assert_eq!(changes(&why(&project, "robots.txt")), ["site_templates/robots.txt:1 text: - → a template"]);
    project.run(&["cache", "clear"]);
    project.build();
    project.edit("specs/small.yaml", "A small", "One small");
    project.build();
    let ran = project.run(&["cache", "gc"]);
    assert_eq!(ran.status, 0);
    assert_eq!(why(&project, "small/cubic/tanh")["is_new"], false, "the record outlives the collection");
}

#[test]
fn a_lost_entry_is_a_reason_too() {
    let project = small();
    project.build();
    project.edit("specs/small.yaml", "A small", "One small");
    project.build();
    let key = why(&project, "small/cubic/tanh")["key"].as_str().unwrap().to_owned();
    std::fs::remove_file(project.path(&format!(".actfn-cache/v1/run/{}/{key}", &key[..2]))).unwrap();
    project.build();
    let outcome = why(&project, "small/cubic/tanh")["outcome"].to_string();
    assert!(outcome.contains("the cache did not hold it"), "{outcome}");
}

#[test]
fn a_file_can_be_named_from_anywhere() {
    let project = small();
    project.write("static/mine/notes.txt", "mine");
    project.build();
    let whole = project.path(FIT);
    let other = format!("specs/../{FIT}");
    for name in [whole.to_str().unwrap(), other.as_str(), &format!("./{FIT}")] {
        let subject = why(&project, name)["subject"].to_string();
        assert_eq!(subject, "\"the figure fit, experiments/small/cubic/tanh/fit.png\"", "{name}");
    }
    assert_eq!(why(&project, project.path("public").to_str().unwrap())["subject"], "index.html");
    // What no spec enters is not said to be made from all of them.
    let from = |name: &str| why(&project, name)["made_from"].clone();
    assert_eq!(from("mine/notes.txt")[0]["path"], "static/mine/notes.txt");
    assert_eq!(from("mine/notes.txt").as_array().unwrap().len(), 1);
    let style = || project.site().into_keys().find(|path| path.starts_with("assets/style.")).unwrap();
    assert_eq!(from(&style()), serde_json::json!([]));
    project.write("site_templates/style.css", "a {}");
    project.build();
    let changes = why(&project, &style())["changes"].clone();
    assert!(!changes.to_string().contains("specs/"), "{changes}");
    assert_eq!(from(&style())[0]["path"], "site_templates/style.css");
}

#[test]
fn it_reads_well() {
    let project = small();
    project.build();
    project.edit("specs/small.yaml", "epochs: 20", "epochs: 30");
    project.build();
    let ran = project.run(&["why", FIT]);
    // The keys are other tests' matter.
    let is_key = |line: &&str| !line.starts_with("key ");
    insta::assert_snapshot!(ran.stdout.lines().filter(is_key).collect::<Vec<_>>().join("\n"));
    project.edit("specs/small.yaml", "epochs: 30", "epochs: 40");
    assert!(project.run(&["why", FIT]).stderr.contains("the files have changed since"));
}

#[test]
fn what_cannot_be_explained_is_said() {
    let project = small();
    let ran = project.run(&["why", "small/cubic/tanh"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("nothing is known of a last build"), "{}", ran.stderr);
    project.write("specs/other.yaml", &SMALL.replace("small", "other"));
    project.build();
    let ran = project.run(&["why", "small/cubic/tnah"]);
    assert!(ran.stderr.contains("did you mean `small/cubic/tanh`?"), "{}", ran.stderr);
    for (name, meant) in [
        ("experiments/small/cubic/tanh/ft.png", "experiments/small/cubic/tanh/fit.png"),
        ("smal", "experiments/small/index.html"),
        ("tnah", "other/cubic/tanh"),
    ] {
        let ran = project.run(&["why", name]);
        assert!(ran.stderr.contains(&format!("did you mean `{meant}`?")), "{name}: {}", ran.stderr);
    }
    let ran = project.run(&["why", "cubic/tanh"]);
    assert!(
        ran.stderr.contains("several experiments") && ran.stderr.contains("`other/cubic/tanh`"),
        "{}",
        ran.stderr
    );
    for name in ["", "/", "..", "../..", "\u{1b}[2J", "public/../public"] {
        let ran = project.run(&["why", name]);
        assert!(ran.status <= 1 && !ran.stderr.contains('\u{1b}'), "{name:?} {}", ran.stderr);
    }
}

#[test]
fn a_dry_run_foretells_the_build_and_does_nothing() {
    let project = small();
    let forecast = |project: &Project| -> Value {
        let before = (project.site_if_any(), crate::support::tree(&project.path(".")).len());
        let ran = project.run(&["build", "--dry-run", "--json"]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert_eq!(before, (project.site_if_any(), crate::support::tree(&project.path(".")).len()));
        serde_json::from_str(&ran.stdout).unwrap()
    };
    let first = forecast(&project);
    assert_eq!(first["train"], serde_json::json!(["small/cubic/tanh", "small/cubic/relu"]));
    assert_eq!((first["draw"].as_array().unwrap().len(), &first["files"]), (8, &Value::Null));
    project.build();
    let nothing = forecast(&project);
    assert_eq!(nothing["files"], serde_json::json!({ "write": [], "remove": [] }));
    assert!(project.run(&["build", "--dry-run"]).stdout.contains("nothing to do"));
    project.edit("specs/small.yaml", "title: A small", "title: One small");
    project.write("specs/note.yaml", "kind: page\nbody: A note.\n");
    let foretold = forecast(&project);
    let built = project.build();
    assert_eq!(foretold["files"]["write"].as_array().unwrap().len(), built["files_written"]);
    std::fs::remove_file(project.path("specs/note.yaml")).unwrap();
    assert_eq!(forecast(&project)["files"]["remove"], serde_json::json!(["note/index.html"]));
    project.edit("specs/small.yaml", "relu", "rleu");
    assert_eq!(project.run(&["build", "--dry-run"]).status, 1);
}
