//! The site: specs, plan and findings → the bytes of every page, table and report. Pure; writing them is
//! [`crate::publish`]'s.

mod alt;
mod atlas;
mod attained;
mod diagnoses;
mod gallery;
mod judged;
mod link;
mod markdown;
mod math;
mod numbering;
mod page;
mod passport;
mod report;
mod report_page;
mod results;
mod sparkline;
mod template;
mod wording;

use std::sync::Arc;

use rayon::prelude::*;
use serde::Serialize;

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::finding::Finding;
use crate::plan::{Form, Plan, PlannedFigure};
use crate::spec::Specs;
use crate::train::Run;
use crate::verdict::Verdict;
use atlas::Atlas;
use gallery::{Gallery, Trained};
use page::Draft;
use template::Templates;

/// The path of the passport that belongs to a figure in its main form.
pub fn passport_path(planned: &PlannedFigure) -> String {
    passport::path(planned)
}

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
    pub file: Arc<SourceFile>,
}

/// The extensions of template files.
pub const TEMPLATE_EXTENSIONS: &[&str] = &["html", "xml", "txt", "css", "js"];

/// The sections that have a list of cards.
const SECTIONS: [&str; 3] = ["experiments", "targets", "models"];

/// Checks templates and every reference in the authors' texts, without any training: the pages are rendered as if all runs
/// had ended before they began.
///
/// # Errors
///
/// What [`render`] would report.
pub fn check(specs: &Specs, plan: &Plan, overrides: &[TemplateFile]) -> Result<(), Vec<Diagnostic>> {
    let finding =
        Finding { run: Arc::new(Run::new()), trials: None, attainable: None, diagnoses: Vec::new() };
    let findings: Vec<Finding> = plan.cases.iter().map(|_| finding.clone()).collect();
    render(specs, plan, &findings, &vec![None; plan.contests.len()], overrides).map(drop)
}

