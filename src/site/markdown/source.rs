//! Markdown for where nothing is resolved any more: the reports, in which many texts stand one below the other.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, LinkType, Parser, Tag, TagEnd};

use super::embed::Prepared;
use super::reference::Shown;
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
    let prepared = embed::embed(gallery, text, found, |planned, _, caption| {
        let mut alt_text = String::new();
        escape(&mut alt_text, &alt::text(gallery, planned));
        let source = link::relative(spot.from, &planned.path);
        let caption = if caption.is_empty() {
            String::new()
        } else {
            format!("\n\n{}", crate::site::report::plain(caption))
        };
        format!("<img src=\"{source}\" width=\"720\" alt=\"{alt_text}\">{caption}")
    });
    let Prepared { markdown: ref prepared_text, .. } = prepared;
    let shown = Shown { gallery, spot, text, prepared: &prepared };
    let allows_html = gallery.specs.site.allows_html;
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    let mut open: Vec<(LinkType, String, CowStr<'_>, String)> = Vec::new();
    // Where the last thing inside of a link ended: what follows up to the link's own end is its address.
    let mut inner_end = 0;
    let parser = Parser::new_ext(prepared_text, options());
    // What defined addresses stays, since without it the text around could mean something else, under names of its own.
    changes.extend(parser.reference_definitions().iter().filter_map(|(_, definition)| {
        let at = definition.span.start + 1;
        prepared_text[..at].ends_with('[').then(|| (at..at, format!("{}-", spot.scope)))
    }));
    let top = super::top_heading(Parser::new_ext(prepared_text, options()));
    let mut depth = 0_usize;
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        match event {
            Event::Start(
                Tag::Link { link_type, dest_url, title, .. } | Tag::Image { link_type, dest_url, title, .. },
            ) => {
                let address = reference::resolve(&shown, link_type, &dest_url, range.end, found);
                let title_of_link =
                    reference::title(&shown, &dest_url).map(|name| crate::site::report::plain(&name));
                if link_type == LinkType::Autolink
                    && let Some(name) = &title_of_link
                {
                    changes.push((range.clone(), format!("[{name}]({})", folder_of_page(&address))));
                }
                let is_unchanged = link_type == LinkType::Inline && address == *dest_url;
                let address = if is_unchanged { String::new() } else { folder_of_page(&address) };
                // Past the bracket, for a link without a text.
                inner_end = range.start + prepared_text[range.clone()].find('[').map_or(0, |at| at + 1);
                let is_empty = link_type == LinkType::Inline && prepared_text[inner_end..].starts_with(']');
                let words = if is_empty { title_of_link.unwrap_or_default() } else { String::new() };
                open.push((link_type, address, title, words));
                continue;
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if let Some((link_type, address, title, words)) = open.pop()
                    && !address.is_empty()
                    && !matches!(link_type, LinkType::Autolink | LinkType::Email)
                {
                    // The parser leaves the brackets of `[text][]` out of the range.
                    let is_collapsed =
                        link_type == LinkType::Collapsed && prepared_text[range.end..].starts_with("[]");
                    let end = if is_collapsed { range.end + 2 } else { range.end };
                    changes.push((inner_end..end, format!("{words}{}", tail(&address, &title))));
                }
            }
            Event::Start(Tag::Heading { level, .. }) => {
                let marks = prepared_text[range.clone()].bytes().take_while(|&byte| byte == b'#').count();
                // Headings that are underlined stay as they are.
                if marks > 0 {
                    let level = shifted(level, top, spot.level) as usize;
                    changes.push((range.start..range.start + marks, "#".repeat(level)));
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) if depth == 1 => {
                // One that its author left open would swallow the rest of the report.
                let block = prepared_text[range.clone()].trim_end();
                let mark = block.chars().next().unwrap_or('`');
                let fence: String = block.chars().take_while(|&character| character == mark).collect();
                let last = block.lines().skip(1).last().unwrap_or_default().trim();
                if !last.starts_with(&fence) || last.chars().any(|character| character != mark) {
                    let end = range.start + block.len();
                    changes.push((end..end, format!("\n{fence}")));
                }
            }
            Event::FootnoteReference(_) | Event::Start(Tag::FootnoteDefinition(_))
                if prepared_text[range.start..].starts_with("[^") && !spot.scope.is_empty() =>
            {
                changes.push((range.start + 2..range.start + 2, format!("{}-", spot.scope)));
            }
            Event::Html(_) | Event::InlineHtml(_) if !allows_html && prepared.is_authors(&range) => {
                changes.push((range.clone(), as_words(&prepared_text[range.clone()])));
            }
            _ => {}
        }
        if !matches!(event, Event::Start(_)) {
            inner_end = range.end;
        }
    }
    replaced(prepared_text, changes)
}

