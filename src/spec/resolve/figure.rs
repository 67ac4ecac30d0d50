//! Figures: each type with its own settings, and none of another's.

use super::super::decode::{Field, Located};
use super::super::limits::Limits;
use super::super::load::Document;
use super::super::typed::{self, FigureTypeName};
use super::{Faults, count_to, does_not_apply, interval, require};
use crate::diagnostic::Diagnostic;
use crate::spec::{Figure, FigureType, Format, Panel, standard_figure};

pub(super) fn figure(
    document: &Document,
    typed: &typed::Figure,
    limits: &Limits,
    faults: &mut Faults<'_>,
) -> Option<Figure> {
    let name = match typed.r#type {
        FigureTypeName::Fit => "fit",
        FigureTypeName::Convergence => "convergence",
        FigureTypeName::Activation => "activation",
        FigureTypeName::ParameterFan => "parameter_fan",
        FigureTypeName::Trajectories => "trajectories",
        FigureTypeName::LossLandscape => "loss_landscape",
        FigureTypeName::Comparison => "comparison",
        FigureTypeName::LossComparison => "loss_comparison",
        FigureTypeName::LossCurve => "loss_curve",
        FigureTypeName::Attainable => "attainable",
        FigureTypeName::LossBoxes => "loss_boxes",
        FigureTypeName::Matrix => "matrix",
    };
    report_strays(typed, name, faults);
    let standard = standard_figure(name).expect("every figure type has a standard figure of its name");
    let size = match &typed.size {
        Field::Absent => Some(standard.size),
        Field::Faulty => None,
        Field::Present(field) => size(&field.value, limits, faults),
    };
    let has_svg = match &typed.formats {
        Field::Absent => Some(false),
        Field::Faulty => None,
        Field::Present(field) => formats(typed.r#type, &field.value, faults),
    };
    let figure_type = settings(typed, standard.figure_type, limits, faults)?;
    let id = document.id.value.clone();
    Some(Figure {
        title: typed.title.or(if id == name { standard.title } else { id.clone() })?,
        caption: typed.caption.or(String::new())?,
        size: size?,
        has_svg: has_svg?,
        id,
        figure_type,
        source: Some(document.source.clone()),
    })
}

/// Reports the settings of other types.
fn report_strays(typed: &typed::Figure, name: &str, faults: &mut Faults<'_>) {
    let to = format!("a figure of type `{name}`");
    let kind = typed.r#type;
    if kind != FigureTypeName::Convergence {
        does_not_apply(&typed.fps, "fps", &to, faults);
        does_not_apply(&typed.panels, "panels", &to, faults);
    }
    if !matches!(kind, FigureTypeName::Activation | FigureTypeName::ParameterFan) {
        does_not_apply(&typed.z, "z", &to, faults);
    }
    if kind != FigureTypeName::Matrix {
        does_not_apply(&typed.value, "value", &to, faults);
    }
    if kind != FigureTypeName::LossLandscape {
        does_not_apply(&typed.w, "w", &to, faults);
        does_not_apply(&typed.b, "b", &to, faults);
        does_not_apply(&typed.resolution, "resolution", &to, faults);
        does_not_apply(&typed.colormap, "colormap", &to, faults);
    }
    if !matches!(kind, FigureTypeName::LossCurve | FigureTypeName::LossComparison) {
        does_not_apply(&typed.scale, "scale", &to, faults);
    }
}

fn size(
    located: &Located<(Located<u64>, Located<u64>)>,
    limits: &Limits,
    faults: &mut Faults<'_>,
) -> Option<(u32, u32)> {
    let mut side = |value| {
        count_to(value, 200, limits.pixels, "size", faults).and_then(|value| u32::try_from(value).ok())
    };
    let (width, height) = (side(&located.value.0), side(&located.value.1));
    Some((width?, height?))
}

