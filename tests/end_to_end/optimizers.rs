//! Experiments with every optimizer and schedule, with mini-batches, restarts, noise and points held out, as users write them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{CUBIC, FIT, Project};

/// A project with one experiment.
fn project(training: &str, rest: &str) -> Project {
    let experiment =
        format!("kind: experiment\nid: e\ntarget: cubic\nactivation: tanh\ntraining: {training}\n{rest}\n");
    Project::new(&[
        ("specs/e.yaml", experiment.as_str()),
        ("specs/cubic.yaml", CUBIC),
        ("specs/fit.yaml", FIT),
    ])
}

type Row = BTreeMap<String, String>;

fn rows(project: &Project) -> Vec<Row> {
    let csv = String::from_utf8(project.site()["experiments/e/results.csv"].clone()).unwrap();
    let mut lines = csv.lines();
    let header = cells(lines.next().unwrap());
    lines.map(|line| header.iter().cloned().zip(cells(line)).collect()).collect()
}

/// The cells of a line, some of which stand in quotes.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    for character in line.chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            other => cells.last_mut().unwrap().push(other),
        }
    }
    cells
}

fn run(project: &Project, case: &str) -> Value {
    serde_json::from_slice(&project.site()[&format!("experiments/e/{case}/run.json")]).unwrap()
}

fn text(project: &Project, path: &str) -> String {
    String::from_utf8(project.site()[path].clone()).unwrap()
}

const INIT: &str = "init: {w: 0.3, b: -0.1, v: 0.5, c: 0}";

#[test]
fn all_optimizers_can_be_compared() {
    let training = "
  optimizer:
    - gradient_descent
    - momentum
    - {type: nesterov, momentum: 0.8}
    - {type: rmsprop, learning_rate: 0.02}
    - {type: adam, learning_rate: 0.05}
    - {type: adamw, learning_rate: 0.05, weight_decay: 0.1}
    - lbfgs
    - {type: levenberg_marquardt, tolerance: 1.0e-4}
  learning_rate: 2.0e-3
  epochs: 300";
    let project = project(training, &format!("{INIT}\nfigures: [loss_comparison, loss_curve]"));
    let built = project.build();
    assert_eq!((&built["cases"], &built["trained"], &built["diverged"]), (&8.into(), &8.into(), &0.into()));
    let mse: BTreeMap<String, f64> = rows(&project)
        .iter()
        .map(|row| (row["optimizer"].split('(').next().unwrap().to_owned(), row["best_mse"].parse().unwrap()))
        .collect();
    // The least that a tanh neuron can come to on this cubic is 0.30289, as w goes to 0 (the best parabola, and more).
    for solver in ["lbfgs", "levenberg_marquardt"] {
        assert!(mse[solver] < 0.31, "{mse:?}");
    }
    assert!(mse.values().all(|&mse| mse > 0.3 && mse < 20.0), "{mse:?}");
    let site = project.site();
    assert!(site.contains_key("experiments/e/loss_comparison.png"));
    let tolerant = run(&project, "cubic/tanh/optimizer-adam-at-0.05");
    assert_eq!(tolerant["training"]["learning_rate"], 0.05);
    let solver = run(&project, "cubic/tanh/optimizer-lbfgs");
    assert_eq!(solver["training"].get("learning_rate"), None);
    let page = text(&project, "experiments/e/index.html");
    for words in ["Nesterov’s momentum 0.8", "RMSProp", "weight decay 0.1", "L-BFGS", "Levenberg–Marquardt"]
    {
        assert!(page.contains(words), "{words}");
    }
    // Built again, nothing is new.
    let built = project.build();
    assert_eq!((&built["trained"], &built["files_written"]), (&0.into(), &0.into()));
}

#[test]
fn what_has_converged_says_so() {
    // The identity is linear, and its best fit a line.
    let project =
        project("{optimizer: levenberg_marquardt, epochs: 500}", &format!("{INIT}\nfigures: [fit]"));
    project.edit("specs/e.yaml", "activation: tanh", "activation: identity");
    project.build();
    let run = run(&project, "cubic/identity");
    assert_eq!(run["outcome"], "converged");
    let epochs = run["epochs"].as_u64().unwrap();
    assert!(epochs < 100, "{epochs}");
    assert_eq!(run["snapshots"].as_array().unwrap().last().unwrap()["epoch"], epochs - 1);
    let page = text(&project, "experiments/e/cubic/identity/index.html");
    assert!(page.contains(&format!("converged after {} epochs", epochs - 1)));
    assert!(!page.contains("diverged"));
}

