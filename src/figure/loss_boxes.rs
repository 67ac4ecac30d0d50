//! How the losses of many starts spread: a row for every case on one target, with its quartiles, its extremes and every start.

use super::axis::Axis;
use super::canvas::{Area, Canvas, Ink, Pen};
use super::chart::{Chart, Style, draw_centered};
use super::fit::{ALARM, bottom_room, model_names, top_room};
use super::rows::{label, row_label};
use super::text::{self, Font};
use crate::finding::Finding;
use crate::plan::Case;
use crate::verdict::{quantile, typical_loss};

/// Losses below this share of the largest stand at the left end.
const SPAN: f64 = 1e-7;
/// The least height of a row, in font sizes.
const ROW: f64 = 1.15;
const ATTAINED: Ink = Ink::solid(0x00, 0x72, 0xb2);
/// A gray, as it is on white.
const LINE: u8 = 0x40;

struct Row<'c> {
    case: &'c Case,
    /// In rising order; those that are not finite are left out.
    losses: Vec<f64>,
    diverged: usize,
    attained: Option<f64>,
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a handful of rows"
)]
pub(super) fn draw(mut canvas: Canvas, cases: &[(&Case, &Finding)]) -> Canvas {
    let (size, style) = (canvas.size(), Style::of(&canvas));
    let paper = style.paper;
    let font = style.font();
    let mut ranked: Vec<&(&Case, &Finding)> = cases.iter().collect();
    ranked.sort_by(|a, b| typical_loss(a.1).total_cmp(&typical_loss(b.1)));
    let (top, bottom) = (top_room(style, false).round(), (f64::from(size.1) - bottom_room(style)).round());
    let most = ((bottom - top) / (ROW * style.small_font())).max(1.0) as usize;
    let rows: Vec<Row<'_>> =
        ranked.into_iter().take(most).filter_map(|&(case, finding)| row(case, finding)).collect();
    let all = || rows.iter().flat_map(|row| row.losses.iter().copied().chain(row.attained));
    let largest = all().fold(0.0, f64::max);
    if rows.is_empty() || largest <= 0.0 {
        let middle = (f64::from(size.0) / 2.0, f64::from(size.1) / 2.0);
        draw_centered(&mut canvas, "there are no losses of several starts", font, middle, paper.ink());
        return canvas;
    }
    let floor = all().fold(largest, f64::min).max(largest * SPAN).max(1e-300);
    let shown = |loss: f64| libm::log10(loss.max(floor));
    let (low, high) = (shown(floor), shown(largest));
    let padding = 0.04 * (high - low).max(0.5);
    let labels: Vec<String> = rows.iter().map(|row| row_label(row.case, false)).collect();
    let widest = labels.iter().map(|label| text::width(Font::Upright, label, style.small_font()));
    let left = (widest.fold(0.0, f64::max) + 1.2 * font).min(0.45 * f64::from(size.0)).round();
    let area = Area { left, top, right: (f64::from(size.0) - 1.4 * font).round(), bottom };
    let x = Axis::logarithmic(low - padding, high + padding, style.ticks(area.width(), 5.5, 2));
    let chart = Chart { area, x, y: Axis::unmarked(0.0, rows.len() as f64), style };
    let is_cut = all().any(|loss| loss < floor);
    chart.draw_base(
        &mut canvas,
        if is_cut { "loss (MSE); less stands at the left end" } else { "loss (MSE)" },
        "",
    );
    let height = (bottom - top) / rows.len() as f64;
    let half = (0.30_f64).min(0.5 * (24.0 * style.unit) / height);
    for (index, (row, name)) in rows.iter().zip(&labels).enumerate() {
        let y = rows.len() as f64 - index as f64 - 0.5;
        label(&mut canvas, &chart, name, y);
        let ink = paper.line(Ink::from(row.case.activation.color));
        let thin = Pen::new(paper.gray(LINE), (1.1 * style.unit).max(0.8));
        let at = |share: f64| shown(quantile(&row.losses, share));
        if !row.losses.is_empty() {
            let (first, lower, median, upper, last) = (at(0.0), at(0.25), at(0.5), at(0.75), at(1.0));
            chart.draw_curve(&mut canvas, &[(first, y), (lower, y)], &thin);
            chart.draw_curve(&mut canvas, &[(upper, y), (last, y)], &thin);
            let (start, end) = (chart.pixel((lower, y + half)), chart.pixel((upper, y - half)));
            let inside = Area { left: start.0, top: start.1, right: end.0.max(start.0 + 1.0), bottom: end.1 };
            canvas.rounded_box(inside, 1.5 * style.unit, ink.with_opacity(0.35), &Pen::new(ink, style.unit));
            let dots: Vec<(f64, f64)> = row.losses.iter().map(|loss| (shown(*loss), y)).collect();
            let dot = (1.7 * style.unit).max(0.9);
            chart.draw_dots(&mut canvas, &dots, dot, ink, ink);
            let pen = Pen::new(paper.ink(), (2.4 * style.unit).max(1.2));
            chart.draw_curve(&mut canvas, &[(median, y - 1.15 * half), (median, y + 1.15 * half)], &pen);
        }
        if let Some(attained) = row.attained {
            let pen = Pen::new(paper.line(ATTAINED), (2.4 * style.unit).max(1.2));
            let x = shown(attained);
            chart.draw_curve(&mut canvas, &[(x, y - 0.42), (x, y + 0.42)], &pen);
        }
        if row.diverged > 0 {
            let note = format!("{} diverged", row.diverged);
            let size = style.small_font();
            let start = area.right - 0.4 * font - text::width(Font::Upright, &note, size);
            let (_, pixel) = chart.pixel((low, y));
            let place = (start, pixel + text::CAP_HEIGHT * size / 2.0);
            text::draw(&mut canvas, Font::Upright, &note, size, place, paper.words(ALARM));
        }
    }
    let starts = rows.first().map_or(0, |row| row.losses.len() + row.diverged);
    let (first, _) = cases[0];
    let models = model_names(cases);
    let title = format!("{models} on {}: losses of {starts} starts each; blue: attainable", first.target.id);
    chart.draw_title(&mut canvas, &title);
    canvas
}

fn row<'c>(case: &'c Case, finding: &Finding) -> Option<Row<'c>> {
    let mut losses = finding.trials.as_ref()?.losses();
    let all = losses.len();
    losses.retain(|loss| loss.is_finite());
    losses.sort_by(f64::total_cmp);
    let diverged = all - losses.len();
    Some(Row { case, losses, diverged, attained: finding.attained() })
}
