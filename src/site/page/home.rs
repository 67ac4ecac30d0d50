//! The pages that lead to others: the home page, the lists, the report, authors' pages, and the page for what is not there.

use serde::Serialize;

use super::matrix::{Matrix, matrix};
use super::{Draft, FigureView, Layout, Link};
use crate::site::headline::{Headline, headlines};
use crate::site::markdown::Text;
use crate::site::math;
use crate::site::{sheet, sparkline};
use crate::spec::{Experiment, Page, Specs};

#[derive(Serialize)]
pub(in crate::site) struct HomePage {
    #[serde(flatten)]
    layout: Layout,
    /// The matrix of the first experiment that is one.
    matrix: Option<Matrix>,
    matrix_experiment: Option<Link>,
    /// What stands out, the strongest first.
    headlines: Vec<HeadlineView>,
    experiments: Vec<Card>,
    experiment_count: usize,
    experiments_url: String,
    /// The activations that the site uses, each with its line.
    atlas: Vec<AtlasEntry>,
    atlas_url: String,
    activation_count: usize,
    case_count: usize,
    report_url: String,
}

/// Something that stands out, with its number and the case that shows it.
#[derive(Serialize)]
struct HeadlineView {
    number: String,
    title: &'static str,
    sentence: String,
    url: String,
    /// What the address leads to.
    link: String,
    /// The fit of that case.
    svg: String,
}

#[derive(Serialize)]
struct AtlasEntry {
    title: String,
    url: String,
    spark_html: String,
}

/// A thing on a list.
#[derive(Serialize)]
struct Card {
    title: String,
    url: String,
    formula_html: String,
    summary_html: String,
    /// What is worth knowing at a glance.
    note: String,
    /// A small picture, where there is no figure.
    svg: String,
    figure: Option<FigureView>,
}

pub(in crate::site) fn home(draft: &mut Draft<'_, '_>) -> HomePage {
    let gallery = draft.gallery;
    let site = &gallery.specs.site;
    let experiments = &gallery.specs.experiments;
    let chosen = experiments.iter().find_map(|experiment| {
        let targets: Vec<_> = experiment.targets.iter().take(MOST_TARGETS).collect();
        Some((experiment, matrix(draft, gallery, experiment, &targets)?))
    });
    let (matrix_experiment, matrix) = chosen.unzip();
    let matrix_experiment = matrix_experiment.map(|experiment| {
        draft.link(&experiment.title, &format!("experiments/{}/index.html", experiment.id))
    });
    let layout = draft.layout(&site.title, &site.description, Vec::new());
    let preview = experiments.first().and_then(|experiment| gallery.card_of(experiment));
    HomePage {
        layout: draft.with_image(layout, preview),
        matrix,
        matrix_experiment,
        headlines: headlines(gallery)
            .into_iter()
            .take(MOST_HEADLINES)
            .map(|one| headline(draft, one))
            .collect(),
        atlas: atlas(draft),
        atlas_url: draft.url("activations/index.html"),
        activation_count: gallery.specs.activations.len(),
        experiments: experiments
            .iter()
            .take(MOST_CARDS)
            .map(|experiment| experiment_card(draft, experiment))
            .collect(),
        experiment_count: experiments.len(),
        experiments_url: draft.url("experiments/index.html"),
        case_count: gallery.plan.cases.len(),
        report_url: draft.url("report/index.html"),
    }
}

/// More of them, and none stands out.
const MOST_HEADLINES: usize = 4;
/// More rows of a matrix, cards and lines than these are on pages of their own.
const MOST_TARGETS: usize = 24;
const MOST_CARDS: usize = 60;
const MOST_LINES: usize = 150;

fn headline(draft: &Draft<'_, '_>, headline: Headline<'_>) -> HeadlineView {
    let case = headline.example.case;
    let best = headline.example.run.best.as_ref().map(|best| best.parameters.as_slice());
    HeadlineView {
        number: headline.number,
        title: headline.title,
        sentence: headline.sentence,
        url: draft.url(&headline.page),
        link: format!("{} on {}", case.activation.title, case.target.title),
        svg: sparkline::fit_svg(case, best),
    }
}