/// Renders every page, table and report. `findings` belong to [`Plan::cases`], `verdicts` to
/// [`Plan::contests`], index by index.
///
/// # Errors
///
/// Every template that does not parse or render, and every reference in Markdown that names nothing.
pub fn render(
    specs: &Specs,
    plan: &Plan,
    findings: &[Finding],
    verdicts: &[Option<Arc<Verdict>>],
    overrides: &[TemplateFile],
) -> Result<Vec<SiteFile>, Vec<Diagnostic>> {
    let templates = Templates::load(overrides)?;
    let folders = gallery::folders(plan);
    let atlas = Atlas::new(specs, plan, findings);
    let gallery = Gallery { specs, plan, findings, verdicts, folders: &folders, atlas: &atlas };
    let mut files = Vec::new();
    let mut found = Vec::new();
    let cases: Vec<Trained<'_>> = gallery.cases().filter(|trained| trained.case.has_page).collect();
    let of_cases: Vec<Made> = cases
        .into_par_iter()
        .map(|trained| {
            let mut made = Made::default();
            made.page(gallery, &templates, "case.html", trained.page(), |draft| page::case(draft, trained));
            made.text(format!("{}/run.json", trained.case.directory()), results::run_json(trained));
            made
        })
        .collect();
    let of_experiments: Vec<Made> = specs
        .experiments
        .par_iter()
        .map(|experiment| {
            let mut made = Made::default();
            let folder = format!("experiments/{}", experiment.id);
            made.page(gallery, &templates, "experiment.html", link::index(&folder), |draft| {
                page::experiment(draft, experiment)
            });
            made.text(format!("{folder}/results.csv"), results::csv(gallery, experiment));
            made.text(format!("{folder}/results.json"), results::json(gallery, experiment));
            if let Some(starts) = results::starts_csv(gallery, experiment) {
                made.text(format!("{folder}/starts.csv"), starts);
            }
            let report = report::of_experiment(gallery, experiment, &mut made.found);
            made.text(format!("{folder}/REPORT.md"), report);
            made
        })
        .collect();
    let mut rest = Made::default();
    for activation in specs.activations.values() {
        let path = link::index(&format!("activations/{}", activation.id));
        rest.page(gallery, &templates, "activation.html", path, |draft| page::activation(draft, activation));
    }
    for target in specs.targets.values() {
        let path = link::index(&format!("targets/{}", target.id));
        rest.page(gallery, &templates, "target.html", path, |draft| page::target(draft, target));
    }
    for model in specs.models.values() {
        let path = link::index(&format!("models/{}", model.id));
        rest.page(gallery, &templates, "model.html", path, |draft| page::model(draft, model));
    }
    for author_page in &specs.pages {
        let path = link::index(&author_page.id);
        rest.page(gallery, &templates, "page.html", path, |draft| page::author_page(draft, author_page));
    }
    for section in SECTIONS {
        rest.page(gallery, &templates, "list.html", link::index(section), |draft| page::list(draft, section));
    }
    rest.page(gallery, &templates, "activations.html", link::index("activations"), page::activation_index);
    rest.page(gallery, &templates, "index.html", "index.html".into(), page::home);
    let report = report::of_site(gallery, &mut rest.found);
    let report_html = report_page::html(&report);
    rest.page(gallery, &templates, "page.html", "report/index.html".into(), |draft| {
        page::report(draft, report_html)
    });
    rest.text("REPORT.md".into(), report);
    let style = templates.asset("style.css").to_owned();
    rest.page(gallery, &templates, "404.html", "404.html".into(), |draft| page::not_found(draft, &style));
    rest.text("assets/style.css".into(), style);
    rest.text("assets/table.js".into(), templates.asset("table.js").to_owned());
    rest.text(".nojekyll".into(), String::new());
    for made in of_cases.into_iter().chain(of_experiments).chain([rest]) {
        files.extend(made.files);
        found.extend(made.found);
    }
    let passports = plan.figures.par_iter().filter(|planned| planned.form == Form::Main);
    let passports = passports.map(|planned| SiteFile {
        path: passport::path(planned),
        bytes: passport::json(gallery, planned).into_bytes(),
    });
    files.extend(passports.collect::<Vec<_>>());
    let directory = Directory::new(specs, &files);
    for (template, path) in [("robots.txt", "robots.txt"), ("sitemap.xml", "sitemap.xml")] {
        if path == "sitemap.xml" && directory.base_url.is_none() {
            continue;
        }
        match templates.render(template, &directory) {
            Ok(text) => files.push(SiteFile { path: path.into(), bytes: text.into_bytes() }),
            Err(diagnostic) => found.push(*diagnostic),
        }
    }
    // One fault in a text that several pages show, or in a template, is one fault.
    let mut distinct: Vec<Diagnostic> = Vec::new();
    for diagnostic in found {
        if !distinct.contains(&diagnostic) {
            distinct.push(diagnostic);
        }
    }
    if distinct.is_empty() { Ok(files) } else { Err(distinct) }
}

/// Files that were made, and what was found wrong meanwhile.
#[derive(Default)]
struct Made {
    files: Vec<SiteFile>,
    found: Vec<Diagnostic>,
}

impl Made {
    fn text(&mut self, path: String, text: String) {
        self.files.push(SiteFile { path, bytes: text.into_bytes() });
    }

    fn page<C: Serialize>(
        &mut self,
        gallery: Gallery<'_>,
        templates: &Templates,
        template: &str,
        path: String,
        context: impl FnOnce(&mut Draft<'_, '_>) -> C,
    ) {
        let mut draft = Draft { gallery, path, found: &mut self.found };
        let context = context(&mut draft);
        let path = draft.path;
        match templates.render(template, &context) {
            Ok(text) => self.text(path, text),
            Err(diagnostic) => self.found.push(*diagnostic),
        }
    }
}

/// What `robots.txt` and `sitemap.xml` see.
#[derive(Serialize)]
struct Directory {
    base_url: Option<String>,
    /// The full addresses of all pages, sorted.
    urls: Vec<String>,
}

impl Directory {
    fn new(specs: &Specs, files: &[SiteFile]) -> Self {
        let base_url = specs.site.base_url.clone();
        let pages = files.iter().filter_map(|file| file.path.strip_suffix("index.html"));
        let mut urls: Vec<String> = base_url
            .iter()
            .flat_map(|base| pages.clone().map(move |folder| format!("{base}{folder}")))
            .collect();
        urls.sort();
        Self { base_url, urls }
    }
}
