//! What is fuzzed: each entry takes any bytes, and panics only where a promise is broken. The fuzz targets and
//! `tests/hostile.rs`, which keeps what was found from coming back, share them.

use std::fmt::Write as _;
use std::sync::Arc;

use actfn_site::attain::Attainable;
use actfn_site::diagnostic::{Diagnostic, SourceFile, render};
use actfn_site::fs::TextFile;
use actfn_site::function::{Function, Interval, latex};
use actfn_site::train::{Run, Trials};
use actfn_site::verdict::Verdict;
use actfn_site::{plan, site, spec};

/// What is fuzzed by any bytes.
pub(crate) type Entry = fn(&[u8]);

/// The entries by their names, which are those of the targets and of the folders of the corpus.
pub(crate) const ALL: [(&str, Entry); 4] = [
    ("specs", specs),
    ("expressions", expressions),
    ("markdown", markdown),
    ("cache_entries", cache_entries),
];

/// More cases than this take longer than a fuzzer waits.
const MAX_CASES: usize = 50;

fn file(name: &str, text: String) -> TextFile {
    TextFile { name: name.to_owned(), file: Arc::new(SourceFile { path: format!("specs/{name}"), text }) }
}

fn assert_told(diagnostics: &[Diagnostic]) {
    assert!(!diagnostics.is_empty(), "a refusal gives its reasons");
    for diagnostic in diagnostics.iter().take(100) {
        let text = render(diagnostic, false);
        assert!(!text.is_empty());
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{202e}'),
            "what was read steers no terminal: {text:?}"
        );
    }
}

/// Files of specs, one after the other, with a NUL between them: they are refused with reasons, or a site is planned and its
/// pages can be rendered, or are refused with reasons.
pub(crate) fn specs(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let files: Vec<TextFile> = text
        .split('\0')
        .enumerate()
        .map(|(index, text)| file(&format!("{index}.yaml"), text.to_owned()))
        .collect();
    match spec::load(&files, Vec::new()) {
        Err(diagnostics) => assert_told(&diagnostics),
        Ok(specs) => {
            let cases = specs.experiments.iter().map(|experiment| {
                let lists = [experiment.targets.len(), experiment.activations.len(), experiment.models.len()];
                lists.iter().product::<usize>().saturating_mul(experiment.trainings.len())
            });
            let starts = specs.experiments.iter().map(|experiment| experiment.seeds.len());
            if cases.sum::<usize>() > MAX_CASES || starts.sum::<usize>() > 200 {
                return;
            }
            let plan = plan::plan(&specs);
            match site::check(&specs, &plan, &[]) {
                Err(diagnostics) => assert_told(&diagnostics),
                Ok(files) => {
                    let dead = site::dead_links(&specs, &files.iter().map(String::as_str).collect());
                    if !dead.is_empty() {
                        assert_told(&dead);
                    }
                }
            }
        }
    }
}

/// The text of an expression of `x`, `a` and `b`: it is refused with a place in it, or is computed the same in every way.
pub(crate) fn expressions(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let parameters = [("a".to_owned(), 0.7), ("b".to_owned(), -2.0)];
    let function = match Function::parse(text, &parameters) {
        Ok(function) => function,
        Err(error) => {
            assert!(text.get(error.span.clone()).is_some(), "{:?} is no part of {text:?}", error.span);
            assert!(!error.message.is_empty());
            return;
        }
    };
    let formula = latex(text, &parameters, "z").expect("what is parsed can be written");
    assert!(!formula.is_empty());
    let x = [-1e300, -750.0, -3.0, -1.0, -1e-8, -0.0, 0.0, 1e-8, 0.3, 1.0, 2.0, 750.0, 1e300];
    let (mut y, mut again, mut slopes) = ([0.0; 13], [0.0; 13], [0.0; 13]);
    function.values(&x, &mut y);
    function.values_and_derivatives(&x, &mut again, &mut slopes);
    for (one, other) in y.iter().zip(&again) {
        assert!(
            one.to_bits() == other.to_bits() || (one.is_nan() && other.is_nan()),
            "{text}: {one} {other}"
        );
    }
    let _ = (function.is_symmetric(), function.is_homogeneous(), function.canonical());
    let _ = function.rounding(Interval::new(-1.0, 2.0));
    let enclosure = function.enclosure(Interval::new(-1.0, 2.0));
    let _ = format!("{enclosure:?}");
}

/// The Markdown of a page. Whatever it is, the pages hold no element, attribute or address that could run as a script but
/// those of the site.
pub(crate) fn markdown(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut escaped = String::new();
    for character in text.chars() {
        let _ = write!(escaped, "\\U{:08x}", u32::from(character));
    }
    let spec = format!("kind: page\nid: p\ntitle: t\nbody: \"{escaped}\"\n");
    let Ok(specs) = spec::load(&[file("p.yaml", spec)], Vec::new()) else { return };
    let plan = plan::plan(&specs);
    let _ = site::warnings(&specs);
    if let Err(diagnostics) = site::Renderer::default().render(&specs, &plan, &[], &[], &[], &Inert) {
        assert_told(&diagnostics);
    }
}