/// HTML as Markdown that shows it as it is written; its line ends as it did.
fn as_words(html: &str) -> String {
    let words = html.trim_end_matches(['\n', '\r']);
    format!("{}{}", crate::site::report::plain(words.trim_start()), &html[words.len()..])
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
    // The first line keeps its indentation, which can make it code.
    let first = output.lines().take_while(|line| line.trim().is_empty()).map(|line| line.len() + 1).sum();
    output.get(first..).unwrap_or_default().trim_end().to_owned()
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::{Place, SourceFile};
    use crate::plan::Plan;
    use crate::site::gallery::Index;
    use crate::spec::{Page, Site, Source, Specs};

    /// The Markdown for the report of a site with one page, `p`.
    fn in_report(markdown: &str) -> String {
        in_site(markdown, |gallery, spot, text| super::markdown(gallery, spot, text, &mut Vec::new()))
    }

    /// Where the report should lead instead of to an address.
    fn led(address: &str) -> String {
        let resolved = in_site("", |gallery, spot, text| {
            let prepared = embed::embed(gallery, text, &mut Vec::new(), |_, _, _| String::new());
            let shown = Shown { gallery, spot, text, prepared: &prepared };
            reference::resolve(&shown, LinkType::Inline, address, 0, &mut Vec::new())
        });
        // What leads nowhere is a fault, and left as it is.
        if resolved.is_empty() { address.to_owned() } else { folder_of_page(&resolved) }
    }

    fn in_site<T>(markdown: &str, see: impl FnOnce(Gallery<'_>, &Spot<'_>, &Text<'_>) -> T) -> T {
        let file = Arc::new(SourceFile { path: "p.yaml".into(), text: String::new() });
        let place = Place { file, span: 0..0, label: String::new() };
        let source = Source { path: "p.yaml".into(), line: 1, text: String::new(), place };
        let page =
            Page { id: "p".into(), title: "The *page*".into(), body: String::new(), date: None, source };
        let site = Site {
            title: String::new(),
            description: String::new(),
            base_url: None,
            home: Vec::new(),
            has_dark_figures: true,
            allows_html: false,
            look: crate::spec::Look::default(),
            source: None,
        };
        let specs = Specs {
            site,
            targets: BTreeMap::new(),
            activations: BTreeMap::new(),
            models: BTreeMap::new(),
            figures: BTreeMap::new(),
            experiments: Vec::new(),
            pages: vec![page],
        };
        let plan = Plan { cases: Vec::new(), figures: Vec::new(), contests: Vec::new() };
        let gallery = Gallery {
            specs: &specs,
            plan: &plan,
            findings: &[],
            verdicts: &[],
            index: &Index::default(),
            atlas: &crate::site::atlas::Atlas::new(&specs, &plan, &[]),
            sheets: &crate::site::sheet::Sheets::default(),
            assets: &crate::site::assets::Assets::new(
                &crate::site::template::Templates::load(&[]).unwrap(),
                &crate::spec::Look::default(),
            ),
            players: &crate::site::player::Players::default(),
        };
        let text = Text { markdown, place: None, home: "targets/t/index.html".into() };
        let spot = Spot { from: "REPORT.md", level: 3, scope: "t", is_excerpt: false };
        see(gallery, &spot, &text)
    }

    /// Where links and images lead.
    fn addresses(markdown: &str) -> Vec<String> {
        let events = Parser::new_ext(markdown, options());
        let links = events.filter_map(|event| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                Some(dest_url.to_string())
            }
            _ => None,
        });
        links.collect()
    }

    #[test]
    fn links_are_rewritten_and_all_else_is_left() {
        for (before, after) in [
            ("a [b *c*](page:p) d", "a [b *c*](p/) d"),
            ("[b](<page:p> 'a \"t\"')", "[b](p/ \"a \\\"t\\\"\")"),
            ("[b\\]](page:p)", "[b\\]](p/)"),
            ("[](page:p)", "[The \\*page\\*](p/)"),
            ("<page:p>, <https://a.b/c>", "[The \\*page\\*](p/), <https://a.b/c>"),
            ("[b][1], [1], [1][]\n\n[1]: page:p", "[b](p/), [1](p/), [1](p/)\n\n[t-1]: page:p"),
            ("[b][1]\n\n[1]: https://a.b/c_(d)", "[b](<https://a.b/c_(d)>)\n\n[t-1]: https://a.b/c_(d)"),
            ("[![b](c.png)](../../p/)", "[![b](targets/t/c.png)](p/)"),
            ("`[b](page:p)` [b](https://a.b/page:p)", "`[b](page:p)` [b](https://a.b/page:p)"),
            ("é [é](page:p)[^é]\n\n[^é]: é", "é [é](p/)[^t-é]\n\n[^t-é]: é"),
            ("## a\n\n### b", "### a\n\n#### b"),
            ("    ## a\n\n```\n## b", "    ## a\n\n```\n## b\n```"),
        ] {
            assert_eq!(in_report(before), after, "{before}");
        }
    }

    const TOKENS: [&str; 29] = [
        "[",
        "]",
        "(",
        ")",
        "[a]",
        "(page:p)",
        "(b.html)",
        "(c/)",
        "[a][1]",
        "[1]",
        "[^1]",
        "\n\n[^1]: ",
        "\n\n",
        "\n",
        "# ",
        "## h",
        "\n```\n",
        "\n~~~\n",
        "`c`",
        "*",
        "é",
        "<b>",
        "> ",
        "- ",
        "\\",
        "|",
        "!",
        "$x$",
        "    ",
    ];

    proptest! {
        #[test]
        fn every_link_leads_where_it_did(tokens in prop::collection::vec(prop::sample::select(&TOKENS[..]), 0..24)) {
            let text = format!("{}\n\n[1]: page:p\n", tokens.concat());
            let expected: Vec<String> = addresses(&text).iter().map(|address| led(address)).collect();
            let report = in_report(&text);
            prop_assert_eq!(addresses(&report), expected, "{:?} became {:?}", text, report);
        }
    }
}
