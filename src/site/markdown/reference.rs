//! Where the links of the authors' Markdown lead: references such as `experiment:ID`, and relative addresses.

use pulldown_cmark::LinkType;

use super::embed::Prepared;
use super::{Spot, Text, place};
use crate::diagnostic::{Diagnostic, nearest};
use crate::function::builtin;
use crate::site::gallery::Gallery;
use crate::site::link;
use crate::site::numbering;

const REFERENCES: [&str; 6] = ["experiment", "activation", "target", "model", "page", "figure"];

/// A text where it is shown.
pub(super) struct Shown<'s, 'g> {
    pub(super) gallery: Gallery<'g>,
    pub(super) spot: &'s Spot<'s>,
    pub(super) text: &'s Text<'s>,
    pub(super) prepared: &'s Prepared<'g>,
}

/// The thing that a reference names.
struct Named<'g> {
    title: &'g str,
    page: String,
}

/// What a reference names by the word before its colon and the name behind it; `None` where there is no such thing.
fn named<'g>(gallery: Gallery<'g>, kind: &str, id: &str) -> Option<Named<'g>> {
    let specs = gallery.specs;
    let of = |folder: &str, title: &'g str| Named { title, page: link::index(&format!("{folder}{id}")) };
    Some(match kind {
        "experiment" => of("experiments/", &gallery.experiment(id)?.title),
        "activation" => of("activations/", &specs.activations.get(id)?.title),
        "target" => of("targets/", &specs.targets.get(id)?.title),
        "model" => of("models/", &specs.models.get(id)?.title),
        "page" => of("", &specs.pages.iter().find(|page| page.id == id)?.title),
        "figure" => {
            let planned = numbering::named(gallery).find(|planned| numbering::name(planned) == id)?;
            let place = format!("{}#{}", numbering::home(gallery, planned), numbering::id(planned));
            Named { title: &planned.figure.title, page: place }
        }
        _ => return None,
    })
}

/// All names that may follow the word before the colon.
fn names<'g>(gallery: Gallery<'g>, kind: &str) -> Vec<&'g str> {
    let specs = gallery.specs;
    match kind {
        "experiment" => specs.experiments.iter().map(|it| it.id.as_str()).collect(),
        "activation" => specs.activations.keys().map(String::as_str).collect(),
        "target" => specs.targets.keys().map(String::as_str).collect(),
        "model" => specs.models.keys().map(String::as_str).collect(),
        "page" => specs.pages.iter().map(|it| it.id.as_str()).collect(),
        "figure" => numbering::named(gallery).map(numbering::name).collect(),
        _ => Vec::new(),
    }
}

/// The title of what a reference names, wherever it stands; `None` for an address of the web.
pub(in crate::site) fn plain_title(gallery: Gallery<'_>, address: &str) -> Option<String> {
    let (kind, id) = address.split_once(':')?;
    let id = id.split('#').next().unwrap_or_default();
    named(gallery, kind, id).map(|named| named.title.to_owned())
}

/// The title of what a link without words, such as `<experiment:ID>` or `[](experiment:ID)`, names, and of a figure its number;
/// `None` for an address of the web.
pub(super) fn title(shown: &Shown<'_, '_>, address: &str) -> Option<String> {
    let gallery = shown.gallery;
    let (kind, id) = address.split_once(':')?;
    let id = id.split('#').next().unwrap_or_default();
    if kind == "figure" {
        let planned = numbering::named(gallery).find(|planned| numbering::name(planned) == id)?;
        return Some(match place_in_text(shown, id) {
            Some(place) => format!("Figure {}", place + 1),
            None => numbering::words(gallery, shown.spot.from, planned),
        });
    }
    plain_title(gallery, address)
}

/// The place of a figure among those that the text itself counts.
fn place_in_text(shown: &Shown<'_, '_>, name: &str) -> Option<usize> {
    let is_counted = shown.spot.scope.is_empty() && !shown.spot.is_excerpt;
    let mut figures = shown.prepared.figures.iter().filter(|_| is_counted);
    figures.position(|planned| numbering::name(planned) == name)
}

