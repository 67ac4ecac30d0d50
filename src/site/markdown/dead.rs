//! Links and pictures in an author's Markdown that lead to no file of the site.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, LinkType, Parser, Tag};

use super::reference::file;
use super::{MOST_FAULTS, Text, options, place};
use crate::diagnostic::{Diagnostic, nearest};
use crate::site::link;

/// The warnings on one text, as far as anybody would read them; each address once.
pub(super) fn links(text: &Text<'_>, files: &BTreeSet<&str>) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for event in Parser::new_ext(text.markdown, options()) {
        let Event::Start(
            Tag::Link { link_type, dest_url: address, .. } | Tag::Image { link_type, dest_url: address, .. },
        ) = event
        else {
            continue;
        };
        // Addresses that lead out of the site are told of where they are resolved.
        let path = path_of(&address).filter(|_| link_type != LinkType::Email);
        let Some(file) = path.and_then(|path| file(text, path)).filter(|file| !files.contains(file.as_str()))
        else {
            continue;
        };
        let diagnostic =
            Diagnostic::warning(format!("the site has no file `{file}`"), place(text, &address, ""));
        let diagnostic = diagnostic.help(help(&file, files));
        if !found.contains(&diagnostic) {
            found.push(diagnostic);
        }
        if found.len() > MOST_FAULTS {
            break;
        }
    }
    found
}

/// The path of an address within the site; `None` for one that names only a place of its page, or has a scheme or a host.
fn path_of(address: &str) -> Option<&str> {
    let path = &address[..address.find(['?', '#']).unwrap_or(address.len())];
    let has_scheme = path.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    (!path.is_empty() && !has_scheme && !path.starts_with("//")).then_some(path)
}

fn help(file: &str, files: &BTreeSet<&str>) -> String {
    let page = link::index(file);
    if files.contains(page.as_str()) {
        return "this is a folder: end the address with `/`".into();
    }
    let folder = file.rfind('/').map_or("", |slash| &file[..=slash]);
    let beside = files.range(folder..).copied();
    let beside =
        beside.take_while(|name| name.starts_with(folder)).filter(|name| !name[folder.len()..].contains('/'));
    match nearest(file, beside).or_else(|| nearest(file, files.iter().copied())) {
        Some(near) => format!("did you mean `/{}`?", near.strip_suffix("index.html").unwrap_or(near)),
        None => "what lies in the folder of static files becomes part of the site".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(markdown: &str) -> Vec<(String, String)> {
        let names = ["index.html", "about/index.html", "about/plan.pdf", "targets/a/index.html", "a b.png"];
        let files = BTreeSet::from(names);
        let text = Text { markdown, place: None, home: "about/index.html".into() };
        let of = |diagnostic: Diagnostic| (diagnostic.message, diagnostic.help.join(" "));
        links(&text, &files).into_iter().map(of).collect()
    }

    #[test]
    fn dead_links_are_told_with_what_is_near() {
        for (markdown, file, help) in [
            ("[a](plam.pdf)", "about/plam.pdf", "`/about/plan.pdf`"),
            ("[a](Plan.pdf#page=2)", "about/Plan.pdf", "`/about/plan.pdf`"),
            ("[a](../target/a/)", "target/a/index.html", "`/targets/a/`"),
            ("[a](/targets/a)", "targets/a", "end the address with `/`"),
            ("![a](x.svg) ![b](x.svg)", "about/x.svg", "static files"),
            ("[a][b]\n\n[b]: /a%20c.png", "a c.png", "`/a b.png`"),
        ] {
            let found = found(markdown);
            assert_eq!(found.len(), 1, "{markdown}: {found:?}");
            assert_eq!(found[0].0, format!("the site has no file `{file}`"));
            assert!(found[0].1.contains(help), "{markdown}: {found:?}");
        }
    }

    #[test]
    fn what_is_there_or_elsewhere_is_left_alone() {
        for markdown in [
            "[a](plan.pdf) [b](../) [c](/) [d](.) [e](#here) [f](?x) ![g](</a b.png>) [h](../targets/a/index.html?x#y)",
            "[a](https://example.org/x) [b](//example.org/x) [c](mailto:a@example.org) <experiment:one> <a@example.org>",
            "[a](../../x) `[a](x)`",
        ] {
            assert_eq!(found(markdown), [], "{markdown}");
        }
    }
}
