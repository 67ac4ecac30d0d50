//! Figures in the authors' Markdown: `{{ figure(experiment="ID", case="TARGET/ACTIVATION", figure="ID") }}`, with a `caption="…"`
//! where the figure's own does not suit.

use std::ops::Range;

use super::{MOST_FAULTS, Text, place};
use crate::diagnostic::{Diagnostic, nearest};
use crate::plan::PlannedFigure;
use crate::site::gallery::Gallery;

/// Markdown in which figures stand as HTML.
pub(super) struct Prepared<'g> {
    pub(super) markdown: String,
    /// Where in it there is HTML that is ours and not the author's.
    pub(super) own: Vec<Range<usize>>,
    /// The figures, in the order of the text; those that cannot be found are left out.
    pub(super) figures: Vec<&'g PlannedFigure>,
}

impl Prepared<'_> {
    /// Whether a part of it is HTML that the author wrote.
    pub(super) fn is_authors(&self, part: &Range<usize>) -> bool {
        let following = self.own.partition_point(|own| own.end < part.end);
        self.own.get(following).is_none_or(|own| own.start > part.start)
    }
}

/// Replaces every line that embeds a figure, outside of code, by what `block` makes of the figure, its place among those of
/// the text, and the caption that the author gives it, maybe empty.
pub(super) fn embed<'g>(
    gallery: Gallery<'g>,
    text: &Text<'_>,
    found: &mut Vec<Diagnostic>,
    block: impl Fn(&PlannedFigure, usize, &str) -> String,
) -> Prepared<'g> {
    let mut figures = Vec::new();
    let mut output = String::new();
    let mut own = Vec::new();
    let mut fence: Option<&str> = None;
    let mut end = 0;
    for line in text.markdown.split_inclusive('\n') {
        end += line.len();
        let up_to = &text.markdown[..end];
        let line = line.lines().next().unwrap_or_default();
        let trimmed = line.trim();
        let mark = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            _ => {}
        }
        let call = trimmed.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).map(str::trim);
        if found.len() > MOST_FAULTS {
            break;
        }
        match call {
            Some(call) if fence.is_none() && call.starts_with("figure") => match find(gallery, call) {
                Ok((planned, caption)) => {
                    // A blank line in it would end what is HTML.
                    let block = block(planned, figures.len(), caption).replace(['\n', '\r'], " ");
                    own.push(output.len()..output.len() + block.len() + 2);
                    output.push_str(&format!("\n{block}\n"));
                    figures.push(planned);
                }
                Err((message, help)) => {
                    let mut diagnostic = Diagnostic::error(message, place(text, trimmed, up_to, ""));
                    diagnostic.help.extend(help);
                    found.push(diagnostic);
                }
            },
            // What else stands in braces is the author's, unless it is nearly the one name that means something.
            Some(call) if fence.is_none() && misspelt(call).is_some() => {
                let name = misspelt(call).unwrap_or_default();
                let place = place(text, trimmed, up_to, "");
                let message = format!("there is no `{name}` to embed");
                found.push(Diagnostic::error(message, place).help("did you mean `figure`?"));
            }
            _ => {
                if fence.is_none() && !trimmed.contains('`') && trimmed.contains("{{ figure(") {
                    let place = place(text, trimmed, up_to, "there is something beside it");
                    found.push(Diagnostic::error("a figure must stand on a line of its own", place));
                }
                output.push_str(line);
            }
        }
        output.push('\n');
    }
    Prepared { markdown: output, own, figures }
}

/// The Markdown with spaces in the place of the lines that are calls, whose words are no Markdown.
pub(super) fn without_calls(markdown: &str) -> String {
    let mut rest = String::with_capacity(markdown.len());
    for line in markdown.split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.starts_with("{{") && trimmed.ends_with("}}") {
            rest.extend(line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        } else {
            rest.push_str(line);
        }
    }
    rest
}

/// The name that a call begins with, where it is nearly that of a figure's.
fn misspelt(call: &str) -> Option<&str> {
    let name = call[..call.find('(')?].trim_end();
    nearest(name, ["figure"]).map(|_| name)
}

/// A message with an optional help.
type Fault = (String, Option<String>);

/// The figures that a text embeds, in its order; those that cannot be found are left out.
pub(in crate::site) fn embedded<'g>(gallery: Gallery<'g>, text: &Text<'_>) -> Vec<&'g PlannedFigure> {
    embed(gallery, text, &mut Vec::new(), |_, _, _| String::new()).figures
}

