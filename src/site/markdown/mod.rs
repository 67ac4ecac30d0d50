//! The authors' Markdown: references to other pages and figures are resolved, formulas typeset, and the rest is
//! CommonMark with tables, footnotes and strikethrough. HTML in it is shown as it is written, unless the site allows it.

mod dead;
mod embed;
mod lint;
mod reference;
mod source;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use pulldown_cmark::{
    CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html as cmark,
};

use super::alt;
use super::gallery::Gallery;
use super::highlight;
use super::link;
use super::math::{self, escape};
use super::numbering;
use crate::diagnostic::{Diagnostic, Place, shortened};
use crate::plan::{Form, PlannedFigure};
use crate::spec::{Activation, Experiment, Figure, Model, Page, Source, Specs, Target};
use embed::Prepared;
use reference::Shown;

pub(super) use embed::embedded;
pub(super) use reference::plain_title as title;
pub(super) use source::{folder_of_page, markdown};

/// A piece of Markdown, with where it was written.
#[derive(Debug, Clone)]
pub(super) struct Text<'t> {
    pub(super) markdown: &'t str,
    /// The file, and the place from which on the Markdown stands in it; `None` for text that is built in.
    pub(super) place: Option<&'t Place>,
    /// The file of the page on which it is at home: relative addresses in it are meant from there.
    pub(super) home: String,
}

impl<'t> Text<'t> {
    fn new(markdown: &'t str, source: Option<&'t Source>, folder: &str) -> Self {
        Self { markdown, place: source.map(|source| &source.place), home: link::index(folder) }
    }

    pub(super) fn of_experiment(experiment: &'t Experiment) -> Self {
        let folder = format!("experiments/{}", experiment.id);
        Self::new(&experiment.description, Some(&experiment.source), &folder)
    }

    pub(super) fn of_target(target: &'t Target) -> Self {
        Self::new(&target.explanation, Some(&target.source), &format!("targets/{}", target.id))
    }

    pub(super) fn of_activation(activation: &'t Activation) -> Self {
        let folder = format!("activations/{}", activation.id);
        Self::new(&activation.description, activation.source.as_ref(), &folder)
    }

    pub(super) fn of_model(model: &'t Model) -> Self {
        Self::new(&model.description, model.source.as_ref(), &format!("models/{}", model.id))
    }

    pub(super) fn of_page(page: &'t Page) -> Self {
        Self::new(&page.body, Some(&page.source), &page.id)
    }

    /// A figure is shown on many pages; its caption is at home on none but the first.
    pub(super) fn of_figure(figure: &'t Figure) -> Self {
        let place = figure.source.as_ref().map(|source| &source.place);
        Self { markdown: &figure.caption, place, home: "index.html".into() }
    }
}

/// Where a text is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot<'s> {
    /// The file.
    pub(super) from: &'s str,
    /// The level that the text's topmost headings get.
    pub(super) level: usize,
    /// Keeps the ids of texts on one page apart; empty for a text that has its page to itself.
    pub(super) scope: &'s str,
    /// Whether only a part is shown, so that what it points to in itself is to be found at its home.
    pub(super) is_excerpt: bool,
}

impl Spot<'_> {
    /// The page's name for an id of the text.
    fn scoped(&self, id: &str) -> String {
        if self.scope.is_empty() { id.to_owned() } else { format!("{}:{id}", self.scope) }
    }
}

/// In longer texts, in bytes, a fault is shown at the first place of what is wrong.
const LONG: usize = 200_000;

/// More faults than anybody reads of one text.
const MOST_FAULTS: usize = 200;

pub(super) fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_MATH
        | Options::ENABLE_HEADING_ATTRIBUTES
}

/// All that the authors wrote.
fn texts(specs: &Specs) -> Vec<Text<'_>> {
    let mut texts: Vec<Text<'_>> = specs.experiments.iter().map(Text::of_experiment).collect();
    texts.extend(specs.targets.values().map(|target| Text::of_target(target)));
    texts.extend(specs.activations.values().map(|activation| Text::of_activation(activation)));
    texts.extend(specs.models.values().map(|model| Text::of_model(model)));
    texts.extend(specs.figures.values().map(|figure| Text::of_figure(figure)));
    texts.extend(specs.pages.iter().map(Text::of_page));
    texts
}

/// What is likely a slip in the authors' texts, though they can be shown; file by file, as far as they are from files.
pub fn warnings(specs: &Specs) -> Vec<Diagnostic> {
    let texts = texts(specs);
    shortened(texts.iter().flat_map(|text| lint::warnings(text, specs.site.allows_html)).collect())
}