#[test]
fn schedules_and_batch_sizes_are_axes() {
    let training = "{learning_rate: 0.01, epochs: 40, batch_size: [10, 64], shuffle_seed: [1, 2], \
        schedule: [constant, cosine, {type: step, every: 10, factor: 0.5}]}";
    let project = project(training, INIT);
    assert_eq!(project.build()["trained"], 12);
    let rows = rows(&project);
    let distinct = |of: &dyn Fn(&Row) -> bool| {
        let mut losses: Vec<&str> =
            rows.iter().filter(|row| of(row)).map(|row| row["best_mse"].as_str()).collect();
        losses.sort_unstable();
        losses.dedup();
        losses.len()
    };
    assert_eq!(distinct(&|_| true), 12, "each of them makes a difference");
    let run = run(&project, "cubic/tanh/schedule-step-10_0.5/batch_size-64/shuffle_seed-2");
    assert_eq!((&run["training"]["batch_size"], &run["training"]["shuffle_seed"]), (&64.into(), &2.into()));
    // Another seed trains anew, and why says so.
    project.edit("specs/e.yaml", "shuffle_seed: [1, 2]", "shuffle_seed: [1, 3]");
    assert_eq!(project.build()["trained"], 6);
}

#[test]
fn noise_and_held_out_points_are_shown() {
    let rest = "data: {noise: {std: 0.5, seed: 4}, validation: {fraction: 0.25, seed: 2}}\nfigures: [fit, loss_curve]";
    let project = project("{learning_rate: 0.01, epochs: 60}", rest);
    project.build();
    let row = &rows(&project)[0];
    let number = |name: &str| row[name].parse::<f64>().unwrap();
    assert!(number("best_validation_mse") <= number("validation_mse"));
    let header = text(&project, "experiments/e/results.csv");
    assert!(
        header.starts_with("target,activation,model,best_mse,final_mse,best_epoch,epochs,outcome,w,b,v,c,")
    );
    let columns = header.lines().next().unwrap();
    assert!(columns.ends_with(",validation_mse,best_validation_mse,best_validation_epoch"), "{columns}");
    let run = run(&project, "cubic/tanh");
    assert_eq!(run["data"]["held_out"].as_array().unwrap().len(), 50);
    let validation = run["validation"].as_array().unwrap();
    assert_eq!(validation.len(), run["losses"].as_array().unwrap().len());
    let page = text(&project, "experiments/e/cubic/tanh/index.html");
    for words in
        ["standard deviation 0.5, seed 4", "50 of them held out, drawn by seed 2", "lowest validation MSE"]
    {
        assert!(page.contains(words), "{words}");
    }
    let report = text(&project, "experiments/e/REPORT.md");
    assert!(report.contains("with normal noise of standard deviation 0.5, seed 4"));
    // The tables of cases tell the held-out loss as the case's page does.
    let told = page.split("validation MSE there</dt><dd>").nth(1).unwrap().split('<').next().unwrap();
    assert!((told.parse::<f64>().unwrap() / number("validation_mse") - 1.0).abs() < 1e-3, "{told}");
    assert!(
        report.contains("| lowest MSE | final MSE | validation MSE |")
            && report.contains(&format!("| {told} |"))
    );
    for path in ["experiments/e/index.html", "targets/cubic/index.html", "models/single_neuron/index.html"] {
        let page = text(&project, path);
        assert!(page.contains(">validation MSE</th>") && page.contains(&format!(">{told}</data>")), "{path}");
    }
    // The noise enters the key of the run, and why names it.
    project.edit("specs/e.yaml", "std: 0.5", "std: 0.6");
    assert_eq!(project.build()["trained"], 1);
    let why = project.run(&["why", "e/cubic/tanh"]);
    assert!(why.stdout.contains("data.noise.std: 0.5 → 0.6"), "{}", why.stdout);
}

#[test]
fn restarts_keep_the_best_and_say_which() {
    let project = project("{optimizer: lbfgs, epochs: 100, restarts: 6}", "init: {seed: 3}\nfigures: [fit]");
    project.build();
    let of = |project: &Project| run(project, "cubic/tanh");
    let many = of(&project);
    let lowest: Vec<f64> = serde_json::from_value(many["restarts"]["best_mse"].clone()).unwrap();
    assert_eq!(lowest.len(), 6);
    let least = lowest.iter().copied().fold(f64::INFINITY, f64::min);
    let kept = usize::try_from(many["restarts"]["kept"].as_u64().unwrap()).unwrap();
    assert_eq!((lowest[kept - 1], many["best_mse"].as_f64().unwrap()), (least, least));
    let page = text(&project, "experiments/e/cubic/tanh/index.html");
    assert!(page.contains(&format!("start {kept} of 6")), "{kept}");
    // The first start is that of a case without restarts.
    project.edit("specs/e.yaml", ", restarts: 6", "");
    project.build();
    let single = of(&project);
    assert_eq!(single["best_mse"].as_f64().unwrap(), lowest[0]);
    assert_eq!(single.get("restarts"), None);
}
