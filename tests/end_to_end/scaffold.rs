//! `new` and `init`: what they write can be built at once, and they replace nothing.

use serde_json::Value;

use crate::support::{Project, Ran, small, tree};

const KINDS: [(&str, &str); 7] = [
    ("experiment", "experiments"),
    ("polynomial", "targets"),
    ("target", "targets"),
    ("activation", "activations"),
    ("model", "models"),
    ("figure", "figures"),
    ("page", "pages"),
];

#[track_caller]
fn succeed(project: &Project, arguments: &[&str]) -> Ran {
    let ran = project.run(arguments);
    assert_eq!(ran.status, 0, "{arguments:?}: {}{}", ran.stdout, ran.stderr);
    ran
}

#[test]
fn every_kind_can_be_begun_in_any_folder() {
    for (kind, folder) in KINDS {
        for project in [Project::new(&[]), small()] {
            let ran = succeed(&project, &["new", kind, "mine"]);
            assert_eq!(ran.stdout, format!("specs/{folder}/mine.yaml\n"));
            succeed(&project, &["check"]);
            succeed(&project, &["build"]);
            let text = std::fs::read_to_string(project.path(&format!("specs/{folder}/mine.yaml"))).unwrap();
            assert!(text.starts_with("# yaml-language-server: $schema=../.schema.json\n"), "{text}");
            assert!(project.path("specs/.schema.json").exists());
            assert!(!text.contains("MY_"), "{text}");
        }
    }
    let project = small();
    assert_eq!(succeed(&project, &["new", "site"]).stdout, "specs/site.yaml\n");
    succeed(&project, &["build"]);
    assert_eq!(project.run(&["new", "site"]).status, 1, "there is one already");
}

#[test]
fn a_new_experiment_takes_a_target_that_there_is_or_brings_one() {
    let project = small();
    succeed(&project, &["new", "experiment", "mine"]);
    let text = std::fs::read_to_string(project.path("specs/experiments/mine.yaml")).unwrap();
    assert!(text.contains("target: cubic\n") && !text.contains("kind: polynomial"), "{text}");
    let empty = Project::new(&[]);
    succeed(&empty, &["new", "experiment", "mine"]);
    let built = empty.build();
    assert_eq!(built["cases"], 2);
    // What only the editor reads is not shown.
    let page = std::fs::read_to_string(empty.path("public/experiments/mine/cubic/tanh/index.html")).unwrap();
    assert!(page.contains("id</span>: mine") && !page.contains("yaml-language-server"));
}

/// A scaffolded line of a field that is commented out, as it reads without the `#`.
fn uncommented(line: &str) -> Option<String> {
    let (indent, rest) = line.split_once("# ")?;
    let name = rest.trim_start().split(':').next()?;
    let is_field = indent.trim().is_empty()
        && rest.contains(": ")
        && name.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c == '1' || c == '2');
    is_field.then(|| format!("{indent}{rest}"))
}