/// The links and pictures in the authors' texts whose file is not among those of the site.
pub fn dead_links(specs: &Specs, files: &BTreeSet<&str>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    texts(specs).iter().for_each(|text| dead::links(text, files, &mut found));
    shortened(found)
}

/// Whether a text may show a figure or speak of one, so that it depends on more than the ids and titles of what it names.
pub(super) fn shows_figures(text: &str) -> bool {
    text.contains("{{") || text.contains("figure:")
}

/// HTML of a text; what cannot be resolved is reported and left out.
pub(super) fn html(
    gallery: Gallery<'_>,
    spot: &Spot<'_>,
    text: &Text<'_>,
    found: &mut Vec<Diagnostic>,
) -> String {
    // Figures in the text that a page has for itself come first on it and are counted; others stand between its own.
    let is_counted = spot.scope.is_empty() && !spot.is_excerpt;
    // Shown twice, it is counted twice, and led to where it stands first.
    let shown = RefCell::new(BTreeSet::new());
    let prepared = embed::embed(gallery, text, found, |planned, place, caption| {
        let is_first = shown.borrow_mut().insert(planned.path.clone());
        figure(gallery, spot.from, planned, is_counted.then_some((place, is_first)), caption)
    });
    let mut events = resolved(gallery, spot, text, &prepared, found);
    name_headings(&mut events, spot);
    rendered(events)
}

/// HTML of a text's first paragraph.
pub(super) fn first_paragraph(
    gallery: Gallery<'_>,
    from: &str,
    text: &Text<'_>,
    found: &mut Vec<Diagnostic>,
) -> String {
    let spot = Spot { from, level: 2, scope: "", is_excerpt: true };
    // Faults of embedded figures are those of the text's own page.
    let prepared = embed::embed(gallery, text, &mut Vec::new(), |_, _, _| String::new());
    let mut depth = 0_usize;
    let mut excerpt = Vec::new();
    for event in resolved(gallery, &spot, text, &prepared, found) {
        let is_wanted = !excerpt.is_empty() || (depth == 0 && matches!(event, Event::Start(Tag::Paragraph)));
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_last = depth == 0 && matches!(event, Event::End(TagEnd::Paragraph));
        if is_wanted && !matches!(event, Event::FootnoteReference(_)) {
            excerpt.push(event);
        }
        if is_wanted && is_last {
            break;
        }
    }
    rendered(excerpt)
}

/// HTML of events; wide tables scroll by themselves, not with the page.
pub(super) fn rendered(events: Vec<Event<'_>>) -> String {
    // The language of the block of code that stands open.
    let mut language: Option<String> = None;
    let events = events.into_iter().flat_map(|event| match event {
        Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(ref info))) => {
            language = info.split([' ', ',']).next().map(str::to_lowercase);
            [Some(Event::Html("<pre tabindex=\"0\"><code>".into())), None]
        }
        Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => {
            language = Some(String::new());
            [Some(Event::Html("<pre tabindex=\"0\"><code>".into())), None]
        }
        Event::Text(text) if language.is_some() => {
            let marked = highlight::html(&text, language.as_deref().unwrap_or_default());
            [Some(Event::Html(marked.into())), None]
        }
        Event::End(TagEnd::CodeBlock) => {
            language = None;
            [Some(Event::Html("</code></pre>\n".into())), None]
        }
        Event::Start(Tag::Table(_)) => [Some(Event::Html("<div class=\"scroll\">".into())), Some(event)],
        Event::End(TagEnd::Table) => [Some(event), Some(Event::Html("</div>\n".into()))],
        _ => [Some(event), None],
    });
    let mut rendered = String::new();
    cmark::push_html(&mut rendered, events.flatten());
    rendered
}

/// A picture that is exchanged for another where pages are dark.
fn in_both_themes(picture: &str, dark: Option<&str>) -> String {
    match dark {
        Some(dark) => format!(
            "<picture><source media=\"(prefers-color-scheme: dark)\" srcset=\"{dark}\">{picture}</picture>"
        ),
        None => picture.to_owned(),
    }
}

