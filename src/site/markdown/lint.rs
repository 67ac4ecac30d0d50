//! What is likely a slip in an author's Markdown, though it can be shown: pictures without a text in their place, addresses of
//! the web that lead nowhere, links to headings that are spelt otherwise, formulas that are none, and HTML where none is allowed.

use std::collections::BTreeSet;
use std::ops::Range;

use http::Uri;
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::embed::without_calls;
use super::reference::decoded;
use super::{MOST_FAULTS, Text, heading_names, options, place};
use crate::diagnostic::{Diagnostic, nearest};

/// So many links of a text are compared with all of its headings.
const MOST_COMPARED: usize = 20;

/// The warnings on one text, as far as anybody would read them.
pub(super) fn warnings(text: &Text<'_>, allows_html: bool) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut picture: Option<(String, bool)> = None;
    // Where the line ends that was warned of last.
    let mut line_end = 0;
    let mut is_in_code = false;
    // Links to places of the text itself, each with where it ends.
    let mut inside = Vec::new();
    let markdown = without_calls(text.markdown);
    for (event, range) in Parser::new_ext(&markdown, options()).into_offset_iter() {
        if found.len() > MOST_FAULTS {
            break;
        }
        if let Event::Text(_) = event
            && !is_in_code
        {
            found.extend(formula(text, range.clone()).or_else(|| parentheses(text, range.clone())));
        }
        match event {
            Event::Start(Tag::CodeBlock(_)) => is_in_code = true,
            Event::End(TagEnd::CodeBlock) => is_in_code = false,
            Event::Start(Tag::HtmlBlock) | Event::InlineHtml(_)
                if !allows_html && range.start >= line_end =>
            {
                let rest = &text.markdown[range.start..];
                let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
                line_end = range.end.max(range.start + line.len());
                let token = if range.len() < line.len() { &rest[..range.len()] } else { line };
                found.push(html(text, token.trim_end(), range.start + token.len()));
            }
            Event::Start(Tag::Heading { attrs, .. }) if !allows_html && !attrs.is_empty() => {
                let line = text.markdown[range.clone()].lines().next().unwrap_or_default();
                found.push(html(text, line, range.end));
            }
            Event::Start(Tag::Link { dest_url, .. }) if dest_url.starts_with('#') => {
                inside.push((dest_url, range.end));
            }
            Event::Start(Tag::Link { dest_url, .. }) => found.extend(address(text, &dest_url, range.end)),
            Event::Start(Tag::Image { dest_url, .. }) => {
                found.extend(address(text, &dest_url, range.end));
                picture = Some((dest_url.into_string(), false));
            }
            Event::End(TagEnd::Image) => {
                if let Some((source, false)) = picture.take() {
                    let message = "this picture has no text for readers who cannot see it";
                    let diagnostic =
                        Diagnostic::warning(message, place(text, &source, &text.markdown[..range.end], ""));
                    found.push(
                        diagnostic.help("write what it shows between the brackets: ![what it shows](…)"),
                    );
                }
            }
            Event::Text(words) | Event::Code(words) | Event::InlineMath(words) => {
                if let Some((_, has_text)) = &mut picture {
                    *has_text |= !words.trim().is_empty();
                }
            }
            _ => {}
        }
    }
    if !inside.is_empty() {
        let headings = heading_names(&markdown);
        let lost = inside.iter().filter(|(link, _)| !headings.contains(&decoded(&link[1..])));
        found
            .extend(lost.take(MOST_COMPARED).filter_map(|(link, end)| misspelt(text, link, *end, &headings)));
    }
    found
}

/// A warning on a link to a heading of its own text that is not there, if one is that is spelt alike: what else it may lead to
/// stands in templates.
fn misspelt(text: &Text<'_>, link: &str, end: usize, headings: &BTreeSet<String>) -> Option<Diagnostic> {
    let near = nearest(&decoded(&link[1..]), headings.iter().map(String::as_str))?;
    let message = format!("this text has no heading `{}`", link.escape_debug());
    let diagnostic = Diagnostic::warning(message, place(text, link, &text.markdown[..end], ""));
    Some(diagnostic.help(format!("did you mean `#{near}`?")))
}

/// A warning on HTML that is not taken for such.
fn html(text: &Text<'_>, token: &str, end: usize) -> Diagnostic {
    let message = "this is HTML, which is shown as it is written";
    let diagnostic = Diagnostic::warning(message, place(text, token, &text.markdown[..end], ""));
    diagnostic.help(
        "write Markdown, or `raw_html: true` in the `site` spec if you trust all its authors with scripts",
    )
}

/// A warning on a dollar sign among words that was to begin a formula, by what follows it.
fn formula(text: &Text<'_>, words: Range<usize>) -> Option<Diagnostic> {
    let markdown = text.markdown;
    let begins = |&at: &usize| {
        // As far as a word goes that is soon there, so that many signs are not read again and again.
        let next = markdown[at..].chars().take(60).skip_while(|c| *c == '$' || c.is_whitespace());
        let is_first = !markdown[..at].ends_with(['\\', '$']);
        is_first && next.take_while(|c| !c.is_whitespace()).any(|c| matches!(c, '\\' | '^' | '_' | '{'))
    };
    let at = markdown[words.clone()].match_indices('$').map(|(at, _)| words.start + at).find(begins)?;
    let line = markdown[at..].lines().next().unwrap_or_default();
    let diagnostic = Diagnostic::warning(
        "this `$` begins no formula",
        place(text, line, &markdown[..at + line.len()], ""),
    );
    Some(diagnostic.help("a formula stands in one paragraph between two `$`, without a space inside of them and with a `}` for each `{`: `$x^2$`; a `$` alone is `\\$`"))
}

