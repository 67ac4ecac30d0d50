//! The reports in Markdown, to be read on GitHub as well as on the site: links lead to folders and files that lie beside them.

use super::alt;
use super::attained::bounds_text;
use super::diagnoses::{self, counts};
use super::gallery::{Gallery, Trained};
use super::judged::{self, spread_view};
use super::link;
use super::markdown::{self, Spot, Text, folder_of_page};
use super::wording::{batches_text, data_text, learning_rate_text, optimizer_text, schedule_text};
use crate::diagnostic::Diagnostic;
use crate::plan::PlannedFigure;
use crate::spec::{Experiment, Training};

/// The width of previews in tables, in pixels.
const PREVIEW_WIDTH: u32 = 240;
/// The width of figures that stand by themselves.
const FIGURE_WIDTH: u32 = 720;

/// The report of one experiment: `experiments/<id>/REPORT.md`.
pub(super) fn of_experiment(
    gallery: Gallery<'_>,
    experiment: &Experiment,
    found: &mut Vec<Diagnostic>,
) -> String {
    let path = format!("experiments/{}/REPORT.md", experiment.id);
    let mut text = format!("# {}\n\n", plain(&experiment.title));
    text.push_str(&body(gallery, experiment, &path, 2, &mut Vec::new(), found));
    text.push_str("Data: [results.csv](results.csv), [results.json](results.json).\n");
    text
}

/// The report of all experiments: `REPORT.md`.
pub(super) fn of_site(gallery: Gallery<'_>, found: &mut Vec<Diagnostic>) -> String {
    const PATH: &str = "REPORT.md";
    let site = &gallery.specs.site;
    let mut text = format!("# {}\n\n", plain(&site.title));
    if !site.description.is_empty() {
        text.push_str(&format!("{}\n\n", plain(&site.description)));
    }
    text.push_str(
        "The lowest mean squared error that each experiment found, per target: of many starts the lowest median, of one start \
         what it found. Neither is the best that an activation can do; that is said beside it.\n\n",
    );
    text.push_str("| experiment | target | lowest MSE found | by |\n|--|--|--:|--|\n");
    for experiment in &gallery.specs.experiments {
        for target in &experiment.targets {
            let Some(winner) = gallery.ranked(&experiment.id, &target.id).first().copied() else { continue };
            text.push_str(&format!(
                "| [{}]({}) | {} | {} | [{}]({}) |\n",
                plain(&experiment.title),
                address(PATH, &format!("experiments/{}/index.html", experiment.id)),
                plain(&target.title),
                winner.typical_text(),
                plain(&name(winner)),
                case_address(PATH, winner),
            ));
        }
    }
    text.push('\n');
    let mut explained = Vec::new();
    for experiment in &gallery.specs.experiments {
        text.push_str(&format!("## {}\n\n", plain(&experiment.title)));
        text.push_str(&body(gallery, experiment, PATH, 3, &mut explained, found));
    }
    text
}

/// The folder of a case or, without a page of its own, that of the experiment's: a folder has no fragment.
fn case_address(from: &str, trained: Trained<'_>) -> String {
    let page = trained.page();
    address(from, page.split('#').next().unwrap_or(&page))
}

fn address(from: &str, to: &str) -> String {
    folder_of_page(&link::relative(from, to))
}

/// The experiment's text, its training, and per target a table with the winner, below headings of a level. A target that is
/// explained already is not explained again.
fn body<'e>(
    gallery: Gallery<'_>,
    experiment: &'e Experiment,
    path: &str,
    level: usize,
    explained: &mut Vec<&'e str>,
    found: &mut Vec<Diagnostic>,
) -> String {
    let mut text = String::new();
    let spot = Spot { from: path, level, scope: &experiment.id, is_excerpt: false };
    let description = markdown::markdown(gallery, &spot, &Text::of_experiment(experiment), found);
    if !description.is_empty() {
        text.push_str(&format!("{description}\n\n"));
    }
    text.push_str(&format!("{}\n\n", training(experiment)));
    let counts = counts(&gallery.cases_of(&experiment.id));
    if !counts.is_empty() {
        let counts = counts.iter().map(|count| format!("{} {}", count.cases.len(), count.kind.label()));
        text.push_str(&format!("Diagnoses of the cases: {}.\n\n", counts.collect::<Vec<_>>().join(", ")));
    }
    for planned in gallery.overviews(&experiment.id) {
        text.push_str(&format!("{}\n\n", image(gallery, path, planned, FIGURE_WIDTH)));
    }
    for target in &experiment.targets {
        let ranked = gallery.ranked(&experiment.id, &target.id);
        text.push_str(&format!("{} {}\n\n", "#".repeat(level), plain(&target.title)));
        text.push_str(&format!("$y = {}$\n\n", target.formula));
        text.push_str(&table(gallery, path, &ranked));
        if let (Some(winner), true) = (
            ranked.first().filter(|winner| winner.run.best.is_some() && winner.finding.trials.is_none()),
            ranked.len() > 1,
        ) {
            text.push_str(&format!(
                "Lowest MSE found: **{}** with {}.\n\n",
                plain(&name(*winner)),
                winner.best_text()
            ));
        }
        let verdict = judged::verdict(gallery, &experiment.id, &target.id);
        if !verdict.is_empty() {
            text.push_str(&format!("{}\n\n", plain(&verdict.join(" "))));
        }
        for (planned, _) in gallery.comparisons(&experiment.id, &target.id) {
            text.push_str(&format!("{}\n\n", image(gallery, path, planned, FIGURE_WIDTH)));
        }
        if explained.contains(&target.id.as_str()) {
            let page = address(path, &link::index(&format!("targets/{}", target.id)));
            text.push_str(&format!("On why, see [{}]({page}).\n\n", plain(&target.title)));
            continue;
        }
        let scope = format!("{}-{}", experiment.id, target.id);
        let spot = Spot { from: path, level: level + 1, scope: &scope, is_excerpt: false };
        let explanation = markdown::markdown(gallery, &spot, &Text::of_target(target), found);
        if !explanation.is_empty() {
            explained.push(&target.id);
            text.push_str(&format!("{explanation}\n\n"));
        }
    }
    text
}

