//! Markdown for where nothing is resolved any more: the reports, in which many texts stand one below the other.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, LinkType, Parser, Tag, TagEnd};

use super::{Spot, Text, embed, options, reference, shifted};
use crate::diagnostic::Diagnostic;
use crate::site::alt;
use crate::site::gallery::Gallery;
use crate::site::link;
use crate::site::math::escape;

/// The Markdown with its references and figures resolved, its headings below those of the report, and its footnotes and
/// labels of links kept apart from those of other texts.
pub(in crate::site) fn markdown(
    gallery: Gallery<'_>,
    spot: &Spot<'_>,
    text: &Text<'_>,
    found: &mut Vec<Diagnostic>,
) -> String {
    let prepared = embed::embed(gallery, text, found, |planned| {
        let mut alt_text = String::new();
        escape(&mut alt_text, &alt::text(gallery, planned));
        let source = link::relative(spot.from, &planned.path);
        format!("<img src=\"{source}\" width=\"720\" alt=\"{alt_text}\">")
    });
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    let mut open: Vec<(LinkType, String, CowStr<'_>)> = Vec::new();
    // Where the last thing inside of a link ended: what follows up to the link's own end is its address.
    let mut inner_end = 0;
    let parser = Parser::new_ext(&prepared, options());
    let definitions = parser.reference_definitions();
    changes.extend(definitions.iter().map(|(_, definition)| (definition.span.clone(), String::new())));
    let top = super::top_heading(Parser::new_ext(&prepared, options()));
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(
                Tag::Link { link_type, dest_url, title, .. } | Tag::Image { link_type, dest_url, title, .. },
            ) => {
                let address = reference::resolve(gallery, spot, text, link_type, &dest_url, found);
                if link_type == LinkType::Autolink
                    && let Some(name) = reference::title(gallery, &dest_url)
                {
                    let name = crate::site::report::plain(name);
                    changes.push((range.clone(), format!("[{name}]({})", folder_of_page(&address))));
                }
                let is_unchanged = link_type == LinkType::Inline && address == *dest_url;
                let address = if is_unchanged { String::new() } else { folder_of_page(&address) };
                open.push((link_type, address, title));
                // Past the bracket, for a link without a text.
                inner_end = range.start + prepared[range.clone()].find('[').map_or(0, |at| at + 1);
                continue;
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if let Some((link_type, address, title)) = open.pop()
                    && !address.is_empty()
                    && !matches!(link_type, LinkType::Autolink | LinkType::Email)
                {
                    changes.push((inner_end..range.end, tail(&address, &title)));
                }
            }
            Event::Start(Tag::Heading { level, .. }) => {
                let marks = prepared[range.clone()].bytes().take_while(|&byte| byte == b'#').count();
                // Headings that are underlined stay as they are.
                if marks > 0 {
                    let level = shifted(level, top, spot.level) as usize;
                    changes.push((range.start..range.start + marks, "#".repeat(level)));
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => {
                // One that its author left open would swallow the rest of the report.
                let block = prepared[range.clone()].trim_end();
                let mark = block.chars().next().unwrap_or('`');
                let fence: String = block.chars().take_while(|&character| character == mark).collect();
                let last = block.lines().skip(1).last().unwrap_or_default().trim();
                if !last.starts_with(&fence) || last.chars().any(|character| character != mark) {
                    let end = range.start + block.len();
                    changes.push((end..end, format!("\n{fence}")));
                }
            }
            Event::FootnoteReference(_) | Event::Start(Tag::FootnoteDefinition(_))
                if prepared[range.start..].starts_with("[^") && !spot.scope.is_empty() =>
            {
                changes.push((range.start + 2..range.start + 2, format!("{}-", spot.scope)));
            }
            _ => {}
        }
        if !matches!(event, Event::Start(_)) {
            inner_end = range.end;
        }
    }
    replaced(&prepared, changes)
}

/// The text with its changes, the outer one where two overlap.
fn replaced(text: &str, mut changes: Vec<(Range<usize>, String)>) -> String {
    changes.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut output = String::new();
    let mut at = 0;
    for (range, replacement) in changes {
        if range.start < at {
            continue;
        }
        output.push_str(&text[at..range.start]);
        output.push_str(&replacement);
        at = range.end;
    }
    output.push_str(&text[at..]);
    output.trim().to_owned()
}

/// The end of a link's source, from its closing bracket on.
fn tail(address: &str, title: &str) -> String {
    let address = if address.contains(['(', ')', ' ']) { format!("<{address}>") } else { address.to_owned() };
    if title.is_empty() {
        return format!("]({address})");
    }
    let title = title.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
    format!("]({address} \"{title}\")")
}

/// On GitHub a folder is what can be looked at, not its page's source.
pub(in crate::site) fn folder_of_page(address: &str) -> String {
    if address.contains("://") {
        return address.to_owned();
    }
    match address.strip_suffix("index.html") {
        Some("") => "./".to_owned(),
        Some(folder) if folder.ends_with('/') => folder.to_owned(),
        _ => address.to_owned(),
    }
}
