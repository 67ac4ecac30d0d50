//! The forms that one figure is drawn in, each a file of its own.

use std::sync::Arc;

use super::{Case, PlannedFigure, Subject, key};
use crate::spec::{Experiment, Figure, FigureType, MatrixValue, Site, Theme};

/// What a figure is drawn as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A PNG or, of an animation, a GIF, on light ground: the form that everything shows and every figure has.
    Main,
    /// A PNG on dark ground.
    Dark,
    /// An SVG on light ground.
    Svg,
    /// The card of an experiment, whose figure holds the experiment's title, and that of the site as its caption. Only sites
    /// that know their address have them.
    Card,
}

impl Form {
    /// The file of a figure in this form: `fit.png`, `fit.dark.png`, `fit.svg`.
    pub fn path(self, main: &str) -> String {
        let (stem, extension) = main.rsplit_once('.').unwrap_or((main, "png"));
        match self {
            Self::Main | Self::Card => main.to_owned(),
            Self::Dark => format!("{stem}.dark.{extension}"),
            Self::Svg => format!("{stem}.svg"),
        }
    }

    /// The ground that it is drawn on.
    pub fn theme(self) -> Theme {
        match self {
            Self::Main | Self::Svg | Self::Card => Theme::Light,
            Self::Dark => Theme::Dark,
        }
    }
}

impl PlannedFigure {
    /// Whether the figure of this main form is drawn in another form, too.
    pub fn has_form(&self, site: &Site, form: Form) -> bool {
        let is_animation = matches!(self.figure.figure_type, FigureType::Convergence { .. });
        match form {
            Form::Main | Form::Card => self.form == form,
            // Only figures have other forms, cards have none.
            Form::Dark | Form::Svg if self.form != Form::Main => false,
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

/// The size of cards in pixels, that of which social networks cut nothing off.
const CARD_SIZE: (u32, u32) = (1200, 630);

/// The card of an experiment, whose cases begin at `first`.
pub(super) fn card(experiment: &Experiment, site: &Site, cases: &[Arc<Case>], first: usize) -> PlannedFigure {
    let is_matrix = experiment.targets.len() > 1 && experiment.activations.len() > 1;
    let figure_type =
        if is_matrix { FigureType::Matrix { value: MatrixValue::Loss } } else { FigureType::Comparison };
    let figure = Figure {
        id: "card".into(),
        title: experiment.title.clone(),
        caption: site.title.clone(),
        size: CARD_SIZE,
        has_svg: false,
        figure_type,
        source: None,
    };
    let members: Vec<&Case> = cases.iter().skip(first).map(|case| &**case).collect();
    PlannedFigure {
        key: key::card_key(&figure, &members),
        figure: Arc::new(figure),
        subject: Subject::Cases((first..cases.len()).collect()),
        form: Form::Card,
        // No id holds `~`, so that no figure is in its way.
        path: format!("experiments/{}/~card.png", experiment.id),
    }
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