fn table(gallery: Gallery<'_>, path: &str, ranked: &[Trained<'_>]) -> String {
    let has_starts = ranked.iter().any(|trained| trained.finding.trials.is_some());
    let has_validation = ranked.iter().any(|trained| !trained.run.validation.is_empty());
    let (found, alignment) = if has_starts {
        ("median MSE | quartiles | best start | success", "--:|--:|--:|--:")
    } else if has_validation {
        ("lowest MSE | final MSE | validation MSE", "--:|--:|--:")
    } else {
        ("lowest MSE | final MSE", "--:|--:")
    };
    let mut text = format!(
        "| rank | activation | {found} | attainable MSE | diagnoses | fit |\n|--:|--|{alignment}|--:|--|--|\n",
    );
    for (rank, &trained) in ranked.iter().enumerate() {
        let preview = gallery.preview(trained);
        let preview =
            preview.map_or_else(String::new, |planned| image(gallery, path, planned, PREVIEW_WIDTH));
        let found = match spread_view(trained) {
            Some(spread) => {
                format!("{} | {} | {} | {}", spread.median, spread.quartiles, spread.best, spread.success)
            }
            None if has_starts => "– | – | – | –".into(),
            None => {
                let shown = |mse: Option<f64>| mse.map_or_else(|| "–".into(), |mse| trained.loss_text(mse));
                let validation = if has_validation {
                    format!(" | {}", shown(trained.run.validation_at_best()))
                } else {
                    String::new()
                };
                format!("{} | {}{validation}", trained.best_text(), shown(trained.run.final_mse()))
            }
        };
        text.push_str(&format!(
            "| {} | [{}]({}) | {found} | {} | {} | {preview} |\n",
            rank + 1,
            plain(&name(trained)),
            case_address(path, trained),
            bounds_text(trained),
            diagnoses::words(trained),
        ));
    }
    text.push('\n');
    text
}

/// A picture of some width; Markdown's own images have none.
fn image(gallery: Gallery<'_>, path: &str, planned: &PlannedFigure, width: u32) -> String {
    let mut alt_text = String::new();
    super::math::escape(&mut alt_text, &alt::text(gallery, planned).replace('|', "/"));
    format!("<img src=\"{}\" width=\"{width}\" alt=\"{alt_text}\">", link::relative(path, &planned.path))
}

/// The activation, with the further axes where there are some.
fn name(trained: Trained<'_>) -> String {
    let axes = trained.axes_text();
    let title = &trained.case.activation.title;
    if axes.is_empty() { title.clone() } else { format!("{title}, {axes}") }
}

/// How an experiment's cases were trained, in a sentence.
pub(super) fn training(experiment: &Experiment) -> String {
    let list = |values: Vec<String>| {
        let mut distinct: Vec<String> = Vec::new();
        for value in values {
            if !distinct.contains(&value) {
                distinct.push(value);
            }
        }
        distinct.join(" / ")
    };
    let each = |of: &dyn Fn(&Training) -> Option<String>| {
        list(experiment.trainings.iter().filter_map(|variant| of(&variant.training)).collect())
    };
    let mut text = format!("Trained by {}", each(&|training| Some(optimizer_text(training))));
    let rates = each(&learning_rate_text);
    if !rates.is_empty() {
        text.push_str(&format!(", learning rate {rates} ({})", each(&schedule_text)));
    }
    let batches = each(&batches_text);
    if !batches.is_empty() {
        text.push_str(&format!(", {batches}"));
    }
    text.push_str(&format!(", {} epochs", each(&|training| Some(training.epochs.to_string()))));
    let starts = each(&|training| (training.restarts > 1).then(|| training.restarts.to_string()));
    if !starts.is_empty() {
        text.push_str(&format!(", the best of {starts} starts"));
    }
    let data = data_text(experiment.data).replacen(" on ", " of ", 1);
    format!("{text}, on {data}.")
}

/// Text whose characters mean nothing to Markdown.
pub(super) fn plain(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        if matches!(
            character,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '$' | '&' | '~' | '{'
        ) {
            escaped.push('\\');
        }
        escaped.push(if character == '\n' { ' ' } else { character });
    }
    escaped
}
