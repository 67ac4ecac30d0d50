//! Diagnoses as pages and reports show them: badges, the full account of a case, and an experiment's counts.

use serde::Serialize;

use super::gallery::Trained;
use crate::finding::{Diagnosis, Kind, Weight};

/// A diagnosis as a badge in a table. Its label is text, so that its colour carries nothing alone.
#[derive(Serialize)]
pub(super) struct Badge {
    id: &'static str,
    label: &'static str,
    weight: Weight,
    /// The whole sentence.
    sentence: String,
}

/// A diagnosis with all there is to say of it.
#[derive(Serialize)]
pub(super) struct Account {
    id: &'static str,
    label: &'static str,
    weight: Weight,
    sentence: String,
    /// What the kind means, with its thresholds.
    meaning: String,
    evidence: Vec<Number>,
}

/// A piece of evidence.
#[derive(Serialize)]
struct Number {
    name: String,
    value: String,
}

/// The cases of an experiment with one diagnosis.
pub(super) struct Count<'g> {
    pub(super) kind: Kind,
    /// In the plan's order; never empty.
    pub(super) cases: Vec<Trained<'g>>,
}

/// A text whose lines do not break between a number and its percent sign.
pub(super) fn unbroken(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

pub(super) fn badges(trained: Trained<'_>) -> Vec<Badge> {
    let badge = |diagnosis: &Diagnosis| Badge {
        id: diagnosis.kind.id(),
        label: diagnosis.kind.label(),
        weight: diagnosis.kind.weight(),
        sentence: unbroken(&diagnosis.sentence),
    };
    trained.finding.diagnoses.iter().map(badge).collect()
}

pub(super) fn accounts(trained: Trained<'_>) -> Vec<Account> {
    let account = |diagnosis: &Diagnosis| Account {
        id: diagnosis.kind.id(),
        label: diagnosis.kind.label(),
        weight: diagnosis.kind.weight(),
        sentence: unbroken(&diagnosis.sentence),
        meaning: unbroken(&diagnosis.kind.meaning()),
        evidence: diagnosis
            .evidence
            .iter()
            .map(|evidence| Number {
                name: evidence.name.replace('_', " ").replace("mse", "MSE"),
                value: evidence.value.text(),
            })
            .collect(),
    };
    trained.finding.diagnoses.iter().map(account).collect()
}

/// The labels of a case's diagnoses in words; a dash where there are none.
pub(super) fn words(trained: Trained<'_>) -> String {
    let labels: Vec<&str> =
        trained.finding.diagnoses.iter().map(|diagnosis| diagnosis.kind.label()).collect();
    if labels.is_empty() { "–".into() } else { labels.join(", ") }
}

/// The kinds of a case's diagnoses as `results.csv` has them.
pub(super) fn kinds(trained: Trained<'_>) -> String {
    let kinds: Vec<&str> = trained.finding.diagnoses.iter().map(|diagnosis| diagnosis.kind.id()).collect();
    kinds.join(";")
}

/// How many cases have each diagnosis, the gravest first.
pub(super) fn counts<'g>(cases: &[Trained<'g>]) -> Vec<Count<'g>> {
    let count = |kind: Kind| {
        let has =
            |trained: &&Trained<'g>| trained.finding.diagnoses.iter().any(|diagnosis| diagnosis.kind == kind);
        Count { kind, cases: cases.iter().filter(has).copied().collect() }
    };
    Kind::ALL.into_iter().map(count).filter(|count| !count.cases.is_empty()).collect()
}
