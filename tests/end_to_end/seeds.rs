//! Many starts: each is the run of the same experiment with its seed, and a winner is one that chance does not make.

use crate::support::Project;

const TARGET: &str = "kind: polynomial\nid: line\ncoefficients: [0.5, 1.2]\n";

fn experiment(init: &str, rest: &str) -> String {
    format!(
        "kind: experiment\nid: e\ntarget: line\nactivation: [identity, sigmoid]\ndata: {{points: 40}}\ninit: {{{init}}}\n\
         training: {{learning_rate: 0.05, epochs: 200}}\n{rest}"
    )
}

fn column(csv: &str, name: &str) -> Vec<String> {
    let mut lines = csv.lines();
    let index = lines.next().unwrap().split(',').position(|column| column == name).unwrap();
    lines.map(|line| line.split(',').nth(index).unwrap().to_owned()).collect()
}

#[test]
fn a_start_is_the_run_of_its_seed() {
    for stream in ["shared", "common", "per_case"] {
        let init = format!("distribution: normal, std: 0.7, stream: {stream}");
        let project = Project::new(&[
            ("specs/line.yaml", TARGET),
            ("specs/e.yaml", &experiment(&init, "seeds: [5, 9, 2]\n")),
        ]);
        project.build();
        let starts = project.read("public/experiments/e/starts.csv");
        assert_eq!(column(&starts, "seed"), ["5", "9", "2", "5", "9", "2"]);
        let found = column(&starts, "best_mse");
        // The runs that are shown are those of the first.
        let shown = column(&project.read("public/experiments/e/results.csv"), "best_mse");
        assert_eq!((&shown[0], &shown[1]), (&found[0], &found[3]));
        for (index, seed) in ["5", "9", "2"].into_iter().enumerate() {
            let init = format!("{init}, seed: {seed}");
            let single =
                Project::new(&[("specs/line.yaml", TARGET), ("specs/e.yaml", &experiment(&init, ""))]);
            single.build();
            let expected = column(&single.read("public/experiments/e/results.csv"), "best_mse");
            assert_eq!((&found[index], &found[3 + index]), (&expected[0], &expected[1]), "{stream} {seed}");
            assert!(!single.path("public/experiments/e/starts.csv").exists());
        }
    }
}

/// numpy's `default_rng(42).normal(0, 0.5, 4)`, as the table of the original has it.
const DRAWS: [f64; 4] = [0.15235853987721568, -0.5199920531202478, 0.3752255979032286, 0.47028235819560693];

#[test]
fn cases_of_a_common_stream_start_alike() {
    let spec = experiment("std: 0.5, seed: 42, stream: common", "model: [single_neuron, scaled_input]\n")
        .replace("learning_rate: 0.05", "learning_rate: [0.05, 0.01]");
    let project = Project::new(&[("specs/line.yaml", TARGET), ("specs/e.yaml", &spec)]);
    project.build();
    for activation in ["identity", "sigmoid"] {
        for rate in ["0.05", "0.01"] {
            for (model, expected) in [("single_neuron", &DRAWS[..]), ("scaled_input", &DRAWS[..1])] {
                let path = format!("e/line/{activation}/{model}/learning_rate-{rate}/run.json");
                let run: serde_json::Value =
                    serde_json::from_str(&project.read(&format!("public/experiments/{path}"))).unwrap();
                let tensors = run["initial_parameters"].as_array().unwrap();
                let start: Vec<f64> =
                    tensors.iter().map(|tensor| tensor["values"][0].as_f64().unwrap()).collect();
                assert_eq!(start, expected, "{path}");
            }
        }
    }
    let page = project.read("public/experiments/e/index.html");
    assert!(page.contains("standard deviation 0.5 that are the same for all cases, seed 42"), "{page}");
    // What was drawn is in the key and not how: with one case more, the others stay.
    project.edit("specs/e.yaml", "[identity, sigmoid]", "[sine, identity, sigmoid]");
    assert_eq!(project.build()["trained"], 4);
}