/// A warning on a formula between `\(` and `\)`, or `\[` and `\]`, which are parentheses and brackets in Markdown.
fn parentheses(text: &Text<'_>, words: Range<usize>) -> Option<Diagnostic> {
    let (before, after) = (&text.markdown[..words.start], &text.markdown[words.start..]);
    let end = match after.chars().next() {
        Some('(') => "\\)",
        Some('[') => "\\]",
        _ => return None,
    };
    // As far as a formula in a sentence goes, so that many signs do not have all behind them read again and again.
    let near = after.char_indices().nth(200).map_or(after, |(at, _)| &after[..at]);
    let line = near.lines().next().unwrap_or_default();
    let inside = &line[1..line.find(end).filter(|_| before.ends_with('\\'))?];
    if inside.contains(['`', '$']) || !inside.contains(['\\', '^', '_', '{', '=']) {
        return None;
    }
    let token = &text.markdown[words.start - 1..words.start + 1 + inside.len() + end.len()];
    let message = format!("`{}` begins no formula", &token[..2]);
    let place = place(text, token, &text.markdown[..words.start + 1 + inside.len() + end.len()], "");
    Some(Diagnostic::warning(message, place).help(format!("write `${}$`", inside.trim())))
}

/// A warning on an address of the web that cannot be one.
fn address(text: &Text<'_>, address: &str, end: usize) -> Option<Diagnostic> {
    let reason = malformed(address)?;
    let message = format!("this address leads nowhere: {reason}");
    Some(
        Diagnostic::warning(message, place(text, address, &text.markdown[..end], ""))
            .help("write it as `https://example.org/page`"),
    )
}

/// Why an address of the web cannot be one; `None` for one that can, and for addresses within the site.
fn malformed(address: &str) -> Option<String> {
    if address.starts_with("www.") {
        return Some("without `https://` it means a file of this site".into());
    }
    let (scheme, rest) = address.split_once(':')?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let Some(rest) = rest.strip_prefix("//") else {
        return Some(format!("`//` is missing after `{scheme}:`"));
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() {
        return Some("it names no host".into());
    }
    // Addresses may be written with any letters; browsers encode them.
    let before_fragment = address.split('#').next().unwrap_or_default();
    let encoded: String = before_fragment.chars().map(|c| if c.is_ascii() { c } else { 'x' }).collect();
    match encoded.parse::<Uri>() {
        Err(error) => Some(error.to_string()),
        Ok(_) if !host.contains('.') && !host.starts_with("localhost") && !host.starts_with('[') => {
            Some(format!("`{host}` is no host of the web"))
        }
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(markdown: &str) -> Vec<String> {
        let text = Text { markdown, place: None, home: "index.html".into() };
        warnings(&text, false).into_iter().map(|diagnostic| diagnostic.message).collect()
    }

    #[test]
    fn slips_are_found() {
        for (markdown, part) in [
            ("![](a.png)", "no text"),
            ("![ ](a.png \"title\")", "no text"),
            ("[a](http:/example.org)", "`//` is missing"),
            ("[a](https://)", "no host"),
            ("[a](<https://exa mple.org/>)", "nowhere"),
            ("[a](https://example/page)", "`example` is no host"),
            ("a <b>bold</b> word", "HTML"),
            ("<div>\n\n", "HTML"),
            ("# a {onclick=b()}", "HTML"),
            ("[a](www.example.org)", "file of this site"),
            ("![a](https:example.org/a.png)", "`//` is missing"),
            ("with $x^2 as before", "begins no formula"),
            ("with $ \\alpha $ as before", "begins no formula"),
            ("$$\n\\frac{a}{b}\n\nand", "begins no formula"),
            ("with \\(x^2\\) as before", "`\\(` begins no formula"),
            ("with \\[ y = x \\] as before", "`\\[` begins no formula"),
            ("[a](#the-result)\n\n# The results", "no heading `#the-result`"),
            ("[a](#The-results)\n\n# The results", "no heading `#The-results`"),
            ("[a](#anhängee)\n\n# Anhänge", "no heading `#anhängee`"),
        ] {
            let found = messages(markdown);
            assert!(found.len() == 1 && found[0].contains(part), "{markdown}: {found:?}");
        }
    }

    #[test]
    fn what_is_right_is_left_alone() {
        for markdown in [
            "![a *b*](a.png) ![`x`](b.png) ![$x$](c.png)",
            "[a](https://example.org/ä?b=c#d) <https://example.org> <mail@example.org> <experiment:one>",
            "[a](https://[::1]:8080/) [b](http://localhost:3000) [c](../d/) [e](mailto:f@example.org)",
            "`[a](http:/x)`",
            "$x^2$, $$y_1$$, $5 or $ 6, \\$x^2, `$x^2`, `a_b`",
            "```\n$x^2\n```\n\n    $HOME/a_b\n",
            "\\[not a link\\](x) and \\(words\\), \\(a, `\\(x^2\\)`, $f\\(x^2\\)$",
            "[a](#anh%C3%A4nge) [b](#same-2) [c](#own) [d](#) [e](#top)\n\n# Anhänge\n# Same\n# Same\n# Other {#own}",
            "[a](#fig:benchmark) [b](#of-a-template) [c](#a-code)\n\n# A `code`\n# Topic",
        ] {
            assert_eq!(messages(markdown), [""; 0], "{markdown}");
        }
    }
}
