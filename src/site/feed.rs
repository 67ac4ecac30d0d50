//! The Atom feed: experiments and pages that say when they were written, newest first.
//!
//! There is no clock in a build, so that a site without such dates has no feed.

use serde::Serialize;

use super::gallery::Gallery;
use super::markdown;
use crate::spec::{Date, Specs};

/// Its file.
pub(super) const PATH: &str = "feed.xml";

/// What `feed.xml` sees.
#[derive(Serialize)]
pub(super) struct Feed {
    title: String,
    description: String,
    /// The site's address, with a slash at its end; it is the feed's id too.
    base_url: String,
    /// The address of the feed itself.
    feed_url: String,
    /// The day of its newest entry, as RFC 3339 has it: `2026-01-31T00:00:00Z`.
    updated: String,
    entries: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    title: String,
    /// The address of its page, which is its id too.
    url: String,
    updated: String,
    summary: String,
}

fn dated(specs: &Specs) -> impl Iterator<Item = (Date, &str, String, &str)> {
    let experiments = specs.experiments.iter().filter_map(|experiment| {
        let page = format!("experiments/{}/", experiment.id);
        Some((experiment.date?, experiment.title.as_str(), page, experiment.description.as_str()))
    });
    let pages = specs.pages.iter().filter_map(|page| {
        Some((page.date?, page.title.as_str(), format!("{}/", page.id), page.body.as_str()))
    });
    experiments.chain(pages)
}

/// Whether the site has one.
pub(super) fn is_there(specs: &Specs) -> bool {
    specs.site.base_url.is_some() && dated(specs).next().is_some()
}

/// `None` without an address of the site, or without a date.
pub(super) fn feed(gallery: Gallery<'_>) -> Option<Feed> {
    let specs = gallery.specs;
    let base_url = specs.site.base_url.clone()?;
    let mut dated: Vec<_> = dated(specs).collect();
    // By address where the days are the same.
    dated.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.2.cmp(&b.2)));
    let moment = |date: Date| format!("{date}T00:00:00Z");
    let updated = moment(dated.first()?.0);
    let entries = dated.into_iter().map(|(date, title, page, text)| Entry {
        title: text_of_xml(title),
        url: format!("{base_url}{page}"),
        updated: moment(date),
        summary: text_of_xml(&first_words(gallery, text)),
    });
    Some(Feed {
        title: text_of_xml(&specs.site.title),
        description: text_of_xml(&specs.site.description),
        feed_url: format!("{base_url}{PATH}"),
        entries: entries.collect(),
        base_url,
        updated,
    })
}

/// A text without the characters that XML 1.0 cannot have, however they are written: most of those that control, and two that are
/// none. (<https://www.w3.org/TR/xml/#charsets>)
fn text_of_xml(text: &str) -> String {
    let is_allowed =
        |character: &char| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(is_allowed).collect()
}

/// The text of the first paragraph, without its marks; links without words say what they name.
fn first_words(gallery: Gallery<'_>, text: &str) -> String {
    use pulldown_cmark::{Event, LinkType, Parser, Tag, TagEnd};
    let mut words = String::new();
    let mut is_inside = false;
    // The title that takes the place of an autolink's address, or of words that are not given.
    let mut title: Option<String> = None;
    let mut events = Parser::new_ext(text, markdown::options()).peekable();
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::Link { link_type, dest_url, .. })
                if is_inside
                    && (link_type == LinkType::Autolink
                        || matches!(events.peek(), Some(Event::End(TagEnd::Link)))) =>
            {
                title = markdown::title(gallery, &dest_url);
            }
            Event::End(TagEnd::Link) => words.extend(title.take()),
            Event::Text(_) if title.is_some() => {}
            Event::Start(Tag::Paragraph) => is_inside = true,
            Event::End(TagEnd::Paragraph) => break,
            Event::Text(part) | Event::Code(part) | Event::InlineMath(part) if is_inside => {
                words.push_str(&part)
            }
            Event::SoftBreak | Event::HardBreak if is_inside => words.push(' '),
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_have_is_left_out() {
        assert_eq!(text_of_xml("a\u{1}b\u{fffe}c\u{ffff}\td\u{0}é\u{1f600}"), "abc\tdé\u{1f600}");
    }
}
