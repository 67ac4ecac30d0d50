//! The page of an experiment: its matrix of results, and per target a table with previews.

use serde::Serialize;

use super::{CaseRow, Draft, Fact, FigureView, Layout, Link};
use crate::finding::Weight;
use crate::site::attained::bounds_text;
use crate::site::diagnoses::{counts, kinds, unbroken};
use crate::site::gallery::{Gallery, Trained};
use crate::site::headline::attained_text;
use crate::site::judged::{came_close, name, spread_view, verdict};
use crate::site::markdown::Text;
use crate::site::math;
use crate::site::sparkline;
use crate::site::winner::{ALIKE, Winner};
use crate::site::wording::{batches_text, data_text, learning_rate_text, optimizer_text, schedule_text};
use crate::spec::{Distribution, Experiment, Init, Stream, Training};

#[derive(Serialize)]
pub(in crate::site) struct ExperimentPage {
    #[serde(flatten)]
    layout: Layout,
    description_html: String,
    facts: Vec<Fact>,
    /// The figures that span all cases.
    overviews: Vec<FigureView>,
    matrix: Option<Matrix>,
    /// Per target, who is first by what was found and by what could be reached; empty where that is not known.
    winners: Vec<WinnerRow>,
    /// The gravest first; none where no case has one.
    diagnoses: Vec<Diagnosed>,
    sections: Vec<Section>,
    case_count: usize,
    csv_url: String,
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
    /// Those that can reach the least, the nearest to it first.
    best: Vec<Link>,
    least: String,
    /// Whether training's first is none of them.
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
    cases: Vec<Link>,
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
    /// Whether the cases have many starts.
    has_starts: bool,
    /// What the table of cases is.
    caption: &'static str,
    /// Whether the rows differ in more than their activation.
    has_axes: bool,
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
fn tiles(ranked: &[Trained<'_>]) -> Vec<Tile> {
    let tile = |(index, trained): (usize, &Trained<'_>)| {
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
        let best = trained.run.best.as_ref().map(|best| best.parameters.as_slice());
        Tile {
            id: trained.anchor(),
            title: if axes.is_empty() { title.clone() } else { format!("{title}, {axes}") },
            diagnoses: kinds(*trained).replace(';', " "),
            rank: index + 1,
            svg: sparkline::fit_svg(trained.case, best),
            facts,
        }
    };
    ranked.iter().enumerate().map(tile).collect()
}

/// The lowest losses of an experiment, targets down and activations across.
#[derive(Serialize)]
pub(super) struct Matrix {
    activations: Vec<Column>,
    rows: Vec<MatrixRow>,
    /// Whether of any cell it is known what it could have reached.
    has_attainable: bool,
}

#[derive(Serialize)]
struct Column {
    title: String,
    url: String,
    /// The activation as a small line.
    spark_html: String,
}

#[derive(Serialize)]
struct MatrixRow {
    target: Link,
    /// The target as a small line.
    spark_html: String,
    cells: Vec<Cell>,
}

#[derive(Serialize)]
struct Cell {
    text: String,
    /// The number itself; `None` where there is none.
    value: Option<f64>,
    url: String,
    is_lowest: bool,
    /// The fit as a small line.
    svg: String,
    /// What could have been reached; empty where it is not known.
    attainable: String,
    attainable_value: Option<f64>,
    /// Whether training came to it, within 5 %.
    is_reached: bool,
    /// Whether no other of the row can reach less.
    is_least: bool,
    /// How far from the row's lowest: 0 is near it, 4 far off.
    shade: u8,
}

pub(in crate::site) fn experiment(draft: &mut Draft<'_, '_>, experiment: &Experiment) -> ExperimentPage {
    let gallery = draft.gallery;
    let cases = gallery.cases_of(&experiment.id);
    let sections = experiment
        .targets
        .iter()
        .map(|target| {
            let ranked = gallery.ranked(&experiment.id, &target.id);
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
                explanation_html: draft.html_beside(
                    &Text::of_target(target),
                    3,
                    &format!("target:{}", target.id),
                ),
                has_axes: ranked.iter().any(|trained| !trained.case.axes.is_empty()),
                figures: comparisons(draft, experiment, &target.id),
                rows: if experiment.case_pages { draft.rows(&ranked) } else { Vec::new() },
                tiles: if experiment.case_pages { Vec::new() } else { tiles(&ranked) },
                verdict: verdict(gallery, &experiment.id, &target.id),
                has_starts: !experiment.seeds.is_empty(),
                caption: if experiment.seeds.is_empty() {
                    "Cases on this target, by the lowest loss found in one run each"
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
    ExperimentPage {
        layout: draft.with_image(layout, gallery.card_of(experiment)),
        description_html: draft.html(&Text::of_experiment(experiment)),
        facts: facts(experiment),
        overviews: gallery
            .overviews(&experiment.id)
            .into_iter()
            .map(|planned| draft.figure(planned))
            .collect(),
        matrix: matrix(draft, gallery, experiment),
        winners: winners(draft, experiment),
        diagnoses: diagnosed(draft, &cases),
        sections,
        case_count: cases.len(),
        csv_url: draft.url(&format!("{folder}/results.csv")),
        json_url: draft.url(&format!("{folder}/results.json")),
        report_url: draft.url(&format!("{folder}/REPORT.md")),
        source_path: experiment.source.path.clone(),
        source_line: experiment.source.line,
    }
}

fn winners(draft: &Draft<'_, '_>, experiment: &Experiment) -> Vec<WinnerRow> {
    /// More of them make no sentence.
    const MOST: usize = 4;
    let rows = experiment.targets.iter().filter_map(|target| {
        let winner = Winner::on(draft.gallery, experiment, &target.id)?;
        let link = |trained: &Trained<'_>| draft.link(&name(*trained), &trained.page());
        Some(WinnerRow {
            target: Link { title: target.title.clone(), url: format!("#target:{}", target.id) },
            found: link(&winner.found),
            found_mse: winner.found.typical_text(),
            own_attainable: attained_text(winner.found, winner.own),
            best: winner.best.iter().take(MOST).map(link).collect(),
            least: attained_text(winner.found, winner.least),
            is_artefact: winner.is_artefact(),
        })
    });
    rows.collect()
}

/// The cases with each diagnosis, by name.
fn diagnosed(draft: &Draft<'_, '_>, cases: &[Trained<'_>]) -> Vec<Diagnosed> {
    let link = |trained: &Trained<'_>| {
        let axes = trained.axes_text();
        let axes = if axes.is_empty() { axes } else { format!(", {axes}") };
        let case = trained.case;
        draft.link(&format!("{} on {}{axes}", case.activation.title, case.target.title), &trained.page())
    };
    let diagnosed = counts(cases).into_iter().map(|count| Diagnosed {
        id: count.kind.id(),
        label: count.kind.label(),
        weight: count.kind.weight(),
        meaning: unbroken(&count.kind.meaning()),
        cases: count.cases.iter().map(link).collect(),
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

/// `None` for an experiment that is no matrix: with one target or activation only, or with further axes.
pub(super) fn matrix(draft: &Draft<'_, '_>, gallery: Gallery<'_>, experiment: &Experiment) -> Option<Matrix> {
    let is_plain = experiment.trainings.len() == 1 && experiment.models.len() == 1;
    if !is_plain
        || experiment.targets.len() < 2
        || experiment.activations.len() < 2
        || experiment.activations.len() > 12
    {
        return None;
    }
    let cases = gallery.cases_of(&experiment.id);
    let activations = experiment.activations.iter();
    let row = |target: &str| -> Vec<Trained<'_>> {
        cases.iter().filter(|trained| trained.case.target.id == target).copied().collect()
    };
    Some(Matrix {
        activations: activations
            .map(|activation| {
                let properties = gallery.atlas.properties(&activation.id);
                Column {
                    title: activation.title.clone(),
                    url: draft.url(&format!("activations/{}/index.html", activation.id)),
                    spark_html: properties.map_or_else(String::new, |properties| {
                        sparkline::svg(&activation.function, properties, activation.color)
                    }),
                }
            })
            .collect(),
        has_attainable: cases.iter().any(|trained| trained.finding.attainable.is_some()),
        rows: experiment
            .targets
            .iter()
            .map(|target| {
                let row = row(&target.id);
                let lowest = row.iter().map(Trained::typical_mse).fold(f64::INFINITY, f64::min);
                let least = row.iter().filter_map(|trained| trained.finding.attained());
                let least = least.fold(f64::INFINITY, f64::min);
                let variance = row.iter().find_map(|trained| trained.finding.attainable.as_ref());
                let nothing = 1e-9 * variance.map_or(0.0, |attainable| attainable.variance);
                // Where all can reach the same, none stands out.
                let all_alike = row.iter().all(|trained| {
                    trained.finding.attained().is_none_or(|mse| mse <= ALIKE * least + nothing)
                });
                let spark_html =
                    row.first().map_or_else(String::new, |first| sparkline::fit_svg(first.case, None));
                let cells = row.iter().map(|trained| {
                    let mse = trained.typical_mse();
                    Cell {
                        text: trained.typical_text(),
                        value: Some(mse).filter(|mse| mse.is_finite()),
                        url: draft.url(&trained.page()),
                        is_lowest: mse.is_finite() && mse <= lowest,
                        shade: shade(mse, lowest),
                        svg: sparkline::fit_svg(
                            trained.case,
                            trained.run.best.as_ref().map(|best| best.parameters.as_slice()),
                        ),
                        attainable: trained
                            .finding
                            .attained()
                            .map_or_else(String::new, |mse| attained_text(*trained, mse)),
                        attainable_value: trained.finding.attained(),
                        is_reached: came_close(trained) == Some(true),
                        is_least: trained
                            .finding
                            .attained()
                            .is_some_and(|mse| !all_alike && mse <= ALIKE * least + nothing),
                    }
                });
                MatrixRow {
                    cells: cells.collect(),
                    spark_html,
                    target: draft.link(&target.title, &format!("targets/{}/index.html", target.id)),
                }
            })
            .collect(),
    })
}

/// Steps of the ratio to the lowest: up to 1.1, 1.5, 3, 10 times it, and beyond.
fn shade(mse: f64, lowest: f64) -> u8 {
    let ratio = mse / lowest.max(1e-12);
    [1.1, 1.5, 3.0, 10.0].iter().map(|&step| u8::from(ratio.is_nan() || ratio > step)).sum()
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
                Stream::PerCase => "from a stream of each case’s own",
            };
            format!("{distribution} {stream}, seed {seed}")
        }
    }
}
