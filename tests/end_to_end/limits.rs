//! Specs that ask for more than any machine has, or that are made to harm: they are refused at once, with little memory, and
//! what refuses them says how it is raised where it can be.

use std::fmt::Write as _;
use std::time::Duration;

use crate::support::{Measured, Project};

/// An experiment on everything that is asked too much of.
const SPECS: &str = "kind: experiment\nid: e\ntarget: t\nactivation: tanh\n\
    training: {learning_rate: 0.1, epochs: 5}\nfigures: [fit]\n---\nkind: target\nid: t\nexpression: x\n";
/// Allows long texts, which are to harm no more than short ones.
const RAISED: &str = "kind: site\nlimits: {text: 4000000}\n---\n";
/// What a refusal may take, in a build without optimisation, on a machine that has other things to do.
const SECOND: Duration = Duration::from_secs(1);
const MEGABYTES: u64 = 100;

fn edited(from: &str, to: &str) -> String {
    assert!(SPECS.contains(from), "{from}");
    SPECS.replace(from, to)
}

fn with(document: &str) -> String {
    format!("{SPECS}---\n{document}\n")
}

fn page(body: &str) -> String {
    format!("{RAISED}kind: page\nid: p\nbody: \"{body}\"\n")
}

/// `count` texts made from their numbers, with a text between them.
fn many(count: usize, between: &str, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect::<Vec<_>>().join(between)
}

/// Each list refers nine times to the one before.
fn alias_bomb(levels: usize) -> String {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..levels {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        let _ = writeln!(bomb, "a{level}: &a{level} [{aliases}]");
    }
    bomb
}

