//! The numbers that figures have on their pages, and the names by which texts refer to them: `figure:benchmark/cubic_s/tanh/fit`,
//! `figure:benchmark/attainable`, `figure:activations/tanh/activation`.

use super::gallery::Gallery;
use super::link;
use super::markdown::{Text, embedded};
use super::sheet;
use crate::plan::{Form, PlannedFigure, Subject};

/// The name by which texts refer to a figure: its path without what all of them share.
pub(super) fn name(planned: &PlannedFigure) -> &str {
    let path = planned.path.strip_prefix("experiments/").unwrap_or(&planned.path);
    path.rsplit_once('.').map_or(path, |(stem, _)| stem)
}

/// The id of a figure on a page.
pub(super) fn id(planned: &PlannedFigure) -> String {
    // A slash would not stand as it is in an address; no id of a spec holds `~`.
    format!("figure:{}", name(planned).replace('/', "~"))
}

/// The page on which a figure has its number: of those that compare cases, the sheet of its experiment where they begin.
pub(super) fn home(gallery: Gallery<'_>, planned: &PlannedFigure) -> String {
    let page = link::index(planned.path.rsplit_once('/').map_or("", |(folder, _)| folder));
    sheet::path(&page, gallery.sheet_of(planned))
}

/// All figures that texts can refer to.
pub(super) fn named(gallery: Gallery<'_>) -> impl Iterator<Item = &PlannedFigure> {
    gallery.plan.figures.iter().filter(|planned| planned.form == Form::Main)
}

/// The number of a figure on its own page: the figures in the page's text come first, then its own in the order in which
/// the page shows them.
pub(super) fn number(gallery: Gallery<'_>, planned: &PlannedFigure) -> Option<usize> {
    let (text, own) = match (&planned.subject, planned.path.split('/').collect::<Vec<_>>().as_slice()) {
        (Subject::Activation(_), ["activations", id, _]) => {
            let activation = gallery.specs.activations.get(*id)?;
            let folder = format!("activations/{id}/");
            (Some(Text::of_activation(activation)), gallery.figures_in(&folder))
        }
        (_, ["experiments", id, _]) => {
            let before = embedded(gallery, &Text::of_experiment(gallery.experiment(id)?)).len();
            return Some(before + gallery.place_across(planned)? + 1);
        }
        (_, _) => {
            let folder = planned.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            (None, gallery.figures_of_case(&format!("{folder}/")))
        }
    };
    let before = text.map_or(0, |text| embedded(gallery, &text).len());
    let place = own.iter().position(|other| other.path == planned.path)?;
    Some(before + place + 1)
}

/// What a link to a figure says that gives no words: `Figure 2`, and of which page if that is another.
pub(super) fn words(gallery: Gallery<'_>, from: &str, planned: &PlannedFigure) -> String {
    let number = number(gallery, planned).map_or_else(String::new, |number| format!(" {number}"));
    if home(gallery, planned) == from {
        return format!("Figure{number}");
    }
    let title = match (&planned.subject, gallery.subjects(planned).as_slice()) {
        (Subject::Activation(activation), _) => activation.title.clone(),
        (_, [only]) => {
            let axes = only.axes_text();
            let axes = if axes.is_empty() { axes } else { format!(", {axes}") };
            format!("{} on {}{axes}", only.case.activation.title, only.case.target.title)
        }
        (_, subjects) => {
            let experiment = subjects.first().and_then(|first| gallery.experiment(&first.case.experiment));
            experiment.map_or_else(|| planned.figure.title.clone(), |experiment| experiment.title.clone())
        }
    };
    format!("Figure{number} of {title}")
}
