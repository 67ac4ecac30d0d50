//! The pages of targets and models: what they are, and every case that uses them.

use serde::Serialize;

use super::{CaseRow, Draft, Fact, Layout, Link};
use crate::site::gallery::{Trained, sort_by_lowest};
use crate::site::judged::verdict;
use crate::site::markdown::Text;
use crate::site::math;
use crate::spec::{Model, Source, Target};

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
    rows: Vec<CaseRow>,
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

pub(in crate::site) fn target(draft: &mut Draft<'_, '_>, target: &Target) -> SubjectPage {
    let summary = format!("The target {}: who fits it, and why.", target.title);
    SubjectPage {
        formula_html: math::formula(&format!("y = {}", target.formula), true),
        description_html: draft.html(&Text::of_target(target)),
        across: across(draft, target),
        ..page(
            draft,
            &target.id,
            &target.title,
            ("Targets", "targets/index.html"),
            &summary,
            Some(&target.source),
            vec![Fact::new("id", target.id.clone())],
            |trained| trained.case.target.id == target.id,
        )
    }
}

pub(in crate::site) fn model(draft: &mut Draft<'_, '_>, model: &Model) -> SubjectPage {
    let summary = format!("The model {}: its formula and every case that uses it.", model.title);
    let facts = vec![
        Fact::new("id", model.id.clone()),
        Fact::new("type", model.model_type.name()),
        Fact::new("parameters", model.model_type.parameter_count().to_string()),
    ];
    SubjectPage {
        formula_html: math::formula(&model.model_type.formula(r"\varphi"), true),
        description_html: draft.html(&Text::of_model(model)),
        ..page(
            draft,
            &model.id,
            &model.title,
            ("Models", "models/index.html"),
            &summary,
            model.source.as_ref(),
            facts,
            |trained| trained.case.model.id == model.id,
        )
    }
}

/// Per activation and model the case with the lowest loss on a target, best first; empty where one experiment has them all.
fn across(draft: &Draft<'_, '_>, target: &Target) -> Vec<Lowest> {
    let mut cases: Vec<Trained<'_>> =
        draft.gallery.cases().filter(|trained| trained.case.target.id == target.id).collect();
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
    let rows = groups.into_iter().map(|(trained, case_count)| {
        let case = trained.case;
        let experiment = draft.gallery.experiment(&case.experiment).map_or("", |found| found.title.as_str());
        Lowest {
            activation: draft
                .link(&case.activation.title, &format!("activations/{}/index.html", case.activation.id)),
            url: draft.url(&trained.page()),
            color: case.activation.color.to_string(),
            model: draft.link(&case.model.title, &format!("models/{}/index.html", case.model.id)),
            best_mse: trained.best_text(),
            best_mse_value: trained.run.best.as_ref().map(|best| best.mse),
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
    uses: impl Fn(&Trained<'_>) -> bool,
) -> SubjectPage {
    let gallery = draft.gallery;
    let mut groups = Vec::new();
    let mut case_count = 0;
    for experiment in &gallery.specs.experiments {
        let mut cases = gallery.cases_of(&experiment.id);
        cases.retain(&uses);
        if cases.is_empty() {
            continue;
        }
        case_count += cases.len();
        // Per target, in the experiment's order, best first.
        let order = |trained: &Trained<'_>| {
            experiment.targets.iter().position(|target| target.id == trained.case.target.id)
        };
        cases.sort_by(|a, b| order(a).cmp(&order(b)).then(a.best_mse().total_cmp(&b.best_mse())));
        let link = draft.link(&experiment.title, &format!("experiments/{}/index.html", experiment.id));
        // Where cases have no pages, the experiment's shows them all.
        let count = cases.len();
        cases.retain(|trained| trained.case.has_page);
        let verdict = match section.0 {
            "Targets" => verdict(gallery, &experiment.id, id),
            _ => Vec::new(),
        };
        groups.push(Group { experiment: link, count, verdict, rows: draft.rows(&cases) });
    }
    let breadcrumbs = vec![draft.home_link(), draft.link(section.0, section.1)];
    SubjectPage {
        layout: draft.layout(title, summary, breadcrumbs),
        id: id.to_owned(),
        formula_html: String::new(),
        description_html: String::new(),
        facts,
        across: Vec::new(),
        groups,
        case_count,
        source_path: source.map_or_else(String::new, |source| source.path.clone()),
        source_line: source.map_or(0, |source| source.line),
    }
}