/// Looks at every page that is made, and keeps none.
struct Inert;

impl site::Output for Inert {
    fn take(&self, file: site::SiteFile) {
        if file.path.ends_with(".html") {
            assert_inert(&file.path, std::str::from_utf8(&file.bytes).expect("pages are text"));
        }
    }

    fn keep(&self, path: &str) {
        unreachable!("{path} cannot be known to a new renderer");
    }
}

/// That of all elements and attributes of a page, only those of the site's own templates can run.
pub(crate) fn assert_inert(path: &str, html: &str) {
    for tag in tags(html) {
        let name: String = tag
            .chars()
            .take_while(|c| !c.is_whitespace() && *c != '>' && *c != '/')
            .collect::<String>()
            .to_lowercase();
        let is_search = tag.starts_with("form class=\"search\" role=\"search\" data-index=\"");
        let is_foreign = ["iframe", "object", "embed", "base", "form", "frame", "applet", "style"]
            .contains(&name.as_str());
        assert!(!is_foreign || is_search || tag == "style" && path == "404.html", "{path}: <{tag}>");
        if name == "script" {
            // The page for what is missing brings its script along, since it does not know where it is shown.
            let own = tag == "script type=\"application/json\""
                || (tag.starts_with("script src=\"") && tag.contains("assets/") && !tag.contains(':'))
                || (tag == "script" && path == "404.html");
            assert!(own, "{path}: <{tag}>");
        }
        for (attribute, value) in attributes(tag) {
            assert!(!attribute.starts_with("on"), "{path}: <{tag}>");
            if matches!(
                attribute.as_str(),
                "href" | "src" | "srcset" | "xlink:href" | "action" | "formaction"
            ) {
                assert!(is_harmless(&value), "{path}: <{tag}>");
            }
        }
    }
}

/// What stands between `<` and `>`, quotes respected, wherever an element begins.
fn tags(html: &str) -> Vec<&str> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let mut quote = None;
        let end = rest.char_indices().find(|(_, c)| match (quote, c) {
            (None, '"' | '\'') => {
                quote = Some(*c);
                false
            }
            (Some(open), c) if open == *c => {
                quote = None;
                false
            }
            (None, '>') => true,
            _ => false,
        });
        let end = end.map_or(rest.len(), |(at, _)| at);
        tags.push(&rest[..end]);
        rest = &rest[end..];
    }
    tags
}

/// The attributes of a tag whose values are in double quotes, as all are that the site writes, by their names in small letters.
fn attributes(tag: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = tag.split_once(char::is_whitespace).map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once("=\"") {
        let name = name.rsplit(char::is_whitespace).next().unwrap_or_default();
        let (value, after) = after.split_once('"').unwrap_or((after, ""));
        found.push((name.to_lowercase(), value.to_owned()));
        rest = after;
    }
    found
}

/// Whether an address is relative, or one of the web or of mail, as a browser understands it: without blanks and control
/// characters, and whatever the case of its letters.
fn is_harmless(address: &str) -> bool {
    let decoded = address.replace("&amp;", "&").replace("&#x27;", "'").replace("&quot;", "\"");
    let plain: String =
        decoded.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect::<String>().to_lowercase();
    let Some((scheme, _)) = plain.split_once(':') else { return true };
    scheme.contains(['/', '#', '?', '.']) || matches!(scheme, "http" | "https" | "mailto")
}

/// The payload of a cache entry: it is not taken, or is what would be written again.
pub(crate) fn cache_entries(bytes: &[u8]) {
    if let Some(run) = Run::from_bytes(bytes) {
        let numbers = run.losses.iter().chain(&run.validation);
        assert!(
            numbers
                .chain(run.snapshots.iter().flat_map(|it| &it.parameters))
                .all(|number| number.is_finite())
        );
        assert_eq!(Run::from_bytes(&run.to_bytes()), Some(run));
    }
    if let Some(trials) = Trials::from_bytes(bytes) {
        assert_eq!(Trials::from_bytes(&trials.to_bytes()), Some(trials));
    }
    if let Some(attainable) = Attainable::from_bytes(bytes) {
        assert_eq!(Attainable::from_bytes(&attainable.to_bytes()), Some(attainable));
    }
    if let Some(verdict) = Verdict::from_bytes(bytes, 3) {
        assert_eq!(Verdict::from_bytes(&verdict.to_bytes(), 3), Some(verdict));
    }
}
