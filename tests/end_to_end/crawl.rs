//! Every link, image and fragment of the site, followed from its home page: as a server shows it at `/` and under a prefix, and
//! as files on a disk.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{GALLERY, Project};

/// How the site is looked at.
#[derive(Clone, Copy)]
pub(crate) enum Mount {
    /// On a server, below a path that ends with `/`.
    Server(&'static str),
    Files,
}

/// The values of some attributes of an HTML text.
pub(crate) fn attributes<'h>(html: &'h str, names: &[&str]) -> Vec<&'h str> {
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
    if address.contains("://") || address.starts_with("mailto:") || address.starts_with("data:") {
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

/// Follows every link from the home page and the page for what is not there; returns how many there were.
pub(crate) fn crawl(site: &BTreeMap<String, Vec<u8>>, mount: Mount) -> usize {
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
        for address in attributes(text, &["href", "src", "srcset"]) {
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
    let unreached: Vec<&&str> = html.keys().filter(|page| !seen.contains(**page)).collect();
    assert!(unreached.is_empty(), "no link leads to {unreached:?}");
    links
}

#[test]
fn nothing_is_broken_at_the_root_of_a_server() {
    assert!(crawl(&GALLERY.site(), Mount::Server("/")) > 1000);
}

#[test]
fn nothing_is_broken_under_a_prefix() {
    assert!(crawl(&GALLERY.site(), Mount::Server("/a/b/")) > 1000);
}

#[test]
fn nothing_is_broken_among_files() {
    assert!(crawl(&GALLERY.site(), Mount::Files) > 1000);
}

#[test]
fn reports_link_to_what_lies_beside_them() {
    assert!(links_of_reports(&GALLERY.site()) > 200);
}

/// Follows every link and image of the reports, as GitHub shows them; returns how many there were.
pub(crate) fn links_of_reports(site: &BTreeMap<String, Vec<u8>>) -> usize {
    let mut links = 0;
    for (path, bytes) in site.iter().filter(|(path, _)| path.ends_with("REPORT.md")) {
        let text = std::str::from_utf8(bytes).unwrap();
        let folder = path.strip_suffix("REPORT.md").unwrap();
        let of_markdown = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        for address in of_markdown.chain(attributes(text, &["src"])) {
            if address.contains("://") {
                continue;
            }
            let address = address.split(' ').next().unwrap();
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
    links
}

#[test]
fn pages_are_well_formed() {
    let site = GALLERY.site();
    for (path, bytes) in site.iter().filter(|(path, _)| path.ends_with(".html")) {
        check_page(path, std::str::from_utf8(bytes).unwrap());
    }
}

/// Images say what they show, headings follow one another, ids are unique, and elements end inside of what holds them.
pub(crate) fn check_page(path: &str, html: &str) {
    assert!(html.contains("<html lang=\"en\">"), "{path}");
    assert!(!html.contains("href=\"/") && !html.contains("src=\"/"), "{path} has an absolute address");
    let mut open: Vec<&str> = Vec::new();
    let mut ids = BTreeSet::new();
    let mut level = 0;
    let mut rest = html.trim_start().strip_prefix("<!DOCTYPE html>").unwrap();
    while let Some(at) = rest.find('<') {
        let end = at + rest[at..].find('>').unwrap_or_else(|| panic!("{path}: a tag without an end"));
        let (tag, after) = (&rest[at + 1..end], &rest[end + 1..]);
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{path}: {} before {after:.60}", open.join(" "));
            continue;
        }
        let name = tag.split([' ', '\n', '/']).next().unwrap();
        let attributes_of = |wanted: &str| attributes(tag, &[wanted]).first().copied();
        if let Some(id) = attributes_of("id") {
            assert!(ids.insert(id), "{path}: two elements have the id {id}");
        }
        if let Some(digit) = name.strip_prefix('h').and_then(|digit| digit.parse::<usize>().ok()) {
            assert!(digit <= level + 1, "{path}: {name} after h{level}");
            assert!((digit == 1) == (level == 0), "{path}: the first heading, and no other, is h1");
            level = digit;
        }
        if name == "img" {
            assert!(attributes_of("alt").is_some_and(|alt| alt.len() > 20), "{path}: {tag}");
            assert!(attributes_of("width").is_some(), "{path}: {tag}");
        }
        match name {
            "style" | "script" => {
                let end = format!("</{name}>");
                rest = &rest[rest.find(&end).unwrap() + end.len()..];
            }
            "meta" | "link" | "img" | "br" | "hr" | "input" | "source" => {}
            _ if tag.ends_with('/') => {}
            _ => open.push(name),
        }
    }
    assert!(open.is_empty(), "{path}: {open:?} never end");
    assert!(level > 0, "{path} has no heading");
}

#[test]
fn nothing_that_authors_write_breaks_a_page() {
    let project = Project::new(&[("specs/texts.yaml", include_str!("../fixtures/texts.yaml"))]);
    project.build();
    let site = project.site();
    for mount in [Mount::Server("/"), Mount::Server("/a/b/"), Mount::Files] {
        assert!(crawl(&site, mount) > 200);
    }
    assert!(links_of_reports(&site) > 50);
    let text = |path: &str| std::str::from_utf8(&site[path]).unwrap();
    for path in site.keys().filter(|path| path.ends_with(".html")) {
        check_page(path, text(path));
        let is_escaped = !text(path).contains("<script>alert") && !text(path).contains("<net>");
        assert!(is_escaped, "{path}");
    }
    let words: Vec<&str> = text("REPORT.md").lines().filter(|line| !line.contains("<img")).collect();
    insta::assert_snapshot!("texts_report", words.join("\n"));
    let body = |path: &str| {
        let html = text(path);
        let start = html.find("<div class=\"prose\">").unwrap();
        html[start..start + html[start..].find("</div>").unwrap()].to_owned()
    };
    insta::assert_snapshot!("texts_page", body("my_report/index.html"));
    insta::assert_snapshot!("texts_target", body("targets/matrix/index.html"));
}

#[test]
fn tables_and_runs_hold_the_same_numbers() {
    let site = GALLERY.site();
    let json = |path: &str| serde_json::from_slice::<serde_json::Value>(&site[path]).unwrap();
    let mut rows = 0;
    for path in site.keys().filter(|path| path.ends_with("/results.csv")) {
        let text = std::str::from_utf8(&site[path]).unwrap();
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let header = lines.next().unwrap();
        let folder = path.strip_suffix("results.csv").unwrap();
        let results = json(&format!("{folder}results.json"));
        let cases = results["cases"].as_array().unwrap();
        assert_eq!(cases.len(), text.lines().count() - 1);
        for (row, case) in lines.zip(cases) {
            let cell = |name: &str| row[header.iter().position(|column| *column == name).unwrap()];
            // Without a page of its own a case has no file of its own either.
            let run = match case["path"].as_str() {
                Some(path) => json(&format!("{folder}{path}/run.json")),
                None => case.clone(),
            };
            let bits = |value: &serde_json::Value| value.as_f64().map(f64::to_bits);
            for name in ["best_mse", "final_mse"] {
                let number = cell(name).parse::<f64>().ok().map(f64::to_bits);
                assert_eq!((bits(&case[name]), bits(&run[name])), (number, number), "{path}: {name}");
            }
            for name in ["w", "b", "v", "c"] {
                let tensors = case["best_parameters"].as_array().unwrap();
                let tensor = tensors.iter().find(|tensor| tensor["name"] == name);
                let number = cell(name).parse::<f64>().ok().map(f64::to_bits);
                assert_eq!(tensor.and_then(|tensor| bits(&tensor["values"][0])), number, "{path}: {name}");
            }
            rows += 1;
        }
    }
    assert!(rows > 70, "{rows}");
}

#[test]
fn the_committed_gallery_is_small_enough() {
    let bytes: usize = GALLERY.site().values().map(Vec::len).sum();
    assert!(bytes < 22_000_000, "{bytes} bytes");
}
