//! The page of an activation, and the index of all of them.

use serde::Serialize;

use super::property::{self, PropertyRow, short};
use super::{CaseRow, Draft, Fact, FigureView, Layout, Link};
use crate::function::builtin;
use crate::number::{minus, significant};
use crate::plan::{PlannedFigure, Subject};
use crate::property::{Monotonicity, Properties};
use crate::site::gallery::Trained;
use crate::site::markdown::Text;
use crate::site::{math, sheet, sparkline};
use crate::spec::{Activation, Reference, Specs};

#[derive(Serialize)]
pub(in crate::site) struct ActivationPage {
    #[serde(flatten)]
    layout: Layout,
    id: String,
    formula_html: String,
    description_html: String,
    facts: Vec<Fact>,
    figure: Option<FigureView>,
    /// φ for other values of its parameters, if it has any.
    fan: Option<FigureView>,
    properties: Vec<PropertyRow>,
    relatives: Vec<RelativeRow>,
    references: Vec<Reference>,
    /// In the order of the experiments, and within one by rank.
    results: Vec<ResultRow>,
    /// How often its loss is the lowest.
    summary: String,
    case_count: usize,
    /// Empty for what is built in.
    source_path: String,
    source_line: usize,
}

/// Another activation and how well it imitates this one.
#[derive(Serialize)]
struct RelativeRow {
    activation: Link,
    /// In per cent.
    left: String,
    w: String,
}

/// A case with its place among those that differ in the activation only.
#[derive(Serialize)]
struct ResultRow {
    case: CaseRow,
    rank_of: usize,
}

/// How many relatives a page shows.
const RELATIVES: usize = 5;

/// How many sheets the page of an activation takes that so many cases use.
pub(in crate::site) fn activation_sheets(cases: usize) -> usize {
    sheet::count(cases, sheet::ROWS)
}

/// One sheet of it, counted from 0.
pub(in crate::site) fn activation(
    draft: &mut Draft<'_, '_>,
    activation: &Activation,
    sheet: usize,
) -> ActivationPage {
    let gallery = draft.gallery;
    let is_first = sheet == 0;
    let cases = gallery.cases_with(&activation.id);
    let symbol = if activation.symbol.is_empty() { r"\mathrm{id}" } else { &activation.symbol };
    let summary =
        format!("{}: its formula, derivatives, properties and every case that uses it.", activation.title);
    let breadcrumbs = vec![draft.home_link(), draft.link("Activations", "activations/index.html")];
    let figure = own_figure(draft, activation, "activation");
    let fan = own_figure(draft, activation, "parameter_fan");
    let layout = draft.layout(&activation.title, &summary, breadcrumbs);
    ActivationPage {
        layout: draft.on_sheet(layout, sheet, activation_sheets(cases.len())),
        id: activation.id.clone(),
        formula_html: math::formula(&format!("{symbol}(z) = {}", activation.formula), true),
        description_html: if is_first { draft.html(&Text::of_activation(activation)) } else { String::new() },
        facts: if is_first { facts(activation) } else { Vec::new() },
        figure: figure.filter(|_| is_first).map(|planned| draft.figure(planned)),
        fan: fan.filter(|_| is_first).map(|planned| draft.figure(planned)),
        properties: match gallery.atlas.properties(&activation.id) {
            Some(properties) if is_first => property::rows(properties),
            _ => Vec::new(),
        },
        relatives: if is_first { relatives(draft, activation) } else { Vec::new() },
        references: if is_first { activation.references.clone() } else { Vec::new() },
        summary: result_summary(&cases),
        case_count: cases.len(),
        results: results(draft, cases, sheet),
        source_path: activation.source.as_ref().map_or_else(String::new, |source| source.path.clone()),
        source_line: activation.source.as_ref().map_or(0, |source| source.line),
    }
}

fn own_figure<'g>(draft: &Draft<'g, '_>, activation: &Activation, name: &str) -> Option<&'g PlannedFigure> {
    let folder = format!("activations/{}/", activation.id);
    let mut figures = draft.gallery.figures_in(&folder).into_iter();
    figures.find(|planned| {
        planned.path[folder.len()..].strip_suffix(".png") == Some(name)
            && matches!(planned.subject, Subject::Activation(_))
    })
}