fn atlas(draft: &Draft<'_, '_>) -> Vec<AtlasEntry> {
    let gallery = draft.gallery;
    let entries = gallery.specs.activations.values().take(MOST_LINES).filter_map(|activation| {
        let properties = gallery.atlas.properties(&activation.id)?;
        Some(AtlasEntry {
            title: activation.title.clone(),
            url: draft.url(&format!("activations/{}/index.html", activation.id)),
            spark_html: sparkline::svg(&activation.function, properties, activation.color),
        })
    });
    entries.collect()
}

fn experiment_card(draft: &mut Draft<'_, '_>, experiment: &Experiment) -> Card {
    let gallery = draft.gallery;
    let mut cases = gallery.cases_of(&experiment.id);
    let count = cases.len();
    crate::site::gallery::sort_by_lowest(&mut cases);
    let preview = gallery.preview_of(experiment);
    let noun = if count == 1 { "case" } else { "cases" };
    let lowest =
        cases.first().filter(|first| first.finding.lowest().is_some()).map_or_else(String::new, |first| {
            format!(
                ", lowest MSE {} ({} on {})",
                first.lowest_text(),
                first.case.activation.title,
                first.case.target.title
            )
        });
    Card {
        title: experiment.title.clone(),
        url: draft.url(&format!("experiments/{}/index.html", experiment.id)),
        formula_html: String::new(),
        summary_html: draft.summary(&Text::of_experiment(experiment)),
        note: format!("{count} {noun}{lowest}"),
        svg: String::new(),
        figure: preview.map(|planned| draft.picture(planned)),
    }
}

#[derive(Serialize)]
pub(in crate::site) struct ListPage {
    #[serde(flatten)]
    layout: Layout,
    cards: Vec<Card>,
}

/// How many things the list of a section has.
fn listed(specs: &Specs, section: &str) -> usize {
    match section {
        "experiments" => specs.experiments.len(),
        "targets" => specs.targets.len(),
        _ => specs.models.len(),
    }
}

/// How many sheets the list of a section takes.
pub(in crate::site) fn list_sheets(specs: &Specs, section: &str) -> usize {
    sheet::count(listed(specs, section), sheet::CARDS)
}

