//! Every link, image and fragment of the site, followed from its home page: as a server shows it at `/` and under a prefix, and
//! as files on a disk.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::GALLERY;

/// How the site is looked at.
#[derive(Clone, Copy)]
enum Mount {
    /// On a server, below a path that ends with `/`.
    Server(&'static str),
    Files,
}

/// The values of some attributes of an HTML text.
fn attributes<'h>(html: &'h str, names: &[&str]) -> Vec<&'h str> {
    let mut values = Vec::new();
    for name in names {
        let start = format!(" {name}=\"");
        let mut rest = html;
        while let Some(at) = rest.find(&start) {
            rest = &rest[at + start.len()..];
            let end = rest.find('"').unwrap();
            values.push(&rest[..end]);
        }
    }
    values
}

fn decoded(address: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = address.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits: Vec<u8> = rest.by_ref().take(2).collect();
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// The file that an address leads to from a page, and its fragment; `None` for other sites.
fn follow(mount: Mount, page: &str, address: &str) -> Option<(String, Option<String>)> {
    if address.contains("://") || address.starts_with("mailto:") {
        return None;
    }
    let (path, fragment) =
        address.split_once('#').map_or((address, None), |(path, id)| (path, Some(id.to_owned())));
    let prefix = match mount {
        Mount::Server(prefix) => prefix,
        Mount::Files => "/",
    };
    let absolute = if path.is_empty() {
        format!("{prefix}{page}")
    } else if path.starts_with('/') {
        assert!(matches!(mount, Mount::Server(_)), "{page}: {address} means nothing among files");
        path.to_owned()
    } else {
        let base = format!("{prefix}{page}");
        format!("{}/{path}", base.rsplit_once('/').unwrap().0)
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in absolute.split('/').skip(1) {
        match part {
            "." => {}
            ".." => assert!(parts.pop().is_some(), "{page}: {address} leaves the server"),
            other => parts.push(other),
        }
    }
    let absolute = format!("/{}", parts.join("/"));
    let inside = absolute.strip_prefix(prefix).unwrap_or_else(|| panic!("{page}: {address} leaves the site"));
    let inside = match mount {
        Mount::Server(_) if inside.is_empty() || inside.ends_with('/') => format!("{inside}index.html"),
        _ => inside.to_owned(),
    };
    Some((decoded(&inside), fragment))
}

fn crawl(mount: Mount) {
    let site = GALLERY.site();
    let html: BTreeMap<&str, &str> = site
        .iter()
        .filter(|(path, _)| path.ends_with(".html"))
        .map(|(path, bytes)| (path.as_str(), std::str::from_utf8(bytes).unwrap()))
        .collect();
    let mut seen: BTreeSet<String> = BTreeSet::from(["index.html".to_owned(), "404.html".to_owned()]);
    let mut waiting: Vec<String> = seen.iter().cloned().collect();
    let mut links = 0;
    while let Some(page) = waiting.pop() {
        let Some(text) = html.get(page.as_str()) else { continue };
        for address in attributes(text, &["href", "src"]) {
            let Some((file, fragment)) = follow(mount, &page, address) else { continue };
            assert!(site.contains_key(&file), "{page}: {address} leads to {file}, which is not there");
            if let Some(fragment) = fragment {
                let id = format!(" id=\"{fragment}\"");
                assert!(html[file.as_str()].contains(&id), "{page}: {address} leads to no place of {file}");
            }
            links += 1;
            if seen.insert(file.clone()) {
                waiting.push(file);
            }
        }
    }
    assert!(links > 1000, "{links}");
    let unreached: Vec<&&str> = html.keys().filter(|page| !seen.contains(**page)).collect();
    assert!(unreached.is_empty(), "no link leads to {unreached:?}");
}

#[test]
fn nothing_is_broken_at_the_root_of_a_server() {
    crawl(Mount::Server("/"));
}

#[test]
fn nothing_is_broken_under_a_prefix() {
    crawl(Mount::Server("/a/b/"));
}

#[test]
fn nothing_is_broken_among_files() {
    crawl(Mount::Files);
}

#[test]
fn reports_link_to_what_lies_beside_them() {
    let site = GALLERY.site();
    let mut links = 0;
    for (path, bytes) in site.iter().filter(|(path, _)| path.ends_with("REPORT.md")) {
        let text = std::str::from_utf8(bytes).unwrap();
        let folder = path.strip_suffix("REPORT.md").unwrap();
        let of_markdown = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        for address in of_markdown.chain(attributes(text, &["src"])) {
            if address.contains("://") {
                continue;
            }
            let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
            for part in address.split('/').filter(|part| !part.is_empty() && *part != ".") {
                if part == ".." {
                    assert!(parts.pop().is_some(), "{path}: {address}");
                } else {
                    parts.push(part);
                }
            }
            let place = decoded(&parts.join("/"));
            let is_there = if address.ends_with('/') {
                site.keys().any(|file| file.starts_with(&format!("{place}/")))
            } else {
                site.contains_key(&place)
            };
            assert!(is_there, "{path}: {address} is not there");
            links += 1;
        }
        assert!(!text.contains("![]("), "{path}: an image without words");
    }
    assert!(links > 200, "{links}");
}

#[test]
fn every_image_says_what_it_shows() {
    for (path, bytes) in GALLERY.site().iter().filter(|(path, _)| path.ends_with(".html")) {
        let html = std::str::from_utf8(bytes).unwrap();
        let images = html.split("<img ").skip(1).map(|rest| rest.split('>').next().unwrap());
        for image in images {
            let image = format!(" {image}");
            let alt = attributes(&image, &["alt"]);
            assert!(alt.len() == 1 && alt[0].len() > 20, "{path}: {image}");
            let has_size = image.contains("width=\"");
            assert!(has_size, "{path}: {image}");
        }
        assert!(html.contains("<html lang=\"en\">"), "{path}");
        assert_eq!(html.matches("<h1").count(), 1, "{path} has one heading of the first level");
    }
}

#[test]
fn the_committed_gallery_is_small_enough() {
    let bytes: usize = GALLERY.site().values().map(Vec::len).sum();
    assert!(bytes < 10_000_000, "{bytes} bytes");
}
