//! The same specs give the same bytes, whatever surrounds the program.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::support::{Project, tree};

/// A figure of every type in every form, and models, optimizers and data of every kind, as small as can be.
const SPECS: &str = "\
kind: site
title: All of it
base_url: https://example.org/all
---
kind: polynomial
id: cubic
coefficients: [0.5, 1.5, -0.8, 0.4]
explanation: A *cubic*, as in experiment:lines.
---
kind: target
id: wave
expression: sin(2 * x) + exp(-x^2)
---
kind: activation
id: mine
expression: x * sigmoid(k * x) + 0.1 * log1p(abs(x))
parameters: {k: 1.7}
---
kind: model
id: tiny
type: mlp
hidden_sizes: [3, 2]
FIGURES---
kind: experiment
id: lines
target: [cubic, wave]
activation: [tanh, mine, gelu]
data: {points: 31}
init: {distribution: normal, std: 1, seed: 3}
seeds: 3
training: {optimizer: adam, learning_rate: 0.05, epochs: 30, snapshot_every: 5}
attainable: {budget: 300}
figures: [NAMES]
---
kind: experiment
id: nets
target: wave
activation: [tanh, silu]
model: [tiny]
data: {points: 30, noise: {std: 0.1, seed: 1}, validation: 0.2}
init: {distribution: he_normal, seed: 5}
training: {optimizer: [momentum, rmsprop], learning_rate: 0.02, batch_size: 8, epochs: 25, snapshot_every: 5}
figures: [fit, convergence, loss_curve, comparison]
---
kind: experiment
id: steps
target: cubic
activation: [tanh, mine]
model: tiny
data: {points: 30}
init: {distribution: glorot_uniform, seed: 6}
training: {optimizer: [lbfgs, levenberg_marquardt], epochs: 25, snapshot_every: 5}
figures: [fit]
";

/// Ids of figures, each that of its type.
const FIGURES: [&str; 12] = [
    "fit",
    "convergence",
    "activation",
    "parameter_fan",
    "trajectories",
    "loss_landscape",
    "comparison",
    "loss_curve",
    "loss_comparison",
    "attainable",
    "loss_boxes",
    "matrix",
];

fn specs() -> String {
    let figure = |id: &&str| {
        let more = match *id {
            "matrix" => "value: loss\n",
            "loss_landscape" => "resolution: 12\n",
            _ => "",
        };
        let forms = if *id == "convergence" { "" } else { "formats: [png, svg]\n" };
        format!("---\nkind: figure\nid: {id}\ntype: {id}\nsize: [320, 240]\n{forms}{more}")
    };
    let figures: String = FIGURES.iter().map(figure).collect();
    SPECS.replace("FIGURES", &figures).replace("NAMES", &FIGURES.join(", "))
}

/// The site that a command of the same arguments makes elsewhere.
fn site(
    folder: &str,
    arguments: &[&str],
    change: impl FnOnce(&Path, Command) -> Command,
) -> BTreeMap<String, Vec<u8>> {
    let project = Project::new(&[]);
    let inner = Project::at(project.path(folder));
    inner.write("specs/all.yaml", &specs());
    let mut command = inner.command(&["build", "--quiet"]);
    command.args(arguments);
    let output = change(&inner.path("."), command).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    tree(&inner.path("public"))
}

fn assert_same(name: &str, site: &BTreeMap<String, Vec<u8>>, first: &BTreeMap<String, Vec<u8>>) {
    for (path, bytes) in first {
        assert!(site.get(path) == Some(bytes), "{name}: {path} differs");
    }
    assert_eq!(site.len(), first.len(), "{name}");
}

#[test]
fn nothing_around_the_program_changes_a_byte() {
    let first = site(".", &["--jobs", "1"], |_, command| command);
    for figure in FIGURES {
        // `fit.png`, or `comparison~cubic.png`.
        let is_it = |path: &String| {
            path.split('/').next_back().is_some_and(|name| name.split(['.', '~']).next() == Some(figure))
        };
        assert!(first.keys().any(is_it), "no {figure}");
    }
    assert!(first.keys().any(|path| path.ends_with("/~card.png")));
    assert_same("--jobs 8", &site(".", &["--jobs", "8"], |_, command| command), &first);
    let elsewhere = site("a/folder with a much longer name/ünder/it", &[], |_, mut command| {
        command.env("LC_ALL", "tr_TR.UTF-8").env("LANG", "tr_TR.UTF-8").env("TZ", "Pacific/Kiritimati");
        command.env("COLUMNS", "40").env("TERM", "xterm").env("SOURCE_DATE_EPOCH", "1");
        command
    });
    assert_same("another locale, time zone and folder", &elsewhere, &first);
    let alone = site("x", &["--jobs", "3"], |_, mut command| {
        command.env_clear();
        command
    });
    assert_same("no environment", &alone, &first);
}

#[cfg(unix)]
#[test]
fn a_umask_changes_no_byte() {
    let first = site(".", &[], |_, command| command);
    let guarded = site(".", &[], |folder, command| {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "umask 077; exec \"$@\"", "sh"])
            .arg(command.get_program())
            .args(command.get_args());
        shell.current_dir(folder);
        shell
    });
    assert_same("umask 077", &guarded, &first);
}

/// `cargo test --test end_to_end -- --ignored a_processor`, where there is `qemu-x86_64` (Debian: qemu-user); minutes long.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[test]
#[ignore = "needs qemu-x86_64"]
fn a_processor_without_wide_registers_changes_no_byte() {
    let first = site(".", &[], |_, command| command);
    for processor in ["qemu64", "Nehalem"] {
        // Both are without AVX and FMA; the first is without SSE 4 as well.
        let emulated = site(".", &["--jobs", "2"], |folder, command| {
            let mut qemu = Command::new("qemu-x86_64");
            qemu.args(["-cpu", processor])
                .arg(command.get_program())
                .args(command.get_args())
                .current_dir(folder);
            qemu
        });
        assert_same(processor, &emulated, &first);
    }
}