/// A figure in a text, with its words and the page that it belongs to; counted ones by their place among those of the text, and
/// whether it stands there first.
fn figure(
    gallery: Gallery<'_>,
    from: &str,
    planned: &PlannedFigure,
    place: Option<(usize, bool)>,
    caption: &str,
) -> String {
    let source = link::relative(from, &planned.path);
    let (width, height) = planned.figure.size;
    let mut picture =
        format!("<img src=\"{source}\" width=\"{width}\" height=\"{height}\" loading=\"lazy\" alt=\"");
    escape(&mut picture, &alt::text(gallery, planned));
    picture.push_str("\">");
    let subjects = gallery.subjects(planned);
    let address = |path: String| link::relative(from, &path);
    let picture = if planned.path.ends_with(".gif") {
        // An animation can be stopped, by closing what holds it, and gives way to a still picture where no motion is wanted.
        let still = subjects.first().and_then(|first| gallery.preview(*first));
        let still = still.map_or_else(String::new, |still| {
            let motion = "(prefers-reduced-motion: reduce)";
            let dark = gallery.file_of(still, Form::Dark).map_or_else(String::new, |dark| {
                format!(
                    "<source media=\"{motion} and (prefers-color-scheme: dark)\" srcset=\"{}\">",
                    address(dark)
                )
            });
            format!("{dark}<source media=\"{motion}\" srcset=\"{}\">", link::relative(from, &still.path))
        });
        format!(
            "<details class=\"moving\" open><summary>Animation</summary><picture>{still}{picture}</picture></details>"
        )
    } else {
        in_both_themes(&picture, gallery.file_of(planned, Form::Dark).map(address).as_deref())
    };
    let id = place.filter(|(_, is_first)| *is_first);
    let id = id.map_or_else(String::new, |_| format!(" id=\"{}\"", numbering::id(planned)));
    let mut block = format!("<figure{id}>{picture}<figcaption>");
    if let Some((place, _)) = place {
        block.push_str(&format!("<strong>Figure {}</strong> ", place + 1));
    }
    if !caption.is_empty() {
        escape(&mut block, caption);
        block.push(' ');
    }
    if let Some(first) = subjects.first() {
        let id = &first.case.experiment;
        let experiment = gallery.experiment(id).map_or("", |experiment| experiment.title.as_str());
        let (page, title) = if subjects.len() == 1 {
            let title = format!("{} on {}", first.case.activation.title, first.case.target.title);
            (first.page(), title)
        } else {
            (link::index(&format!("experiments/{id}")), planned.figure.title.clone())
        };
        block.push_str(&format!("<a href=\"{}\">", link::relative(from, &page)));
        // A blank line would end the block.
        let caption = format!("{experiment}: {title}");
        escape(&mut block, &caption.split_whitespace().collect::<Vec<_>>().join(" "));
        block.push_str("</a>");
    }
    block.push_str("</figcaption></figure>");
    block
}

/// The events of a text, with its addresses and formulas resolved and its footnotes named.
fn resolved<'e>(
    gallery: Gallery<'_>,
    spot: &Spot<'_>,
    text: &Text<'_>,
    prepared: &'e Prepared<'_>,
    found: &mut Vec<Diagnostic>,
) -> Vec<Event<'e>> {
    let shown = Shown { gallery, spot, text, prepared };
    let is_shown = |part: &Range<usize>| !gallery.specs.site.allows_html && prepared.is_authors(part);
    // The title that takes the place of an autolink's address, or of words that are not given.
    let mut title_of_link: Option<String> = None;
    let note = |name: &str| CowStr::from(format!("note:{}", spot.scoped(name)));
    let mut output = Vec::new();
    let mut events = Parser::new_ext(&prepared.markdown, options()).into_offset_iter().peekable();
    while let Some((event, part)) = events.next() {
        // A text with so many faults is told of, and never shown.
        if found.len() > MOST_FAULTS {
            break;
        }
        let up_to = &prepared.markdown[..part.end];
        let event = match event {
            Event::Html(html) | Event::InlineHtml(html) if is_shown(&part) => Event::Text(html),
            Event::Start(Tag::HtmlBlock) if is_shown(&part) => Event::Start(Tag::Paragraph),
            Event::End(TagEnd::HtmlBlock) if is_shown(&part) => Event::End(TagEnd::Paragraph),
            // Attributes can be scripts too.
            Event::Start(Tag::Heading { level, id, classes, .. }) if !gallery.specs.site.allows_html => {
                Event::Start(Tag::Heading { level, id, classes, attrs: Vec::new() })
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let address = reference::resolve(&shown, link_type, &dest_url, part.end, found);
                let has_no_words = matches!(events.peek(), Some((Event::End(TagEnd::Link), _)));
                if link_type == LinkType::Autolink || has_no_words {
                    title_of_link = reference::title(&shown, &dest_url);
                }
                Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url: address.into(), title, id })
            }
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                let address = reference::resolve(&shown, link_type, &dest_url, part.end, found);
                Event::Start(Tag::Image { link_type: LinkType::Inline, dest_url: address.into(), title, id })
            }
            Event::Text(words) => Event::Text(title_of_link.take().map_or(words, CowStr::from)),
            Event::End(TagEnd::Link) => {
                if let Some(title) = title_of_link.take() {
                    output.push(Event::Text(title.into()));
                }
                event
            }
            Event::InlineMath(latex) => typeset(&latex, false, text, up_to, found),
            Event::DisplayMath(latex) => typeset(&latex, true, text, up_to, found),
            Event::FootnoteReference(name) => Event::FootnoteReference(note(&name)),
            Event::Start(Tag::FootnoteDefinition(name)) => Event::Start(Tag::FootnoteDefinition(note(&name))),
            other => other,
        };
        output.push(event);
    }
    output
}

