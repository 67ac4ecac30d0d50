//! `REPORT.md` as the body of `report/index.html`, one folder further down, and of its further sheets.

use std::borrow::Cow;

use pulldown_cmark::{CowStr, Event, Parser, Tag};

use super::markdown::{self, Spot};
use super::math;

/// More of it than these bytes of Markdown, which become twice as many of HTML, begins a new sheet.
const MOST: usize = 250_000;

/// The report in parts, one for each sheet: torn before headings, and within tables only where it must be.
pub(super) fn parts(report: &str) -> Vec<Cow<'_, str>> {
    split(report, MOST)
}

fn split(report: &str, most: usize) -> Vec<Cow<'_, str>> {
    if report.len() <= most {
        return vec![Cow::Borrowed(report)];
    }
    let mut parts = Vec::new();
    let mut part = String::new();
    // The headings of the experiment and the target that a part is in the middle of.
    let (mut experiment, mut target) = ("", "");
    for block in blocks(report) {
        let is_heading = block.starts_with('#');
        if is_heading && part.len() > most / 2 {
            parts.push(Cow::Owned(std::mem::take(&mut part)));
            if block.starts_with("###") {
                part.push_str(experiment);
            }
            if block.starts_with("####") {
                part.push_str(target);
            }
        }
        if block.starts_with("## ") {
            (experiment, target) = (block, "");
        } else if block.starts_with("### ") {
            target = block;
        }
        let above = || format!("{experiment}{target}");
        let is_table = block.starts_with('|');
        if part.len() + block.len() <= most || part.is_empty() && !is_table {
            part.push_str(block);
            continue;
        }
        if !is_table {
            let above = if is_heading { String::new() } else { above() };
            parts.push(Cow::Owned(std::mem::replace(&mut part, above + block)));
            continue;
        }
        // The head and the line below it stand above every piece.
        let mut rows = block.split_inclusive('\n');
        let head: String = rows.by_ref().take(2).collect();
        part.push_str(&head);
        for row in rows {
            if part.len() + row.len() > most {
                parts.push(Cow::Owned(std::mem::replace(&mut part, above() + &head)));
            }
            part.push_str(row);
        }
    }
    parts.push(Cow::Owned(part));
    parts
}

/// What stands at the outermost level, each with the empty lines behind it.
fn blocks(report: &str) -> Vec<&str> {
    let mut starts = vec![0];
    let mut depth = 0_usize;
    for (event, range) in Parser::new_ext(report, markdown::options()).into_offset_iter() {
        match event {
            Event::Start(_) => {
                if depth == 0 && range.start > 0 {
                    starts.push(range.start);
                }
                depth += 1;
            }
            Event::End(_) => depth -= 1,
            _ => {}
        }
    }
    starts.push(report.len());
    starts.windows(2).map(|pair| &report[pair[0]..pair[1]]).collect()
}

/// The HTML of the report, or of one of its parts, for a page, with its headings from a level on. Where the site allows none in
/// Markdown, its own images are all that there is.
pub(super) fn html(report: &str, page: &str, level: usize, allows_html: bool) -> String {
    let up = "../".repeat(page.matches('/').count());
    let moved = |address: &str| moved(&up, address);
    let moved_images = |html: &str| moved_images(&up, html);
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
    let spot = Spot { from: page, level, scope: "", is_excerpt: false };
    markdown::name_headings(&mut events, &spot);
    markdown::rendered(events)
}

/// An address of `REPORT.md` as seen from so many folders further down; folders lead to their pages.
fn moved<'e>(up: &str, address: &str) -> CowStr<'e> {
    let is_of_web = ["https://", "http://", "mailto:"].iter().any(|scheme| address.starts_with(scheme));
    if is_of_web || address.starts_with(['#', '/']) {
        return address.to_owned().into();
    }
    let page = if address.ends_with('/') { "index.html" } else { "" };
    format!("{up}{address}{page}").into()
}

/// Whether HTML is an image as the report writes them, and nothing else.
fn is_own_image(html: &str) -> bool {
    let parts: Vec<&str> = html.trim().split('"').collect();
    let [start, _, width, number, alt, _, end] = parts.as_slice() else { return false };
    [*start, *width, *alt, *end] == ["<img src=", " width=", " alt=", ">"]
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// HTML whose images are found from some folders further down.
fn moved_images(up: &str, html: &str) -> String {
    const SOURCE: &str = " src=\"";
    let mut output = String::new();
    let mut rest = html;
    while let Some(at) = rest.find(SOURCE) {
        let (before, after) = rest.split_at(at + SOURCE.len());
        let end = after.find('"').unwrap_or(after.len());
        output.push_str(&before[..at]);
        output.push_str(" loading=\"lazy\"");
        output.push_str(SOURCE);
        output.push_str(&moved(up, &after[..end]));
        rest = &after[end..];
    }
    output + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_report_is_torn_before_headings_and_in_tables() {
        let row = |index: usize| format!("| {index} | [a](a/) |\n");
        let table = |rows: usize| format!("| n | x |\n|--|--|\n{}\n", (0..rows).map(row).collect::<String>());
        let section = |name: &str, rows: usize| format!("## {name}\n\nText.\n\n{}", table(rows));
        let report = format!("# All\n\n{}{}{}", section("One", 13), section("Two", 100), section("Three", 2));
        assert_eq!(split(&report, 10_000).len(), 1);
        let parts = split(&report, 400);
        assert!(parts.len() > 4 && parts.iter().all(|part| part.len() <= 450), "{parts:?}");
        assert!(parts[0].starts_with("# All") && parts[1].starts_with("## Two"), "{parts:?}");
        let rows = |text: &str| text.lines().filter(|line| line.contains("[a](a/)")).count();
        assert_eq!(parts.iter().map(|part| rows(part)).sum::<usize>(), 115);
        for part in &parts {
            let html = html(part, "report/page~2/index.html", 2, false);
            assert_eq!(html.matches("<td").count(), 2 * rows(part), "{html}");
            assert!(!html.contains("<td") || html.contains("href=\"../../a/index.html\""), "{html}");
        }
    }

    #[test]
    fn a_heading_in_a_text_s_code_tears_nothing() {
        let report = format!("# All\n\n```text\n{}```\n\n## End\n", "## no heading\n\n".repeat(40));
        let parts = split(&report, 100);
        assert_eq!(parts.concat(), report);
        assert!(parts.iter().all(|part| part.matches("```").count() % 2 == 0), "{parts:?}");
    }
}
