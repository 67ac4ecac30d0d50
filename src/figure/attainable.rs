//! What training found against what could have been reached: one row a case, the losses on a logarithmic axis.

use super::axis::Axis;
use super::canvas::{Area, Canvas, Ink, Pen};
use super::chart::{Chart, DATA, Style, draw_centered};
use super::fit::{bottom_room, top_room};
use super::rows::{label, row_label};
use super::text::{self, Font};
use crate::finding::Finding;
use crate::plan::Case;
use crate::verdict::typical_loss;

/// Losses below this share of the largest are drawn as this: what is smaller is as good as nothing, and a logarithmic axis
/// would show nothing else.
const SPAN: f64 = 1e-5;
/// The least height of a row, in font sizes.
const ROW: f64 = 1.15;
const TRAINED: Ink = Ink::solid(0xd5, 0x5e, 0x00);
const ATTAINED: Ink = Ink::solid(0x00, 0x72, 0xb2);

/// One case whose attainable loss is known.
struct Row {
    label: String,
    /// The loss that the case is ranked by; `None` where not even the first loss was finite.
    trained: Option<f64>,
    lower: f64,
    upper: f64,
}

impl Row {
    fn new(case: &Case, finding: &Finding) -> Option<Self> {
        let (lower, upper) = finding.bounds()?;
        Some(Self {
            label: row_label(case, true),
            trained: Some(typical_loss(finding)).filter(|loss| loss.is_finite()),
            lower,
            upper,
        })
    }

    /// By how many powers of ten training fell short.
    fn gap(&self) -> f64 {
        self.trained.map_or(f64::INFINITY, |trained| trained / self.upper.max(1e-300))
    }
}

/// The rows that fit, those where training fell shortest first if not all do, in the order of the cases; and how many do not.
fn rows(cases: &[(&Case, &Finding)], most: usize) -> (Vec<Row>, usize) {
    let mut rows: Vec<(usize, Row)> =
        cases.iter().filter_map(|&(case, finding)| Row::new(case, finding)).enumerate().collect();
    let left_out = rows.len().saturating_sub(most);
    if left_out > 0 {
        rows.sort_by(|a, b| b.1.gap().total_cmp(&a.1.gap()).then(a.0.cmp(&b.0)));
        rows.truncate(most);
        rows.sort_by_key(|(index, _)| *index);
    }
    (rows.into_iter().map(|(_, row)| row).collect(), left_out)
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
    let (trained_ink, attained_ink) = (paper.line(TRAINED), paper.line(ATTAINED));
    let font = style.font();
    let legend_room = 2.2 * font;
    let top = (top_room(style, false) + legend_room).round();
    let bottom = (f64::from(size.1) - bottom_room(style)).round();
    let most = ((bottom - top) / (ROW * style.small_font())).max(1.0) as usize;
    let (rows, left_out) = rows(cases, most);
    if rows.is_empty() {
        let middle = (f64::from(size.0) / 2.0, f64::from(size.1) / 2.0);
        draw_centered(&mut canvas, "no attainable loss is known for these models", font, middle, paper.ink());
        return canvas;
    }
    let largest = rows.iter().flat_map(|row| [row.trained.unwrap_or(0.0), row.upper]).fold(0.0, f64::max);
    let smallest =
        rows.iter().flat_map(|row| [row.trained.unwrap_or(largest), row.upper]).fold(largest, f64::min);
    let floor = smallest.max(largest * SPAN).max(1e-300);
    let shown = |loss: f64| libm::log10(loss.max(floor));
    let (low, high) = (shown(floor), shown(largest.max(floor)));
    let padding = 0.04 * (high - low).max(0.5);

    let widest = rows.iter().map(|row| text::width(Font::Upright, &row.label, style.small_font()));
    let left = (widest.fold(0.0, f64::max) + 1.2 * font).min(0.45 * f64::from(size.0)).round();
    let area = Area { left, top, right: (f64::from(size.0) - 1.4 * font).round(), bottom };
    let x = Axis::logarithmic(low - padding, high + padding, style.ticks(area.width(), 5.5, 2));
    let chart = Chart { area, x, y: Axis::unmarked(0.0, rows.len() as f64), style };
    let is_cut = rows.iter().any(|row| row.upper < floor);
    chart.draw_base(
        &mut canvas,
        if is_cut { "loss (MSE); less stands at the left end" } else { "loss (MSE)" },
        "",
    );
    let height = |index: usize| rows.len() as f64 - index as f64 - 0.5;
    let line = Pen::new(paper.gray(DATA), 2.0 * style.unit);
    let whisker = Pen::new(attained_ink, 1.4 * style.unit);
    for (index, row) in rows.iter().enumerate() {
        let (y, at) = (height(index), |loss: f64| (shown(loss), height(index)));
        if let Some(trained) = row.trained {
            chart.draw_curve(&mut canvas, &[at(row.upper), at(trained)], &line);
        }
        if row.lower < 0.99 * row.upper {
            chart.draw_curve(&mut canvas, &[at(row.lower), at(row.upper)], &whisker);
        }
        label(&mut canvas, &chart, &row.label, y);
    }
    let dots = |losses: &dyn Fn(&Row) -> Option<f64>| -> Vec<(f64, f64)> {
        let rows = rows.iter().enumerate();
        rows.filter_map(|(index, row)| losses(row).map(|loss| (shown(loss), height(index)))).collect()
    };
    let radius = (3.9 * style.unit).min(0.38 * (bottom - top) / rows.len() as f64);
    // Where both meet, one stands in the other.
    chart.draw_dots(&mut canvas, &dots(&|row| Some(row.upper)), radius, paper.ground(), attained_ink);
    chart.draw_dots(&mut canvas, &dots(&|row| row.trained), 0.7 * radius, trained_ink, trained_ink);

    let found = match cases.iter().any(|(_, finding)| finding.trials.is_some()) {
        true => "found by training, median over the starts",
        false => "found by training",
    };
    let mut start = left;
    let base = top - 0.5 * legend_room;
    for (fill, ring, name, size) in
        [(paper.ground(), attained_ink, "attainable", 1.0), (trained_ink, trained_ink, found, 0.7)]
    {
        let radius = size * radius.max(3.0);
        let center = (start + radius, base);
        canvas.disc(center, radius, fill);
        canvas.circle(center, radius, &Pen::new(ring, (radius * 0.35).max(0.6)));
        let place = (start + 2.0 * radius + 0.5 * font, base + text::CAP_HEIGHT * font / 2.0);
        start = text::draw(&mut canvas, Font::Upright, name, font, place, paper.ink()) + 1.5 * font;
    }
    let title = match left_out {
        0 => "What training found, and what could have been reached".to_owned(),
        _ => format!(
            "What training found and could have reached: the {} widest gaps of {}",
            rows.len(),
            rows.len() + left_out
        ),
    };
    let chart = Chart { area: Area { top: top - legend_room, ..area }, ..chart };
    chart.draw_title(&mut canvas, &title);
    canvas
}