/// The place of a token of the Markdown in its file, as near as it can be told: the first, or the last of those in the Markdown
/// `up_to` the end of what holds it.
fn place(text: &Text<'_>, token: &str, up_to: &str, label: &str) -> Option<Place> {
    let place = text.place?;
    let from = place.span.start.min(place.file.text.len());
    // To count takes as long as the text, for each fault of it.
    let counted = if up_to.len() > LONG { "" } else { up_to };
    let others = counted.matches(token).count().saturating_sub(1);
    let rest = place.file.text.get(from..).filter(|_| !token.is_empty());
    let at = rest.and_then(|rest| {
        let mut places = rest.match_indices(token).map(|(at, _)| at);
        let first = places.next()?;
        Some(others.checked_sub(1).and_then(|others| places.nth(others)).unwrap_or(first))
    });
    let span = at.map_or(place.span.clone(), |at| from + at..from + at + token.len());
    Some(Place { file: place.file.clone(), span, label: label.into() })
}

fn typeset<'e>(
    latex: &str,
    is_block: bool,
    text: &Text<'_>,
    up_to: &str,
    found: &mut Vec<Diagnostic>,
) -> Event<'e> {
    match math::mathml(latex, is_block) {
        Ok(mathml) => Event::InlineHtml(mathml.into()),
        Err(reason) => {
            let message = format!("this formula cannot be typeset: {reason}");
            found.push(Diagnostic::error(message, place(text, latex, up_to, "")));
            Event::Text(latex.to_owned().into())
        }
    }
}

/// The level of a text's topmost headings.
fn top_heading<'e>(events: impl IntoIterator<Item = Event<'e>>) -> HeadingLevel {
    let levels = events.into_iter().filter_map(|event| match event {
        Event::Start(Tag::Heading { level, .. }) => Some(level),
        _ => None,
    });
    levels.min().unwrap_or(HeadingLevel::H1)
}

/// A heading's level where the topmost ones, now of the level `top`, get another.
fn shifted(level: HeadingLevel, top: HeadingLevel, to: usize) -> HeadingLevel {
    HeadingLevel::try_from(to + level as usize - top as usize).unwrap_or(HeadingLevel::H6)
}

/// Gives each heading its level on the page and an id made of its words, unless its author has given it one. The ids of our
/// templates hold a colon, as no such id does.
pub(super) fn name_headings(events: &mut [Event<'_>], spot: &Spot<'_>) {
    let top = top_heading(events.iter().cloned());
    let mut taken = BTreeSet::new();
    // How often each name stands there, so that many alike do not have to be counted again and again.
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut start = 0;
    for at in 0..events.len() {
        match &mut events[at] {
            Event::Start(Tag::Heading { .. }) => start = at,
            Event::End(TagEnd::Heading(level)) => *level = shifted(*level, top, spot.level),
            _ => continue,
        }
        if start == at {
            continue;
        }
        let words: String = events[start..at]
            .iter()
            .filter_map(|event| match event {
                Event::Text(text) | Event::Code(text) => Some(&**text),
                _ => None,
            })
            .collect();
        if let Event::Start(Tag::Heading { id, level, .. }) = &mut events[start] {
            *level = shifted(*level, top, spot.level);
            let name = id.as_ref().map_or_else(|| slug(&words), ToString::to_string);
            let mut unique = name.clone();
            let count = counts.entry(name.clone()).or_insert(1);
            while !taken.insert(unique.clone()) {
                *count += 1;
                unique = format!("{name}-{count}");
            }
            *id = Some(spot.scoped(&unique).into());
        }
    }
}

/// The names of all headings of a text.
fn heading_names(markdown: &str) -> BTreeSet<String> {
    let mut events: Vec<Event<'_>> = Parser::new_ext(markdown, options()).collect();
    name_headings(&mut events, &Spot { from: "", level: 1, scope: "", is_excerpt: false });
    let name = |event| match event {
        Event::Start(Tag::Heading { id, .. }) => id.map(CowStr::into_string),
        _ => None,
    };
    events.into_iter().filter_map(name).collect()
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
