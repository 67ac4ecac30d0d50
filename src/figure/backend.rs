//! The bridge from plotters to our canvas.
//!
//! plotters counts in whole pixels, too coarse for anti-aliased curves, so it is told that the picture is [`SCALE`] times as
//! large, and everything is divided on the way. Its own text engine is never reached.

use std::convert::Infallible;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};
use tiny_skia::PathBuilder;

use super::canvas::{Area, Canvas, Ink, Pen};
use super::text::{self, CAP_HEIGHT, Font};

/// How many of plotters' pixels make one of ours, along each side.
pub(super) const SCALE: i32 = 16;

/// Pixels as plotters counts them.
#[expect(clippy::cast_possible_truncation, reason = "pictures are a few thousand pixels wide")]
pub(super) fn scaled(pixels: f64) -> i32 {
    (pixels * f64::from(SCALE)).round() as i32
}

/// Draws for plotters.
pub(super) struct Backend<'c>(pub(super) &'c mut Canvas);

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

fn place((x, y): BackendCoord) -> (f64, f64) {
    (f64::from(x) / f64::from(SCALE), f64::from(y) / f64::from(SCALE))
}

fn ink(color: BackendColor) -> Ink {
    let (red, green, blue) = color.rgb;
    Ink::solid(red, green, blue).with_opacity(color.alpha)
}

fn pen<S: BackendStyle>(style: &S) -> Pen {
    Pen::new(ink(style.color()), f64::from(style.stroke_width()) / f64::from(SCALE))
}

impl DrawingBackend for Backend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        let (width, height) = self.0.size();
        (width * SCALE.unsigned_abs(), height * SCALE.unsigned_abs())
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        let (x, y) = place(point);
        self.0.fill_area(Area { left: x, top: y, right: x + 1.0, bottom: y + 1.0 }, ink(color));
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.0.polyline(&[place(from), place(to)], &pen(style));
        Ok(())
    }

    /// Filled rectangles cover whole pixels, so that neighbours leave no seam.
    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let ((left, top), (right, bottom)) = (place(upper_left), place(bottom_right));
        if fill {
            let area =
                Area { left: left.round(), top: top.round(), right: right.round(), bottom: bottom.round() };
            self.0.fill_area(area, ink(style.color()));
        } else {
            let pen = pen(style);
            for (from, to) in [
                ((left, top), (right, top)),
                ((left, bottom), (right, bottom)),
                ((left, top), (left, bottom)),
                ((right, top), (right, bottom)),
            ] {
                self.0.polyline(&[from, to], &pen);
            }
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let points: Vec<(f64, f64)> = path.into_iter().map(place).collect();
        self.0.polyline(&points, &pen(style));
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let radius = f64::from(radius) / f64::from(SCALE);
        if fill {
            self.0.disc(place(center), radius, ink(style.color()));
        } else {
            self.0.circle(place(center), radius, &pen(style));
        }
        Ok(())
    }

    #[expect(clippy::cast_possible_truncation, reason = "pixel coordinates")]
    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vertices: I,
        style: &S,
    ) -> Drawn {
        let mut builder = PathBuilder::new();
        for (index, vertex) in vertices.into_iter().enumerate() {
            let (x, y) = place(vertex);
            if index == 0 {
                builder.move_to(x as f32, y as f32);
            } else {
                builder.line_to(x as f32, y as f32);
            }
        }
        builder.close();
        if let Some(path) = builder.finish() {
            self.0.fill(&path, ink(style.color()));
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, position: BackendCoord) -> Drawn {
        let size = style.size() / f64::from(SCALE);
        let width = text::width(Font::Upright, text, size);
        let height = CAP_HEIGHT * size;
        let (x, y) = place(position);
        let along = |start: f64, sign: f64| match style.anchor().h_pos {
            HPos::Left => start,
            HPos::Center => start - sign * width / 2.0,
            HPos::Right => start - sign * width,
        };
        let across = match style.anchor().v_pos {
            VPos::Top => height,
            VPos::Center => height / 2.0,
            VPos::Bottom => 0.0,
        };
        let ink = ink(style.color());
        match style.transform() {
            FontTransform::Rotate270 => {
                text::draw_upwards(self.0, Font::Upright, text, size, (x + across, along(y, -1.0)), ink);
            }
            // No other turn is ever asked for.
            FontTransform::None | FontTransform::Rotate90 | FontTransform::Rotate180 => {
                text::draw(self.0, Font::Upright, text, size, (along(x, 1.0), y + across), ink);
            }
        }
        Ok(())
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes of short texts")]
    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let width = text::width(Font::Upright, text, style.size());
        Ok((width.ceil() as u32, (CAP_HEIGHT * style.size()).ceil() as u32))
    }
}
