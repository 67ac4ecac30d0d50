//! Specs of experiments of thousands of cases.

use std::fmt::Write as _;
use std::path::Path;

const ACTIVATIONS: usize = 50;
const RATES: [&str; 2] = ["0.01", "0.05"];

/// What `figures.yaml` holds.
pub(crate) const FIGURES: &str = "kind: figure\nid: fit\ntype: fit\n---\nkind: figure\nid: small_fit\ntype: fit\n---\n\
    kind: figure\nid: across\ntype: comparison\n";

/// Writes the specs of an experiment of so many cases, with a fit of each or without figures, and of a small one beside it.
pub(crate) fn write(folder: &Path, cases: usize, has_fits: bool) {
    let count = cases / ACTIVATIONS / RATES.len();
    let specs = folder.join("specs");
    std::fs::create_dir_all(&specs).unwrap();
    let names: Vec<String> = BUILT_IN.split_whitespace().map(str::to_owned).collect();
    let own = (0..ACTIVATIONS - names.len()).map(|index| format!("own_{index}"));
    let names: Vec<String> = names.into_iter().chain(own).collect();
    let targets: Vec<String> = (0..count).map(|index| format!("target_{index}")).collect();
    let mut text = String::new();
    for (index, target) in targets.iter().enumerate() {
        // Polynomials of degree three of all shapes: the roots move from one to the next.
        let root = |step: usize| f64::from(u32::try_from(index * step % 97).unwrap()) / 48.5 - 1.0;
        let _ = writeln!(
            text,
            "kind: polynomial\nid: {target}\ntitle: Polynomial {index}\nroots: [{:.3}, {:.3}, {:.3}]\nexplanation: How it bends is \
             told by its roots.\n---",
            2.0 * root(7),
            2.0 * root(31) + 0.1,
            2.0 * root(53) - 0.1
        );
    }
    for name in names.iter().filter(|name| name.starts_with("own")) {
        let factor = 1 + name.len() + usize::from(name.ends_with('1'));
        let _ = writeln!(text, "kind: activation\nid: {name}\nexpression: x * sigmoid({factor} * x)\n---");
    }
    std::fs::write(specs.join("things.yaml"), text.trim_end_matches("---\n")).unwrap();
    std::fs::write(specs.join("figures.yaml"), FIGURES).unwrap();
    let experiment = |id: &str, targets: &[String], names: &[String], rates: &str, figures: &str| {
        format!(
            "kind: experiment\nid: {id}\ntitle: Experiment {id}\ndescription: Many cases.\ntarget: [{}]\nactivation: [{}]\ndata: \
             {{domain: [-2.5, 2.5], points: 50}}\ninit: {{distribution: normal, mean: 0, std: 0.5, seed: 42}}\nattainable: {{gap: 0.1, \
             budget: 200}}\ntraining: {{optimizer: adam, learning_rate: {rates}, epochs: 40, snapshot_every: 10}}\nfigures: [{figures}]\n",
            targets.join(", "),
            names.join(", ")
        )
    };
    let rates = format!("[{}]", RATES.join(", "));
    let own = if has_fits { "fit, across" } else { "" };
    std::fs::write(specs.join("scale.yaml"), experiment("scale", &targets, &names, &rates, own)).unwrap();
    let small = experiment("small", &targets[..2], &names[..2], "0.01", "small_fit");
    std::fs::write(specs.join("small.yaml"), small).unwrap();
}

/// The activations that are built in.
const BUILT_IN: &str = "tanh relu sigmoid leaky_relu sine identity gaussian tanhshrink softshrink hardshrink lisht snake gcu \
    leaky_relu_keras prelu relu6 thresholded_relu relu_squared smelu absolute elu selu celu pelu isrlu hardswish softsign arctan erf \
    isru lecun_tanh hardtanh hard_sigmoid hard_sigmoid_02 heaviside dsilu softplus shifted_softplus squareplus silu quick_gelu gelu \
    gelu_tanh mish tanh_exp elish bent_identity log_sigmoid";
