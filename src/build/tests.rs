//! A builder that remembers makes what one makes that remembers nothing, whatever is edited between.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::diagnostic::Severity;

struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &'static str, _: usize) {}
    fn step(&self) {}
    fn waiting(&self) {}
}

/// Specs in which everything that a page can show stands somewhere.
const FILES: [(&str, &str); 6] = [
    ("site.yaml", "kind: site\ntitle: Site\nhome: [one, two]\n"),
    (
        "targets.yaml",
        "kind: polynomial\nid: line\ncoefficients: [0, 1.5]\nexplanation: As in experiment:one.\n---\n\
         kind: target\nid: wave\ntitle: Wave\nexpression: sin(2*x)\nexplanation: |\n  See\n\n  \
         {{ figure(experiment=\"one\", case=\"line/mine\", figure=\"fit\") }}\n",
    ),
    (
        "activations.yaml",
        "kind: activation\nid: mine\nexpression: tanh(k*x)\nparameters: {k: 1.5}\ndescription: Mine.\n---\n\
         kind: model\nid: tiny\ntype: mlp\nhidden_sizes: [2]\n",
    ),
    (
        "figures.yaml",
        "# figures\nkind: figure\nid: fit\ntype: fit\nsize: [240, 200]\ncaption: Fit.\n---\n\
         kind: figure\nid: boxes\ntype: loss_boxes\nsize: [240, 200]\n",
    ),
    (
        "one.yaml",
        "kind: experiment\nid: one\ntitle: One\ndescription: The first, before experiment:two.\ntarget: line\n\
         activation: [mine, relu]\ndata: {points: 21}\ninit: {distribution: normal, std: 1, seed: 1}\n\
         training: {learning_rate: 0.01, epochs: 20}\nattainable: {budget: 50}\nfigures: [fit]\n",
    ),
    (
        "two.yaml",
        "kind: experiment\nid: two\ntarget: [line, wave]\nactivation: [mine, sine]\nmodel: [single_neuron, tiny]\n\
         data: {points: 21}\ninit: {distribution: normal, std: 1, seed: 1}\nseeds: 3\n\
         training: {learning_rate: 0.02, epochs: 15}\nattainable: {budget: 50}\nfigures: [boxes]\n---\n\
         kind: page\nid: about\nbody: All of activation:mine.\n",
    ),
];

/// A file, and what becomes of a part of it; done twice, it is as it was.
const EDITS: [(&str, &str, &str); 27] = [
    ("site.yaml", "title: Site", "title: Place"),
    ("site.yaml", "[one, two]", "[two]"),
    ("targets.yaml", "[0, 1.5]", "[0.1, 1.5]"),
    ("targets.yaml", "As in experiment:one", "Unlike experiment:two"),
    ("targets.yaml", "title: Wave", "title: Waves"),
    ("targets.yaml", "sin(2*x)", "sin(2*x) - 0.1"),
    ("targets.yaml", "  See", "  Look"),
    ("targets.yaml", "line/mine", "line/relu"),
    ("activations.yaml", "k: 1.5", "k: 2"),
    ("activations.yaml", "k: 1.5", "k: 1.50"),
    ("activations.yaml", "Mine.", "My own."),
    ("activations.yaml", "id: mine\n", "id: mine\ncolor: '#aa0000'\n"),
    ("activations.yaml", "hidden_sizes: [2]", "hidden_sizes: [3]"),
    ("figures.yaml", "caption: Fit.", "caption: \"The fit; {{ nothing }}.\""),
    ("figures.yaml", "caption: Fit.", "caption: Other."),
    ("figures.yaml", "# figures\n", "# figures\n# of all\n"),
    ("figures.yaml", "size: [240, 200]\n---", "size: [260, 200]\n---"),
    ("figures.yaml", "type: loss_boxes", "type: loss_boxes\ncaption: Boxes."),
    ("one.yaml", "title: One", "title: Uno"),
    ("one.yaml", "The first", "First"),
    ("one.yaml", "learning_rate: 0.01", "learning_rate: 0.03"),
    ("one.yaml", "activation: [mine, relu]", "activation: [relu, mine]"),
    ("one.yaml", "budget: 50", "budget: 60"),
    ("two.yaml", "seeds: 3", "seeds: 4"),
    ("two.yaml", "seeds: 3\n", "seeds: 3\ncase_pages: false\n"),
    ("two.yaml", "model: [single_neuron, tiny]", "model: tiny"),
    ("two.yaml", "All of activation:mine", "Nothing of activation:mine"),
];

pub(super) fn options(folder: &Path, out: &str) -> Options {
    let folder_of = |name: &str| Folder { path: folder.join(name), is_required: false };
    Options {
        specs: folder.join("specs"),
        templates: folder_of("templates"),
        statics: folder_of("static"),
        out: folder.join(out),
        cache: folder.join("cache"),
        base_url: None,
        is_strict: false,
        is_verifying: true,
        jobs: NonZeroUsize::new(2),
    }
}

fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file());
    let name = |path: &Path| crate::fs::slashed(path.strip_prefix(folder).unwrap()).unwrap();
    files.map(|entry| (name(entry.path()), fs::read(entry.path()).unwrap())).collect()
}

