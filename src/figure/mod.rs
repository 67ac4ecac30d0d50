//! Figures: runs → the bytes of one picture (PNG, SVG) or animation (GIF). Pure; the same input gives the same bytes.
//!
//! A figure type has a file of its own. What they share: `chart` (frame, grid, curves; drawn by plotters through
//! `backend`), `axis`, `annotation` (boxes and legends), `formula` and `text`, all on a `canvas`, whose `paper`
//! says which inks stand out from it; `png` and `gif` encode it, `svg` writes it down.

mod activation;
mod annotation;
mod attainable;
mod axis;
mod backend;
mod canvas;
mod card;
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
mod paper;
mod parameter_fan;
mod pixels;
mod png;
mod rows;
mod series;
mod simplify;
mod stamp;
mod svg;
mod text;
mod tiles;
mod trajectories;

#[cfg(test)]
mod tests;

pub use parameter_fan::{fan_label, fan_values};
pub use stamp::{PASSPORT_KEYWORD, stamp};

use canvas::Canvas;
use landscape::Landscape;
use paper::Paper;

use crate::finding::Finding;
use crate::plan::{Case, Form};
use crate::spec::{Activation, Figure, FigureType};

/// What a figure is drawn from.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    Activation(&'a Activation),
    /// At least one; more than one only for figures that compare.
    Cases(&'a [(&'a Case, &'a Finding)]),
}

/// Whether bytes begin and end as the file of a picture does that has this name.
pub fn is_file_of(path: &str, bytes: &[u8]) -> bool {
    let (start, end): (&[u8], &[u8]) = match path.rsplit('.').next() {
        Some("gif") => (b"GIF89a", b"\x3b"),
        Some("svg") => (b"<svg", b"</svg>"),
        _ => (b"\x89PNG\r\n\x1a\n", b"IEND\xae\x42\x60\x82"),
    };
    bytes.starts_with(start) && bytes.trim_ascii_end().ends_with(end)
}

/// The bytes of a PNG or SVG or, of a convergence, a GIF file.
pub fn draw(figure: &Figure, input: Input<'_>, form: Form) -> Vec<u8> {
    let paper = Paper::of(form.theme());
    let blank = match form {
        Form::Main | Form::Dark | Form::Card => Canvas::new(figure.size, paper),
        Form::Svg => Canvas::vector(figure.size, paper),
    };
    if let (Form::Card, Input::Cases(cases)) = (form, input) {
        return png::encode_lines(&card::draw(blank, figure, cases));
    }
    let mut has_areas = false;
    let first = match input {
        Input::Activation(_) => None,
        Input::Cases(cases) => cases.first().map(|&(case, finding)| (case, finding, &*finding.run)),
    };
    let mut canvas = match (&figure.figure_type, input, first) {
        (FigureType::Activation { z }, Input::Activation(activation), _) => {
            activation::draw(blank, *z, activation)
        }
        (FigureType::Activation { z }, _, Some((case, ..))) => activation::draw(blank, *z, &case.activation),
        (FigureType::ParameterFan { z }, Input::Activation(activation), _) => {
            parameter_fan::draw(blank, *z, activation)
        }
        (FigureType::ParameterFan { z }, _, Some((case, ..))) => {
            parameter_fan::draw(blank, *z, &case.activation)
        }
        (FigureType::Comparison, Input::Cases(cases), _) => comparison::draw(blank, cases),
        (FigureType::LossBoxes, Input::Cases(cases), _) => loss_boxes::draw(blank, cases),
        (FigureType::Matrix { value }, Input::Cases(cases), _) => matrix::draw(blank, *value, cases),
        (FigureType::Attainable, Input::Cases(cases), _) => attainable::draw(blank, cases),
        (FigureType::LossComparison { scale }, Input::Cases(cases), _) => {
            loss_comparison::draw(blank, *scale, cases)
        }
        (FigureType::Fit, _, Some((case, _, run))) => fit::draw(blank, case, run),
        (FigureType::Convergence { fps, panels }, _, Some((case, _, run))) => {
            return convergence::draw(figure.size, *fps, panels, case, run);
        }
        (FigureType::Trajectories, _, Some((case, _, run))) => trajectories::draw(blank, case, run),
        (FigureType::LossLandscape { w, b, resolution, colormap }, _, Some((case, finding, _))) => {
            let landscape = Landscape { w: *w, b: *b, resolution: *resolution, colormap: *colormap };
            has_areas = true;
            landscape::draw(blank, &landscape, case, finding)
        }
        (FigureType::LossCurve { scale }, _, Some((case, _, run))) => {
            loss_curve::draw(blank, *scale, case, run)
        }
        // The plan pairs every figure with what it shows; should it not, the picture says so.
        _ => {
            let mut canvas = blank;
            let (width, height) = canvas.size();
            let middle = (f64::from(width) / 2.0, f64::from(height) / 2.0);
            chart::draw_centered(&mut canvas, "nothing to show", 14.0, middle, paper.ink());
            canvas
        }
    };
    let size = canvas.size();
    match canvas.as_vector() {
        Some(vector) => vector.document(size, paper),
        None if has_areas => png::encode(&canvas),
        None => png::encode_lines(&canvas),
    }
}