/// Whether SVG is asked for beside the PNG.
fn formats(
    kind: FigureTypeName,
    list: &Located<Vec<Located<Format>>>,
    faults: &mut Faults<'_>,
) -> Option<bool> {
    let place_of = |wanted: Format| list.value.iter().find(|format| format.value == wanted);
    if kind == FigureTypeName::Convergence {
        let place = faults.place(&list.span, "an animation is always a GIF");
        faults.push(Diagnostic::error("`formats` does not apply to a figure of type `convergence`", place));
        return None;
    }
    if place_of(Format::Png).is_none() {
        let place = faults.place(&list.span, "`png` is missing");
        let diagnostic = Diagnostic::error("every still figure is drawn as PNG", place);
        faults.push(
            diagnostic.help("reports and cards show PNGs; write `formats: [png, svg]` for SVG beside it"),
        );
        return None;
    }
    for (index, format) in list.value.iter().enumerate() {
        if let Some(first) = list.value[..index].iter().find(|earlier| earlier.value == format.value) {
            let place = faults.place(&format.span, "this is the second one");
            let related = faults.place(&first.span, "first named here");
            faults.push(Diagnostic::error("a format is named twice", place).related(related));
            return None;
        }
    }
    Some(place_of(Format::Svg).is_some())
}

/// The standard settings with those that the spec gives.
fn settings(
    typed: &typed::Figure,
    standard: FigureType,
    limits: &Limits,
    faults: &mut Faults<'_>,
) -> Option<FigureType> {
    Some(match standard {
        FigureType::Convergence { fps, panels } => FigureType::Convergence {
            fps: match &typed.fps {
                Field::Absent => fps,
                Field::Faulty => return None,
                Field::Present(field) => {
                    let is_possible = |value: f64| (0.1..=50.0).contains(&value);
                    require(&field.value, is_possible, "fps", "from 0.1 to 50 frames per second", faults)?
                }
            },
            panels: match &typed.panels {
                Field::Absent => panels,
                Field::Faulty => return None,
                Field::Present(field) => self::panels(&field.value, faults)?,
            },
        },
        FigureType::Activation { z } => FigureType::Activation { z: or_interval(&typed.z, z, "z", faults)? },
        FigureType::ParameterFan { z } => {
            FigureType::ParameterFan { z: or_interval(&typed.z, z, "z", faults)? }
        }
        FigureType::LossLandscape { w, b, resolution, colormap } => FigureType::LossLandscape {
            w: or_interval(&typed.w, w, "w", faults)?,
            b: or_interval(&typed.b, b, "b", faults)?,
            resolution: match &typed.resolution {
                Field::Absent => resolution,
                Field::Faulty => return None,
                Field::Present(field) => count_to(&field.value, 2, limits.resolution, "resolution", faults)?,
            },
            colormap: typed.colormap.or(colormap)?,
        },
        FigureType::LossComparison { scale } => FigureType::LossComparison { scale: typed.scale.or(scale)? },
        FigureType::LossCurve { scale } => FigureType::LossCurve { scale: typed.scale.or(scale)? },
        without_settings @ (FigureType::Fit
        | FigureType::Trajectories
        | FigureType::Comparison
        | FigureType::Attainable
        | FigureType::LossBoxes) => without_settings,
        FigureType::Matrix { value } => FigureType::Matrix { value: typed.value.or(value)? },
    })
}

fn or_interval(
    field: &Field<Located<(Located<f64>, Located<f64>)>>,
    standard: (f64, f64),
    name: &str,
    faults: &mut Faults<'_>,
) -> Option<(f64, f64)> {
    match field {
        Field::Absent => Some(standard),
        Field::Faulty => None,
        Field::Present(field) => interval(&field.value, name, faults),
    }
}

fn panels(list: &Located<Vec<Located<typed::Panel>>>, faults: &mut Faults<'_>) -> Option<Vec<Panel>> {
    if list.value.is_empty() || list.value.len() > 6 {
        let place = faults.place(&list.span, format!("{} panels", list.value.len()));
        faults.push(Diagnostic::error("a convergence needs 1 to 6 panels", place));
        return None;
    }
    let panel = |located: &Located<typed::Panel>| match &located.value {
        typed::Panel::Fit => Panel::Fit,
        typed::Panel::Trajectory(name) => Panel::Trajectory(name.clone()),
    };
    Some(list.value.iter().map(panel).collect())
}
