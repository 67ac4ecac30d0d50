//! The faults of all specs, as they are found. No more are kept than are told, for there can be as many as there are documents.

use crate::diagnostic::{Diagnostic, MOST_TOLD, Severity, untold};
use crate::fs::TextFile;

/// So many are kept until those that are not told are dropped.
const MOST_KEPT: usize = 10 * MOST_TOLD;

/// Faults in the files of a site.
#[derive(Debug)]
pub(super) struct Found<'f> {
    files: &'f [TextFile],
    kept: Vec<Diagnostic>,
    /// How many were dropped, and how grave the gravest of them was.
    others: usize,
    gravest: Option<Severity>,
}

impl<'f> Found<'f> {
    pub(super) fn new(files: &'f [TextFile]) -> Self {
        Self { files, kept: Vec::new(), others: 0, gravest: None }
    }

    pub(super) fn add(&mut self, faults: impl IntoIterator<Item = Diagnostic>) {
        for fault in faults {
            self.kept.push(fault);
            if self.kept.len() > MOST_KEPT {
                self.shorten();
            }
        }
    }

    /// Whether anything was found that keeps a site from being built.
    pub(super) fn has_errors(&self) -> bool {
        let kept = self.kept.iter().map(|diagnostic| diagnostic.severity);
        kept.chain(self.gravest).any(|severity| severity >= Severity::Error)
    }

    /// In the order of the files and of the places in them, each once: the first, and how many others there are.
    pub(super) fn told(mut self) -> Vec<Diagnostic> {
        self.shorten();
        if self.others > 0 {
            self.kept.push(untold(self.others, self.gravest.unwrap_or(Severity::Error)));
        }
        self.kept
    }

    /// Drops what will not be told, whatever else is found.
    fn shorten(&mut self) {
        let position = |diagnostic: &Diagnostic| {
            diagnostic.place.as_ref().map(|place| {
                let file = self.files.iter().position(|text| std::sync::Arc::ptr_eq(&text.file, &place.file));
                (file, place.span.start, place.span.end)
            })
        };
        self.kept.sort_by_cached_key(position);
        self.kept.dedup();
        for other in self.kept.drain(self.kept.len().min(MOST_TOLD)..) {
            self.others += 1;
            self.gravest = self.gravest.max(Some(other.severity));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::{Place, SourceFile};

    #[test]
    fn the_first_of_many_faults_are_told_and_the_others_counted() {
        let file = |name: &str| TextFile {
            name: name.into(),
            file: Arc::new(SourceFile { path: name.into(), text: "x".repeat(10_000) }),
        };
        let files = [file("a.yaml"), file("b.yaml")];
        let fault = |file: usize, at: usize| {
            let place = Place { file: Arc::clone(&files[file].file), span: at..at + 1, label: String::new() };
            Diagnostic::error(format!("{at}"), place)
        };
        let told = |faults: Vec<Diagnostic>| {
            let mut found = Found::new(&files);
            found.add(faults);
            assert!(found.has_errors());
            found.told()
        };
        assert_eq!(told((0..MOST_TOLD).map(|at| fault(0, at)).collect()).len(), MOST_TOLD);
        // In whichever order they come, and some of them twice.
        let many = (0..5_000).rev().flat_map(|at| [fault(1, at), fault(0, at), fault(0, at)]).collect();
        let told = told(many);
        let messages: Vec<&str> = told.iter().map(|fault| fault.message.as_str()).collect();
        let first: Vec<String> = (0..MOST_TOLD).map(|at| at.to_string()).collect();
        assert_eq!(messages[..MOST_TOLD], first);
        assert!(told[..MOST_TOLD].iter().all(|fault| fault.place.as_ref().unwrap().file == files[0].file));
        assert_eq!(messages[MOST_TOLD], format!("there are {} more like these", 10_000 - MOST_TOLD));
    }

    #[test]
    fn warnings_keep_no_site_from_being_built() {
        let mut found = Found::new(&[]);
        found.add((0..2 * MOST_KEPT).map(|at| Diagnostic::warning(at.to_string(), None)));
        assert!(!found.has_errors());
        found.add([Diagnostic::error("x", None)]);
        assert!(found.has_errors());
    }
}
