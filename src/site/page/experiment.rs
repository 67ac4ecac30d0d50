//! The page of an experiment: its matrix of results, and per target a table with previews.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::matrix::{Matrix, matrix};
use super::{CaseRow, Draft, Fact, FigureView, Layout, Link};
use crate::finding::Weight;
use crate::number::significant;
use crate::site::attained::bounds_text;
use crate::site::diagnoses::{counts, kinds, unbroken};
use crate::site::gallery::Trained;
use crate::site::headline::attained_text;
use crate::site::judged::{name, spread_view, verdict};
use crate::site::markdown::Text;
use crate::site::math;
use crate::site::sparkline;
use crate::site::winner::Winner;
use crate::site::wording::{batches_text, data_text, learning_rate_text, optimizer_text, schedule_text};
use crate::site::{link, sheet};
use crate::spec::{Distribution, Experiment, Init, Stream, Target, Training};

#[derive(Serialize)]
pub(in crate::site) struct ExperimentPage {
    #[serde(flatten)]
    layout: Layout,
    description_html: String,
    facts: Vec<Fact>,
    /// The figures that span all cases.
    overviews: Vec<FigureView>,
    /// Where the cases on each target begin; empty where all are on one sheet, and on all but the first.
    contents: Vec<Link>,
    matrix: Option<Matrix>,
    /// Per target, who is first by what was found and by what could be reached; empty where that is not known.
    winners: Vec<WinnerRow>,
    /// The gravest first; none where no case has one.
    diagnoses: Vec<Diagnosed>,
    sections: Vec<Section>,
    case_count: usize,
    /// Whether the cases have many starts, so that losses are medians over them.
    has_starts: bool,
    /// Whether points are held out, of which the table of cases has a loss; not with many starts.
    has_validation: bool,
    csv_url: String,
    starts_url: Option<String>,
    json_url: String,
    report_url: String,
    source_path: String,
    source_line: usize,
}

/// The first on one target, by both orders.
#[derive(Serialize)]
struct WinnerRow {
    /// Its section on the page.
    target: Link,
    found: Link,
    found_mse: String,
    /// What the same case could have reached.
    own_attainable: String,
    /// Those that can reach the least, each activation and model once, in the order of what training found.
    best: Vec<Link>,
    /// How many more there are.
    best_beyond: usize,
    least: String,
    /// Whether training's first is one of them.
    is_confirmed: bool,
    /// Whether others can come clearly before training's first.
    is_artefact: bool,
}

/// The cases with one diagnosis.
#[derive(Serialize)]
struct Diagnosed {
    id: &'static str,
    label: &'static str,
    weight: Weight,
    /// What it means, with its thresholds.
    meaning: String,
    /// How many cases have it.
    count: usize,
    /// Those on this sheet.
    cases: Vec<Link>,
    /// Where they are listed: here, or on the first sheet that has some.
    url: String,
    /// The other sheets that list some, by number.
    elsewhere: Vec<Link>,
}

/// One target of an experiment.
#[derive(Serialize)]
struct Section {
    id: String,
    target: Link,
    formula_html: String,
    explanation_html: String,
    /// Those that compare the cases on it.
    figures: Vec<FigureView>,
    rows: Vec<CaseRow>,
    /// In the place of the rows, where the cases have no pages.
    tiles: Vec<Tile>,
    /// The name and the loss of the case with the lowest, if there are several to compare.
    lowest: Option<Fact>,
    /// How sure the ranking is, and where that by what could be reached is another.
    verdict: Vec<String>,
    /// What the table of cases is.
    caption: &'static str,
    /// Which of the cases these are, where they are torn: `301 to 600 of 1000`.
    part: String,
    /// Whether the rows differ in more than their activation.
    has_axes: bool,
    /// Whether of any row it is known what it could have reached.
    has_attainable: bool,
}

/// A case without a page: its fit and its numbers.
#[derive(Serialize)]
struct Tile {
    id: String,
    title: String,
    /// The ids of its diagnoses, for filters.
    diagnoses: String,
    rank: usize,
    svg: String,
    facts: Vec<Fact>,
}

