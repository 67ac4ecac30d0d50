//! Figures: runs → the bytes of one picture (PNG) or animation (GIF). Pure; the same input gives the same bytes.
//!
//! A figure type has a file of its own. What they share: `chart` (frame, grid, curves; drawn by plotters through
//! `backend`), `axis`, `annotation` (boxes and legends), `formula` and `text`, all on a `canvas`; `png` and
//! `gif` encode it.

mod activation;
mod annotation;
mod attainable;
mod axis;
mod backend;
mod canvas;
mod chart;
mod clip;
mod colormap;
mod comparison;
mod convergence;
mod fit;
mod formula;
mod gif;
mod landscape;
mod loss_boxes;
mod loss_comparison;
mod loss_curve;
mod lzw;
mod matrix;
mod palette;
mod parameter_fan;
mod png;
mod rows;
mod text;
mod trajectories;

#[cfg(test)]
mod tests;

pub use parameter_fan::{fan_label, fan_values};

use canvas::{Canvas, Ink};
use landscape::Landscape;

use crate::finding::Finding;
use crate::plan::Case;
use crate::spec::{Activation, Figure, FigureType};

/// What a figure is drawn from.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    Activation(&'a Activation),
    /// At least one; more than one only for figures that compare.
    Cases(&'a [(&'a Case, &'a Finding)]),
}

/// The bytes of a PNG or, of a convergence, a GIF file.
pub fn draw(figure: &Figure, input: Input<'_>) -> Vec<u8> {
    let size = figure.size;
    let first = match input {
        Input::Activation(_) => None,
        Input::Cases(cases) => cases.first().map(|&(case, finding)| (case, finding, &*finding.run)),
    };
    let canvas = match (&figure.figure_type, input, first) {
        (FigureType::Activation { z }, Input::Activation(activation), _) => {
            activation::draw(size, *z, activation)
        }
        (FigureType::Activation { z }, _, Some((case, ..))) => activation::draw(size, *z, &case.activation),
        (FigureType::ParameterFan { z }, Input::Activation(activation), _) => {
            parameter_fan::draw(size, *z, activation)
        }
        (FigureType::ParameterFan { z }, _, Some((case, ..))) => {
            parameter_fan::draw(size, *z, &case.activation)
        }
        (FigureType::Comparison, Input::Cases(cases), _) => comparison::draw(size, cases),
        (FigureType::LossBoxes, Input::Cases(cases), _) => loss_boxes::draw(size, cases),
        (FigureType::Matrix { value }, Input::Cases(cases), _) => matrix::draw(size, *value, cases),
        (FigureType::Attainable, Input::Cases(cases), _) => attainable::draw(size, cases),
        (FigureType::LossComparison { scale }, Input::Cases(cases), _) => {
            loss_comparison::draw(size, *scale, cases)
        }
        (FigureType::Fit, _, Some((case, _, run))) => fit::draw(size, case, run),
        (FigureType::Convergence { fps, panels }, _, Some((case, _, run))) => {
            return convergence::draw(size, *fps, panels, case, run);
        }
        (FigureType::Trajectories, _, Some((case, _, run))) => trajectories::draw(size, case, run),
        (FigureType::LossLandscape { w, b, resolution, colormap }, _, Some((case, finding, _))) => {
            let landscape = Landscape { w: *w, b: *b, resolution: *resolution, colormap: *colormap };
            return png::encode(&landscape::draw(size, &landscape, case, finding));
        }
        (FigureType::LossCurve { scale }, _, Some((case, _, run))) => {
            loss_curve::draw(size, *scale, case, run)
        }
        // The plan pairs every figure with what it shows; should it not, the picture says so.
        _ => {
            let mut canvas = Canvas::new(size.0, size.1);
            let middle = (f64::from(size.0) / 2.0, f64::from(size.1) / 2.0);
            chart::draw_centered(&mut canvas, "nothing to show", 14.0, middle, Ink::BLACK);
            canvas
        }
    };
    png::encode_lines(&canvas)
}