/// The figure that a call names, and its caption.
fn find<'g, 'c>(gallery: Gallery<'g>, call: &'c str) -> Result<(&'g PlannedFigure, &'c str), Fault> {
    let Arguments { experiment, case, figure, caption } = arguments(call)?;
    if gallery.experiment(experiment).is_none() {
        let names = gallery.specs.experiments.iter().map(|experiment| experiment.id.clone());
        return Err((format!("there is no experiment `{experiment}`"), one_of(experiment, names.collect())));
    }
    let (owner, candidates) = match case {
        None => (format!("`{experiment}`"), gallery.figures_across(experiment)),
        Some(case) => {
            let cases = gallery.cases_of(experiment);
            let Some(&trained) = cases.iter().find(|trained| trained.case.path() == case) else {
                let names = cases.iter().map(|trained| trained.case.path()).collect();
                let message = format!("the experiment `{experiment}` has no case `{case}`");
                return Err((message, one_of(case, names)));
            };
            (
                format!("`{experiment}/{case}`"),
                gallery.figures_of_case(&format!("{}/", trained.case.directory())),
            )
        }
    };
    let names = || candidates.iter().map(|planned| stem(planned).to_owned()).collect::<Vec<_>>();
    if let Some(planned) = candidates.iter().find(|planned| stem(planned) == figure) {
        return Ok((planned, caption));
    }
    // A comparison of an experiment with several targets is drawn once for each.
    let mut drawings = candidates.iter().filter(|planned| planned.figure.id == figure);
    match (drawings.next(), drawings.next()) {
        (Some(only), None) => Ok((only, caption)),
        (Some(_), Some(_)) => {
            let help = format!("name one of {}", listed(&names()));
            Err((format!("{owner} has several figures `{figure}`"), Some(help)))
        }
        (None, _) => Err((format!("{owner} has no figure `{figure}`"), one_of(figure, names()))),
    }
}

struct Arguments<'c> {
    experiment: &'c str,
    case: Option<&'c str>,
    figure: &'c str,
    /// Empty if none is given.
    caption: &'c str,
}

/// How a figure is embedded; the case is left out of those that span cases.
const USAGE: &str = "write {{ figure(experiment=\"ID\", case=\"TARGET/ACTIVATION\", figure=\"ID\", caption=\"WORDS\") }}, the caption only if wanted";

/// The values of `figure(experiment="…", case="…", figure="…", caption="…")`.
fn arguments(call: &str) -> Result<Arguments<'_>, Fault> {
    let fault = |message: String, help: &str| (message, Some(help.to_owned()));
    let other = || fault("this is not how a figure is embedded".to_owned(), USAGE);
    let inside = call.strip_prefix("figure").and_then(|rest| rest.trim_start().strip_prefix('('));
    let mut rest = inside.and_then(|rest| rest.strip_suffix(')')).ok_or_else(other)?.trim();
    let (mut experiment, mut case, mut figure, mut caption) = (None, None, None, "");
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or_else(other)?;
        let name = name.trim();
        let known = ["experiment", "case", "figure", "caption"];
        if !known.contains(&name) {
            let help = nearest(name, known).map(|meant| format!("did you mean `{meant}`?"));
            let message = format!("`figure(…)` has no argument `{name}`");
            return Err(fault(message, help.as_deref().unwrap_or(USAGE)));
        }
        let quoted = after.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'));
        let (value, after) =
            quoted.ok_or_else(|| fault(format!("the value of `{name}` is not in double quotes"), USAGE))?;
        match name {
            "experiment" => experiment = Some(value),
            "case" => case = Some(value),
            "figure" => figure = Some(value),
            _ => caption = value,
        }
        let after = after.trim_start();
        let next = after.strip_prefix(',').map(str::trim_start);
        rest = match next {
            Some(next) => next,
            None if after.is_empty() => after,
            None => return Err(fault(format!("after the value of `{name}` stands `{after}`"), USAGE)),
        };
    }
    let missing = |name: &str| fault(format!("`{name}` is missing here"), USAGE);
    Ok(Arguments {
        experiment: experiment.ok_or_else(|| missing("experiment"))?,
        case,
        figure: figure.ok_or_else(|| missing("figure"))?,
        caption,
    })
}

/// The name of a figure's file, without its extension.
fn stem(planned: &PlannedFigure) -> &str {
    let name = planned.path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The nearest name, or all of them if there are few.
fn one_of(typed: &str, names: Vec<String>) -> Option<String> {
    match nearest(typed, names.iter().map(String::as_str)) {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None if names.is_empty() || names.len() > 12 => None,
        None => Some(format!("there is {}", listed(&names))),
    }
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