#[test]
fn every_field_that_is_commented_out_holds_as_it_stands() {
    let mut count = 0;
    for (kind, folder) in KINDS {
        let project = small();
        succeed(&project, &["new", kind, "mine"]);
        let path = format!("specs/{folder}/mine.yaml");
        let text = std::fs::read_to_string(project.path(&path)).unwrap();
        for line in text.lines() {
            let Some(field) = uncommented(line) else { continue };
            let name = field.trim().split(':').next().unwrap();
            let mut changed = text.replace(line, &field);
            // The fields that exclude each other, and those of other types.
            match (kind, name) {
                ("polynomial", "roots") => changed = changed.replace("\ncoefficients:", "\n# coefficients:"),
                ("polynomial", "leading") => {
                    changed =
                        changed.replace("\ncoefficients:", "\n# coefficients:").replace("# roots:", "roots:");
                }
                ("activation", "builtin") => {
                    changed = changed
                        .replace("\nexpression:", "\n# expression:")
                        .replace("\nparameters:", "\n# parameters:");
                }
                ("experiment", "shuffle_seed") => changed = changed.replace("# batch_size:", "batch_size:"),
                ("figure", "z" | "formats") => {
                    changed = changed.replace("type: convergence", "type: activation")
                }
                ("figure", "value") => changed = changed.replace("type: convergence", "type: matrix"),
                ("figure", "scale") => changed = changed.replace("type: convergence", "type: loss_curve"),
                ("figure", "w" | "b" | "resolution" | "colormap") => {
                    changed = changed.replace("type: convergence", "type: loss_landscape");
                }
                _ => {}
            }
            if field.starts_with("  ") && kind == "experiment" && !line.starts_with("  ") {
                let above = &text[..text.find(line).unwrap()];
                let parent =
                    above.lines().rfind(|line| line.starts_with("# ") && line.ends_with(':')).unwrap();
                changed = changed.replace(parent, &parent[2..]);
            }
            project.write(&path, &changed);
            let ran = project.run(&["check"]);
            assert_eq!(ran.status, 0, "{kind} {name}: {}", ran.stderr);
            count += 1;
        }
    }
    assert!(count > 35, "{count}");
}

#[test]
fn an_id_is_what_it_looks_like_and_what_else_is_wrong_does_not_matter() {
    let project = small();
    project.write("specs/broken.yaml", "kind: [\n");
    for id in ["MY_TARGET", "MY_ID", "yes"] {
        succeed(&project, &["new", "experiment", id]);
        let text = std::fs::read_to_string(project.path(&format!("specs/experiments/{id}.yaml"))).unwrap();
        assert!(text.contains(&format!("\nid: {id}\n")), "{text}");
        assert!(text.contains("target: cubic\n") && !text.contains("kind: polynomial"), "{text}");
    }
    std::fs::remove_file(project.path("specs/broken.yaml")).unwrap();
    succeed(&project, &["check"]);
}

#[test]
fn nothing_is_replaced_and_bad_ids_are_refused() {
    let project = small();
    let before = tree(&project.path("specs"));
    let refused = |arguments: &[&str]| {
        let ran = project.run(arguments);
        assert_eq!(ran.status, 1, "{arguments:?}: {}", ran.stdout);
        ran.stderr
    };
    let all = [
        refused(&["new", "experiment", "small"]),
        refused(&["new", "page", "index"]),
        refused(&["new", "page", "a b"]),
        refused(&["new", "figure", "../../up"]),
        refused(&["new", "target", "Cubic"]),
        // What YAML would read as another id, and a path as another folder.
        refused(&["new", "page", "x #/../../../up"]),
        refused(&["new", "model", "\"mine\""]),
        refused(&["new", "target", "&a b"]),
    ];
    insta::assert_snapshot!(all.join("\n"));
    assert_eq!(tree(&project.path("specs")), before);
    assert!(!project.path("../up.yaml").exists() && !project.path("up.yaml").exists());
    project.write("specs/models/mine.yaml", "# nothing yet\n");
    assert!(refused(&["new", "model", "mine"]).contains("specs/models/mine.yaml exists already"));
    assert_eq!(project.run(&["new", "model"]).status, 2);
    assert!(project.run(&["new", "modle", "x"]).stderr.contains("'model'"));
}

