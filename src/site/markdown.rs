//! The authors' Markdown: references to other pages and figures are resolved, formulas typeset, and the rest is
//! CommonMark with tables, footnotes and strikethrough.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html};

use super::alt;
use super::gallery::Gallery;
use super::link;
use super::math::{self, escape};
use crate::diagnostic::{Diagnostic, Place, SourceFile, nearest};
use crate::plan::PlannedFigure;

/// A piece of Markdown, with where it was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'t> {
    pub(super) markdown: &'t str,
    /// The file, and the place from which on the Markdown stands in it; `None` for text that is built in.
    pub(super) place: Option<&'t Place>,
}

/// HTML for the page `from`; what cannot be resolved is reported and left out.
pub(super) fn html(gallery: Gallery<'_>, from: &str, text: Text<'_>, found: &mut Vec<Diagnostic>) -> String {
    let prepared = embed_figures(
        text,
        found,
        |planned| {
            let mut block = String::from("<figure>");
            let source = link::relative(from, &planned.path);
            let (width, height) = planned.figure.size;
            block.push_str(&format!(
                "<img src=\"{source}\" width=\"{width}\" height=\"{height}\" loading=\"lazy\" alt=\""
            ));
            escape(&mut block, &alt::text(gallery, planned));
            block.push_str("\">");
            if let Some(page) = page_of(gallery, planned) {
                let title = title_of(gallery, planned);
                block.push_str(&format!("<figcaption><a href=\"{}\">", link::relative(from, &page)));
                escape(&mut block, &title);
                block.push_str("</a></figcaption>");
            }
            block.push_str("</figure>");
            block
        },
        gallery,
    );
    let events = Parser::new_ext(&prepared, options());
    let mut slugs = BTreeSet::new();
    let mut output: Vec<Event<'_>> = Vec::new();
    for event in events {
        match event {
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url = CowStr::from(resolve(gallery, from, link_type, &dest_url, text, found));
                output.push(Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, title, id }));
            }
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                let dest_url = CowStr::from(resolve(gallery, from, link_type, &dest_url, text, found));
                output.push(Event::Start(Tag::Image { link_type: LinkType::Inline, dest_url, title, id }));
            }
            Event::InlineMath(latex) => output.push(typeset(&latex, false, text, found)),
            Event::DisplayMath(latex) => output.push(typeset(&latex, true, text, found)),
            Event::End(TagEnd::Heading(level)) => {
                name_heading(&mut output, &mut slugs);
                output.push(Event::End(TagEnd::Heading(level)));
            }
            other => output.push(other),
        }
    }
    let mut rendered = String::new();
    html::push_html(&mut rendered, output.into_iter());
    rendered
}

/// Markdown for the file `from`, to be read where nothing is resolved any more.
pub(super) fn markdown(
    gallery: Gallery<'_>,
    from: &str,
    text: Text<'_>,
    found: &mut Vec<Diagnostic>,
) -> String {
    let prepared = embed_figures(
        text,
        found,
        |planned| {
            let mut alt_text = String::new();
            escape(&mut alt_text, &alt::text(gallery, planned));
            let source = link::relative(from, &planned.path);
            format!("<img src=\"{source}\" width=\"720\" alt=\"{alt_text}\">")
        },
        gallery,
    );
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    for (event, range) in Parser::new_ext(&prepared, options()).into_offset_iter() {
        if let Event::Start(Tag::Link { link_type, dest_url, .. }) = event
            && is_reference(&dest_url)
            && let Some(at) = prepared[range.clone()].rfind(&*dest_url)
        {
            let start = range.start + at;
            let address = resolve(gallery, from, link_type, &dest_url, text, found);
            changes.push((start..start + dest_url.len(), folder_of_page(&address)));
        }
    }
    let mut rendered = prepared.clone();
    for (range, address) in changes.into_iter().rev() {
        rendered.replace_range(range, &address);
    }
    rendered.trim().to_owned()
}

/// On GitHub a folder is what can be looked at, not its page's source.
pub(super) fn folder_of_page(address: &str) -> String {
    match address.strip_suffix("index.html") {
        Some("") => "./".to_owned(),
        Some(folder) => folder.to_owned(),
        None => address.to_owned(),
    }
}

pub(super) fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_MATH
        | Options::ENABLE_HEADING_ATTRIBUTES
}

/// The place of a token of the Markdown in its file, as near as it can be told.
fn place(text: Text<'_>, token: &str, label: &str) -> Option<Place> {
    let place = text.place?;
    let file: &Arc<SourceFile> = &place.file;
    let from = place.span.start.min(file.text.len());
    let at = file.text.get(from..).and_then(|rest| rest.find(token));
    let span = at.map_or(place.span.clone(), |at| from + at..from + at + token.len());
    Some(Place { file: Arc::clone(file), span, label: label.into() })
}

