//! What is likely a slip in an author's Markdown, though it can be shown: pictures without a text in their place, and addresses
//! of the web that lead nowhere.

use http::Uri;
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::{Text, options, place};
use crate::diagnostic::Diagnostic;

/// The warnings on one text.
pub(super) fn warnings(text: &Text<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut picture: Option<(String, bool)> = None;
    for event in Parser::new_ext(text.markdown, options()) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => found.extend(address(text, &dest_url)),
            Event::Start(Tag::Image { dest_url, .. }) => {
                found.extend(address(text, &dest_url));
                picture = Some((dest_url.into_string(), false));
            }
            Event::End(TagEnd::Image) => {
                if let Some((source, false)) = picture.take() {
                    let message = "this picture has no text for readers who cannot see it";
                    let diagnostic = Diagnostic::warning(message, place(text, &source, ""));
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
    found
}

/// A warning on an address of the web that cannot be one.
fn address(text: &Text<'_>, address: &str) -> Option<Diagnostic> {
    let reason = malformed(address)?;
    let message = format!("this address leads nowhere: {reason}");
    Some(
        Diagnostic::warning(message, place(text, address, "")).help("write it as `https://example.org/page`"),
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
        warnings(&text).into_iter().map(|diagnostic| diagnostic.message).collect()
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
            ("[a](www.example.org)", "file of this site"),
            ("![a](https:example.org/a.png)", "`//` is missing"),
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
        ] {
            assert_eq!(messages(markdown), [""; 0], "{markdown}");
        }
    }
}
