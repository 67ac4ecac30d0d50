//! The site: specs, plan and findings → the bytes of every page, table and report. Pure; writing them is
//! [`crate::publish`]'s.

mod alt;
mod assets;
mod atlas;
mod attained;
mod diagnoses;
mod feed;
mod gallery;
mod headline;
mod highlight;
mod judged;
mod kept;
mod link;
mod look;
mod markdown;
mod math;
mod numbering;
mod page;
mod passport;
mod player;
mod plot;
mod render;
mod report;
mod report_page;
mod results;
mod search;
mod sheet;
mod sparkline;
mod template;
mod winner;
mod wording;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::finding::Finding;
use crate::plan::{Plan, PlannedFigure};
use crate::spec::Specs;

pub use kept::Rendered;
pub use markdown::{dead_links, warnings};
pub use render::Renderer;

/// The path of the passport that belongs to a figure in its main form.
pub fn passport_path(planned: &PlannedFigure) -> String {
    passport::path(planned)
}

/// One file of the site that is not a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFile {
    /// Relative to the output folder, with `/` between its parts.
    pub path: String,
    pub bytes: Arc<[u8]>,
}

impl SiteFile {
    fn text(path: String, text: String) -> Self {
        Self { path, bytes: text.into_bytes().into() }
    }
}

/// Where the files of the site go, each as soon as it is made, from any thread: none is held, so that a site may be larger than the
/// memory.
pub trait Output: Sync {
    fn take(&self, file: SiteFile);
    /// A file is what it was when the same renderer made it last.
    fn keep(&self, path: &str);
    /// Whether all files that the renderer made last are there as they were, so that some can be kept; asked when what somebody
    /// waits for is made.
    fn has_last(&self) -> bool {
        true
    }
    /// Whether the site is no longer wanted: what is not made yet is then left out.
    fn is_stopped(&self) -> bool {
        false
    }
    /// Whether somebody waits for a page, so that it should be made before all others.
    fn is_awaited(&self, path: &str) -> bool {
        let _ = path;
        false
    }
}

/// Drops everything.
pub struct Nowhere;

impl Output for Nowhere {
    fn take(&self, _: SiteFile) {}
    fn keep(&self, _: &str) {}
}

/// A template that replaces the embedded one of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFile {
    /// Relative to the templates folder: `case.html`.
    pub name: String,
    /// For diagnostics.
    pub file: Arc<SourceFile>,
}

/// The extensions of template files.
pub const TEMPLATE_EXTENSIONS: &[&str] = &["html", "xml", "txt", "css", "js"];

/// Notes which files there are.
struct Listed(Mutex<BTreeSet<String>>);

impl Output for Listed {
    fn take(&self, file: SiteFile) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(file.path);
    }
    fn keep(&self, _: &str) {}
}

/// Checks templates and every reference in the authors' texts, without any training: the pages are rendered as if all runs
/// had ended before they began. Gives the paths of all files that the site would have.
///
/// # Errors
///
/// What [`Renderer::render`] would report.
pub fn check(
    specs: &Specs,
    plan: &Plan,
    overrides: &[TemplateFile],
) -> Result<BTreeSet<String>, Vec<Diagnostic>> {
    let blank = Arc::new(Finding::blank());
    let findings: Vec<Arc<Finding>> = plan.cases.iter().map(|_| Arc::clone(&blank)).collect();
    let verdicts = vec![None; plan.contests.len()];
    let listed = Listed(Mutex::default());
    Renderer::default().render(specs, plan, &findings, &verdicts, overrides, &listed)?;
    let mut files = listed.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    files.extend(plan.figures.iter().map(|planned| planned.path.clone()));
    Ok(files)
}