fn measured(files: &[&str]) -> Measured {
    let names: Vec<String> = (0..files.len()).map(|at| format!("specs/{at}.yaml")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(files.iter().copied()).collect();
    Project::new(&files).measure(&["check"])
}

/// Holds a refusal to the promise; `expected` are parts of what is said.
#[track_caller]
fn assert_refused(name: &str, specs: &str, expected: &[&str]) {
    assert_all_refused(name, &[specs], expected);
}

#[track_caller]
fn assert_all_refused(name: &str, files: &[&str], expected: &[&str]) {
    let Measured { ran, cpu, megabytes } = measured(files);
    assert_eq!(ran.status, 1, "{name}: {}{}", ran.stdout, ran.stderr);
    for part in expected {
        assert!(ran.stderr.contains(part), "{name} does not say {part:?}: {:.2000}", ran.stderr);
    }
    assert!(ran.stderr.len() < 200_000, "{name} says {} bytes", ran.stderr.len());
    assert!(cpu < SECOND, "{name} took {cpu:?}");
    assert!(megabytes < MEGABYTES, "{name} took {megabytes} MB");
}

#[test]
fn what_is_no_sane_yaml_is_refused_at_once() {
    let nested = |opening: &str| opening.repeat(500_000);
    for (name, specs, expected) in [
        ("an alias bomb", alias_bomb(12), "limits: {values:"),
        ("an alias bomb of many documents", many(300, "---\n", |_| alias_bomb(4)), "limits: {values:"),
        ("a million brackets", nested("["), "nested deeper than any spec"),
        ("many braces", nested("{a: "), "nested deeper than any spec"),
        ("a million dashes", nested("- "), "nested deeper than any spec"),
        ("deeper and deeper", many(2_000, "", |at| format!("{}a:\n", " ".repeat(at))), "nested deeper"),
        ("a list without end", format!("a: [{}]", "1,".repeat(1_900_000)), "limits: {values:"),
        ("a mapping without end", many(250_000, "\n", |at| format!("k{at}: 1")), "limits: {values:"),
        ("one key again and again", many(90_000, "\n", |_| "kind: x".into()), "limits: {values:"),
        ("some keys twice", "kind: page\nid: p\nbody: a\nbody: b\n".into(), "`body` is given twice"),
        (
            "documents without end",
            many(30_000, "---\n", |at| format!("kind: page\nid: p{at}\nbody: x\n")),
            "values",
        ),
        ("four million lines", "\n".repeat(3_990_000) + "a: [", "unclosed bracket"),
        ("nothing again and again", "---\n".repeat(900_000), "limits: {values:"),
        (
            "pages without end",
            many(1_200, "---\n", |at| format!("kind: page\nid: p{at}\nbody: x\n")),
            "limits: {pages: 1200}",
        ),
        (
            "activations without end",
            many(2_000, "---\n", |at| format!("kind: activation\nid: a{at}\nexpression: x\n")),
            "limits: {activations: 2000}",
        ),
        (
            "names that are nearly there",
            many(1_000, "---\n", |at| {
                format!("kind: target\nid: {}{at}\nexpression: x\n", "abcdefghij".repeat(9))
            }) + "---\nkind: experiment\nid: e\nactivation: tanh\ntraining: {learning_rate: 0.1, epochs: 1}\ntarget: ["
                + &many(1_000, ", ", |at| format!("{}{at}", "abcdefghik".repeat(9)))
                + "]\n",
            "there is no target",
        ),
        ("five million bytes", format!("# {}", "x".repeat(5_000_000)), "limits: {bytes: 5000002}"),
        ("seventeen million bytes", "x".repeat(17_000_000), "larger than 16 MB"),
        (
            "an id of four million letters",
            format!("kind: page\nid: {}\nbody: x", "x".repeat(3_900_000)),
            "limits: {text: 3900000}",
        ),
        ("a key of four million letters", format!("? {}\n: x", "x".repeat(3_900_000)), "kind"),
        ("a NUL", "kind: page\nid: p\nbody: \0".into(), "YAML"),
    ] {
        assert_refused(name, &specs, &[expected]);
    }
}

/// Markdown that a parser cannot foresee is no longer than that.
#[test]
fn texts_are_refused_or_read_at_once() {
    let body = |line: &str, count: usize| {
        format!("{SPECS}---\nkind: page\nid: p\nbody: |\n  s\n\n{}", format!("  {line}\n").repeat(count))
    };
    let reference = "[](figure:e/t/tanh/fit)";
    let figure = "{{ figure(experiment=\"e\", case=\"t/tanh\", figure=\"fit\") }}\n";
    for (name, line) in [
        ("quotes in quotes", ">".repeat(52)),
        ("lists in lists", format!("{} x", "- ".repeat(45).trim_end())),
        ("links that never end", "[a](<b".repeat(16)),
        ("pictures that never end", "![a](".repeat(20)),
        ("emphasis", "*a_ ".repeat(24)),
        ("references to a figure", reference.into()),
        ("figures and references to them", format!("{figure}  {reference}")),
        ("a link to no file", "[x](../dead.txt)".into()),
    ] {
        assert_refused(name, &body(&line, 3_900_000 / (line.len() + 3)), &["limits: {text:"]);
        let Measured { ran, cpu, megabytes } = measured(&[&body(&line, 99_000 / (line.len() + 3))]);
        assert!(!ran.stderr.contains("limits:"), "{name}: {:.2000}", ran.stderr);
        assert!(cpu < 2 * SECOND, "{name} took {cpu:?}");
        assert!(megabytes < 2 * MEGABYTES, "{name} took {megabytes} MB");
    }
    // Many short texts with faults.
    let targets = many(2_500, "---\n", |at| {
        format!("kind: target\nid: t{at}\nexpression: x\nexplanation: \"[a](../t{at}x/)\"\n")
    });
    let Measured { ran, cpu, .. } = measured(&[&targets]);
    assert!(ran.stderr.contains("more like these"), "{:.2000}", ran.stderr);
    assert!(cpu < 3 * SECOND, "{cpu:?}");
}

/// Of files that are each within the limits, all together.
#[test]
fn files_count_together() {
    let of = |one: &dyn Fn(usize) -> String| many(14_000, "---\n", one);
    for (name, one) in [
        (
            "kinds that are none",
            &(|at: usize| format!("kind: targt\nid: a{at}\n")) as &dyn Fn(usize) -> String,
        ),
        ("one id again and again", &|_| "kind: target\nid: a\nexpression: x\n".into()),
        ("expressions that are none", &|at| format!("kind: target\nid: a{at}\nexpression: x +\n")),
    ] {
        let file = of(one);
        assert_all_refused(name, &[file.as_str(); 6], &["more like these"]);
    }
}

/// All of what is told of an activation is found out in no longer than that.
#[test]
fn a_long_expression_is_examined_at_once() {
    let terms = many(400, " + ", |at| format!("sin(1e3 * x * {})", at + 1));
    let specs = edited("activation: tanh", "activation: wild");
    let Measured { ran, cpu, .. } =
        measured(&[&format!("{specs}---\nkind: activation\nid: wild\nexpression: \"{terms}\"\n")]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(cpu < 3 * SECOND, "{cpu:?}");
}

#[test]
fn numbers_beyond_all_measure_are_refused_at_once() {
    let rate = |value: &str| edited("learning_rate: 0.1", &format!("learning_rate: {value}"));
    let epochs = |fields: &str| edited("epochs: 5", fields);
    let field = |field: &str| edited("figures: [fit]", field);
    let axes = ["epochs", "restarts", "batch_size", "shuffle_seed"];
    let matrix = many(axes.len(), ", ", |at| {
        format!("{}: [{}]", axes[at], many(999, ",", |value| (value + 1).to_string()))
    });
    for (name, specs, expected) in [
        ("no number", rate(".nan"), "non-finite"),
        ("an infinite number", rate(".inf"), "non-finite"),
        ("an infinite number below 0", rate("-.inf"), "non-finite"),
        ("a number too large", rate("1e999"), "non-finite"),
        ("a billion epochs", epochs("epochs: 1000000000"), "limits: {epochs: 1000000000}"),
        ("more epochs than there are numbers", epochs("epochs: 1e30"), "whole number"),
        ("10³⁰ epochs", epochs("epochs: 1000000000000000000000000000000"), "whole number"),
        ("a million frames", epochs("epochs: 1000000, snapshot_every: 1"), "limits: {snapshots: 1000000}"),
        ("a billion points", field("data: {points: 1000000000}"), "limits: {points:"),
        ("a billion seeds", field("seeds: 1000000000"), "limits: {seeds:"),
        ("a billion restarts", epochs("epochs: 5, restarts: 1000000000"), "limits: {restarts:"),
        (
            "seeds times restarts",
            field("seeds: 10000").replace("epochs: 5", "epochs: 5, restarts: 1000"),
            "limits: {numbers: 40004000}",
        ),
        ("10¹² cases", epochs(&matrix), "limits: {cases:"),
        (
            "10¹² pixels",
            with("kind: figure\nid: fit\ntype: fit\nsize: [1000000, 1000000]"),
            "limits: {pixels:",
        ),
        (
            "10¹² cells",
            with("kind: figure\nid: l\ntype: loss_landscape\nresolution: 1000000"),
            "limits: {resolution:",
        ),
        (
            "a billion units",
            with("kind: model\nid: m\ntype: mlp\nhidden_sizes: [1000000000]"),
            "limits: {units:",
        ),
        (
            "layers without end",
            with(&format!("kind: model\nid: m\ntype: mlp\nhidden_sizes: [{}]", "2,".repeat(80_000))),
            "limits: {layers:",
        ),
        (
            "a million weights, remembered a thousand times",
            with("kind: model\nid: m\ntype: mlp\nhidden_sizes: [1000, 1000]")
                .replace("activation: tanh", "activation: tanh\nmodel: m")
                .replace("learning_rate: 0.1", "optimizer: {type: lbfgs, memory: 1000}"),
            "limits: {numbers:",
        ),
        ("a search without end", field("attainable: {budget: 1000000000000}"), "limits: {boxes:"),
        (
            "roots without end",
            with(&format!("kind: polynomial\nid: q\nroots: [{}]", "1,".repeat(80_000))),
            "limits: {coefficients:",
        ),
        (
            "initial values without end",
            field(&format!("init: {{w: [{}]}}", "1,".repeat(90_000))),
            "`w` needs one number",
        ),
        (
            "axes of names without end",
            edited(
                "activation: tanh",
                &format!("activation: [{}]", many(80_000, ",", |at| format!("name{at}"))),
            ),
            "more like these",
        ),
        (
            "names like many others",
            format!(
                "{}{}",
                edited(
                    "activation: tanh",
                    &format!("activation: [{}]", many(30_000, ",", |at| format!("name{at}")))
                ),
                many(900, "", |at| format!("---\nkind: activation\nid: name_{at}\nexpression: x\n"))
            ),
            "more like these",
        ),
    ] {
        assert_refused(name, &specs, &[expected]);
    }
}

#[test]
fn experiments_count_together() {
    let rates = many(12_000, ", ", |at| format!("0.{:06}", at + 1));
    let experiment = |id: &str| {
        format!(
            "kind: experiment\nid: {id}\ntarget: t\nactivation: tanh\ntraining: {{learning_rate: [{rates}], epochs: 5}}\n"
        )
    };
    let project = Project::new(&[
        ("specs/a.yaml", &experiment("a")),
        ("specs/b.yaml", &experiment("b")),
        ("specs/t.yaml", "kind: target\nid: t\nexpression: x\n"),
    ]);
    let Measured { ran, .. } = project.measure(&["check"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("limits: {cases: 24000}"), "{}", ran.stderr);
}

#[test]
fn expressions_without_end_are_refused_at_once() {
    let expression =
        |text: &str| format!("{RAISED}{}", edited("expression: x", &format!("expression: \"{text}\"")));
    let nested = |opening: &str, closing: &str| {
        expression(&format!("{}x{}", opening.repeat(100_000), closing.repeat(100_000)))
    };
    for (name, specs) in [
        ("parentheses", nested("(", ")")),
        ("signs", nested("-", "")),
        ("powers", nested("x^", "")),
        ("sums", nested("x+", "")),
        ("functions", nested("sin(", ")")),
        ("conditions", nested("if(x<0,", ",1)")),
        ("negations", nested("not ", "")),
        ("nested 101 deep", expression(&format!("{}x{}", "sin(".repeat(101), ")".repeat(101)))),
        ("a digit again and again", expression(&"9".repeat(1_000_000))),
        ("a name of a million letters", expression(&"y".repeat(1_000_000))),
    ] {
        assert_refused(name, &specs, &["in this expression"]);
    }
}

#[test]
fn texts_without_end_are_answered() {
    // Refused at once where there is a fault in them, and shown where there is none.
    for (name, specs, expected) in [
        (
            "links that lead nowhere",
            page(&many(40_000, " ", |at| format!("[a](b{at}:c)"))),
            "more like these",
        ),
        (
            "figures that are not there",
            page(&many(40_000, r"\n", |at| {
                format!(r#"{{{{ figure(experiment=\"a{at}\", figure=\"f\") }}}}"#)
            })),
            "more like these",
        ),
        (
            "formulas that are none",
            page(&many(40_000, " ", |at| format!(r"$\\frac{{{at}$"))),
            "cannot be typeset",
        ),
        (
            "a home page of what is not there",
            format!("kind: site\nhome: [{}]", many(80_000, ",", |at| format!("x{at}"))),
            "more like these",
        ),
    ] {
        assert_refused(name, &specs, &[expected]);
    }
    for (name, body) in [
        ("brackets", "[".repeat(300_000)),
        ("quotes of quotes", ">".repeat(300_000)),
        ("links that are not closed", "[a](".repeat(100_000)),
        ("emphasis that is not closed", "*a_ ".repeat(100_000)),
        ("backticks of all lengths", many(900, " ", |at| "`".repeat(at))),
        ("headings that are alike", r"# a\n\n".repeat(50_000)),
        ("a table of a line", format!(r"{}\n{}\n", "|".repeat(30_000), "|-".repeat(30_000))),
        ("HTML that is shown as it is written", "<b>".repeat(50_000)),
    ] {
        let Measured { ran, cpu, .. } = measured(&[&page(&body)]);
        assert_eq!(ran.status, 0, "{name}: {}", ran.stderr);
        assert!(cpu < 5 * SECOND, "{name} took {cpu:?}");
    }
}

#[test]
fn an_activation_that_has_no_value_anywhere_is_a_result() {
    let specs = "kind: experiment\nid: e\ntarget: t\nactivation: [nothing, endless, huge]\n\
        attainable: {budget: 500}\ntraining: {learning_rate: 0.1, epochs: 5}\nfigures: [fit, attainable, loss_curve]\n\
        ---\nkind: target\nid: t\nexpression: x\n---\nkind: activation\nid: nothing\nexpression: 0/0\n\
        ---\nkind: activation\nid: endless\nexpression: x/0\n---\nkind: activation\nid: huge\nexpression: 1e308 + x^2*1e308\n";
    let project = Project::new(&[("specs/a.yaml", specs)]);
    project.build();
    let results: serde_json::Value =
        serde_json::from_str(&project.read("public/experiments/e/results.json")).unwrap();
    for case in results["cases"].as_array().unwrap().iter().take(2) {
        assert!(case["attainable"].is_null(), "{case}");
    }
    // What was found of it, which is nothing, is kept like everything else.
    let before = project.site();
    let ran = project.run(&["build", "--verify"]);
    assert_eq!((ran.status, ran.stderr.contains("made anew")), (0, false), "{}", ran.stderr);
    assert!(ran.stdout.contains("nothing to do"), "{}", ran.stdout);
    assert!(project.site() == before);
}

#[test]
fn more_threads_than_there_can_be_are_refused() {
    let project = Project::new(&[("specs/a.yaml", SPECS)]);
    for jobs in ["1025", "1000000000", "99999999999999999999999", "0", "-1", "many"] {
        let ran = project.run(&["build", &format!("--jobs={jobs}")]);
        assert_eq!(ran.status, 2, "{jobs}: {}", ran.stderr);
    }
}
