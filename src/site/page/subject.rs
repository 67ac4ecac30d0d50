//! The pages of targets and models: what they are, and every case that uses them.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::Serialize;

use super::{CaseRow, Draft, Fact, Layout, Link};
use crate::number::minus;
use crate::site::gallery::{Gallery, Trained, sort_by_lowest};
use crate::site::judged::verdict;
use crate::site::markdown::Text;
use crate::site::math;
use crate::site::sheet;
use crate::spec::{Model, ModelType, Source, Target};

/// One of the two.
#[derive(Serialize)]
pub(in crate::site) struct SubjectPage {
    #[serde(flatten)]
    layout: Layout,
    id: String,
    formula_html: String,
    description_html: String,
    facts: Vec<Fact>,
    /// Of a target that several experiments use.
    across: Vec<Lowest>,
    groups: Vec<Group>,
    case_count: usize,
    /// Empty for what is built in.
    source_path: String,
    source_line: usize,
}

/// The cases of one experiment.
#[derive(Serialize)]
struct Group {
    experiment: Link,
    /// How many cases there are; without pages they have no rows.
    count: usize,
    /// What the cases on this target say together; nothing on other pages than a target's.
    verdict: Vec<String>,
    /// Those on this sheet.
    rows: Vec<CaseRow>,
    /// Whether the experiment asks for many starts.
    has_starts: bool,
    /// Whether points are held out, of which the table of cases has a loss; not with many starts.
    has_validation: bool,
    /// Whether of any row it is known what it could have reached.
    has_attainable: bool,
}

/// The case with the lowest loss of an activation and a model on one target.
#[derive(Serialize)]
struct Lowest {
    activation: Link,
    /// The page of the case.
    url: String,
    /// `#rrggbb`.
    color: String,
    model: Link,
    best_mse: String,
    best_mse_value: Option<f64>,
    experiment: Link,
    /// How many cases it is the lowest of.
    case_count: usize,
}

