//! The matrix of an experiment: its lowest losses at a glance.

use std::sync::Arc;

use serde::Serialize;

use super::{Draft, Link};
use crate::site::gallery::{Gallery, Trained};
use crate::site::headline::attained_text;
use crate::site::judged::came_close;
use crate::site::sparkline;
use crate::site::winner::ALIKE;
use crate::spec::{Experiment, Target};

/// The lowest losses of an experiment, targets down and activations across.
#[derive(Serialize)]
pub(super) struct Matrix {
    activations: Vec<Column>,
    rows: Vec<MatrixRow>,
    /// Whether of any cell it is known what it could have reached.
    has_attainable: bool,
    /// Whether the cases have many starts, so that losses are medians over them.
    has_starts: bool,
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

/// The matrix of some of an experiment's targets; `None` for one that is none: with one target or activation only, or with further
/// axes.
pub(super) fn matrix(
    draft: &Draft<'_, '_>,
    gallery: Gallery<'_>,
    experiment: &Experiment,
    targets: &[&Arc<Target>],
) -> Option<Matrix> {
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
        let mut row = gallery.cases_on(target);
        row.retain(|trained| trained.case.experiment == experiment.id);
        row
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
        has_starts: !experiment.seeds.is_empty(),
        has_attainable: cases.iter().any(|trained| trained.finding.attainable.is_some()),
        rows: targets
            .iter()
            .map(|target| {
                let row = row(&target.id);
                let lowest = row.iter().map(Trained::typical_mse).fold(f64::INFINITY, f64::min);
                let least = row.iter().filter_map(|trained| trained.finding.attained());
                let least = least.fold(f64::INFINITY, f64::min);
                let scale = row.iter().find_map(|trained| Some(trained.finding.attainable.as_ref()?.scale));
                let nothing = 1e-9 * scale.unwrap_or(0.0);
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
                            trained.finding.typical().map(|best| best.parameters.as_slice()),
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
