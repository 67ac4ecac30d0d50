//! What a build tells of itself when it is done.

use std::sync::Arc;

use super::known::{Done, Known};
use crate::diagnostic::Diagnostic;
use crate::finding::Finding;
use crate::plan::Plan;
use crate::publish::{self, Published};

/// What a build did.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Summary {
    pub cases: usize,
    /// Runs that were trained; cases that are alike share one.
    pub trained: usize,
    /// Runs that came from the cache.
    pub reused_runs: usize,
    /// Cases that were trained from many starts.
    pub tried: usize,
    /// Searches for what can be attained; cases that differ only in their training share one.
    pub searched: usize,
    /// Cases whose training diverged.
    pub diverged: usize,
    /// Figures that were drawn; figures that are alike share one.
    pub drawn: usize,
    pub reused_figures: usize,
    pub files_written: usize,
    pub files_unchanged: usize,
    pub files_removed: usize,
    /// The size of the whole site.
    pub bytes: u64,
    /// Things to know that are no errors.
    pub notes: Vec<String>,
    /// What is likely a slip, or will be in the way of publishing.
    #[serde(skip)]
    pub warnings: Vec<Diagnostic>,
    /// The paths in the site of the files that were written or removed.
    #[serde(skip)]
    pub changed: Vec<String>,
}

impl Summary {
    pub(super) fn new(plan: &Plan, findings: &[Arc<Finding>], known: &Known, done: &Done) -> Self {
        Self {
            cases: plan.cases.len(),
            trained: done.trained.len(),
            reused_runs: known.runs.len() - done.trained.len(),
            tried: done.tried,
            searched: done.searched,
            diverged: findings.iter().filter(|finding| finding.run.is_diverged()).count(),
            drawn: done.drawn.len(),
            reused_figures: known.figures.len() - done.drawn.len(),
            ..Self::default()
        }
    }

    pub(super) fn take(&mut self, published: Published) {
        self.files_written = published.written.len();
        self.files_unchanged = published.unchanged;
        self.files_removed = published.removed.len();
        self.changed = published.written;
        self.changed.extend(published.removed);
        if published.is_list_mended {
            let list = publish::MANIFEST;
            self.notes
                .push(format!("the list of what was written, {list}, did not match the site: made anew"));
        }
        let kept = published.kept.into_iter();
        self.notes.extend(kept.map(|name| {
            format!("{name} is no longer part of the site, but was changed by hand: left as it is")
        }));
    }
}