/// Wishes to stop when it has been asked so often.
struct StopsAfter(AtomicUsize);

impl Progress for StopsAfter {
    fn begin(&self, _: &'static str, _: usize) {}
    fn step(&self) {}
    fn waiting(&self) {}
    fn is_stopped(&self) -> bool {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
        left == 0
    }
}

#[test]
fn a_builder_that_remembers_makes_what_a_new_one_makes() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("specs")).unwrap();
    let (own, other) = (options(folder.path(), "remembering"), options(folder.path(), "new"));
    let mut builder = Builder::lasting(own.clone()).unwrap();
    builder.spare_from = Some(0);
    let mut is_done = [false; EDITS.len()];
    let mut choice = 7_u64;
    let (mut built, mut stopped) = (0, 0);
    for step in 0..120 {
        for (name, text) in FILES {
            let edits = EDITS.iter().zip(is_done).filter(|((file, ..), is_done)| *is_done && *file == name);
            let text = edits.fold(text.to_owned(), |text, ((_, from, to), _)| text.replacen(from, to, 1));
            fs::write(own.specs.join(name), text).unwrap();
        }
        // Most builds of which all is wanted come after some that are given up in the middle.
        for asked in [step % 7, 10 * (step % 11)] {
            let given_up = builder.build(&Inputs::read(&own), &StopsAfter(AtomicUsize::new(asked)));
            stopped += usize::from(matches!(given_up, Err(Failure::Stopped)));
            builder.tidy();
        }
        let remembering = builder.build(&Inputs::read(&own), &Silent);
        builder.tidy();
        let new = build(&other, &Silent);
        let told = |failure: &Failure| format!("{:?}", failure.diagnostics());
        assert_eq!(remembering.as_ref().err().map(told), new.as_ref().err().map(told), "step {step}");
        if new.is_ok() {
            built += 1;
            let (found, expected) = (tree(&own.out), tree(&other.out));
            let names = found.keys().chain(expected.keys());
            let differing: Vec<&String> =
                names.filter(|name| found.get(*name) != expected.get(*name)).collect();
            assert!(differing.is_empty(), "step {step}, {is_done:?}: {differing:?}");
        }
        // One or two edits, done or undone.
        for _ in 0..=step % 2 {
            choice = choice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let edit = usize::try_from(choice >> 33).unwrap() % EDITS.len();
            is_done[edit] = !is_done[edit];
        }
    }
    assert!(built > 60, "only {built} of the steps could be built");
    assert!(stopped > 60, "only {stopped} builds were given up");
    drop(builder);
    let left = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut left: Vec<_> = left.collect();
    left.sort();
    assert_eq!(left, ["cache", "new", "remembering", "specs"]);
}

#[test]
fn what_somebody_does_to_a_site_between_builds_is_undone() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("specs")).unwrap();
    let own = options(folder.path(), "remembering");
    // What a builder left stays locked until it is tidied, and so does the folder around.
    let cache = folder.path().join("another/cache");
    let other = Options { out: folder.path().join("another/new"), cache, ..own.clone() };
    let write = |description: &str| {
        for (name, text) in FILES {
            fs::write(own.specs.join(name), text.replace("The first", description)).unwrap();
        }
    };
    let mut builder = Builder::lasting(own.clone()).unwrap();
    builder.spare_from = Some(0);
    write("First");
    builder.build(&Inputs::read(&own), &Silent).unwrap();
    // Of a page that no edit here changes, before and after it is noted how the files lie.
    let pages = tree(&own.out).into_keys();
    let mut pages = pages.filter(|name| name.starts_with("experiments/two/line/") && name.ends_with(".html"));
    let page = pages.next().unwrap();
    let spoil = || {
        std::thread::sleep(std::time::Duration::from_millis(20));
        let text = fs::read_to_string(own.out.join(&page)).unwrap();
        fs::write(own.out.join(&page), text.replacen("<h1", "<h2", 1)).unwrap();
    };
    for (description, is_before) in [("Second", true), ("Third", false)] {
        if is_before {
            spoil();
        }
        builder.tidy();
        if !is_before {
            spoil();
        }
        write(description);
        let summary = builder.build(&Inputs::read(&own), &Silent).unwrap();
        assert!(summary.changed.contains(&page), "{:?}", summary.changed);
        build(&other, &Silent).unwrap();
        assert!(tree(&own.out) == tree(&other.out), "{description}");
    }
    // One that nobody has touched is as it was.
    builder.tidy();
    write("Fourth");
    let summary = builder.build(&Inputs::read(&own), &Silent).unwrap();
    assert!(summary.files_unchanged > 0 && !summary.changed.contains(&page), "{:?}", summary.changed);
}

#[test]
fn a_run_below_its_certificate_fails_loudly() {
    let violation = Violation { trained: 0.2, certified: 0.25 };
    let diagnostics = Failure::Violation { case: "benchmark/cubic_s/tanh".into(), violation }.diagnostics();
    let text = format!("{diagnostics:?}");
    for part in ["benchmark/cubic_s/tanh", "0.2", "0.25", "certified", "report it"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(diagnostics.iter().all(|diagnostic| diagnostic.severity == Severity::Error), "{text}");
}