fn facts(activation: &Activation) -> Vec<Fact> {
    let base = activation.builtin.as_ref().and_then(|id| builtin(id));
    let mut facts =
        vec![Fact::new("id", activation.id.clone()), Fact::new("expression", activation.expression.clone())];
    for (name, value) in &activation.parameters {
        let usual = base.and_then(|base| base.parameters.iter().find(|(other, _)| other == name));
        let note = match usual {
            Some((_, usual)) if usual == value => " (by default)".to_owned(),
            Some((_, usual)) => format!(" (by default {})", minus(&usual.to_string())),
            None => String::new(),
        };
        facts.push(Fact::new(name, format!("{}{note}", minus(&value.to_string()))));
    }
    if let Some(base) = base.filter(|base| base.id != activation.id) {
        facts.push(Fact::new("varies the built-in", base.id));
    }
    facts
}

fn relatives(draft: &Draft<'_, '_>, activation: &Activation) -> Vec<RelativeRow> {
    let gallery = draft.gallery;
    let nearest = gallery.atlas.relatives(&activation.id).into_iter().take(RELATIVES);
    let rows = nearest.filter_map(|(id, relative)| {
        let other = gallery.specs.activations.get(id)?;
        // What rounding leaves of a perfect match is none.
        let left = if relative.distance < 1e-9 { 0.0 } else { 100.0 * relative.distance };
        Some(RelativeRow {
            activation: draft.link(&other.title, &format!("activations/{id}/index.html")),
            left: format!("{} %", significant(left, 3)),
            w: minus(&format!("{}", (relative.w * 1000.0).round() / 1000.0)),
        })
    });
    rows.collect()
}

fn spark(draft: &Draft<'_, '_>, activation: &Activation) -> String {
    let properties = draft.gallery.atlas.properties(&activation.id);
    properties.map_or_else(String::new, |properties| {
        sparkline::svg(&activation.function, properties, activation.color)
    })
}

/// Whether a case has the lowest loss of several.
fn is_lowest(trained: &Trained<'_>) -> bool {
    let rank = trained.standing.rank;
    rank.rank == 1 && rank.of > 1 && trained.run.best.is_some()
}

/// Its cases, experiment after experiment, within one by rank, targets in the experiment's order; those on a sheet.
fn results(draft: &Draft<'_, '_>, mut cases: Vec<Trained<'_>>, sheet: usize) -> Vec<ResultRow> {
    for of_one in cases.chunk_by_mut(|one, other| one.case.experiment == other.case.experiment) {
        of_one.sort_by_key(|trained| trained.standing.rank.rank);
    }
    let cases = &cases[sheet::range(cases.len(), sheet::ROWS, sheet)];
    let ranked: Vec<_> = cases.iter().map(|trained| (*trained, trained.standing.rank.rank)).collect();
    let rows = draft.rows(&ranked, cases.len());
    let row = |(mut case, trained): (CaseRow, &Trained<'_>)| {
        case.is_lowest = is_lowest(trained);
        ResultRow { case, rank_of: trained.standing.rank.of }
    };
    rows.into_iter().zip(cases).map(row).collect()
}