/// The address that a link of the Markdown, which ends there in the prepared text, leads to, as seen from where the Markdown is
/// shown; empty after a fault.
pub(super) fn resolve(
    shown: &Shown<'_, '_>,
    link_type: LinkType,
    address: &str,
    end: usize,
    found: &mut Vec<Diagnostic>,
) -> String {
    let Shown { gallery, spot, text, prepared } = *shown;
    let up_to = prepared.markdown.get(..end).unwrap_or_default();
    if link_type == LinkType::Email {
        return format!("mailto:{address}");
    }
    let Some((scheme, rest)) =
        address.split_once(':').filter(|(scheme, _)| !scheme.contains(['/', '#', '?']))
    else {
        return inside(spot, text, address).unwrap_or_else(|| {
            let place = place(text, address, up_to, "above the home page");
            found.push(Diagnostic::error("this link leads out of the site", place));
            String::new()
        });
    };
    if ["http", "https", "mailto"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return address.to_owned();
    }
    if !REFERENCES.contains(&scheme) {
        let message = format!("links cannot begin with `{scheme}:`");
        let diagnostic = Diagnostic::error(message, place(text, address, up_to, "not an address for a site"));
        found.push(diagnostic.help(nearest(scheme, REFERENCES).map_or_else(
            || "use an address of the web, a relative one, or a reference such as `experiment:ID`".to_owned(),
            |nearest| format!("did you mean `{nearest}:`?"),
        )));
        return String::new();
    }
    let (id, fragment) = rest.split_once('#').map_or((rest, None), |(id, fragment)| (id, Some(fragment)));
    let Some(thing) = named(gallery, scheme, id) else {
        let names = names(gallery, scheme);
        let place = place(text, address, up_to, &format!("no {scheme} of this name"));
        let diagnostic = Diagnostic::error(format!("there is no {scheme} `{id}`"), place);
        let is_unused = scheme == "activation" && builtin(id).is_some();
        found.push(match nearest(id, names.iter().copied()) {
            _ if is_unused => diagnostic.help("it is built in, but no spec uses it, so that it has no page"),
            Some(nearest) => diagnostic.help(format!("did you mean `{scheme}:{nearest}`?")),
            None if scheme == "figure" => diagnostic.help(figure_names(id, &names)),
            None => diagnostic.help(format!("`actfn-site list {scheme}s` shows all names")),
        });
        return String::new();
    };
    if scheme == "figure" && place_in_text(shown, id).is_some() {
        let fragment = thing.page.split_once('#').map_or("", |(_, fragment)| fragment);
        return format!("#{fragment}");
    }
    let page = link::relative(spot.from, &thing.page);
    fragment.map_or(page.clone(), |fragment| format!("{page}#{fragment}"))
}

/// What is said of how figures are named: one with the same beginning and end, where axes of the training stand between them.
fn figure_names(id: &str, names: &[&str]) -> String {
    let (folder, own) = id.rsplit_once('/').unwrap_or(("", id));
    let is_near = |name: &&str| name.starts_with(folder) && name.rsplit('/').next() == Some(own);
    let mut all = names.iter().copied();
    match (all.clone().find(is_near), all.next()) {
        (Some(near), _) => format!("did you mean `figure:{near}`?"),
        (None, Some(first)) => {
            format!("figures are named by their folder and their id, such as `figure:{first}`")
        }
        (None, None) => "no figure is drawn yet".into(),
    }
}

/// A relative address, which is meant from the text's own page wherever the text is shown. One that begins with `/` is
/// meant from the home page. `None` for one that leads out of the site.
fn inside(spot: &Spot<'_>, text: &Text<'_>, address: &str) -> Option<String> {
    let (path, tail) = address.split_at(address.find(['?', '#']).unwrap_or(address.len()));
    if path.is_empty() {
        return Some(match tail.strip_prefix('#') {
            Some(id) if spot.is_excerpt => format!("{}#{id}", link::relative(spot.from, &text.home)),
            Some(id) => format!("#{}", spot.scoped(id)),
            None if spot.from == text.home => address.to_owned(),
            None => format!("{}{tail}", link::relative(spot.from, &text.home)),
        });
    }
    if path.starts_with("//") {
        return Some(address.to_owned());
    }
    Some(format!("{}{tail}", link::relative(spot.from, &file(text, path)?)))
}

/// The file of the site that a path leads to: from the text's own page, or from the home page if it begins with `/`. `None`
/// if it leads out of the site.
pub(super) fn file(text: &Text<'_>, path: &str) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    if !path.starts_with('/') {
        parts.extend(text.home.split('/').map(str::to_owned));
        parts.pop();
    }
    for part in path.split('/').map(decoded) {
        match part.as_str() {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            _ => parts.push(part),
        }
    }
    // A folder's page is named, since nothing adds it where the site is looked at from a disk.
    if parts.is_empty() || matches!(path.rsplit('/').next(), Some("" | "." | "..")) {
        parts.push("index.html".into());
    }
    Some(parts.join("/"))
}

/// A part of a path without its percent signs.
pub(super) fn decoded(part: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = part.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| part.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(home: &str, from: &str, address: &str) -> Option<String> {
        let text = Text { markdown: "", place: None, home: home.into() };
        inside(&Spot { from, level: 2, scope: "", is_excerpt: false }, &text, address)
    }

    #[test]
    fn relative_addresses_are_meant_from_the_text_s_own_page() {
        let moved = |address| moved("targets/a/index.html", "experiments/e/index.html", address);
        assert_eq!(moved("plot.png").unwrap(), "../../targets/a/plot.png");
        assert_eq!(moved("../b/").unwrap(), "../../targets/b/index.html");
        assert_eq!(moved("/about/#top").unwrap(), "../../about/index.html#top");
        assert_eq!(moved("../../x%20y.pdf?z").unwrap(), "../../x%20y.pdf?z");
        assert_eq!(moved("../..").unwrap(), "../../index.html");
        assert_eq!(moved("//example.org/x").unwrap(), "//example.org/x");
        assert_eq!(moved("../../../x"), None);
    }

    #[test]
    fn an_address_at_home_stays_what_it_was() {
        for address in ["x.html", "b/c.png", "../x/y.html", "#here"] {
            assert_eq!(moved("a/b/index.html", "a/b/index.html", address).unwrap(), address);
        }
    }
}
