//! The card of an experiment, for links to it on social networks: its title, what it compares, and a picture of that.

use super::canvas::{Area, Canvas, Ink};
use super::chart::Style;
use super::fit::{Curve, FitPlot, bottom_room, prediction};
use super::matrix;
use super::series::pens;
use super::text::{self, Font};
use crate::finding::Finding;
use crate::number::significant;
use crate::plan::Case;
use crate::spec::{Figure, FigureType};

/// More curves than this could not be told apart.
const MAX_CURVES: usize = 6;
/// The least size of the title's letters, and how far lines stand apart, as a share of it.
const LEAST_TITLE: f64 = 34.0;
const LEADING: f64 = 1.22;
/// The most lines of a title.
const MAX_LINES: usize = 4;

/// `figure` holds the experiment's title, the site's as its caption, and which picture is drawn.
pub(super) fn draw(mut canvas: Canvas, figure: &Figure, cases: &[(&Case, &Finding)]) -> Canvas {
    let (width, height) = (f64::from(canvas.size().0), f64::from(canvas.size().1));
    let unit = width / 1200.0;
    let paper = canvas.paper();
    let margin = 60.0 * unit;
    let words = Area { left: margin, top: margin, right: 0.47 * width, bottom: height - margin };
    let picture = Area { left: 0.5 * width, top: margin, right: width - margin, bottom: height - margin };
    if let FigureType::Matrix { value } = figure.figure_type {
        let size = (picture.width(), picture.height());
        let style = Style { unit: 1.25 * unit, paper };
        let matrix = matrix::draw_in(style, Canvas::new(whole(size), paper), value, cases);
        canvas.paste(&matrix, whole((picture.left, picture.top)));
    } else {
        draw_curves(&mut canvas, picture, unit, cases);
    }
    let stripe = cases.first().map_or(paper.ink(), |(case, _)| Ink::from(case.activation.color));
    canvas.fill_area(Area { left: 0.0, top: 0.0, right: 14.0 * unit, bottom: height }, stripe);

    let small = 25.0 * unit;
    let site = text::shortened(Font::Upright, &figure.caption, small, words.width());
    let gray = paper.gray(0x60);
    text::draw(&mut canvas, Font::Upright, &site, small, (words.left, words.top + small), gray);
    let (lines, size) = wrapped(&figure.title, words.width(), unit);
    let mut y = words.top + 3.2 * small + size;
    for line in &lines {
        text::draw(&mut canvas, Font::Upright, line, size, (words.left, y), paper.ink());
        y += LEADING * size;
    }
    let notes = [subject(cases), result(cases)];
    let mut y = words.bottom - 1.5 * small * (count(notes.len()) - 1.0);
    for note in &notes {
        let note = text::shortened(Font::Upright, note, small, words.width());
        text::draw(&mut canvas, Font::Upright, &note, small, (words.left, y), gray);
        y += 1.5 * small;
    }
    canvas
}

/// The best fits to the first target.
fn draw_curves(canvas: &mut Canvas, area: Area, unit: f64, cases: &[(&Case, &Finding)]) {
    let Some(&(first, _)) = cases.first() else { return };
    let mut shown: Vec<(&Case, f64, Curve)> = cases
        .iter()
        .filter(|(case, _)| case.target.id == first.target.id)
        .filter_map(|(case, finding)| {
            let best = finding.lowest()?;
            Some((*case, best.mse, prediction(case, &best.parameters)))
        })
        .collect();
    shown.sort_by(|a, b| a.1.total_cmp(&b.1));
    shown.truncate(MAX_CURVES);
    let style = Style { unit: 1.25 * unit, paper: canvas.paper() };
    let outer = Area { bottom: area.bottom - bottom_room(style), ..area };
    let plot = FitPlot::new(first, outer, style, shown.iter().map(|(.., curve)| curve));
    plot.draw_base(canvas);
    let pens = pens(shown.iter().map(|(case, ..)| Ink::from(case.activation.color)), style);
    for ((.., curve), pen) in shown.iter().zip(&pens).rev() {
        plot.chart.draw_curve(canvas, curve, pen);
    }
}

/// The title on a few lines, in letters as large as fit.
fn wrapped(title: &str, width: f64, unit: f64) -> (Vec<String>, f64) {
    let least = LEAST_TITLE * unit;
    let mut size = 58.0 * unit;
    loop {
        let mut lines: Vec<String> = vec![String::new()];
        for word in title.split_whitespace() {
            let last = lines.last().map_or("", String::as_str);
            let longer = if last.is_empty() { word.to_owned() } else { format!("{last} {word}") };
            if last.is_empty() || text::width(Font::Upright, &longer, size) <= width {
                lines.pop();
                lines.push(longer);
            } else {
                lines.push(word.to_owned());
            }
        }
        let fits = lines.len() <= MAX_LINES
            && lines.iter().all(|line| text::width(Font::Upright, line, size) <= width);
        if fits || size <= least {
            lines.truncate(MAX_LINES);
            let lines = lines.iter().map(|line| text::shortened(Font::Upright, line, size, width));
            return (lines.collect(), size);
        }
        size = (0.92 * size).max(least);
    }
}

/// `30 cases: 6 activations on 5 targets`.
fn subject(cases: &[(&Case, &Finding)]) -> String {
    let distinct = |of: &dyn Fn(&Case) -> &str| {
        let mut names: Vec<&str> = Vec::new();
        for (case, _) in cases {
            let name = of(case);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.len()
    };
    let counted = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let activations = counted(distinct(&|case| &case.activation.id), "activation");
    let targets = counted(distinct(&|case| &case.target.id), "target");
    format!("{}: {activations} on {targets}", counted(cases.len(), "case"))
}

/// The lowest loss of all, of any start.
fn result(cases: &[(&Case, &Finding)]) -> String {
    let found = cases.iter().filter_map(|(case, finding)| Some((case, finding.lowest()?.mse)));
    let lowest = found.min_by(|a, b| a.1.total_cmp(&b.1));
    lowest.map_or_else(
        || "no finite loss was found".into(),
        |(case, mse)| {
            format!("lowest MSE {}: {} on {}", significant(mse, 3), case.activation.id, case.target.id)
        },
    )
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes and places in a picture")]
fn whole((x, y): (f64, f64)) -> (u32, u32) {
    (x.max(0.0) as u32, y.max(0.0) as u32)
}

#[expect(clippy::cast_precision_loss, reason = "a few lines")]
fn count(lines: usize) -> f64 {
    lines as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_wrapped_and_shrink_before_they_are_cut() {
        let (lines, size) = wrapped("A short title", 500.0, 1.0);
        assert_eq!((lines.concat().as_str(), size), ("A short title", 58.0));
        let long = "What a single neuron can represent and what training finds of it in a thousand epochs";
        let (lines, size) = wrapped(long, 500.0, 1.0);
        assert!(
            lines.len() <= 4 && (34.0..58.0).contains(&size) && lines.join(" ") == long,
            "{lines:?} {size}"
        );
        let (lines, _) = wrapped(&"immeasurable ".repeat(40), 500.0, 1.0);
        assert!(lines.len() == 4);
        let (lines, _) = wrapped(&"x".repeat(200), 500.0, 1.0);
        assert!(lines[0].ends_with('…'));
        assert_eq!(wrapped("", 500.0, 1.0).0, [""]);
    }
}