fn result_summary(cases: &[Trained<'_>]) -> String {
    let compared = cases.iter().filter(|trained| trained.standing.rank.of > 1).count();
    let lowest = cases.iter().filter(|trained| is_lowest(trained)).count();
    match (cases.len(), compared) {
        (0, _) => "No experiment uses it yet.".into(),
        (_, 0) => "No experiment compares it with another activation.".into(),
        (_, 1) => format!(
            "It is compared with other activations in one case, and its loss is {} there.",
            if lowest == 1 { "the lowest found" } else { "not the lowest found" }
        ),
        _ => format!(
            "Of the {compared} cases that compare it with other activations, its loss is the lowest found in {}.",
            if lowest == 0 { "none".to_owned() } else { lowest.to_string() }
        ),
    }
}

#[derive(Serialize)]
pub(in crate::site) struct ActivationIndex {
    #[serde(flatten)]
    layout: Layout,
    rows: Vec<IndexRow>,
    /// How many activations there are on all sheets.
    activation_count: usize,
}

/// An activation in the index. The words of the filters are those of the template's choices.
#[derive(Serialize)]
struct IndexRow {
    id: String,
    activation: Link,
    spark_html: String,
    formula_html: String,
    range: String,
    /// By the lower bound, then by the upper.
    range_order: f64,
    /// `bounded`, `below`, `above` or `unbounded`.
    bounds: &'static str,
    monotone: &'static str,
    /// `yes` or `no`.
    is_monotone: &'static str,
    lipschitz: String,
    lipschitz_order: f64,
    smoothness: &'static str,
    /// `jumps`, `kinks`, `once`, `twice` or `smooth`.
    smoothness_class: &'static str,
    smoothness_order: u8,
    at_zero: String,
    /// `None` where φ(0) is not a finite number.
    at_zero_value: Option<f64>,
    /// `yes` or `no`.
    is_centred: &'static str,
    symmetry: &'static str,
    /// `odd`, `even`, `point` or `none`.
    symmetry_class: &'static str,
    dead: String,
    /// `yes` or `no`.
    is_dead: &'static str,
    saturates: &'static str,
    /// `both`, `left`, `right` or `none`.
    saturates_class: &'static str,
    parameters: String,
    case_count: usize,
    /// How often its loss is the lowest, of how many comparisons.
    lowest_count: usize,
    compared_count: usize,
}

/// How many sheets the index of activations takes.
pub(in crate::site) fn activation_index_sheets(specs: &Specs) -> usize {
    sheet::count(specs.activations.len(), sheet::CARDS)
}

/// One sheet of it, counted from 0.
pub(in crate::site) fn activation_index(draft: &Draft<'_, '_>, sheet: usize) -> ActivationIndex {
    let gallery = draft.gallery;
    let specs = gallery.specs;
    let activation_count = specs.activations.len();
    let shown = sheet::range(activation_count, sheet::CARDS, sheet);
    let rows = specs.activations.values().skip(shown.start).take(shown.len()).filter_map(|activation| {
        let properties = gallery.atlas.properties(&activation.id)?;
        Some(index_row(draft, activation, properties))
    });
    let rows = rows.collect();
    let description = format!("All activations of {}, by their properties.", specs.site.title);
    let layout = draft.layout("Activations", &description, vec![draft.home_link()]);
    let layout = draft.on_sheet(layout, sheet, activation_index_sheets(specs));
    ActivationIndex { layout, rows, activation_count }
}

fn index_row(draft: &Draft<'_, '_>, activation: &Activation, properties: &Properties) -> IndexRow {
    use crate::property::{Smoothness, Symmetry};
    let gallery = draft.gallery;
    let yes = |holds: bool| if holds { "yes" } else { "no" };
    let (low, high) = (properties.range.0.value(false), properties.range.1.value(true));
    // The real line squeezed into ±1, so that one number orders pairs whose first numbers differ visibly.
    let squeezed =
        |value: f64| if value.is_infinite() { value.signum() } else { value / (1.0 + value.abs()) };
    let (smoothness_class, smoothness_order) = match properties.smoothness {
        Smoothness::Discontinuous => ("jumps", 0),
        Smoothness::Continuous => ("kinks", 1),
        Smoothness::Once => ("once", 2),
        Smoothness::Twice => ("twice", 3),
        Smoothness::Smooth => ("smooth", 4),
    };
    let cases = gallery.cases_with(&activation.id);
    let ranks: Vec<_> = cases
        .iter()
        .filter(|trained| trained.run.best.is_some())
        .map(|trained| trained.standing.rank)
        .filter(|rank| rank.of > 1)
        .collect();
    let parameters: Vec<String> = activation
        .parameters
        .iter()
        .map(|(name, value)| format!("{name} = {}", minus(&value.to_string())))
        .collect();
    IndexRow {
        id: activation.id.clone(),
        activation: draft.link(&activation.title, &format!("activations/{}/index.html", activation.id)),
        spark_html: spark(draft, activation),
        formula_html: math::formula(&activation.formula, false),
        range: property::range(properties),
        range_order: squeezed(low) + 1e-6 * squeezed(high),
        bounds: match (low.is_finite(), high.is_finite()) {
            (true, true) => "bounded",
            (true, false) => "below",
            (false, true) => "above",
            (false, false) => "unbounded",
        },
        monotone: property::monotone(properties),
        is_monotone: yes(!matches!(properties.monotonicity, Monotonicity::Neither { .. })),
        lipschitz: property::lipschitz(properties),
        lipschitz_order: properties.lipschitz.value().min(1e9),
        smoothness: property::smoothness(properties),
        smoothness_class,
        smoothness_order,
        at_zero: short(properties.at_zero),
        at_zero_value: Some(properties.at_zero).filter(|value| value.is_finite()),
        is_centred: yes(properties.at_zero == 0.0),
        symmetry: property::symmetry(properties),
        symmetry_class: match properties.symmetry {
            Symmetry::Odd => "odd",
            Symmetry::Even => "even",
            Symmetry::Point => "point",
            Symmetry::None => "none",
        },
        dead: property::dead(properties),
        is_dead: yes(!properties.dead.is_empty()),
        saturates: property::saturates(properties),
        saturates_class: match property::saturates(properties) {
            "both sides" => "both",
            "–" => "none",
            side => side,
        },
        parameters: parameters.join(", "),
        case_count: cases.len(),
        lowest_count: ranks.iter().filter(|rank| rank.rank == 1).count(),
        compared_count: ranks.len(),
    }
}
