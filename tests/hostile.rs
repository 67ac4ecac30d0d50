//! Whatever stands in the specs, the program answers with a site or with diagnostics: it never panics and never hangs.

use std::path::Path;
use std::sync::Arc;

use actfn_site::diagnostic::{SourceFile, render};
use actfn_site::fs::TextFile;
use actfn_site::{plan, site, spec};
use proptest::prelude::*;

#[path = "fuzz/entries.rs"]
mod entries;

const SPECS: [&str; 8] = [
    include_str!("fixtures/acceptance/site.yaml"),
    include_str!("fixtures/acceptance/activations/extra.yaml"),
    include_str!("fixtures/acceptance/experiments/benchmark.yaml"),
    include_str!("fixtures/acceptance/experiments/studies.yaml"),
    include_str!("fixtures/acceptance/figures/figures.yaml"),
    include_str!("fixtures/acceptance/models/models.yaml"),
    include_str!("fixtures/acceptance/pages/about.yaml"),
    include_str!("fixtures/acceptance/polynomials/seed.yaml"),
];

/// What authors mistype, and what attackers type.
const TOKENS: [&str; 40] = [
    "",
    "-1",
    "0",
    "1e308",
    "-1e308",
    "1e-320",
    "99999999999999999999",
    ".nan",
    ".inf",
    "null",
    "true",
    "[]",
    "{}",
    "[[]]",
    "{a: b}",
    "\"\"",
    "\"\\u0000\"",
    "\u{202e}",
    "😀",
    "é",
    "- x",
    "|",
    "*gd",
    "&gd",
    "<<: *gd",
    "---",
    "...",
    "#",
    "'",
    ": ",
    "\t",
    "tanh",
    "cubic_s",
    "../..",
    "con",
    "x^x^x^x",
    "if(x,x,x)",
    "$\\frac{$",
    "{{ figure(",
    "[a](experiment:zzz)",
];

fn answer(texts: &[String]) {
    let files: Vec<TextFile> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| TextFile {
            name: format!("{index}.yaml"),
            file: Arc::new(SourceFile { path: format!("specs/{index}.yaml"), text: text.clone() }),
        })
        .collect();
    match spec::load(&files, Vec::new()) {
        Ok(specs) => {
            let plan = plan::plan(&specs);
            if plan.cases.len() > 200 {
                return;
            }
            if let Err(diagnostics) = site::check(&specs, &plan, &[]) {
                diagnostics.iter().for_each(|diagnostic| assert!(!render(diagnostic, false).is_empty()));
            }
        }
        Err(diagnostics) => {
            assert!(!diagnostics.is_empty());
            diagnostics.iter().for_each(|diagnostic| assert!(!render(diagnostic, true).is_empty()));
        }
    }
}

#[test]
fn the_specs_are_sound_as_they_stand() {
    let texts = SPECS.map(str::to_owned);
    let files = texts.iter().enumerate().map(|(index, text)| TextFile {
        name: format!("{index}.yaml"),
        file: Arc::new(SourceFile { path: format!("specs/{index}.yaml"), text: text.clone() }),
    });
    let specs = spec::load(&files.collect::<Vec<_>>(), Vec::new()).unwrap();
    let plan = plan::plan(&specs);
    assert!(site::check(&specs, &plan, &[]).is_ok_and(|files| files.contains("index.html")));
}

/// What the fuzzers kept: inputs that lead through all of the code, and those that once broke a promise.
#[test]
fn the_corpus_of_the_fuzzers_breaks_nothing() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let mut count = 0;
    let mut size = 0;
    for (name, entry) in entries::ALL {
        for file in std::fs::read_dir(corpus.join(name)).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            size += bytes.len();
            count += 1;
            entry(&bytes);
        }
    }
    assert!(count > 100, "{count}");
    assert!(size < 200_000, "{size}");
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    /// A word of some spec is replaced by another.
    #[test]
    fn other_words(changes in prop::collection::vec((0..SPECS.len(), any::<prop::sample::Index>(), 0..TOKENS.len()), 1..4)) {
        let mut texts = SPECS.map(str::to_owned);
        for (file, place, token) in changes {
            let text = &mut texts[file];
            let words: Vec<(usize, &str)> =
                text.split_inclusive([' ', '\n', ',', '[', ']', '{', '}']).scan(0, |at, word| {
                    let start = *at;
                    *at += word.len();
                    Some((start, word.trim_end_matches([' ', '\n', ',', '[', ']', '{', '}'])))
                }).filter(|(_, word)| !word.is_empty()).collect();
            if words.is_empty() {
                continue;
            }
            let (start, word) = words[place.index(words.len())];
            let range = start..start + word.len();
            text.replace_range(range, TOKENS[token]);
        }
        answer(&texts);
    }

    /// Some bytes of some spec are gone, or stand twice.
    #[test]
    fn missing_and_doubled_pieces(
        file in 0..SPECS.len(),
        start in any::<prop::sample::Index>(),
        length in 1_usize..40,
        is_doubled in any::<bool>(),
    ) {
        let mut texts = SPECS.map(str::to_owned);
        let text = &mut texts[file];
        let from = text.floor_char_boundary(start.index(text.len()));
        let to = text.ceil_char_boundary((from + length).min(text.len()));
        let piece = text[from..to].to_owned();
        if is_doubled {
            text.insert_str(from, &piece);
        } else {
            text.replace_range(from..to, "");
        }
        answer(&texts);
    }
}
