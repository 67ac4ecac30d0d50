//! What the user asks about: a run by its case, a figure or another file by its path.

use std::collections::BTreeMap;
use std::path::Path;

use super::Version;
use crate::diagnostic::{Diagnostic, nearest};
use crate::fs::{resolved, slashed};

/// What can be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// Of this case of the plan.
    Run(usize),
    /// This one of the plan.
    Figure(usize),
    /// A file of the site that no cache entry holds.
    File(String),
}

/// The path nearest to a mistyped one: of those in the same folder, else of all, else one whose last part is like it.
fn alike<'n>(path: &str, names: &[&'n str]) -> Option<&'n str> {
    let parts = |name: &'n str| {
        name.strip_suffix("/index.html").unwrap_or(name).rsplit_once('/').unwrap_or(("", name))
    };
    let (folder, last) = path.rsplit_once('/').unwrap_or(("", path));
    let with = |wanted: &dyn Fn(&str) -> bool| -> Option<&'n str> {
        let of = || names.iter().copied().filter(|name| wanted(parts(name).0));
        let meant = nearest(last, of().map(|name| parts(name).1))?;
        of().find(|name| parts(name).1 == meant)
    };
    let same = |other: &str| other == folder;
    with(&same).or_else(|| nearest(path, names.iter().copied())).or_else(|| with(&|_| folder.is_empty()))
}

/// Finds what a name means. A page may be named by its folder; a case by its path with or without its experiment.
///
/// # Errors
///
/// If the last build made nothing of this name; with the nearest name.
pub(super) fn find(
    name: &str,
    out: &Path,
    now: &Version<'_>,
    files: &BTreeMap<String, blake3::Hash>,
) -> Result<Subject, Box<Diagnostic>> {
    let typed = Path::new(name);
    // However the folder is named: from here, from the root, through a link.
    let (place, folder) = (resolved(typed), resolved(out));
    let below = if name.is_empty() { None } else { place.strip_prefix(&folder).ok() };
    let path = slashed(below.unwrap_or(typed)).unwrap_or_default();
    let path = path.trim_start_matches("./").trim_matches('/');
    let cases = &now.plan.cases;
    // A folder is its page, whether or not a case is called alike; a case is asked for by its own name.
    let is_in_site = below.is_some() || name.ends_with('/') || path.starts_with("experiments/");
    if !is_in_site {
        let full = |index: usize| format!("{}/{}", cases[index].experiment, cases[index].path());
        if let Some(index) = (0..cases.len()).find(|&index| full(index) == path) {
            return Ok(Subject::Run(index));
        }
        let partial: Vec<usize> = (0..cases.len()).filter(|&index| cases[index].path() == path).collect();
        match partial.as_slice() {
            [] => {}
            [only] => return Ok(Subject::Run(*only)),
            several => {
                let names: Vec<String> = several.iter().map(|&index| format!("`{}`", full(index))).collect();
                let diagnostic = Diagnostic::error(format!("several experiments have a case `{path}`"), None);
                return Err(Box::new(diagnostic.help(format!("there are {}", names.join(", ")))));
            }
        }
    }
    if let Some(index) = now.plan.figures.iter().position(|planned| planned.path == path) {
        return Ok(Subject::Figure(index));
    }
    let page = if path.is_empty() { "index.html".to_owned() } else { format!("{path}/index.html") };
    for candidate in [path, page.as_str()] {
        if files.contains_key(candidate) {
            return Ok(Subject::File(candidate.to_owned()));
        }
    }
    let diagnostic = Diagnostic::error(format!("the last build made nothing called `{name}`"), None);
    let names: Vec<String> =
        cases.iter().map(|case| format!("{}/{}", case.experiment, case.path())).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).chain(files.keys().map(String::as_str)).collect();
    Err(Box::new(match alike(path, &names) {
        Some(nearest) => diagnostic.help(format!("did you mean `{nearest}`?")),
        None => diagnostic.help("name a file of the site, or a case as `actfn-site list cases` shows it"),
    }))
}
