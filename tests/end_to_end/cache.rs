//! What a change costs: the laws of the cache.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::support::{Project, small, tree};

/// Builds, and checks how many runs were trained, figures drawn (each on light and on dark ground) and files written (`None`: at
/// least one).
#[track_caller]
fn expect(project: &Project, trained: u64, drawn: u64, written: Option<u64>) {
    let summary = project.build();
    assert_eq!((&summary["trained"], &summary["drawn"]), (&trained.into(), &(2 * drawn).into()), "{summary}");
    match written {
        Some(written) => assert_eq!(summary["files_written"], written, "{summary}"),
        None => assert!(summary["files_written"].as_u64().unwrap() > 0, "{summary}"),
    }
}

fn built() -> Project {
    let project = small();
    // Two fits, and the pictures of two activations.
    expect(&project, 2, 4, None);
    project
}

#[test]
fn a_second_build_does_nothing_and_says_so() {
    let project = built();
    expect(&project, 0, 0, Some(0));
    let ran = project.run(&["build"]);
    assert!(ran.stdout.contains("nothing to do"), "{}", ran.stdout);
}

#[test]
fn a_caption_or_title_touches_pages_only() {
    let project = built();
    project.edit("specs/fit.yaml", "type: fit", "type: fit\ncaption: What the *curve* says.");
    expect(&project, 0, 0, None);
    project.edit("specs/small.yaml", "A small experiment", "Another title");
    expect(&project, 0, 0, None);
    project.edit("specs/cubic.yaml", "id: cubic", "id: cubic\nexplanation: Why.");
    expect(&project, 0, 0, None);
}

#[test]
fn a_color_redraws_and_does_not_train() {
    let project = built();
    project.write("specs/tanh.yaml", "kind: activation\nid: tanh\ncolor: \"#00ff00\"\n");
    expect(&project, 0, 2, None);
}

#[test]
fn a_size_redraws_what_has_it() {
    let project = built();
    project.edit("specs/fit.yaml", "[300, 200]", "[360, 240]");
    expect(&project, 0, 2, None);
}

#[test]
fn training_fields_train_again() {
    for (from, to) in [
        ("learning_rate: 0.01", "learning_rate: 0.02"),
        ("epochs: 20", "epochs: 30"),
        ("snapshot_every: 5", "snapshot_every: 10"),
        ("epochs: 20", "optimizer: adam, epochs: 20"),
        ("epochs: 20", "schedule: {type: halve_on_rise, every: 5, window: 2}, epochs: 20"),
    ] {
        let project = built();
        project.edit("specs/small.yaml", from, to);
        expect(&project, 2, 2, None);
    }
}

#[test]
fn spelling_is_not_meaning() {
    let project = built();
    let text = "# The same, written otherwise.\nkind: experiment\nid: small\ntitle: A small experiment\nmodel: single_neuron\n\
                figures:\n  - fit\ntraining:\n  snapshot_every: 5\n  epochs: 20\n  learning_rate: 1.0e-2\n  optimizer: gradient_descent\n\
                activation: [\"tanh\", 'relu']\ntarget: [cubic]\n";
    project.write("specs/small.yaml", text);
    let summary = project.build();
    assert_eq!((&summary["trained"], &summary["drawn"]), (&0.into(), &0.into()), "{summary}");
    project.edit("specs/cubic.yaml", "0.5, 1.5", "0.50, 15.0e-1");
    let summary = project.build();
    assert_eq!((&summary["trained"], &summary["drawn"]), (&0.into(), &0.into()), "{summary}");
}

#[test]
fn another_case_leaves_the_others_alone() {
    let project = built();
    project.edit("specs/small.yaml", "[tanh, relu]", "[sine, tanh, relu]");
    expect(&project, 1, 2, None);
}

#[test]
fn a_shared_stream_ties_cases_together() {
    let project = built();
    project.edit("specs/small.yaml", "figures:", "init: {seed: 3, stream: shared}\nfigures:");
    expect(&project, 2, 2, None);
    project.edit("specs/small.yaml", "[tanh, relu]", "[tanh, relu, sine]");
    expect(&project, 1, 2, None);
    project.edit("specs/small.yaml", "[tanh, relu, sine]", "[sine, tanh, relu]");
    expect(&project, 3, 3, None);
}

