//! The site: specs, plan and runs → the bytes of every page, table and report. Pure; writing them is
//! [`crate::build`]'s.

use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use crate::spec::Specs;
use crate::train::Run;

/// One file of the site that is not a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFile {
    /// Relative to the output folder, with `/` between its parts.
    pub path: String,
    pub bytes: Vec<u8>,
}

/// A template that replaces the embedded one of the same name.
#[derive(Debug, Clone)]
pub struct TemplateFile {
    /// Relative to the templates folder: `case.html`.
    pub name: String,
    /// For diagnostics.
    pub file: std::sync::Arc<crate::diagnostic::SourceFile>,
}

/// Renders every page, table and report. `runs` belong to [`Plan::cases`], index by index.
///
/// # Errors
///
/// Every template that does not parse or render, and every reference in Markdown that names nothing.
pub fn render(
    _specs: &Specs,
    _plan: &Plan,
    _runs: &[Run],
    _overrides: &[TemplateFile],
) -> Result<Vec<SiteFile>, Vec<Diagnostic>> {
    Ok(Vec::new())
}

/// The extensions of template files.
pub const TEMPLATE_EXTENSIONS: &[&str] = &["html", "xml", "txt", "css", "md", "js"];

pub fn check(_specs: &Specs, _plan: &Plan, _overrides: &[TemplateFile]) -> Result<(), Vec<Diagnostic>> {
    Ok(())
}
