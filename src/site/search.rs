//! What the search of the pages looks through: a line for each page and case, with its title, its words and its result.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, Parser};
use serde::Serialize;

use super::gallery::Gallery;
use super::link;
use super::markdown;
use crate::finding::Kind;

/// More different words than these of one text are not kept.
const MOST_WORDS: usize = 120;

/// Kind, title, address from the home page, what is shown below the title, and words that are searched but not shown.
#[derive(Serialize)]
struct Entry(&'static str, String, String, String, String);

/// A case, of which there are many: the places of its experiment, activation and target among the entries; what its address
/// has beyond those, after `#` where it has no page of its own, and before that the sheet of the experiment's; its further axes; its loss; its diagnoses, by
/// [`Kind::ALL`].
#[derive(Serialize)]
struct CaseEntry(usize, usize, usize, String, String, String, Vec<usize>);

/// A script that hands the entries to the one that searches: pages that lie on a disk may load scripts, but no other data.
pub(super) fn index(gallery: Gallery<'_>) -> String {
    let entries = entries(gallery);
    let places: BTreeMap<&str, usize> =
        entries.iter().enumerate().map(|(place, entry)| (entry.2.as_str(), place)).collect();
    let place = |folder: &str, id: &str| places.get(link::index(&format!("{folder}/{id}")).as_str()).copied();
    let cases = gallery.cases().filter_map(|trained| {
        let case = trained.case;
        let levels = case.levels.get(2..)?;
        let rest = match trained.sheet {
            _ if case.has_page => levels.join("/"),
            0 => format!("#{}", levels.join("~")),
            sheet => format!("page~{}/#{}", sheet + 1, levels.join("~")),
        };
        let kinds = trained.finding.diagnoses.iter();
        Some(CaseEntry(
            place("experiments", &case.experiment)?,
            place("activations", &case.activation.id)?,
            place("targets", &case.target.id)?,
            rest,
            trained.axes_text(),
            trained.typical_text(),
            kinds.filter_map(|diagnosis| Kind::ALL.iter().position(|kind| *kind == diagnosis.kind)).collect(),
        ))
    });
    let lines = |values: Vec<String>| values.join(",\n");
    let labels: Vec<&str> = Kind::ALL.iter().map(|kind| kind.label()).collect();
    format!(
        "window.actfnSearch?.({{\"diagnoses\":{},\"pages\":[\n{}\n],\"cases\":[\n{}\n]}});\n",
        json(&labels),
        lines(entries.iter().map(json).collect()),
        lines(cases.map(|case| json(&case)).collect())
    )
}

/// Texts and counts, of which nothing can fail.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn entries(gallery: Gallery<'_>) -> Vec<Entry> {
    let specs = gallery.specs;
    let mut entries = Vec::new();
    for experiment in &specs.experiments {
        let count = specs_count(gallery, &experiment.id);
        let page = format!("experiments/{}", experiment.id);
        entries.push(Entry(
            "experiment",
            experiment.title.clone(),
            link::index(&page),
            count,
            format!("{} {}", experiment.id, words(&experiment.description)),
        ));
    }
    for activation in specs.activations.values() {
        entries.push(Entry(
            "activation",
            activation.title.clone(),
            link::index(&format!("activations/{}", activation.id)),
            activation.expression.clone(),
            format!("{} {}", activation.id, words(&activation.description)),
        ));
    }
    for target in specs.targets.values() {
        entries.push(Entry(
            "target",
            target.title.clone(),
            link::index(&format!("targets/{}", target.id)),
            String::new(),
            format!("{} {}", target.id, words(&target.explanation)),
        ));
    }
    for model in specs.models.values() {
        entries.push(Entry(
            "model",
            model.title.clone(),
            link::index(&format!("models/{}", model.id)),
            String::new(),
            format!("{} {}", model.id, words(&model.description)),
        ));
    }
    for page in &specs.pages {
        entries.push(Entry(
            "page",
            page.title.clone(),
            link::index(&page.id),
            String::new(),
            words(&page.body),
        ));
    }
    entries.push(Entry(
        "page",
        "Report".into(),
        "report/index.html".into(),
        "all results".into(),
        String::new(),
    ));
    entries
}

fn specs_count(gallery: Gallery<'_>, experiment: &str) -> String {
    let contests = gallery.plan.contests.iter().filter(|contest| contest.experiment == experiment);
    let count: usize = contests.map(|contest| contest.cases.len()).sum();
    if count == 1 { "1 case".into() } else { format!("{count} cases") }
}

/// The different words of some Markdown, in the order in which they stand there.
fn words(text: &str) -> String {
    let mut seen = BTreeSet::new();
    let mut words: Vec<String> = Vec::new();
    for event in Parser::new_ext(text, markdown::options()) {
        let (Event::Text(part) | Event::Code(part)) = event else { continue };
        for word in part.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 1) {
            let word = word.to_lowercase();
            if words.len() < MOST_WORDS && seen.insert(word.clone()) {
                words.push(word);
            }
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_are_kept_once_and_without_marks() {
        assert_eq!(
            super::words("The *fit* of [a fit](x.html), `tanh`: $w x$ and\n\n# The end"),
            "the fit of tanh and end"
        );
    }
}
