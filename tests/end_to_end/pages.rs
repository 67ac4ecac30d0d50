//! What stands on pages and beside them for readers: the feed, the search, the training to play with.

use std::collections::BTreeMap;

use crate::support::{GALLERY, Project, small};

fn text<'s>(site: &'s BTreeMap<String, Vec<u8>>, path: &str) -> &'s str {
    std::str::from_utf8(site.get(path).unwrap_or_else(|| panic!("{path} is not there"))).unwrap()
}

/// The JSON that stands in a page or a script between two texts.
fn json_between(text: &str, start: &str, end: &str) -> serde_json::Value {
    let from = text.find(start).unwrap() + start.len();
    let to = from + text[from..].find(end).unwrap();
    serde_json::from_str(&text[from..to]).unwrap()
}

#[test]
fn what_says_when_it_was_written_stands_in_the_feed() {
    let project = small();
    let build = || {
        let with = ["build", "--quiet", "--base-url", "https://example.org/some/where"];
        let ran = project.run(&with);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        project.site()
    };
    // Without a date there is nothing to tell.
    assert!(!build().contains_key("feed.xml"));
    project.edit("specs/small.yaml", "title: A small", "date: 2026-01-31\ntitle: A <small>");
    project.write("specs/note.yaml", "kind: page\nid: note\ndate: 2026-02-01\nbody: The *first* words.\n");
    let site = build();
    insta::assert_snapshot!(text(&site, "feed.xml"));
    assert!(text(&site, "experiments/small/index.html").contains(r#"type="application/atom+xml""#));
    project.run(&["build", "--quiet"]);
    assert!(!project.site().contains_key("feed.xml"), "addresses of a feed cannot be relative");
    project.edit("specs/small.yaml", "2026-01-31", "2026-02-30");
    let ran = project.run(&["build"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("`date` must be a day, not `2026-02-30`"), "{}", ran.stderr);
}

#[test]
fn the_search_knows_every_page_and_every_case_and_is_small() {
    let site = GALLERY.site();
    let script = text(&site, "search.js");
    assert!(script.len() < 100_000, "{} bytes", script.len());
    let index = json_between(script, "window.actfnSearch?.(", ");\n");
    let pages = index["pages"].as_array().unwrap();
    for page in pages {
        assert!(site.contains_key(page[2].as_str().unwrap()), "{page}");
    }
    let titled = |path: &str| pages.iter().any(|page| page[2] == path);
    let kinds = ["experiments/", "activations/", "targets/", "models/"];
    for path in site.keys().filter(|path| path.ends_with("/index.html") && path.matches('/').count() == 2) {
        if kinds.iter().any(|kind| path.starts_with(kind)) {
            assert!(titled(path), "{path}");
        }
    }
    let cases: usize = site
        .keys()
        .filter(|path| path.ends_with("/results.json"))
        .map(|path| serde_json::from_slice::<serde_json::Value>(&site[path]).unwrap())
        .map(|results| results["cases"].as_array().unwrap().len())
        .sum();
    assert_eq!(index["cases"].as_array().unwrap().len(), cases);
}

#[test]
fn a_training_to_play_with_holds_what_its_run_holds_and_is_light() {
    let site = GALLERY.site();
    let mut players = 0;
    for path in site.keys().filter(|path| path.ends_with("/run.json")) {
        let run: serde_json::Value = serde_json::from_slice(&site[path]).unwrap();
        let page = text(&site, &path.replace("run.json", "index.html"));
        assert!(page.len() < 60_000, "{path}: {} bytes", page.len());
        let snapshots = run["snapshots"].as_array().unwrap();
        if snapshots.len() < 2 {
            assert!(!page.contains("class=\"player\""), "{path}");
            continue;
        }
        let frames = json_between(page, "<script type=\"application/json\">", "</script>");
        let epochs: Vec<&serde_json::Value> = snapshots.iter().map(|snapshot| &snapshot["epoch"]).collect();
        assert_eq!(frames["epochs"].as_array().unwrap().iter().collect::<Vec<_>>(), epochs, "{path}");
        for name in ["losses", "parameters", "fits", "marks"] {
            assert_eq!(frames[name].as_array().unwrap().len(), epochs.len(), "{path}: {name}");
        }
        players += 1;
    }
    assert!(players > 30, "{players}");
}

#[test]
fn code_is_marked_where_its_language_is_known() {
    let project = Project::new(&[(
        "specs/page.yaml",
        "kind: page\nid: code\nbody: |\n  ```yaml\n  a: 1 # <b>\n  ```\n\n  ```unheard\n  a: <b>\n  ```\n",
    )]);
    project.build();
    let site = project.site();
    let page = text(&site, "code/index.html");
    assert!(
        page.contains("<span class=\"code-key\">a</span>: <span class=\"code-number\">1</span>"),
        "{page}"
    );
    assert!(page.contains("<span class=\"code-comment\"># &lt;b&gt;</span>"), "{page}");
    assert!(page.contains("<code>a: &lt;b&gt;\n</code>"), "{page}");
}