#[test]
fn damaged_entries_are_made_anew() {
    let project = built();
    let before = project.site();
    let cache = project.path(".actfn-cache");
    let entries: Vec<String> = tree(&cache).into_keys().filter(|name| name.starts_with("v1/")).collect();
    // Two runs and what could have been attained, four figures on two grounds, the record of the build, and how it left things.
    assert_eq!(entries.len(), 14);
    for (index, name) in entries.iter().enumerate() {
        let path = cache.join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        match index % 3 {
            0 => bytes[middle] ^= 1,
            1 => bytes.truncate(middle),
            _ => bytes.clear(),
        }
        std::fs::write(&path, bytes).unwrap();
    }
    let verify = project.run(&["cache", "verify"]);
    assert_eq!(verify.status, 1);
    assert!(verify.stdout.contains("14 damaged"), "{}", verify.stdout);
    let summary = project.build();
    assert_eq!((&summary["trained"], &summary["drawn"]), (&2.into(), &8.into()));
    assert_eq!(summary["notes"].as_array().unwrap().len(), 14, "{summary}");
    assert_eq!(project.site(), before);
    assert_eq!(project.run(&["cache", "verify"]).status, 0);
}

#[test]
fn the_cache_can_be_looked_after() {
    let project = built();
    let status = project.run(&["cache", "status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!((&status["runs"]["entries"], &status["figures"]["entries"]), (&2.into(), &8.into()));
    // Nothing that lies there is left out.
    let counted: u64 = status.as_object().unwrap().values().map(|of| of["entries"].as_u64().unwrap()).sum();
    let verified = project.run(&["cache", "verify", "--json"]).stdout;
    let verified: serde_json::Value = serde_json::from_str(&verified).unwrap();
    assert_eq!(verified["entries"], counted);
    project.edit("specs/small.yaml", "[tanh, relu]", "[tanh]");
    let gc = project.run(&["cache", "gc"]);
    // The run, what could have been attained, the fit and the picture of relu, both on two grounds.
    assert!(gc.stdout.contains("removed 6 entries"), "{}", gc.stdout);
    expect(&project, 0, 0, None);
    let cleared = project.run(&["cache", "clear"]);
    // With the record of the last build, and how it left things.
    assert!(cleared.stdout.contains("removed 8 entries"), "{}", cleared.stdout);
    expect(&project, 1, 2, Some(0));
}

/// Runs a build and says whether it had nothing to do, and whether it looked.
fn rebuilt(project: &Project, arguments: &[&str]) -> serde_json::Value {
    let ran = project.run(&[&["build", "--json"], arguments].concat());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

/// Changes bytes of a file, and gives it the time that it had: what size and time alone would not show.
fn tamper(path: &std::path::Path) {
    let time = path.metadata().unwrap().modified().unwrap();
    let mut bytes = std::fs::read(path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(path, bytes).unwrap();
    std::fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    assert_eq!(path.metadata().unwrap().modified().unwrap(), time);
}

#[test]
fn what_has_nothing_to_do_says_what_one_says_that_looks() {
    let project = small();
    let first = rebuilt(&project, &[]);
    assert!(first["trained"].as_u64().unwrap() > 0);
    let again = rebuilt(&project, &[]);
    assert_eq!(again["trained"], 0);
    assert_eq!(again["files_written"], 0);
    assert_eq!(rebuilt(&project, &["--verify"]), again);
    assert_eq!(rebuilt(&project, &[]), again);
    let why = |name: &str| project.run(&["why", name]).stdout;
    let told = why("small/cubic/tanh");
    assert_eq!(rebuilt(&project, &["--verify"]), again);
    assert_eq!(why("small/cubic/tanh"), told);
}

/// What a command says while somebody else holds the cache; `None` if it waits for it, as a build does that looks.
fn without_the_cache(project: &Project, arguments: &[&str]) -> Option<(Vec<u8>, String)> {
    let lock = std::fs::File::options().append(true).open(project.path(".actfn-cache/lock")).unwrap();
    lock.lock().unwrap();
    let mut child = project.command(arguments);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    while errors.read_line(&mut first).unwrap() > 0 {
        if first.contains("waiting for another build") {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
    }
    Some((child.wait_with_output().unwrap().stdout, first))
}

#[test]
fn warnings_are_said_again_by_what_has_nothing_to_do() {
    let project = small();
    project.write("specs/unused.yaml", "# Nobody asks for these.\nkind: figure\nid: alone\ntype: fit\n---\n");
    project.edit("specs/unused.yaml", "---\n", "---\nkind: target\nid: lost\nexpression: x\n");
    let said = |arguments: &[&str]| {
        let ran = project.run(&[&["build"], arguments].concat());
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        let stderr: String = ran.stderr.lines().filter(|line| !line.starts_with("done in")).collect();
        (ran.stdout, stderr)
    };
    let first = said(&[]);
    assert!(first.1.contains("2 warnings") && first.1.contains("unused.yaml:3:1"), "{}", first.1);
    for arguments in [["--json"].as_slice(), &[], &["--quiet"]] {
        let looking = said(&[arguments, &["--verify"]].concat());
        assert_eq!(said(arguments), looking, "{arguments:?}");
        let all = [&["build"], arguments].concat();
        let (stdout, stderr) = without_the_cache(&project, &all).expect("it has nothing to do");
        let stderr: String = stderr.lines().filter(|line| !line.starts_with("done in")).collect();
        assert_eq!((String::from_utf8(stdout).unwrap(), stderr), looking, "{arguments:?}");
    }
    assert_eq!(said(&[]).1, first.1);
    let in_colour = |arguments: &[&str]| {
        let ran = project.command(arguments).env("CLICOLOR_FORCE", "1").output().unwrap();
        let text = String::from_utf8(ran.stderr).unwrap();
        text.lines().filter(|line| !line.starts_with("done in")).collect::<String>()
    };
    let coloured = in_colour(&["build"]);
    assert!(coloured.contains("\u{1b}["), "{coloured}");
    assert_eq!(coloured, in_colour(&["build", "--verify"]));
    // Whoever wants to have no warnings is told so, and whoever has changed something is told of what there is now.
    let strict = project.run(&["build", "--strict"]);
    assert_eq!((strict.status, project.run(&["check", "--strict"]).stderr), (1, strict.stderr));
    project.edit("specs/unused.yaml", "# Nobody asks for these.\n", "");
    assert!(without_the_cache(&project, &["build"]).is_none());
    assert!(said(&[]).1.contains("unused.yaml:2:1"));
    std::fs::remove_file(project.path("specs/unused.yaml")).unwrap();
    assert_eq!(said(&[]).1, "");
}

#[test]
fn whatever_is_touched_is_seen() {
    let project = small();
    rebuilt(&project, &[]);
    let site = project.site();
    let entries = |kind: &str| {
        let folder = project.path(".actfn-cache");
        let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
        let files = files.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
        files.filter(|path| path.to_string_lossy().contains(&format!("/{kind}/"))).collect::<Vec<_>>()
    };
    for path in ["public/index.html", "public/experiments/small/cubic/tanh/fit.png", "public/.manifest.b3"] {
        rebuilt(&project, &[]);
        tamper(&project.path(path));
        rebuilt(&project, &[]);
        assert_eq!(project.site(), site, "{path}");
    }
    for kind in ["run", "figure", "settled"] {
        rebuilt(&project, &[]);
        rebuilt(&project, &[]);
        let path = entries(kind).remove(0);
        tamper(&path);
        let report = rebuilt(&project, &[]);
        let is_told =
            report["notes"].as_array().unwrap().iter().any(|it| it.as_str().unwrap().contains(kind));
        assert!(is_told, "{kind}: {report}");
        assert_eq!(project.site(), site, "{kind}");
    }
    rebuilt(&project, &[]);
    std::fs::remove_file(project.path("public/experiments/small/results.csv")).unwrap();
    assert_eq!(rebuilt(&project, &[])["files_written"], 1);
    project.write("static/extra.txt", "extra");
    assert_eq!(rebuilt(&project, &[])["files_written"], 1);
    project.write("static/extra.txt", "other");
    assert_eq!(rebuilt(&project, &[])["files_written"], 1);
    let all = rebuilt(&project, &["--base-url", "https://example.org/"]);
    assert!(all["files_written"].as_u64().unwrap() > 3);
}

/// Gives an entry other contents, with a header that says that they are those that were stored.
fn forge(entry: &std::path::Path, payload: &[u8]) {
    const HEADER: usize = 8 + 32 + 32;
    let mut bytes = std::fs::read(entry).unwrap();
    bytes.truncate(HEADER);
    bytes[40..].copy_from_slice(blake3::hash(payload).as_bytes());
    bytes.extend_from_slice(payload);
    std::fs::write(entry, bytes).unwrap();
}

#[test]
fn forged_entries_are_made_anew_or_told_of() {
    const SPECS: &str = "kind: experiment\nid: e\ntarget: t\nactivation: [tanh, relu]\nmodel: [single_neuron, m]\nattainable: {budget: 300}\n\
        seeds: 3\ndata: {points: 8, validation: 0.25}\ntraining: {learning_rate: 0.1, epochs: 6, restarts: 2}\n\
        figures: [f, g, loss_boxes]\n---\nkind: target\nid: t\nexpression: x^2\n---\nkind: model\nid: m\ntype: mlp\nhidden_sizes: [2]\n\
        ---\nkind: figure\nid: f\ntype: fit\nsize: [200, 200]\nformats: [png, svg]\n---\nkind: figure\nid: g\ntype: convergence\nsize: [200, 200]\n";
    let project = Project::new(&[("specs/a.yaml", SPECS)]);
    project.build();
    let expected = project.site();
    let cache = project.path(".actfn-cache");
    let all = tree(&cache);
    let kinds = ["run", "trials", "attainable", "verdict", "figure", "record", "settled"];
    let entries = |kind: &str| -> Vec<std::path::PathBuf> {
        let folder = project.path(".actfn-cache/v1").join(kind);
        tree(&folder).into_keys().map(|name| folder.join(name)).collect()
    };
    let mut forged = 0;
    for kind in kinds {
        let sound: Vec<_> =
            entries(kind).into_iter().map(|path| (std::fs::read(&path).unwrap(), path)).collect();
        assert!(!sound.is_empty(), "{kind}");
        let half = |bytes: &[u8]| bytes[72..72 + (bytes.len() - 72) / 2].to_vec();
        let payloads: [&dyn Fn(usize) -> Vec<u8>; 5] = [
            &|_| Vec::new(),
            &|_| b"{}".to_vec(),
            &|_| vec![0xff; 400],
            &|at| half(&sound[at].0),
            // Those of another entry of its kind: sound, and not its own.
            &|at| sound[(at + 1) % sound.len()].0[72..].to_vec(),
        ];
        for (way, payload) in payloads.into_iter().enumerate() {
            let is_other = way == 4;
            if is_other && matches!(kind, "figure" | "verdict") {
                // A picture of something else is a picture; only its hash, which is forged, could tell.
                continue;
            }
            for (at, (_, path)) in sound.iter().enumerate() {
                forge(path, &payload(at));
                forged += 1;
            }
            let ran = project.run(&["build", "--verify"]);
            assert!(!ran.stderr.contains("panicked"), "{kind} {way}: {}", ran.stderr);
            if is_other {
                // What fits could have been its own.
                assert!([0, 1].contains(&ran.status), "{kind} {way}: {}", ran.stderr);
            } else {
                assert_eq!(ran.status, 0, "{kind} {way}: {}", ran.stderr);
                if !(kind == "verdict" && way == 0) {
                    assert!(project.site() == expected, "{kind} {way}");
                }
            }
            for (name, bytes) in &all {
                std::fs::write(cache.join(name), bytes).unwrap();
            }
        }
    }
    assert!(forged > 100, "{forged}");
}