#[test]
fn a_project_builds_at_once() {
    let project = Project::new(&[]);
    let ran = succeed(&project, &["init", "mine"]);
    assert!(ran.stderr.contains("cd mine") && ran.stderr.contains("actfn-site watch"), "{}", ran.stderr);
    let listed: Vec<&str> = ran.stdout.lines().collect();
    let made: Vec<String> = tree(&project.path(".")).into_keys().map(|name| name.replace("./", "")).collect();
    let mut sorted: Vec<&str> = listed.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, made, "it writes what it lists, and nothing beside the folder");
    let inside = Project::at(project.path("mine"));
    succeed(&inside, &["check", "--format", "github"]);
    let built = inside.build();
    assert_eq!((&built["cases"], &built["diverged"]), (&6.into(), &0.into()));
    assert_eq!(inside.build()["files_written"], 0);
    assert!(inside.path("public/about/index.html").exists());
    succeed(&inside, &["new", "experiment", "second"]);
    succeed(&inside, &["build"]);
    // Once more: everything is in the way, and nothing is touched.
    let before = tree(&inside.path("specs"));
    let again = inside.run(&["init", "."]);
    assert_eq!(again.status, 1);
    assert!(
        again.stderr.contains("specs/site.yaml exists already") && again.stderr.contains("5 errors"),
        "{}",
        again.stderr
    );
    assert_eq!(tree(&inside.path("specs")), before);
}

#[test]
fn a_project_can_begin_in_a_folder_with_other_files() {
    let project = Project::new(&[("LICENSE", "mine"), ("src/main.py", "pass")]);
    succeed(&project, &["init", "."]);
    assert_eq!(std::fs::read_to_string(project.path("LICENSE")).unwrap(), "mine");
    // As a repository that was just made: what it has stays, and the project builds all the same.
    let repository = Project::new(&[("README.md", "mine"), (".gitignore", "*.log\n")]);
    let ran = succeed(&repository, &["init", "."]);
    assert!(ran.stderr.contains("README.md was there and stays"), "{}", ran.stderr);
    assert!(ran.stderr.contains("it should name /public/ and /.actfn-cache/"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("README.md"), "{}", ran.stdout);
    for (name, text) in [("README.md", "mine"), (".gitignore", "*.log\n")] {
        assert_eq!(std::fs::read_to_string(repository.path(name)).unwrap(), text);
    }
    assert_eq!(repository.build()["cases"], 6);
    let in_the_way = Project::new(&[("specs/site.yaml", "kind: site\n")]);
    let ran = in_the_way.run(&["init", "."]);
    assert_eq!((ran.status, tree(&in_the_way.path(".")).len()), (1, 1), "{}", ran.stderr);
}

#[test]
fn the_workflow_is_one() {
    let project = Project::new(&[]);
    succeed(&project, &["init", "."]);
    let text = std::fs::read_to_string(project.path(".github/workflows/pages.yaml")).unwrap();
    let workflow: Value = serde_yaml::from_str(&text).unwrap();
    assert_eq!(workflow["permissions"], serde_json::json!({ "contents": "read" }));
    let steps = |job: &str| -> Vec<String> {
        let steps = workflow["jobs"][job]["steps"].as_array().unwrap().iter();
        steps.map(|step| step["run"].as_str().or(step["uses"].as_str()).unwrap().to_owned()).collect()
    };
    assert!(steps("check").iter().any(|step| step == "actfn-site check --format github"));
    let build = steps("build");
    let position =
        |part: &str| build.iter().position(|step| step.contains(part)).unwrap_or_else(|| panic!("{part}"));
    let order = [
        "cache/restore",
        "configure-pages",
        "actfn-site build",
        "cache gc",
        "cache/save",
        "upload-pages-artifact",
    ];
    assert!(order.map(position).is_sorted(), "{build:?}");
    assert!(steps("publish")[0].starts_with("actions/deploy-pages@"));
    assert!(text.contains(env!("CARGO_PKG_VERSION")) && !text.contains("MY_"));
    // Its commands are ones that there are.
    project.build();
    succeed(&project, &["build", "--base-url", "https://example.org/mine/"]);
    succeed(&project, &["cache", "gc"]);
    for name in [".vscode/settings.json", ".vscode/extensions.json", "specs/.schema.json"] {
        let text = std::fs::read_to_string(project.path(name)).unwrap();
        serde_json::from_str::<Value>(&text).unwrap();
    }
    let settings = std::fs::read_to_string(project.path(".vscode/settings.json")).unwrap();
    assert!(settings.contains("./specs/.schema.json"));
}
