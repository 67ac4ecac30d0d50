//! Links and pictures in an author's Markdown that lead to no file of the site.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, LinkType, Parser, Tag};

use super::embed::without_calls;
use super::reference::file;
use super::{MOST_FAULTS, Text, options, place};
use crate::diagnostic::{Diagnostic, nearest};
use crate::site::link;

/// Adds the warnings on one text to those on others, as far as anybody would read them; each place once.
pub(super) fn links(text: &Text<'_>, files: &BTreeSet<&str>, found: &mut Vec<Diagnostic>) {
    let markdown = without_calls(text.markdown);
    let mut told = 0;
    for (event, range) in Parser::new_ext(&markdown, options()).into_offset_iter() {
        if told.max(found.len()) > MOST_FAULTS {
            break;
        }
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
        told += 1;
        let place = place(text, &address, &markdown[..range.end], "");
        let diagnostic =
            Diagnostic::warning(format!("the site has no file `{}`", file.escape_debug()), place);
        let diagnostic = diagnostic.help(help(&file, files, found.len() < MOST_SOUGHT));
        if !found.contains(&diagnostic) {
            found.push(diagnostic);
        }
    }
}

/// For so many faults the nearest of all files is sought; for more only those beside.
const MOST_SOUGHT: usize = 20;

/// The path of an address within the site; `None` for one that names only a place of its page, or has a scheme or a host.
fn path_of(address: &str) -> Option<&str> {
    let path = &address[..address.find(['?', '#']).unwrap_or(address.len())];
    let has_scheme = path.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    // What begins with `www.` is told of as an address of the web.
    let is_inside = !has_scheme && !path.starts_with("//") && !path.starts_with("www.");
    (is_inside && !path.is_empty()).then_some(path)
}

fn help(file: &str, files: &BTreeSet<&str>, is_sought: bool) -> String {
    let page = link::index(file);
    if files.contains(page.as_str()) {
        return "this is a folder: end the address with `/`".into();
    }
    let whole = format!("{file}.html");
    if files.contains(whole.as_str()) {
        return format!("write `/{whole}`: some servers add the ending, and others do not");
    }
    let folder = file.rfind('/').map_or("", |slash| &file[..=slash]);
    let beside = files.range(folder..).copied();
    let beside =
        beside.take_while(|name| name.starts_with(folder)).filter(|name| !name[folder.len()..].contains('/'));
    // Static files do not lie below the name of their folder.
    let own = file.split_once("static/").map(|(_, name)| name).filter(|name| files.contains(name));
    match own
        .or_else(|| nearest(file, beside))
        .or_else(|| nearest(file, files.iter().copied().filter(|_| is_sought)))
    {
        Some(near) => format!("did you mean `/{}`?", near.strip_suffix("index.html").unwrap_or(near)),
        None => "what lies in the folder of static files becomes part of the site".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::{Place, SourceFile};

    fn found(markdown: &str) -> Vec<(String, String)> {
        let names = ["index.html", "about/index.html", "about/plan.pdf", "targets/a/index.html", "a b.png"];
        let files = BTreeSet::from(names);
        let text = Text { markdown, place: None, home: "about/index.html".into() };
        let of = |diagnostic: Diagnostic| (diagnostic.message, diagnostic.help.join(" "));
        let mut found = Vec::new();
        links(&text, &files, &mut found);
        found.into_iter().map(of).collect()
    }

    #[test]
    fn dead_links_are_told_with_what_is_near() {
        for (markdown, file, help) in [
            ("[a](plam.pdf)", "about/plam.pdf", "`/about/plan.pdf`"),
            ("[a](Plan.pdf#page=2)", "about/Plan.pdf", "`/about/plan.pdf`"),
            ("[a](../target/a/)", "target/a/index.html", "`/targets/a/`"),
            ("[a](/targets/a)", "targets/a", "end the address with `/`"),
            ("![a](x.svg) ![b](x.svg)", "about/x.svg", "static files"),
            ("![a](static/a%20b.png)", "about/static/a b.png", "`/a b.png`"),
            ("[a][b]\n\n[b]: /a%20c.png", "a c.png", "`/a b.png`"),
        ] {
            let found = found(markdown);
            assert_eq!(found.len(), 1, "{markdown}: {found:?}");
            assert_eq!(found[0].0, format!("the site has no file `{file}`"));
            assert!(found[0].1.contains(help), "{markdown}: {found:?}");
        }
    }

    #[test]
    fn each_is_told_at_its_place() {
        let markdown = "[a](plan.pdf), `[b](plan.pd)`, [plan.pd](/plan.pd)\n\n![c](plan.pd) [d](plan.pd)";
        let file =
            Arc::new(SourceFile { path: "p.yaml".into(), text: format!("id: plan.pd\nbody: {markdown}") });
        let start = file.text.find("body").unwrap();
        let place = Place { file, span: start..start + 4, label: String::new() };
        let text = Text { markdown, place: Some(&place), home: "about/index.html".into() };
        let mut found = Vec::new();
        links(&text, &BTreeSet::from(["about/plan.pdf"]), &mut found);
        let places = found.iter().map(|diagnostic| diagnostic.place.as_ref().unwrap().span.start - start - 6);
        assert_eq!(places.collect::<Vec<_>>(), [41, 57, 70]);
    }

    #[test]
    fn what_is_there_or_elsewhere_is_left_alone() {
        for markdown in [
            "[a](plan.pdf) [b](../) [c](/) [d](.) [e](#here) [f](?x) ![g](</a b.png>) [h](../targets/a/index.html?x#y)",
            "[a](https://example.org/x) [b](//example.org/x) [c](mailto:a@example.org) <experiment:one> <a@example.org>",
            "[a](www.example.org) [b](%2e%2e/about/plan.pdf)",
            "{{ figure(experiment=\"e\", figure=\"f\", caption=\"[a](x)\") }}",
            "[a](../../x) `[a](x)`",
        ] {
            assert_eq!(found(markdown), [], "{markdown}");
        }
    }
}