/// How many sheets the page of a thing takes that these cases use.
pub(in crate::site) fn sheets(cases: &[Trained<'_>]) -> usize {
    sheet::count(cases.iter().filter(|trained| trained.case.has_page).count(), sheet::ROWS)
}

/// One sheet of its page, counted from 0.
pub(in crate::site) fn target(draft: &mut Draft<'_, '_>, target: &Target, sheet: usize) -> SubjectPage {
    let is_first = sheet == 0;
    let cases = draft.gallery.cases_on(&target.id);
    let summary = format!("The target {}: who fits it, and why.", target.title);
    SubjectPage {
        formula_html: math::formula(&format!("y = {}", target.formula), true),
        description_html: if is_first { draft.html(&Text::of_target(target)) } else { String::new() },
        across: if is_first { across(draft, target) } else { Vec::new() },
        ..page(
            draft,
            &target.id,
            &target.title,
            ("Targets", "targets/index.html"),
            &summary,
            Some(&target.source),
            if is_first { facts(target) } else { Vec::new() },
            &cases,
            sheet,
        )
    }
}

fn facts(target: &Target) -> Vec<Fact> {
    let mut facts = vec![Fact::new("id", target.id.clone())];
    facts.extend(target.expression.iter().map(|expression| Fact::new("expression", expression.clone())));
    let parameters = target.parameters.iter();
    facts.extend(parameters.map(|(name, value)| Fact::new(name, minus(&value.to_string()))));
    facts
}

/// One sheet of its page, counted from 0.
pub(in crate::site) fn model(draft: &mut Draft<'_, '_>, model: &Model, sheet: usize) -> SubjectPage {
    let is_first = sheet == 0;
    let cases: Vec<Trained<'_>> =
        draft.gallery.cases().filter(|trained| trained.case.model.id == model.id).collect();
    let summary = format!("The model {}: its formula and every case that uses it.", model.title);
    let facts = vec![Fact::new("id", model.id.clone()), Fact::new("type", model.model_type.name())];
    let hidden_layers = match &model.model_type {
        ModelType::Mlp { hidden_sizes } => {
            let sizes: Vec<String> = hidden_sizes.iter().map(usize::to_string).collect();
            Some(Fact::new("hidden sizes", sizes.join(", ")))
        }
        ModelType::SingleNeuron | ModelType::ScaledInput => None,
    };
    let parameters = Fact::new("parameters", model.model_type.parameter_count().to_string());
    let facts = facts.into_iter().chain(hidden_layers).chain([parameters]).collect();
    SubjectPage {
        formula_html: math::formula(&model.model_type.formula(r"\varphi"), true),
        description_html: if is_first { draft.html(&Text::of_model(model)) } else { String::new() },
        ..page(
            draft,
            &model.id,
            &model.title,
            ("Models", "models/index.html"),
            &summary,
            model.source.as_ref(),
            if is_first { facts } else { Vec::new() },
            &cases,
            sheet,
        )
    }
}

/// Per activation and model the case with the lowest loss on a target, best first; empty where one experiment has them all.
fn across(draft: &Draft<'_, '_>, target: &Target) -> Vec<Lowest> {
    let mut cases: Vec<Trained<'_>> = draft.gallery.cases_on(&target.id);
    if cases.windows(2).all(|pair| pair[0].case.experiment == pair[1].case.experiment) {
        return Vec::new();
    }
    sort_by_lowest(&mut cases);
    let mut groups: Vec<(Trained<'_>, usize)> = Vec::new();
    for trained in cases {
        let is_same = |other: &Trained<'_>| {
            other.case.activation.id == trained.case.activation.id
                && other.case.model.id == trained.case.model.id
        };
        match groups.iter_mut().find(|(lowest, _)| is_same(lowest)) {
            Some((_, count)) => *count += 1,
            None => groups.push((trained, 1)),
        }
    }
    let rows = groups.into_iter().take(sheet::ROWS).map(|(trained, case_count)| {
        let case = trained.case;
        let experiment = draft.gallery.experiment(&case.experiment).map_or("", |found| found.title.as_str());
        Lowest {
            activation: draft
                .link(&case.activation.title, &format!("activations/{}/index.html", case.activation.id)),
            url: draft.url(&trained.page()),
            color: case.activation.color.to_string(),
            model: draft.link(&case.model.title, &format!("models/{}/index.html", case.model.id)),
            best_mse: trained.lowest_text(),
            best_mse_value: trained.finding.lowest().map(|best| best.mse),
            experiment: draft.link(experiment, &format!("experiments/{}/index.html", case.experiment)),
            case_count,
        }
    });
    rows.collect()
}

/// What both have in common.
#[expect(clippy::too_many_arguments, reason = "each is one thing that differs between the two")]
fn page(
    draft: &mut Draft<'_, '_>,
    id: &str,
    title: &str,
    section: (&str, &str),
    summary: &str,
    source: Option<&Source>,
    facts: Vec<Fact>,
    used: &[Trained<'_>],
    sheet: usize,
) -> SubjectPage {
    let gallery = draft.gallery;
    let mut groups = Vec::new();
    let count = sheets(used);
    let all = used.iter().filter(|trained| trained.case.has_page).count();
    let shown = sheet::range(all, sheet::ROWS, sheet);
    let mut place = 0;
    for of_one in used.chunk_by(|one, next| one.case.experiment == next.case.experiment) {
        let Some(experiment) = gallery.experiment(&of_one[0].case.experiment) else { continue };
        let link = draft.link(&experiment.title, &format!("experiments/{}/index.html", experiment.id));
        // Where cases have no pages, the experiment's shows them all.
        let cases: Vec<&Trained<'_>> = of_one.iter().filter(|trained| trained.case.has_page).collect();
        let (first, end) = (place, place + cases.len());
        place = end;
        let begins_here = shown.contains(&first) || (first == all && sheet + 1 == count);
        let part = shown.start.max(first)..shown.end.min(end);
        if part.is_empty() && !(cases.is_empty() && begins_here) {
            continue;
        }
        let verdict = match section.0 {
            "Targets" if begins_here => verdict(gallery, &experiment.id, id),
            _ => Vec::new(),
        };
        let part = part.start.saturating_sub(first)..part.end.saturating_sub(first);
        let rows = draft.rows(&ranked(gallery, &cases, part), shown.len());
        let has_starts = of_one.iter().any(|trained| trained.finding.trials.is_some());
        let has_validation = !has_starts && experiment.data.validation.is_some();
        let has_attainable = rows.iter().any(|row| row.attainable_value.is_some());
        groups.push(Group {
            experiment: link,
            count: of_one.len(),
            verdict,
            rows,
            has_starts,
            has_validation,
            has_attainable,
        });
    }
    let breadcrumbs = vec![draft.home_link(), draft.link(section.0, section.1)];
    let layout = draft.layout(title, summary, breadcrumbs);
    SubjectPage {
        layout: draft.on_sheet(layout, sheet, count),
        id: id.to_owned(),
        formula_html: String::new(),
        description_html: String::new(),
        facts,
        across: Vec::new(),
        groups,
        case_count: used.len(),
        source_path: source.map_or_else(String::new, |source| source.path.clone()),
        source_line: source.map_or(0, |source| source.line),
    }
}

/// Some of an experiment's cases with their ranks among all of its cases on the same target, which stand together, best first.
/// Only what is shown is sorted: a thing that all cases use has a sheet for every few hundred of them.
fn ranked<'g>(
    gallery: Gallery<'g>,
    cases: &[&Trained<'g>],
    shown: Range<usize>,
) -> Vec<(Trained<'g>, usize)> {
    let mut rows = Vec::with_capacity(shown.len());
    let mut first = 0;
    for on_target in cases.chunk_by(|one, next| one.case.target.id == next.case.target.id) {
        let end = first + on_target.len();
        if first < shown.end && shown.start < end {
            let case = on_target[0].case;
            let meant: BTreeSet<usize> = on_target.iter().map(|trained| trained.index).collect();
            let ranked = gallery.ranked(&case.experiment, &case.target.id).into_iter().zip(1..);
            let ranked = ranked.filter(|(trained, _)| meant.contains(&trained.index));
            let places = shown.start.max(first) - first..shown.end.min(end) - first;
            rows.extend(ranked.take(places.end).skip(places.start));
        }
        first = end;
    }
    rows
}
