//! The forms that one figure is drawn in, each a file of its own.

use super::{PlannedFigure, key};
use crate::spec::{FigureType, Site, Theme};

/// What a figure is drawn as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A PNG or, of an animation, a GIF, on light ground: the form that everything shows and every figure has.
    Main,
    /// A PNG on dark ground.
    Dark,
    /// An SVG on light ground.
    Svg,
}

impl Form {
    /// The file of a figure in this form: `fit.png`, `fit.dark.png`, `fit.svg`.
    pub fn path(self, main: &str) -> String {
        let (stem, extension) = main.rsplit_once('.').unwrap_or((main, "png"));
        match self {
            Self::Main => main.to_owned(),
            Self::Dark => format!("{stem}.dark.{extension}"),
            Self::Svg => format!("{stem}.svg"),
        }
    }

    /// The ground that it is drawn on.
    pub fn theme(self) -> Theme {
        match self {
            Self::Main | Self::Svg => Theme::Light,
            Self::Dark => Theme::Dark,
        }
    }
}

impl PlannedFigure {
    /// Whether the figure is drawn in this form, too.
    pub fn has_form(&self, site: &Site, form: Form) -> bool {
        let is_animation = matches!(self.figure.figure_type, FigureType::Convergence { .. });
        match form {
            Form::Main => true,
            Form::Dark => site.has_dark_figures && !is_animation,
            Form::Svg => self.figure.has_svg && !is_animation,
        }
    }
}

/// The figures with their other forms, each right behind its main one.
pub(super) fn in_all_forms(figures: Vec<PlannedFigure>, site: &Site) -> Vec<PlannedFigure> {
    let mut all = Vec::new();
    for main in figures {
        let others = [Form::Dark, Form::Svg].into_iter().filter(|&form| main.has_form(site, form));
        let others = others.map(|form| PlannedFigure {
            form,
            path: form.path(&main.path),
            key: key::form_key(main.key, form),
            ..main.clone()
        });
        let others: Vec<PlannedFigure> = others.collect();
        all.push(main);
        all.extend(others);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_lie_beside_one_another() {
        let main = "experiments/v1.2/c/fit.png";
        assert_eq!(Form::Main.path(main), main);
        assert_eq!(Form::Dark.path(main), "experiments/v1.2/c/fit.dark.png");
        assert_eq!(Form::Svg.path(main), "experiments/v1.2/c/fit.svg");
    }
}