const REFERENCES: [&str; 5] = ["experiment", "activation", "target", "model", "page"];

fn is_reference(address: &str) -> bool {
    address.split_once(':').is_some_and(|(scheme, _)| REFERENCES.contains(&scheme))
}

/// The address that a link of the Markdown leads to.
fn resolve(
    gallery: Gallery<'_>,
    from: &str,
    link_type: LinkType,
    address: &str,
    text: Text<'_>,
    found: &mut Vec<Diagnostic>,
) -> String {
    if link_type == LinkType::Email {
        return format!("mailto:{address}");
    }
    let Some((scheme, id)) = address.split_once(':') else { return address.to_owned() };
    let specs = gallery.specs;
    let (folder, ids): (&str, Vec<&str>) = match scheme {
        "experiment" => {
            ("experiments/", specs.experiments.iter().map(|experiment| experiment.id.as_str()).collect())
        }
        "activation" => ("activations/", specs.activations.keys().map(String::as_str).collect()),
        "target" => ("targets/", specs.targets.keys().map(String::as_str).collect()),
        "model" => ("models/", specs.models.keys().map(String::as_str).collect()),
        "page" => ("", specs.pages.iter().map(|page| page.id.as_str()).collect()),
        "http" | "https" | "mailto" => return address.to_owned(),
        _ if scheme.contains(['/', '#', '?']) => return address.to_owned(),
        _ => {
            let message = format!("links cannot begin with `{scheme}:`");
            let diagnostic = Diagnostic::error(message, place(text, address, "not an address for a site"));
            let help = nearest(scheme, REFERENCES).map_or_else(
                || {
                    "use an address of the web, a relative one, or a reference such as `experiment:ID`"
                        .to_owned()
                },
                |nearest| format!("did you mean `{nearest}:`?"),
            );
            found.push(diagnostic.help(help));
            return String::new();
        }
    };
    let (id, fragment) = id.split_once('#').map_or((id, None), |(id, fragment)| (id, Some(fragment)));
    if !ids.contains(&id) {
        let label = format!("no {scheme} of this name");
        let diagnostic =
            Diagnostic::error(format!("there is no {scheme} `{id}`"), place(text, address, &label));
        found.push(match nearest(id, ids) {
            Some(nearest) => diagnostic.help(format!("did you mean `{scheme}:{nearest}`?")),
            None => diagnostic.help("`actfn-site list` shows all names"),
        });
        return String::new();
    }
    let page = link::relative(from, &format!("{folder}{id}/index.html"));
    fragment.map_or(page.clone(), |fragment| format!("{page}#{fragment}"))
}

fn typeset<'e>(latex: &str, is_block: bool, text: Text<'_>, found: &mut Vec<Diagnostic>) -> Event<'e> {
    match math::mathml(latex, is_block) {
        Ok(mathml) => Event::InlineHtml(mathml.into()),
        Err(reason) => {
            let message = format!("this formula cannot be typeset: {reason}");
            found.push(Diagnostic::error(message, place(text, latex, "")));
            Event::Text(latex.to_owned().into())
        }
    }
}

/// Gives the heading that is about to end an id made of its words, unless its author has.
fn name_heading(output: &mut [Event<'_>], slugs: &mut BTreeSet<String>) {
    let start = output.iter().rposition(|event| matches!(event, Event::Start(Tag::Heading { .. })));
    let Some(start) = start else { return };
    let words: String = output[start..]
        .iter()
        .filter_map(|event| match event {
            Event::Text(text) | Event::Code(text) => Some(&**text),
            _ => None,
        })
        .collect();
    if let Event::Start(Tag::Heading { id, .. }) = &mut output[start] {
        let slug = id.as_ref().map_or_else(|| slug(&words), ToString::to_string);
        let mut unique = slug.clone();
        let mut count = 1;
        while !slugs.insert(unique.clone()) {
            count += 1;
            unique = format!("{slug}-{count}");
        }
        *id = Some(unique.into());
    }
}

fn slug(words: &str) -> String {
    let mut slug = String::new();
    for character in words.to_lowercase().chars() {
        if character.is_alphanumeric() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "section".into() } else { slug.to_owned() }
}

/// Replaces every line that embeds a figure, outside of code, by what `block` makes of it.
fn embed_figures(
    text: Text<'_>,
    found: &mut Vec<Diagnostic>,
    block: impl Fn(&PlannedFigure) -> String,
    gallery: Gallery<'_>,
) -> String {
    let mut output = String::new();
    let mut fence: Option<&str> = None;
    for line in text.markdown.lines() {
        let trimmed = line.trim();
        let mark = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            _ => {}
        }
        let call = trimmed.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).map(str::trim);
        match call {
            Some(call) if fence.is_none() && call.starts_with("figure") => match find_figure(gallery, call) {
                Ok(planned) => output.push_str(&format!("\n{}\n", block(planned))),
                Err((message, help)) => {
                    let mut diagnostic = Diagnostic::error(message, place(text, trimmed, ""));
                    diagnostic.help.extend(help);
                    found.push(diagnostic);
                }
            },
            _ => {
                if fence.is_none() && !trimmed.contains('`') && trimmed.contains("{{ figure(") {
                    let place = place(text, trimmed, "there is something beside it");
                    found.push(Diagnostic::error("a figure must stand on a line of its own", place));
                }
                output.push_str(line);
            }
        }
        output.push('\n');
    }
    output
}

