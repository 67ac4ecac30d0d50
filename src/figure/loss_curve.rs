//! The loss over the epochs of one case.

use super::annotation::{Legend, Mark, Spot, place};
use super::axis::Axis;
use super::canvas::{Area, Canvas, Ink, Pen};
use super::chart::{Chart, Style};
use super::fit::{Curve, HELD_OUT, bottom_room, draw_divergence, range, subject, top_room};
use crate::number::significant;
use crate::plan::Case;
use crate::spec::Scale;
use crate::train::Run;

const BEST: Ink = Ink::solid(0xd6, 0x27, 0x28);
/// A gray, as it is on white.
const HALVING: u8 = 0x8a;
/// Losses below this are drawn as this: logarithms end somewhere.
pub(super) const SMALLEST: f64 = 1e-30;
/// How far above the first loss a linear axis reaches: a run that explodes must not flatten what came before.
const MAX_RISE: f64 = 10.0;

#[expect(clippy::cast_precision_loss, reason = "epochs are far below 2⁵³")]
pub(super) fn draw(mut canvas: Canvas, scale: Scale, case: &Case, run: &Run) -> Canvas {
    let (size, style) = (canvas.size(), Style::of(&canvas));
    let best_ink = style.paper.line(BEST);
    let shown = |loss: f64| match scale {
        Scale::Linear => loss,
        Scale::Log => libm::log10(loss.max(SMALLEST)),
    };
    let curve = |losses: &[f64]| -> Curve {
        losses.iter().enumerate().map(|(epoch, &loss)| (epoch as f64, shown(loss))).collect()
    };
    let (points, held_out) = (curve(&run.losses), curve(&run.validation));
    let (low, high) = if points.is_empty() { (0.0, 1.0) } else { range([&points, &held_out]) };
    // A diverged run's last losses may be a hundred powers of ten above the others.
    let (low, high) = match scale {
        Scale::Linear => {
            (low.min(0.0), high.min(MAX_RISE * points.first().map_or(1.0, |&(_, loss)| loss.max(1e-9))))
        }
        Scale::Log => (low.max(high - 40.0).min(low.max(0.0)), high),
    };
    let (top, bottom) = (top_room(style, false), f64::from(size.1) - bottom_room(style));
    let padding = 0.05 * (high - low);
    let y = match scale {
        Scale::Linear => Axis::padded(low, high, 0.05, style.ticks(bottom - top, 3.6, 3)),
        Scale::Log => Axis::logarithmic(low - padding, high + padding, style.ticks(bottom - top, 2.8, 3)),
    };
    let left = (0.4 * style.font() + Chart::left_room(&y, style)).round();
    let area = Area {
        left,
        top: top.round(),
        right: (f64::from(size.0) - 1.4 * style.font()).round(),
        bottom: bottom.round(),
    };
    let last = run.losses.len().saturating_sub(1) as f64;
    let x = Axis::epochs(last, 0.03, style.ticks(area.width(), 6.5, 1));
    let chart = Chart { area, x, y, style };
    chart.draw_base(&mut canvas, "epoch", "loss (MSE)");
    let halving = Pen {
        dash: Some((4.0 * style.unit, 3.0 * style.unit)),
        ..Pen::new(style.paper.gray(HALVING), style.unit.max(1.0))
    };
    for &epoch in &run.halvings {
        chart.draw_curve(&mut canvas, &[(epoch as f64, chart.y.low), (epoch as f64, chart.y.high)], &halving);
    }
    let pen = style.curve(Ink::from(case.activation.color));
    chart.draw_curve(&mut canvas, &points, &pen);
    let mut entries = vec![(Mark::Line(pen), case.activation.id.clone())];
    if !held_out.is_empty() {
        let pen = Pen { dash: style.dashes().dash, ..style.curve(HELD_OUT) };
        chart.draw_curve(&mut canvas, &held_out, &pen);
        entries[0].1 = format!("{}: training", case.activation.id);
        entries.push((Mark::Line(pen), "validation (held-out points)".into()));
    }
    if let Some(best) = &run.best {
        chart.draw_dots(
            &mut canvas,
            &[(best.epoch as f64, shown(best.mse))],
            4.2 * style.unit,
            best_ink,
            best_ink,
        );
        entries.push((
            Mark::Point(best_ink),
            format!("best: {} at epoch {}", significant(best.mse, 4), best.epoch),
        ));
    }
    if !run.halvings.is_empty() {
        entries.push((Mark::Line(halving), "learning rate halved".into()));
    }
    let legend = Legend(entries);
    let mut obstacles = chart.trace(&points);
    obstacles.extend(chart.trace(&held_out));
    if let Some(&area) =
        place(chart.area, &[(legend.extent(style), Spot::TopRight)], obstacles, style).first()
    {
        legend.draw(&mut canvas, area, style);
    }
    draw_divergence(&mut canvas, &chart, "epoch", run);
    chart.draw_title(&mut canvas, &subject(case));
    canvas
}