#[test]
fn a_number_of_seeds_counts_from_that_of_the_initialisation() {
    let project = Project::new(&[
        ("specs/line.yaml", TARGET),
        ("specs/e.yaml", &experiment("seed: 40", "seeds: 3\ncase_pages: false\n")),
    ]);
    project.build();
    let starts = project.read("public/experiments/e/starts.csv");
    assert_eq!(column(&starts, "seed"), ["40", "41", "42", "40", "41", "42"]);
    // A line is a line from every start, and a sigmoid is none of it yet.
    let page = project.read("public/experiments/e/index.html");
    assert!(page.contains("Over 3 starts each, Identity wins"), "{page}");
    assert!(page.contains(r#"id="case:line~identity""#) && page.contains("<svg"), "{page}");
    assert!(!project.path("public/experiments/e/line").exists());
    let results = project.read("public/experiments/e/results.csv");
    assert_eq!(column(&results, "starts"), ["3", "3"]);
    assert_eq!(column(&results, "successes"), ["3", "0"]);
    // Seeds are in the key: more of them train again, a caption does not.
    project.edit("specs/e.yaml", "seeds: 3", "seeds: 3\ntitle: Another");
    assert_eq!(project.build()["tried"], 0);
    project.edit("specs/e.yaml", "seeds: 3", "seeds: 4");
    let summary = project.build();
    assert_eq!(
        (&summary["tried"], &summary["trained"], &summary["searched"]),
        (&2.into(), &0.into(), &0.into())
    );
}

/// A loss as pages show it, four digits of it.
fn shown(mse: f64) -> String {
    let text = format!("{mse:.3e}");
    let (digits, exponent) = text.split_once('e').unwrap();
    let exponent: i32 = exponent.parse().unwrap();
    assert!((-4..1).contains(&exponent), "{mse} would be shown with a power of ten");
    let decimals = usize::try_from(3 - exponent).unwrap();
    assert!(digits.len() == 5);
    format!("{mse:.decimals$}")
}

#[test]
fn pages_tell_the_median_and_the_lowest_of_all_starts() {
    let project = Project::new(&[
        ("specs/line.yaml", TARGET),
        (
            "specs/e.yaml",
            "kind: experiment\nid: e\ntarget: line\nactivation: [sigmoid, tanh]\ndata: {points: 40}\n\
             init: {distribution: normal, std: 2, seed: 3}\ntraining: {learning_rate: 0.05, epochs: 60}\nseeds: 5\n",
        ),
    ]);
    project.build();
    let starts = project.read("public/experiments/e/starts.csv");
    let (names, losses) = (column(&starts, "activation"), column(&starts, "best_mse"));
    let of = |activation: &str| -> Vec<f64> {
        let own = names.iter().zip(&losses).filter(|(name, _)| *name == activation);
        let mut own: Vec<f64> = own.map(|(_, loss)| loss.parse().unwrap()).collect();
        assert_eq!(own.len(), 5);
        own.sort_by(f64::total_cmp);
        own
    };
    let report = project.read("public/experiments/e/REPORT.md");
    assert!(report.contains("| median MSE | quartiles | best start | success |"), "{report}");
    for (activation, title) in [("sigmoid", "Sigmoid"), ("tanh", "Tanh")] {
        let (own, page) = (of(activation), format!("public/experiments/e/line/{activation}/index.html"));
        let row = report.lines().find(|line| line.contains(&format!("[{title}]"))).unwrap();
        for part in [shown(own[2]), format!("{} … {}", shown(own[1]), shown(own[3])), shown(own[0])] {
            assert!(row.contains(&format!("| {part} |")), "{row}: {part}");
        }
        let told = format!(
            "first of 5 starts: the median of their lowest losses is {}, the lowest of all {}",
            shown(own[2]),
            shown(own[0])
        );
        assert!(project.read(&page).contains(&told), "{told}");
    }
    // The lowest of all is not that of a first start, so that one can be told from the other.
    let lowest = of("sigmoid")[0].min(of("tanh")[0]);
    let firsts = column(&project.read("public/experiments/e/results.csv"), "best_mse");
    assert!(firsts.iter().all(|first| first.parse::<f64>().unwrap() > lowest));
    for page in ["index.html", "targets/index.html", "models/index.html"] {
        let told = format!("lowest MSE {} (", shown(lowest));
        assert!(project.read(&format!("public/{page}")).contains(&told), "{page}: {told}");
    }
}

#[test]
fn a_case_alone_has_no_verdict_to_be_made_again() {
    let alone = experiment("seed: 1", "seeds: 3\n").replace("[identity, sigmoid]", "sigmoid");
    let project = Project::new(&[("specs/line.yaml", TARGET), ("specs/e.yaml", &alone)]);
    project.build();
    std::fs::remove_dir_all(project.path("public")).unwrap();
    assert_eq!(project.build()["notes"], serde_json::json!([]));
}

#[test]
fn what_cannot_be_told_apart_is_tied() {
    // The same function under two names has the same losses.
    let project = Project::new(&[
        ("specs/line.yaml", TARGET),
        ("specs/twin.yaml", "kind: activation\nid: twin\nexpression: x\n"),
        ("specs/e.yaml", &experiment("stream: shared", "seeds: 8\n").replace("sigmoid", "twin")),
    ]);
    project.build();
    let page = project.read("public/experiments/e/index.html");
    assert!(page.contains("there is no winner") && page.contains("is tied with"), "{page}");
}

#[test]
fn no_start_is_below_what_is_said_to_be_attainable() {
    // Too small a box for any start that learns; the first one alone widens it to where it went.
    let rest = "seeds: 8\nattainable: {w: [-0.1, 0.1], b: [-0.1, 0.1], budget: 20000}\n";
    let cubic = "kind: polynomial\nid: line\nroots: [-2, -0.7, 0.7, 2]\nleading: 0.5\n";
    let experiment = experiment("distribution: normal, std: 1, seed: 1", rest)
        .replace("[identity, sigmoid]", "[sigmoid, tanh, softplus, gaussian]")
        .replace("epochs: 200", "epochs: 600, optimizer: adam");
    let project = Project::new(&[("specs/line.yaml", cubic), ("specs/e.yaml", &experiment)]);
    project.build();
    let results = project.read("public/experiments/e/results.csv");
    let numbers =
        |name| -> Vec<f64> { column(&results, name).iter().map(|cell| cell.parse().unwrap()).collect() };
    let (best, first) = (numbers("best_start_mse"), numbers("best_mse"));
    assert!(best.iter().zip(&first).any(|(best, first)| *best < 0.99 * first), "{results}");
    for (best, attainable) in best.iter().zip(numbers("attainable_upper")) {
        assert!(*best >= attainable * (1.0 - 1e-9), "{results}");
    }
}
