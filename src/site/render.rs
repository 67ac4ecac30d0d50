//! Every file of the site that is not a figure, each made by a task of its own, on all threads. What belongs to an experiment
//! depends on the experiment and on little else, so that it is kept from one rendering to the next while that stays.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;
use serde::Serialize;

use super::assets::{self, Assets};
use super::atlas::Atlas;
use super::feed;
use super::gallery::{Gallery, Index, Trained};
use super::kept::{Basis, Outlines, Rendered, Surroundings, outlines_texts};
use super::page::{self, Draft};
use super::player::Players;
use super::sheet::{self, Sheets};
use super::template::Templates;
use super::{Output, SiteFile, TemplateFile, link, passport, report, report_page, results, search};
use crate::diagnostic::{Diagnostic, shortened};
use crate::finding::Finding;
use crate::plan::{Case, Plan};
use crate::spec::{Activation, Experiment, Model, Page, Specs, Target};
use crate::verdict::Verdict;

/// The sections that have a list of cards.
const SECTIONS: [&str; 3] = ["experiments", "targets", "models"];

/// More faults than anybody reads.
const MOST_FAULTS: usize = 1000;

/// Renders one site again and again.
#[derive(Default)]
pub struct Renderer {
    last: Option<Rendered>,
    players: Players,
}

/// More cases than these, and a player is made anew whenever its page is: to keep all of them would take too much memory.
const MOST_PLAYERS: usize = 2000;

impl Renderer {
    /// Renders every page, table and report. `findings` belong to [`Plan::cases`], `verdicts` to [`Plan::contests`], index by
    /// index. What was rendered when [`Renderer::remember`] was called last is kept where nothing that it depends on has changed.
    ///
    /// # Errors
    ///
    /// Every template that does not parse or render, and every reference in Markdown that names nothing; what went to the output
    /// is then not the site.
    pub fn render(
        &self,
        specs: &Specs,
        plan: &Plan,
        findings: &[Arc<Finding>],
        verdicts: &[Option<Arc<Verdict>>],
        overrides: &[TemplateFile],
        output: &dyn Output,
    ) -> Result<Rendered, Vec<Diagnostic>> {
        let templates = Templates::load(overrides)?;
        let index = Index::new(plan);
        let atlas = Atlas::new(specs, plan, findings);
        let sheets = Sheets::new(plan, &atlas);
        let assets = Assets::new(&templates, &specs.site.look);
        let gallery = Gallery {
            specs,
            plan,
            findings,
            verdicts,
            index: &index,
            atlas: &atlas,
            sheets: &sheets,
            assets: &assets,
            players: &self.players,
        };
        let outlines = Outlines::shared(specs, self.last.as_ref());
        let mut units = Task::units(gallery, &outlines);
        let surroundings = Surroundings::new(specs, overrides);
        // By unit, the paths of the files of what is as it was.
        let last = self.last.as_ref().filter(|last| last.is_in(&surroundings));
        let known = units.iter().map(|unit| last.and_then(|last| last.paths(&unit.name, &unit.basis)));
        let mut known: Vec<Option<&[String]>> = known.collect();
        let (awaited, mut others): (Vec<_>, Vec<_>) = tasks_of(&mut units, |at| known[at].is_none())
            .partition(|(_, task)| task.page().is_some_and(|page| output.is_awaited(&page)));
        // Each task for itself: some take a hundred times as long as others.
        let run = |tasks: Vec<(Place, Task<'_>)>| -> Vec<(Place, Made<'_>)> {
            let tasks = tasks.into_par_iter().with_max_len(1);
            tasks.map(|(place, task)| (place, task.run(gallery, &templates, output))).collect()
        };
        let mut made = run(awaited);
        if known.iter().any(Option::is_some) && !output.has_last() {
            known.fill(None);
            others.extend(tasks_of(&mut units, |_| true));
        }
        known.par_iter().flatten().flat_map(|paths| paths.par_iter()).for_each(|path| output.keep(path));
        made.extend(run(others));
        made.sort_by_key(|(place, _)| *place);
        let mut found: Vec<Diagnostic> = Vec::new();
        let mut paths: Vec<Vec<String>> =
            known.into_iter().map(|paths| paths.map_or_else(Vec::new, <[String]>::to_vec)).collect();
        for ((unit, _), made) in made {
            found.extend(made.found);
            paths[unit].extend(made.paths);
        }
        let directory = Directory::new(specs, paths.iter().flatten());
        for (template, path) in [("robots.txt", "robots.txt"), ("sitemap.xml", "sitemap.xml")] {
            if path == "sitemap.xml" && directory.base_url.is_none() {
                continue;
            }
            match templates.render(template, &directory) {
                Ok(text) => output.take(SiteFile::text(path.into(), text)),
                Err(diagnostic) => found.push(*diagnostic),
            }
        }
        // One fault in a text that several pages show, or in a template, is one fault.
        let mut distinct: Vec<Diagnostic> = Vec::new();
        for diagnostic in found {
            if distinct.len() > MOST_FAULTS {
                break;
            }
            if !distinct.contains(&diagnostic) {
                distinct.push(diagnostic);
            }
        }
        if !distinct.is_empty() {
            return Err(shortened(distinct));
        }
        let units = units.into_iter().zip(paths).map(|(unit, paths)| (unit.name, unit.basis, paths));
        Ok(Rendered::new(surroundings, outlines, units, plan, findings))
    }