/// The figure of `figure(experiment="…", case="…", figure="…")`; the error is a message with an optional help.
fn find_figure<'g>(gallery: Gallery<'g>, call: &str) -> Result<&'g PlannedFigure, (String, Option<String>)> {
    const USAGE: &str = "write {{ figure(experiment=\"ID\", case=\"TARGET/ACTIVATION\", figure=\"ID\") }}";
    let malformed = || ("this is not how a figure is embedded".to_owned(), Some(USAGE.to_owned()));
    let arguments = call.strip_prefix("figure").map(str::trim_start);
    let arguments =
        arguments.and_then(|rest| rest.strip_prefix('(')?.strip_suffix(')')).ok_or_else(malformed)?;
    let (mut experiment, mut case, mut figure) = (None, None, None);
    for argument in arguments.split(',').map(str::trim).filter(|argument| !argument.is_empty()) {
        let (name, value) = argument.split_once('=').ok_or_else(malformed)?;
        let value =
            value.trim().strip_prefix('"').and_then(|value| value.strip_suffix('"')).ok_or_else(malformed)?;
        match name.trim() {
            "experiment" => experiment = Some(value),
            "case" => case = Some(value),
            "figure" => figure = Some(value),
            _ => return Err(malformed()),
        }
    }
    let (Some(experiment), Some(figure)) = (experiment, figure) else { return Err(malformed()) };
    let did_you_mean = |typed: &str, names: Vec<String>| {
        nearest(typed, names.iter().map(String::as_str)).map(|name| format!("did you mean `{name}`?"))
    };
    if gallery.experiment(experiment).is_none() {
        let names = gallery.specs.experiments.iter().map(|experiment| experiment.id.clone()).collect();
        return Err((format!("there is no experiment `{experiment}`"), did_you_mean(experiment, names)));
    }
    let candidates = match case {
        None => gallery.figures_across(experiment),
        Some(case) => {
            let cases = gallery.cases_of(experiment);
            let Some(&trained) = cases.iter().find(|trained| trained.case.path() == case) else {
                let names = cases.iter().map(|trained| trained.case.path()).collect();
                return Err((
                    format!("the experiment `{experiment}` has no case `{case}`"),
                    did_you_mean(case, names),
                ));
            };
            gallery.figures_of(trained)
        }
    };
    let stem = |planned: &PlannedFigure| {
        let name = planned.path.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
    };
    let names = candidates.iter().map(|&planned| stem(planned)).collect::<Vec<_>>();
    candidates.into_iter().find(|planned| stem(planned) == figure || planned.figure.id == figure).ok_or_else(
        || {
            let place =
                case.map_or_else(|| format!("`{experiment}`"), |case| format!("`{experiment}/{case}`"));
            (format!("{place} has no figure `{figure}`"), did_you_mean(figure, names))
        },
    )
}

/// The page that an embedded figure belongs to.
fn page_of(gallery: Gallery<'_>, planned: &PlannedFigure) -> Option<String> {
    match gallery.subjects(planned).as_slice() {
        [] => None,
        [only] => Some(only.page()),
        [first, ..] => Some(format!("experiments/{}/index.html", first.case.experiment)),
    }
}

fn title_of(gallery: Gallery<'_>, planned: &PlannedFigure) -> String {
    let subjects = gallery.subjects(planned);
    let Some(first) = subjects.first() else { return planned.figure.title.clone() };
    let experiment =
        gallery.experiment(&first.case.experiment).map_or("", |experiment| experiment.title.as_str());
    match subjects.as_slice() {
        [only] => format!("{experiment}: {} on {}", only.case.activation.title, only.case.target.title),
        _ => format!("{experiment}: {}", planned.figure.title),
    }
}
