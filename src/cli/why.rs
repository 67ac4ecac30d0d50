//! `actfn-site why`.

use std::process::ExitCode;

use super::{Error, Output};
use crate::build::Options;
use crate::why::{Change, Explanation, explain};

/// More of a value would not help to recognise it.
const MAX_VALUE: usize = 60;

pub(super) fn run(options: &Options, name: &str, output: &mut Output) -> Result<ExitCode, Error> {
    let explanation = explain(options, name)?;
    if output.json {
        output.value(&explanation)?;
        return Ok(ExitCode::SUCCESS);
    }
    for line in lines(&explanation) {
        output.line(&line)?;
    }
    if explanation.is_outdated {
        output.note(
            "note: the files have changed since; `actfn-site build --dry-run` says what a build would do",
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn lines(explanation: &Explanation) -> Vec<String> {
    let mut lines = vec![explanation.subject.clone(), format!("key {}", explanation.key)];
    let colon = if explanation.changes.is_empty() { "" } else { ":" };
    lines.push(format!("{}{colon}", explanation.outcome));
    lines.extend(explanation.changes.iter().map(changed));
    lines.push("made from:".into());
    if explanation.made_from.is_empty() {
        lines.push("  what is built in".into());
    }
    let places: Vec<String> =
        explanation.made_from.iter().map(|used| format!("{}:{}", used.path, used.line)).collect();
    let width = places.iter().map(String::len).max().unwrap_or(0);
    for (used, place) in explanation.made_from.iter().zip(&places) {
        lines.push(format!("  {place:width$}  {}: {}", used.field, short(&used.value)));
    }
    lines
}

fn changed(change: &Change) -> String {
    let place = change.place.as_ref().map(|(path, line)| format!("{path}:{line}  ")).unwrap_or_default();
    let value = |value: &Option<String>| value.as_deref().map_or_else(|| "(not given)".into(), short);
    format!("  {place}{}: {} → {}", change.field, value(&change.old), value(&change.new))
}

/// The value on one line, cut where it is long.
fn short(value: &str) -> String {
    let line: String = value.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MAX_VALUE {
        return line;
    }
    line.chars().take(MAX_VALUE - 1).chain(['…']).collect()
}