    /// What was rendered has become the site.
    pub fn remember(&mut self, rendered: Rendered) {
        let cases = rendered.cases();
        let needed: BTreeSet<*const Case> = cases.iter().take(MOST_PLAYERS + 1).map(Arc::as_ptr).collect();
        let keeps_players = cases.len() <= MOST_PLAYERS;
        self.players.turn(|case| keeps_players && needed.contains(&Arc::as_ptr(case)));
        self.last = Some(rendered);
    }

    /// The site is no longer what was rendered.
    pub fn forget(&mut self) {
        self.last = None;
    }
}

/// The unit of a task, and which it is of those of the unit.
type Place = (usize, usize);

/// The tasks of some of the units, which no longer have them.
fn tasks_of<'u, 'g>(
    units: &'u mut [Unit<'g>],
    is_meant: impl Fn(usize) -> bool + 'u,
) -> impl Iterator<Item = (Place, Task<'g>)> + 'u {
    let meant = units.iter_mut().enumerate().filter(move |(at, _)| is_meant(*at));
    meant.flat_map(|(at, unit)| {
        let tasks = unit.tasks.drain(..).enumerate();
        tasks.map(move |(number, task)| ((at, number), task))
    })
}

/// One page or file to make.
#[derive(Clone, Copy)]
enum Task<'g> {
    /// A sheet of its page, as all with a number.
    Experiment(&'g Experiment, usize),
    Tables(&'g Experiment),
    Starts(&'g Experiment),
    ExperimentReport(&'g Experiment),
    Case(Trained<'g>),
    /// The passports of the figures in a folder.
    Passports {
        folder: &'g str,
    },
    Activation(&'g Activation, usize),
    Target(&'g Target, usize),
    Model(&'g Model, usize),
    AuthorPage(&'g Page),
    Section(&'static str, usize),
    ActivationIndex(usize),
    Home,
    Report,
    Search,
    Feed,
    NotFound,
    Assets,
}

/// Tasks that are done again together, since they depend on the same.
struct Unit<'g> {
    /// Tells it from all others.
    name: String,
    basis: Basis,
    tasks: Vec<Task<'g>>,
}

impl<'g> Task<'g> {
    /// All that has to be done.
    fn units(gallery: Gallery<'g>, outlines: &Arc<Outlines>) -> Vec<Unit<'g>> {
        let specs = gallery.specs;
        let mut units = Vec::new();
        for experiment in &specs.experiments {
            let id = &experiment.id;
            let folder = format!("experiments/{id}/");
            let cases: Vec<Trained<'_>> = gallery.cases_of(id);
            let (own, of_cases): (Vec<&str>, Vec<&str>) =
                gallery.folders_below(&folder).into_iter().partition(|other| *other == folder);
            let passports =
                |folders: Vec<&'g str>| folders.into_iter().map(|folder| Self::Passports { folder });
            // The longest first.
            let sheets = 0..gallery.sheets.of(id).len();
            let whole = sheets.map(|sheet| Self::Experiment(experiment, sheet)).chain([
                Self::ExperimentReport(experiment),
                Self::Starts(experiment),
                Self::Tables(experiment),
            ]);
            units.push(Unit {
                name: format!("experiment {id}"),
                basis: Basis::of_experiment(gallery, experiment, &cases),
                tasks: whole.chain(passports(own)).collect(),
            });
            let pages = cases.iter().filter(|trained| trained.case.has_page).copied();
            units.push(Unit {
                name: format!("cases {id}"),
                basis: Basis::of_cases(experiment, &cases),
                tasks: pages.map(Self::Case).chain(passports(of_cases)).collect(),
            });
        }
        let all: Vec<Trained<'_>> = gallery.cases().collect();
        let mut add = |name: &str, cases: &[Trained<'_>], texts: &[&str], tasks: Vec<Self>| {
            units.push(Unit { name: name.into(), basis: Basis::of_site(outlines, cases, texts), tasks });
        };
        let descriptions: Vec<&str> = outlines_texts(specs);
        let sheets = 0..page::activation_index_sheets(specs);
        add("report", &all, &descriptions, vec![Self::Report]);
        add("activations", &all, &[], sheets.map(Self::ActivationIndex).collect());
        add("home", &all, &descriptions, vec![Self::Home]);
        for target in specs.targets.values() {
            let cases = gallery.cases_on(&target.id);
            let tasks = (0..page::sheets(&cases)).map(|sheet| Self::Target(target, sheet)).collect();
            add(&format!("target {}", target.id), &cases, &[&target.explanation], tasks);
        }
        for model in specs.models.values() {
            let cases: Vec<Trained<'_>> =
                all.iter().filter(|trained| trained.case.model.id == model.id).copied().collect();
            let tasks = (0..page::sheets(&cases)).map(|sheet| Self::Model(model, sheet)).collect();
            add(&format!("model {}", model.id), &cases, &[&model.description], tasks);
        }
        for section in SECTIONS {
            let sheets = 0..page::list_sheets(specs, section);
            let tasks = sheets.map(|sheet| Self::Section(section, sheet)).collect();
            add(&format!("section {section}"), &all, &descriptions, tasks);
        }
        add("search", &all, &[], vec![Self::Search]);
        add("others", &[], &[], vec![Self::Feed, Self::NotFound, Self::Assets]);
        for activation in specs.activations.values() {
            let cases = gallery.cases_with(&activation.id);
            let sheets = 0..page::activation_sheets(cases.len());
            let folder = format!("activations/{}/", activation.id);
            let figures = gallery.figures_in(&folder);
            let passports =
                gallery.folders_below(&folder).into_iter().map(|folder| Self::Passports { folder });
            units.push(Unit {
                name: format!("activation {}", activation.id),
                basis: Basis::of_activation(outlines, &cases, activation, &figures),
                tasks: sheets.map(|sheet| Self::Activation(activation, sheet)).chain(passports).collect(),
            });
        }
        // Any of them may show anything.
        let pages = specs.pages.iter().map(Self::AuthorPage).collect();
        units.push(Unit { name: "pages".into(), basis: Basis::new_each_time(), tasks: pages });
        units
    }

    /// The page that it makes, if it makes one alone.
    fn page(self) -> Option<String> {
        let folder = |section: &str, id: &str| link::index(&format!("{section}/{id}"));
        Some(match self {
            Self::Experiment(experiment, sheet) => sheet::path(&folder("experiments", &experiment.id), sheet),
            Self::Case(trained) => trained.page(),
            Self::Activation(activation, sheet) => sheet::path(&folder("activations", &activation.id), sheet),
            Self::Target(target, sheet) => sheet::path(&folder("targets", &target.id), sheet),
            Self::Model(model, sheet) => sheet::path(&folder("models", &model.id), sheet),
            Self::AuthorPage(page) => link::index(&page.id),
            Self::Section(section, sheet) => sheet::path(&link::index(section), sheet),
            Self::ActivationIndex(sheet) => sheet::path(&link::index("activations"), sheet),
            Self::Home => "index.html".into(),
            Self::NotFound => "404.html".into(),
            _ => return None,
        })
    }

    fn run<'o>(self, gallery: Gallery<'g>, templates: &Templates, output: &'o dyn Output) -> Made<'o> {
        let mut made = Made { output, paths: Vec::new(), found: Vec::new() };
        if output.is_stopped() {
            return made;
        }
        let path = self.page().unwrap_or_default();
        let of = |experiment: &Experiment, name: &str| format!("experiments/{}/{name}", experiment.id);
        match self {
            Self::Experiment(experiment, sheet) => {
                made.page(gallery, templates, "experiment.html", path, |draft| {
                    page::experiment(draft, experiment, sheet)
                });
            }
            Self::Tables(experiment) => {
                made.text(of(experiment, "results.csv"), results::csv(gallery, experiment));
                made.text(of(experiment, "results.json"), results::json(gallery, experiment));
            }
            Self::Starts(experiment) => {
                if let Some(starts) = results::starts_csv(gallery, experiment) {
                    made.text(of(experiment, "starts.csv"), starts);
                }
            }
            Self::ExperimentReport(experiment) => {
                let report = report::of_experiment(gallery, experiment, &mut made.found);
                made.text(of(experiment, "REPORT.md"), report);
            }
            Self::Case(trained) => {
                made.page(gallery, templates, "case.html", path, |draft| page::case(draft, trained));
                made.text(format!("{}/run.json", trained.case.directory()), results::run_json(trained));
            }
            Self::Passports { folder } => {
                for planned in gallery.figures_in(folder) {
                    made.text(passport::path(planned), passport::json(gallery, planned));
                }
            }
            Self::Activation(activation, sheet) => {
                made.page(gallery, templates, "activation.html", path, |draft| {
                    page::activation(draft, activation, sheet)
                });
            }
            Self::Target(target, sheet) => {
                let context = |draft: &mut Draft<'_, '_>| page::target(draft, target, sheet);
                made.page(gallery, templates, "target.html", path, context);
            }
            Self::Model(model, sheet) => {
                let context = |draft: &mut Draft<'_, '_>| page::model(draft, model, sheet);
                made.page(gallery, templates, "model.html", path, context);
            }
            Self::AuthorPage(author_page) => {
                made.page(gallery, templates, "page.html", path, |draft| {
                    page::author_page(draft, author_page)
                });
            }
            Self::Section(section, sheet) => {
                made.page(gallery, templates, "list.html", path, |draft| page::list(draft, section, sheet));
            }
            Self::ActivationIndex(sheet) => {
                made.page(gallery, templates, "activations.html", path, |draft| {
                    page::activation_index(draft, sheet)
                });
            }
            Self::Home => made.page(gallery, templates, "index.html", path, page::home),
            Self::Report => {
                let report = report::of_site(gallery, &mut made.found);
                let parts = report_page::parts(&report);
                for (sheet, part) in parts.iter().enumerate() {
                    let path = sheet::path("report/index.html", sheet);
                    // The further ones stand below a title of their own.
                    let level = if sheet == 0 { 1 } else { 2 };
                    let html = report_page::html(part, &path, level, gallery.specs.site.allows_html);
                    made.page(gallery, templates, "page.html", path, |draft| {
                        page::report(draft, html, sheet, parts.len())
                    });
                }
                made.text("REPORT.md".into(), report);
            }
            Self::Search => made.text(assets::SEARCH_INDEX.into(), search::index(gallery)),
            Self::Feed => {
                if let Some(feed) = feed::feed(gallery) {
                    made.template(templates, "feed.xml", feed::PATH.into(), &feed);
                }
            }
            Self::NotFound => {
                let style = &gallery.assets.style_text;
                made.page(gallery, templates, "404.html", path, |draft| page::not_found(draft, style));
            }
            Self::Assets => {
                gallery.assets.files(templates).into_iter().for_each(|file| made.file(file));
                made.text(".nojekyll".into(), String::new());
            }
        }
        made
    }
}

/// What a task has made: the paths of its files, and what was found wrong meanwhile.
struct Made<'o> {
    output: &'o dyn Output,
    paths: Vec<String>,
    found: Vec<Diagnostic>,
}

impl Made<'_> {
    fn file(&mut self, file: SiteFile) {
        self.paths.push(file.path.clone());
        self.output.take(file);
    }

    fn text(&mut self, path: String, text: String) {
        self.file(SiteFile::text(path, text));
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
        self.template(templates, template, path, &context);
    }

    fn template(&mut self, templates: &Templates, template: &str, path: String, context: &impl Serialize) {
        match templates.render(template, context) {
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
    fn new<'p>(specs: &Specs, paths: impl Iterator<Item = &'p String> + Clone) -> Self {
        let base_url = specs.site.base_url.clone();
        let pages = paths.filter_map(|path| path.strip_suffix("index.html"));
        let mut urls: Vec<String> = base_url
            .iter()
            .flat_map(|base| pages.clone().map(move |folder| format!("{base}{folder}")))
            .collect();
        urls.sort();
        Self { base_url, urls }
    }
}
