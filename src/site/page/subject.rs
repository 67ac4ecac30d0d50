//! The pages of activations, targets and models: what they are, and every case that uses them.

use serde::Serialize;

use super::{CaseRow, Draft, Fact, FigureView, Layout};
use crate::number::minus;
use crate::plan::Subject;
use crate::site::gallery::Trained;
use crate::site::markdown::Text;
use crate::site::math;
use crate::spec::{Activation, Model, Source, Target};

/// One of the three.
#[derive(Serialize)]
pub(in crate::site) struct SubjectPage {
    #[serde(flatten)]
    layout: Layout,
    id: String,
    formula_html: String,
    description_html: String,
    facts: Vec<Fact>,
    figure: Option<FigureView>,
    references: Vec<crate::spec::Reference>,
    groups: Vec<Group>,
    case_count: usize,
    /// Empty for what is built in.
    source_path: String,
    source_line: usize,
}

/// The cases of one experiment.
#[derive(Serialize)]
struct Group {
    experiment: super::Link,
    rows: Vec<CaseRow>,
}

pub(in crate::site) fn activation(draft: &mut Draft<'_, '_>, activation: &Activation) -> SubjectPage {
    let figures = &draft.gallery.plan.figures;
    let path = format!("activations/{}/activation.png", activation.id);
    let is_its = |planned: &&crate::plan::PlannedFigure| {
        planned.path == path && matches!(planned.subject, Subject::Activation(_))
    };
    let figure = figures.iter().find(is_its).map(|planned| draft.figure(planned));
    let mut facts =
        vec![Fact::new("id", activation.id.clone()), Fact::new("expression", activation.expression.clone())];
    let parameters = activation.parameters.iter();
    facts.extend(parameters.map(|(name, value)| Fact::new(name, minus(&value.to_string()))));
    if let Some(builtin) = activation.builtin.as_ref().filter(|builtin| **builtin != activation.id) {
        facts.push(Fact::new("varies the built-in", builtin.clone()));
    }
    let symbol = if activation.symbol.is_empty() { r"\mathrm{id}" } else { &activation.symbol };
    let summary = format!("{}: its formula, derivative and every case that uses it.", activation.title);
    SubjectPage {
        formula_html: math::formula(&format!("{symbol}(z) = {}", activation.formula), true),
        description_html: draft.html(&Text::of_activation(activation)),
        figure,
        references: activation.references.clone(),
        ..page(
            draft,
            &activation.id,
            &activation.title,
            ("Activations", "activations/index.html"),
            &summary,
            activation.source.as_ref(),
            facts,
            |trained| trained.case.activation.id == activation.id,
        )
    }
}

pub(in crate::site) fn target(draft: &mut Draft<'_, '_>, target: &Target) -> SubjectPage {
    let summary = format!("The target {}: who fits it, and why.", target.title);
    SubjectPage {
        formula_html: math::formula(&format!("y = {}", target.formula), true),
        description_html: draft.html(&Text::of_target(target)),
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

/// What the three have in common.
#[expect(clippy::too_many_arguments, reason = "each is one thing that differs between the three")]
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
        groups.push(Group { experiment: link, rows: draft.rows(&cases) });
    }
    let breadcrumbs = vec![draft.home_link(), draft.link(section.0, section.1)];
    SubjectPage {
        layout: draft.layout(title, summary, breadcrumbs),
        id: id.to_owned(),
        formula_html: String::new(),
        description_html: String::new(),
        facts,
        figure: None,
        references: Vec::new(),
        groups,
        case_count,
        source_path: source.map_or_else(String::new, |source| source.path.clone()),
        source_line: source.map_or(0, |source| source.line),
    }
}