/// The cases of a target as small multiples, in the order given.
fn tiles(ranked: &[(Trained<'_>, usize)]) -> Vec<Tile> {
    let tile = |(trained, rank): &(Trained<'_>, usize)| {
        let axes = trained.axes_text();
        let title = &trained.case.activation.title;
        let spread = spread_view(*trained);
        let mut facts = vec![match &spread {
            Some(spread) => Fact::new("median", spread.median.clone()),
            None => Fact::new("lowest", trained.best_text()),
        }];
        if trained.finding.attainable.is_some() {
            facts.push(Fact::new("attainable", bounds_text(*trained)));
        }
        if let Some(spread) = spread {
            facts.push(Fact::new("success", spread.success));
        }
        let typical = trained.finding.typical().map(|best| best.parameters.as_slice());
        Tile {
            id: trained.anchor(),
            title: if axes.is_empty() { title.clone() } else { format!("{title}, {axes}") },
            diagnoses: kinds(*trained).replace(';', " "),
            rank: *rank,
            svg: sparkline::fit_svg(trained.case, typical),
            facts,
        }
    };
    ranked.iter().map(tile).collect()
}

/// More targets than these are no table of contents.
const MOST_CONTENTS: usize = 1000;

/// One sheet of it, counted from 0.
pub(in crate::site) fn experiment(
    draft: &mut Draft<'_, '_>,
    experiment: &Experiment,
    sheet: usize,
) -> ExperimentPage {
    let gallery = draft.gallery;
    let cases = gallery.cases_of(&experiment.id);
    let sheets = gallery.sheets.of(&experiment.id);
    let slices = sheets.get(sheet).map_or(&[][..], Vec::as_slice);
    let on_sheet: usize = slices.iter().map(|slice| slice.cases.len()).sum();
    let targets: Vec<&Arc<Target>> =
        slices.iter().filter_map(|slice| experiment.targets.get(slice.target)).collect();
    let sections = slices
        .iter()
        .zip(&targets)
        .map(|(slice, &target)| {
            let ranked = gallery.ranked(&experiment.id, &target.id);
            let shown: Vec<(Trained<'_>, usize)> =
                ranked.iter().copied().zip(1..).skip(slice.cases.start).take(slice.cases.len()).collect();
            let is_first = slice.cases.start == 0;
            let lowest = ranked
                .first()
                .filter(|first| {
                    ranked.len() > 1 && first.run.best.is_some() && first.finding.trials.is_none()
                })
                .map(|first| {
                    let axes = first.axes_text();
                    let axes = if axes.is_empty() { String::new() } else { format!(" ({axes})") };
                    Fact::new(&format!("{}{axes}", first.case.activation.title), first.best_text())
                });
            Section {
                id: target.id.clone(),
                target: draft.link(&target.title, &format!("targets/{}/index.html", target.id)),
                formula_html: math::formula(&format!("y = {}", target.formula), false),
                explanation_html: if is_first {
                    draft.html_beside(&Text::of_target(target), 3, &format!("target:{}", target.id))
                } else {
                    String::new()
                },
                has_attainable: ranked.iter().any(|trained| trained.finding.attained().is_some()),
                has_axes: ranked.iter().any(|trained| !trained.case.axes.is_empty()),
                figures: if is_first { comparisons(draft, experiment, &target.id) } else { Vec::new() },
                rows: if experiment.case_pages { draft.rows(&shown, on_sheet) } else { Vec::new() },
                tiles: if experiment.case_pages { Vec::new() } else { tiles(&shown) },
                part: if slice.cases.len() < slice.of {
                    format!("{} to {} of {}", slice.cases.start + 1, slice.cases.end, slice.of)
                } else {
                    String::new()
                },
                verdict: verdict(gallery, &experiment.id, &target.id),
                caption: if experiment.seeds.is_empty() {
                    if experiment.trainings.iter().all(|variant| variant.training.restarts <= 1) {
                        "Cases on this target, by the lowest loss found in one run each"
                    } else {
                        "Cases on this target, by the lowest loss found in the best run of each"
                    }
                } else {
                    "Cases on this target, by the median over all starts of the lowest loss found"
                },
                lowest,
            }
        })
        .collect();
    let folder = format!("experiments/{}", experiment.id);
    let noun = if cases.len() == 1 { "case" } else { "cases" };
    let description = format!("{}: {} {noun}, trained and compared.", experiment.title, cases.len());
    let breadcrumbs = vec![draft.home_link(), draft.link("Experiments", "experiments/index.html")];
    let layout = draft.layout(&experiment.title, &description, breadcrumbs);
    let layout = draft.on_sheet(layout, sheet, sheets.len());
    let is_first = sheet == 0;
    let overviews = if is_first { gallery.overviews(&experiment.id) } else { Vec::new() };
    ExperimentPage {
        layout: draft.with_image(layout, gallery.card_of(experiment)),
        description_html: if is_first { draft.html(&Text::of_experiment(experiment)) } else { String::new() },
        facts: if is_first { facts(experiment) } else { Vec::new() },
        overviews: overviews.into_iter().map(|planned| draft.figure(planned)).collect(),
        contents: if is_first && sheets.len() > 1 && experiment.targets.len() <= MOST_CONTENTS {
            contents(draft, experiment)
        } else {
            Vec::new()
        },
        matrix: matrix(draft, gallery, experiment, &targets),
        winners: winners(draft, experiment, &targets),
        diagnoses: diagnosed(draft, &cases, sheet),
        sections,
        case_count: cases.len(),
        has_starts: !experiment.seeds.is_empty(),
        has_validation: experiment.seeds.is_empty() && experiment.data.validation.is_some(),
        csv_url: draft.url(&format!("{folder}/results.csv")),
        starts_url: (!experiment.seeds.is_empty()).then(|| draft.url(&format!("{folder}/starts.csv"))),
        json_url: draft.url(&format!("{folder}/results.json")),
        report_url: draft.url(&format!("{folder}/REPORT.md")),
        source_path: experiment.source.path.clone(),
        source_line: experiment.source.line,
    }
}

/// Where the cases on each target begin.
fn contents(draft: &Draft<'_, '_>, experiment: &Experiment) -> Vec<Link> {
    let page = link::index(&format!("experiments/{}", experiment.id));
    let link = |(at, target): (usize, &Arc<Target>)| {
        let sheet = draft.gallery.sheets.of_target(&experiment.id, at);
        draft.link(&target.title, &format!("{}#target:{}", sheet::path(&page, sheet), target.id))
    };
    experiment.targets.iter().enumerate().map(link).collect()
}

fn winners(draft: &Draft<'_, '_>, experiment: &Experiment, targets: &[&Arc<Target>]) -> Vec<WinnerRow> {
    /// More of them make no sentence.
    const MOST: usize = 4;
    // What can be reached does not depend on how it is trained.
    let able = |trained: &Trained<'_>| {
        let (title, model) =
            (&trained.case.activation.title, trained.case.axes.iter().find(|(axis, _)| axis == "model"));
        let name = model.map_or_else(|| title.clone(), |(_, model)| format!("{title} (model {model})"));
        draft.link(&name, &trained.page())
    };
    let rows = targets.iter().filter_map(|target| {
        let winner = Winner::on(draft.gallery, experiment, &target.id)?;
        let mut seen = BTreeSet::new();
        let mut best = winner.best.clone();
        best.retain(|trained| seen.insert((&trained.case.activation.id, &trained.case.model.id)));
        Some(WinnerRow {
            target: Link { title: target.title.clone(), url: format!("#target:{}", target.id) },
            found: draft.link(&name(winner.found), &winner.found.page()),
            found_mse: winner.found.typical_text(),
            own_attainable: attained_text(winner.found, winner.own),
            best: best.iter().take(MOST).map(able).collect(),
            best_beyond: best.len().saturating_sub(MOST),
            least: attained_text(winner.found, winner.least),
            is_confirmed: winner.is_confirmed(),
            is_artefact: winner.is_artefact(),
        })
    });
    rows.collect()
}

/// The cases with each diagnosis, by name, as far as they are on a sheet.
fn diagnosed(draft: &Draft<'_, '_>, cases: &[Trained<'_>], sheet: usize) -> Vec<Diagnosed> {
    let link = |trained: &Trained<'_>| {
        let axes = trained.axes_text();
        let axes = if axes.is_empty() { axes } else { format!(", {axes}") };
        let case = trained.case;
        draft.link(&format!("{} on {}{axes}", case.activation.title, case.target.title), &trained.page())
    };
    let page = draft.page_of_sheets(sheet);
    let diagnosed = counts(cases).into_iter().map(|count| {
        let sheets: BTreeSet<usize> = count.cases.iter().map(|trained| trained.sheet).collect();
        let place = |other: usize| {
            let page = if other == sheet { String::new() } else { draft.url(&sheet::path(&page, other)) };
            format!("{page}#diagnosis:{}", count.kind.id())
        };
        let first = if sheets.contains(&sheet) { Some(sheet) } else { sheets.first().copied() };
        let others = sheets.iter().filter(|&&other| other != sheet);
        Diagnosed {
            id: count.kind.id(),
            label: count.kind.label(),
            weight: count.kind.weight(),
            meaning: unbroken(&count.kind.meaning()),
            count: count.cases.len(),
            cases: count.cases.iter().filter(|trained| trained.sheet == sheet).map(link).collect(),
            url: place(first.unwrap_or(sheet)),
            elsewhere: others
                .map(|&other| Link { title: (other + 1).to_string(), url: place(other) })
                .collect(),
        }
    });
    diagnosed.collect()
}

/// The figures that compare an experiment's cases on a target; the further axes tell them apart.
fn comparisons(draft: &mut Draft<'_, '_>, experiment: &Experiment, target: &str) -> Vec<FigureView> {
    let gallery = draft.gallery;
    let planned = gallery.comparisons(&experiment.id, target).into_iter();
    let figures = planned.map(|(planned, axes)| {
        let figure = draft.figure(planned);
        let title = if axes.is_empty() { figure.title } else { format!("{}, {axes}", figure.title) };
        FigureView { title, ..figure }
    });
    figures.collect()
}

fn facts(experiment: &Experiment) -> Vec<Fact> {
    let each = |name: &str, of: &dyn Fn(&Training) -> Option<String>| {
        let mut values: Vec<String> = Vec::new();
        for value in experiment.trainings.iter().filter_map(|variant| of(&variant.training)) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        (!values.is_empty()).then(|| Fact::new(name, values.join(" / ")))
    };
    let models: Vec<&str> = experiment.models.iter().map(|model| model.title.as_str()).collect();
    let starts = match experiment.seeds.as_slice() {
        [] => "one each".to_owned(),
        [first, .., last]
            if experiment.seeds.windows(2).all(|pair| pair[1].checked_sub(pair[0]) == Some(1)) =>
        {
            format!("{} each, seeds {first} to {last}", experiment.seeds.len())
        }
        // As many as anybody reads.
        seeds if seeds.len() <= 12 => {
            let listed: Vec<String> = seeds.iter().map(u64::to_string).collect();
            format!("{} each, seeds {}", seeds.len(), listed.join(", "))
        }
        seeds => format!("{} each", seeds.len()),
    };
    let data = data_text(experiment.data);
    let data = if experiment.data.noise.is_none() { format!("{data}, without noise") } else { data };
    let facts = [
        Some(Fact::new("model", models.join(", "))),
        each("optimizer", &|training| Some(optimizer_text(training))),
        each("learning rate", &learning_rate_text),
        each("schedule", &schedule_text),
        each("batches", &batches_text),
        each("epochs", &|training| Some(training.epochs.to_string())),
        Some(Fact::new("start", init_text(&experiment.init))),
        Some(Fact::new("starts", starts)),
        (!experiment.seeds.is_empty()).then(|| {
            let share = significant(100.0 * experiment.success_within, 3);
            Fact::new("success", format!("a loss within {share} % of what can be reached"))
        }),
        each("restarts", &|training| {
            (training.restarts > 1).then(|| format!("the best of {} starts is kept", training.restarts))
        }),
        Some(Fact::new("data", data)),
    ];
    facts.into_iter().flatten().collect()
}

fn init_text(init: &Init) -> String {
    match init {
        Init::Explicit(_) => "the same given parameters for every case".into(),
        Init::Random { distribution, seed, stream } => {
            let distribution = match distribution {
                Distribution::Normal { mean, std } if *mean == 0.0 => {
                    format!("normal draws with standard deviation {std}")
                }
                Distribution::Normal { mean, std } => {
                    format!("normal draws with mean {mean} and standard deviation {std}")
                }
                Distribution::GlorotNormal => "Glorot’s normal draws".into(),
                Distribution::GlorotUniform => "Glorot’s uniform draws".into(),
                Distribution::HeNormal => "He’s normal draws".into(),
                Distribution::HeUniform => "He’s uniform draws".into(),
            };
            let stream = match stream {
                Stream::Shared => "from one stream, case after case",
                Stream::Common => "that are the same for all cases",
                Stream::PerCase => "from a stream of each case’s own",
            };
            format!("{distribution} {stream}, seed {seed}")
        }
    }
}
