//! A matrix of targets and activations: a number in every cell, as a colour and in digits.

use super::canvas::{Area, Canvas, Ink};
use super::chart::{Style, draw_centered};
use super::colormap;
use super::series::distinct;
use super::text::{self, CAP_HEIGHT, Font};
use crate::finding::Finding;
use crate::number::significant;
use crate::plan::Case;
use crate::spec::{Colormap, MatrixValue};
use crate::verdict::{spread, typical_loss};

/// From this many columns on, activations stand in the rows.
const MAX_COLUMNS: usize = 14;
/// Ratios to a target's lowest loss from here on have the last colour.
const MAX_RATIO: f64 = 100.0;

/// What a matrix says above its cells.
fn title(value: MatrixValue, has_starts: bool) -> &'static str {
    match value {
        MatrixValue::Loss if has_starts => "Median over the starts of the lowest MSE",
        MatrixValue::Loss => "Lowest MSE found, one start each",
        MatrixValue::Attainable => "Least MSE that can be reached",
        MatrixValue::Gap => "Training gap: MSE found less the attainable one",
        MatrixValue::Success => "Starts that came close to the attainable MSE",
    }
}

/// A case's number; `None` where it is not known.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
fn number(value: MatrixValue, case: &Case, finding: &Finding) -> Option<f64> {
    let loss = typical_loss(finding);
    let found = match value {
        MatrixValue::Loss => Some(loss),
        MatrixValue::Attainable => finding.attained(),
        MatrixValue::Gap => finding.attained().map(|attained| (loss - attained).max(0.0)),
        MatrixValue::Success => {
            let spread = spread(case, finding)?;
            spread.success.map(|success| success.starts as f64 / spread.starts as f64)
        }
    };
    found.filter(|value| !value.is_nan())
}

fn shown(value: MatrixValue, number: f64) -> String {
    match value {
        MatrixValue::Success => format!("{:.0} %", 100.0 * number),
        _ if !number.is_finite() => "∞".into(),
        _ if number != 0.0 && number < 1e-4 => "<10⁻⁴".into(),
        _ => significant(number, 3),
    }
}

pub(super) fn draw(canvas: Canvas, value: MatrixValue, cases: &[(&Case, &Finding)]) -> Canvas {
    let style = Style::of(&canvas);
    draw_in(style, canvas, value, cases)
}

/// As [`draw`], with letters of other sizes.
#[expect(clippy::cast_precision_loss, reason = "a handful of cells")]
pub(super) fn draw_in(
    style: Style,
    mut canvas: Canvas,
    value: MatrixValue,
    cases: &[(&Case, &Finding)],
) -> Canvas {
    let size = canvas.size();
    let paper = style.paper;
    let targets = distinct(cases.iter().map(|(case, _)| case.target.id.as_str()));
    let names: Vec<String> = cases.iter().map(|(case, _)| super::rows::row_label(case, false)).collect();
    let activations = distinct(names.iter().map(String::as_str));
    if cases.is_empty() {
        return canvas;
    }
    let is_turned = activations.len() > MAX_COLUMNS;
    let (rows, columns) = if is_turned { (&activations, &targets) } else { (&targets, &activations) };
    let has_starts = cases.iter().any(|(_, finding)| finding.trials.is_some());

    let font = style.font();
    let widest = |names: &[&str], size: f64| {
        names.iter().map(|name| text::width(Font::Upright, name, size)).fold(0.0, f64::max)
    };
    let title_height = 2.6 * style.title_font();
    let label = style.small_font().min((f64::from(size.1) - title_height) / (rows.len() as f64 + 3.0) * 0.9);
    let left = (widest(rows, label) + 1.2 * font).min(0.4 * f64::from(size.0));
    let width = (f64::from(size.0) - left - 0.6 * font) / columns.len() as f64;
    // Names that are wider than their columns are written upwards.
    let is_upright = widest(columns, label) > 0.95 * width;
    let head = if is_upright { widest(columns, label) + 0.8 * font } else { 1.8 * label };
    let head = head.min(0.4 * f64::from(size.1));
    let top = title_height + head;
    let height = (f64::from(size.1) - top - 0.6 * font) / rows.len() as f64;
    let digits = style.small_font().min(0.8 * height).min(width / 4.2);

    draw_centered(
        &mut canvas,
        title(value, has_starts),
        style.title_font(),
        (f64::from(size.0) / 2.0, 0.5 * title_height),
        paper.ink(),
    );
    for (index, name) in rows.iter().enumerate() {
        let y = top + (index as f64 + 0.5) * height + CAP_HEIGHT * label / 2.0;
        let name = text::shortened(Font::Upright, name, label, left - 0.8 * font);
        let x = left - 0.5 * font - text::width(Font::Upright, &name, label);
        text::draw(&mut canvas, Font::Upright, &name, label, (x, y), paper.ink());
    }
    for (index, name) in columns.iter().enumerate() {
        let x = left + (index as f64 + 0.5) * width;
        if is_upright {
            let name = text::shortened(Font::Upright, name, label, head - 0.6 * font);
            let place = (x + CAP_HEIGHT * label / 2.0, top - 0.4 * font);
            text::draw_upwards(&mut canvas, Font::Upright, &name, label, place, paper.ink());
        } else {
            draw_centered(&mut canvas, name, label, (x, top - 0.9 * label), paper.ink());
        }
    }
    for ((case, finding), name) in cases.iter().zip(&names) {
        let place = |list: &[&str], id: &str| list.iter().position(|other| *other == id).unwrap_or(0);
        let (target, activation) = (place(&targets, &case.target.id), place(&activations, name));
        let (row, column) = if is_turned { (activation, target) } else { (target, activation) };
        let area = Area {
            left: left + column as f64 * width + 0.5,
            top: top + row as f64 * height + 0.5,
            right: left + (column + 1) as f64 * width - 0.5,
            bottom: top + (row + 1) as f64 * height - 0.5,
        };
        let Some(number) = number(value, case, finding) else {
            canvas.fill_area(area, paper.gray(0xee));
            continue;
        };
        let share = match value {
            MatrixValue::Success => number,
            _ => share_of(value, number, cases, case),
        };
        let [red, green, blue] = colormap::color(Colormap::Viridis, share);
        canvas.fill_area(area, Ink::solid(red, green, blue));
        // Black or white, whichever stands out: the lightness of sRGB, weighted as Rec. 709 has it.
        let light = 0.2126 * f64::from(red) + 0.7152 * f64::from(green) + 0.0722 * f64::from(blue);
        let ink = if light > 115.0 { Ink::BLACK } else { Ink::WHITE };
        let middle = (f64::midpoint(area.left, area.right), f64::midpoint(area.top, area.bottom));
        draw_centered(&mut canvas, &shown(value, number), digits, middle, ink);
    }
    canvas
}

/// Where a loss stands among those on the same target, from 1, the lowest, down to 0 for a hundred times as much.
fn share_of(value: MatrixValue, number: f64, cases: &[(&Case, &Finding)], case: &Case) -> f64 {
    let others = cases.iter().filter(|(other, _)| other.target.id == case.target.id);
    let others: Vec<f64> = others.filter_map(|(case, finding)| self::number(value, case, finding)).collect();
    let lowest = others.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = others.iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max);
    // Where the lowest is nothing, ratios are to a hundredth of the highest.
    let base = lowest.max(highest / MAX_RATIO);
    if base <= 0.0 {
        return 1.0;
    }
    let ratio = (number.max(base) / base).min(MAX_RATIO);
    1.0 - libm::log(ratio) / libm::log(MAX_RATIO)
}
