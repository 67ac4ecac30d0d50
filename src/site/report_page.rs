//! `REPORT.md` as the body of `report/index.html`, one folder further down.

use pulldown_cmark::{CowStr, Event, Parser, Tag};

use super::markdown::{self, Spot};
use super::math;

/// The report's HTML. Where the site allows none in Markdown, its own images are all that there is.
pub(super) fn html(report: &str, allows_html: bool) -> String {
    let is_shown = |html: &str| !allows_html && !is_own_image(html);
    let events = Parser::new_ext(report, markdown::options()).map(|event| match event {
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: moved(&dest_url), title, id })
        }
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Image { link_type, dest_url: moved(&dest_url), title, id })
        }
        Event::InlineHtml(text) | Event::Html(text) if is_shown(&text) => Event::Text(text),
        Event::Start(Tag::Heading { level, id, classes, .. }) if !allows_html => {
            Event::Start(Tag::Heading { level, id, classes, attrs: Vec::new() })
        }
        Event::InlineHtml(text) => Event::InlineHtml(moved_images(&text).into()),
        Event::Html(text) => Event::Html(moved_images(&text).into()),
        Event::InlineMath(latex) => Event::InlineHtml(math::formula(&latex, false).into()),
        Event::DisplayMath(latex) => Event::InlineHtml(math::formula(&latex, true).into()),
        other => other,
    });
    let mut events: Vec<Event<'_>> = events.collect();
    let spot = Spot { from: "report/index.html", level: 1, scope: "", is_excerpt: false };
    markdown::name_headings(&mut events, &spot);
    markdown::rendered(events)
}

/// An address of `REPORT.md` as seen from the report's page; folders lead to their pages.
fn moved<'e>(address: &str) -> CowStr<'e> {
    let is_of_web = ["https://", "http://", "mailto:"].iter().any(|scheme| address.starts_with(scheme));
    if is_of_web || address.starts_with(['#', '/']) {
        return address.to_owned().into();
    }
    let page = if address.ends_with('/') { "index.html" } else { "" };
    format!("../{address}{page}").into()
}

/// Whether HTML is an image as the report writes them, and nothing else.
fn is_own_image(html: &str) -> bool {
    let parts: Vec<&str> = html.trim().split('"').collect();
    let [start, _, width, number, alt, _, end] = parts.as_slice() else { return false };
    [*start, *width, *alt, *end] == ["<img src=", " width=", " alt=", ">"]
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// HTML whose images are found from one folder further down.
fn moved_images(html: &str) -> String {
    const SOURCE: &str = " src=\"";
    let mut output = String::new();
    let mut rest = html;
    while let Some(at) = rest.find(SOURCE) {
        let (before, after) = rest.split_at(at + SOURCE.len());
        let end = after.find('"').unwrap_or(after.len());
        output.push_str(&before[..at]);
        output.push_str(" loading=\"lazy\"");
        output.push_str(SOURCE);
        output.push_str(&moved(&after[..end]));
        rest = &after[end..];
    }
    output + rest
}