/// One sheet, counted from 0, of the list of a section: `experiments`, `targets` or `models`.
pub(in crate::site) fn list(draft: &mut Draft<'_, '_>, section: &str, sheet: usize) -> ListPage {
    let gallery = draft.gallery;
    let specs = gallery.specs;
    let shown = sheet::range(listed(specs, section), sheet::CARDS, sheet);
    let (skipped, taken) = (shown.start, shown.len());
    let used = |count: usize| match count {
        0 => "not used by any case yet".to_owned(),
        1 => "1 case".to_owned(),
        count => format!("{count} cases"),
    };
    let (title, cards): (&str, Vec<Card>) = match section {
        "experiments" => (
            "Experiments",
            specs
                .experiments
                .iter()
                .skip(skipped)
                .take(taken)
                .map(|experiment| experiment_card(draft, experiment))
                .collect(),
        ),
        "targets" => {
            let card = |target: &std::sync::Arc<crate::spec::Target>| {
                let mut cases = gallery.cases_on(&target.id);
                crate::site::gallery::sort_by_lowest(&mut cases);
                let lowest = cases
                    .first()
                    .filter(|first| first.finding.lowest().is_some())
                    .map_or_else(String::new, |first| {
                        format!(", lowest MSE {} ({})", first.lowest_text(), first.case.activation.title)
                    });
                Card {
                    title: target.title.clone(),
                    url: draft.url(&format!("targets/{}/index.html", target.id)),
                    formula_html: math::formula(&format!("y = {}", target.formula), false),
                    summary_html: String::new(),
                    note: format!("{}{lowest}", used(cases.len())),
                    svg: cases.first().map_or_else(String::new, |first| {
                        let parameters = first.finding.lowest().map(|best| best.parameters.as_slice());
                        sparkline::fit_svg(first.case, parameters)
                    }),
                    figure: None,
                }
            };
            ("Targets", specs.targets.values().skip(skipped).take(taken).map(card).collect())
        }
        _ => {
            let card = |model: &std::sync::Arc<crate::spec::Model>| {
                let mut cases: Vec<_> =
                    gallery.cases().filter(|trained| trained.case.model.id == model.id).collect();
                crate::site::gallery::sort_by_lowest(&mut cases);
                let best = cases.first().filter(|first| first.finding.lowest().is_some());
                let lowest = best.map_or_else(String::new, |best| {
                    let case = best.case;
                    format!(
                        ", lowest MSE {} ({} on {})",
                        best.lowest_text(),
                        case.activation.title,
                        case.target.title
                    )
                });
                let parameters = model.model_type.parameter_count();
                let noun = if parameters == 1 { "parameter" } else { "parameters" };
                Card {
                    title: model.title.clone(),
                    url: draft.url(&format!("models/{}/index.html", model.id)),
                    formula_html: math::formula(&model.model_type.formula(r"\varphi"), false),
                    summary_html: draft.summary(&Text::of_model(model)),
                    note: format!("{parameters} {noun}; {}{lowest}", used(cases.len())),
                    svg: best.map_or_else(String::new, |best| {
                        let parameters = best.finding.lowest().map(|best| best.parameters.as_slice());
                        sparkline::fit_svg(best.case, parameters)
                    }),
                    figure: None,
                }
            };
            ("Models", specs.models.values().skip(skipped).take(taken).map(card).collect())
        }
    };
    let description = format!("All {} of {}.", title.to_lowercase(), specs.site.title);
    let layout = draft.layout(title, &description, vec![draft.home_link()]);
    ListPage { layout: draft.on_sheet(layout, sheet, list_sheets(specs, section)), cards }
}

/// A page of text.
#[derive(Serialize)]
pub(in crate::site) struct TextPage {
    #[serde(flatten)]
    layout: Layout,
    /// Whether the page's title stands above the text; the report begins with its own.
    has_heading: bool,
    body_html: String,
}

pub(in crate::site) fn author_page(draft: &mut Draft<'_, '_>, page: &Page) -> TextPage {
    let body_html = draft.html(&Text::of_page(page));
    TextPage { layout: draft.layout(&page.title, "", vec![draft.home_link()]), has_heading: true, body_html }
}

/// One sheet, counted from 0, of the page of the whole report, from its HTML.
pub(in crate::site) fn report(
    draft: &Draft<'_, '_>,
    body_html: String,
    sheet: usize,
    count: usize,
) -> TextPage {
    let description = format!("All results of {} in one report.", draft.gallery.specs.site.title);
    let layout = draft.layout("Report", &description, vec![draft.home_link()]);
    TextPage { layout: draft.on_sheet(layout, sheet, count), has_heading: sheet > 0, body_html }
}

/// The page that a server shows for what is not there, at whatever depth that was asked for.
#[derive(Serialize)]
pub(in crate::site) struct NotFoundPage {
    #[serde(flatten)]
    layout: Layout,
    /// The style itself: its address cannot be known.
    style: String,
    /// The path of the site with its slashes, where it is known; a script puts it before the addresses.
    base_path: String,
}

pub(in crate::site) fn not_found(draft: &Draft<'_, '_>, style: &str) -> NotFoundPage {
    let base_url = draft.gallery.specs.site.base_url.as_deref();
    let path = base_url.and_then(|url| url.split_once("://")).map(|(_, rest)| rest);
    let base_path = path.and_then(|rest| rest.find('/').map(|at| rest[at..].to_owned())).unwrap_or_default();
    NotFoundPage {
        layout: draft.layout("Page not found", "There is nothing at this address.", Vec::new()),
        style: style.to_owned(),
        base_path,
    }
}
