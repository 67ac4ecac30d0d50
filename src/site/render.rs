//! Every file of the site that is not a figure, each made by a task of its own, on all threads. What belongs to an experiment
//! depends on the experiment and on little else, so that it is kept from one rendering to the next while that stays.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use serde::Serialize;

use super::assets::{self, Assets};
use super::atlas::Atlas;
use super::feed;
use super::gallery::{Gallery, Index, Trained};
use super::page::{self, Draft};
use super::player::Players;
use super::template::Templates;
use super::{SiteFile, TemplateFile, link, markdown, passport, report, report_page, results, search};
use crate::diagnostic::{Diagnostic, shortened};
use crate::finding::Finding;
use crate::plan::{Case, Plan};
use crate::spec::{Activation, Experiment, Figure, Model, Page, Site, Source, Specs, Target};
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

/// What was rendered last.
struct Rendered {
    surroundings: Surroundings,
    parts: Vec<Part>,
}

/// What the pages of an experiment show beside the experiment.
#[derive(PartialEq)]
struct Surroundings {
    site: Site,
    pages: Vec<Page>,
    targets: BTreeMap<String, Arc<Target>>,
    activations: BTreeMap<String, Arc<Activation>>,
    models: BTreeMap<String, Arc<Model>>,
    /// Ids and titles.
    experiments: Vec<(String, String)>,
    has_feed: bool,
    templates: Vec<TemplateFile>,
}

/// The files of an experiment and its cases, and what they were made from.
struct Part {
    experiment: Experiment,
    cases: Vec<Arc<Case>>,
    findings: Vec<Arc<Finding>>,
    verdicts: Vec<Option<Arc<Verdict>>>,
    files: Vec<SiteFile>,
}

impl Renderer {
    /// Renders every page, table and report. `findings` belong to [`Plan::cases`], `verdicts` to [`Plan::contests`], index by
    /// index.
    ///
    /// # Errors
    ///
    /// Every template that does not parse or render, and every reference in Markdown that names nothing.
    pub fn render(
        &mut self,
        specs: &Specs,
        plan: &Plan,
        findings: &[Arc<Finding>],
        verdicts: &[Option<Arc<Verdict>>],
        overrides: &[TemplateFile],
    ) -> Result<Vec<SiteFile>, Vec<Diagnostic>> {
        let templates = Templates::load(overrides)?;
        let index = Index::new(plan);
        let atlas = Atlas::new(specs, plan, findings);
        let assets = Assets::new(&templates, &specs.site.look);
        let gallery = Gallery {
            specs,
            plan,
            findings,
            verdicts,
            index: &index,
            atlas: &atlas,
            assets: &assets,
            players: &self.players,
        };
        let surroundings = Surroundings::new(specs, overrides);
        let last = self.last.as_ref().filter(|last| last.surroundings == surroundings);
        let mut parts: Vec<Part> =
            specs.experiments.iter().map(|experiment| Part::new(gallery, experiment)).collect();
        for part in &mut parts {
            let others = last.iter().flat_map(|last| &last.parts);
            if let Some(same) = others.into_iter().find(|other| other.is_same(part)) {
                part.files.clone_from(&same.files);
            }
        }
        let mut tasks = Vec::new();
        for part in parts.iter().filter(|part| part.files.is_empty()) {
            tasks.extend(Task::of_experiment(gallery, &part.experiment.id));
        }
        let own = tasks.len();
        tasks.extend(Task::of_site(gallery));
        // Each task for itself: some take a hundred times as long as others.
        let tasks = tasks.into_par_iter().with_max_len(1);
        let mut made: Vec<(Option<&str>, Made)> =
            tasks.map(|task| (task.experiment(), task.run(gallery, &templates))).collect();
        let mut found: Vec<Diagnostic> = Vec::new();
        for (_, made) in &mut made {
            found.append(&mut made.found);
        }
        let of_site = made.split_off(own);
        for (experiment, made) in made {
            let part = parts.iter_mut().find(|part| Some(part.experiment.id.as_str()) == experiment);
            part.expect("tasks are of the experiments").files.extend(made.files);
        }
        let mut files: Vec<SiteFile> = parts.iter().flat_map(|part| part.files.iter().cloned()).collect();
        files.extend(of_site.into_iter().flat_map(|(_, made)| made.files));
        let directory = Directory::new(specs, &files);
        for (template, path) in [("robots.txt", "robots.txt"), ("sitemap.xml", "sitemap.xml")] {
            if path == "sitemap.xml" && directory.base_url.is_none() {
                continue;
            }
            match templates.render(template, &directory) {
                Ok(text) => files.push(SiteFile::text(path.into(), text)),
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
        let needed: BTreeSet<*const Case> = plan.cases.iter().map(Arc::as_ptr).collect();
        self.players.turn(|case| needed.contains(&Arc::as_ptr(case)));
        self.last = Some(Rendered { surroundings, parts });
        Ok(files)
    }
}

impl Surroundings {
    fn new(specs: &Specs, overrides: &[TemplateFile]) -> Self {
        let experiments = specs.experiments.iter();
        Self {
            site: specs.site.clone(),
            pages: specs.pages.clone(),
            targets: specs.targets.clone(),
            activations: specs.activations.clone(),
            models: specs.models.clone(),
            experiments: experiments.map(|it| (it.id.clone(), it.title.clone())).collect(),
            has_feed: feed::is_there(specs),
            templates: overrides.to_vec(),
        }
    }
}

impl Part {
    /// The part of an experiment, before its files are made.
    fn new(gallery: Gallery<'_>, experiment: &Experiment) -> Self {
        let cases = gallery.plan.cases.iter().zip(gallery.findings);
        let (cases, findings) = cases
            .filter(|(case, _)| case.experiment == experiment.id)
            .map(|(case, finding)| (Arc::clone(case), Arc::clone(finding)))
            .unzip();
        let contests = gallery.plan.contests.iter().zip(gallery.verdicts);
        let verdicts = contests
            .filter(|(contest, _)| contest.experiment == experiment.id)
            .map(|(_, verdict)| verdict.clone())
            .collect();
        // Only the file is named in which a figure is declared, not the line, which changes with every one above it.
        let unplaced = |figure: &Arc<Figure>| {
            let source = figure.source.clone();
            let source = source.map(|source| Source { line: 0, text: String::new(), ..source });
            Arc::new(Figure { source, ..Figure::clone(figure) })
        };
        let figures = experiment.figures.iter().map(unplaced).collect();
        let experiment = Experiment { figures, ..experiment.clone() };
        Self { experiment, cases, findings, verdicts, files: Vec::new() }
    }

    /// Whether this one's files are those that the other's would be.
    fn is_same(&self, other: &Self) -> bool {
        let verdict = |verdict: &Option<Arc<Verdict>>| verdict.as_ref().map(Arc::as_ptr);
        self.experiment == other.experiment
            && !self.shows_others()
            && self.cases.iter().map(Arc::as_ptr).eq(other.cases.iter().map(Arc::as_ptr))
            && self.findings.iter().map(Arc::as_ptr).eq(other.findings.iter().map(Arc::as_ptr))
            && self.verdicts.iter().map(verdict).eq(other.verdicts.iter().map(verdict))
    }

    /// Whether a text on its pages shows figures, which may be any experiment's.
    fn shows_others(&self) -> bool {
        let Experiment { description, targets, activations, models, figures, .. } = &self.experiment;
        let targets = targets.iter().map(|target| &target.explanation);
        let activations = activations.iter().map(|activation| &activation.description);
        let models = models.iter().map(|model| &model.description);
        let captions = figures.iter().map(|figure| &figure.caption);
        let mut texts = targets.chain(activations).chain(models).chain(captions).chain([description]);
        texts.any(|text| markdown::shows_figures(text))
    }
}

/// One page or file to make.
#[derive(Clone, Copy)]
enum Task<'g> {
    Experiment(&'g Experiment),
    Tables(&'g Experiment),
    Starts(&'g Experiment),
    ExperimentReport(&'g Experiment),
    Case(Trained<'g>),
    /// The passports of the figures in a folder.
    Passports {
        folder: &'g str,
        /// The id of the experiment to which the folder belongs.
        experiment: Option<&'g str>,
    },
    Activation(&'g Activation),
    Target(&'g Target),
    Model(&'g Model),
    AuthorPage(&'g Page),
    Section(&'static str),
    ActivationIndex,
    Home,
    Report,
    Search,
    Feed,
    NotFound,
    Assets,
}

impl<'g> Task<'g> {
    /// What has to be done for an experiment, the longest first.
    fn of_experiment(gallery: Gallery<'g>, id: &str) -> Vec<Self> {
        let Some(experiment) = gallery.experiment(id) else { return Vec::new() };
        let whole =
            [Self::Experiment(experiment), Self::ExperimentReport(experiment), Self::Starts(experiment)];
        let cases = gallery.cases_of(id).into_iter().filter(|trained| trained.case.has_page);
        let folders = gallery.folders_below(&format!("experiments/{id}/"));
        let passports =
            folders.into_iter().map(|folder| Self::Passports { folder, experiment: Some(&experiment.id) });
        let tables = [Self::Tables(experiment)].into_iter();
        whole.into_iter().chain(tables).chain(cases.map(Self::Case)).chain(passports).collect()
    }

    /// What has to be done for all experiments together.
    fn of_site(gallery: Gallery<'g>) -> Vec<Self> {
        let specs = gallery.specs;
        let first = [Self::Report, Self::ActivationIndex, Self::Home];
        let targets = specs.targets.values().map(|target| Self::Target(target));
        let models = specs.models.values().map(|model| Self::Model(model));
        let activations = specs.activations.values().map(|activation| Self::Activation(activation));
        let pages = specs.pages.iter().map(Self::AuthorPage);
        let sections = SECTIONS.into_iter().map(Self::Section);
        let folders = gallery.folders_below("activations/");
        let passports = folders.into_iter().map(|folder| Self::Passports { folder, experiment: None });
        let last = [Self::Search, Self::Feed, Self::NotFound, Self::Assets];
        let all = first.into_iter().chain(targets).chain(models).chain(activations);
        all.chain(pages).chain(sections).chain(passports).chain(last).collect()
    }

    /// The id of the experiment that it is for.
    fn experiment(self) -> Option<&'g str> {
        match self {
            Self::Experiment(experiment)
            | Self::Tables(experiment)
            | Self::Starts(experiment)
            | Self::ExperimentReport(experiment) => Some(&experiment.id),
            Self::Case(trained) => Some(&trained.case.experiment),
            Self::Passports { experiment, .. } => experiment,
            _ => None,
        }
    }

    fn run(self, gallery: Gallery<'g>, templates: &Templates) -> Made {
        let mut made = Made::default();
        let folder = |section: &str, id: &str| link::index(&format!("{section}/{id}"));
        let of = |experiment: &Experiment, name: &str| format!("experiments/{}/{name}", experiment.id);
        match self {
            Self::Experiment(experiment) => {
                let path = folder("experiments", &experiment.id);
                made.page(gallery, templates, "experiment.html", path, |draft| {
                    page::experiment(draft, experiment)
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
                made.page(gallery, templates, "case.html", trained.page(), |draft| {
                    page::case(draft, trained)
                });
                made.text(format!("{}/run.json", trained.case.directory()), results::run_json(trained));
            }
            Self::Passports { folder, .. } => {
                for planned in gallery.figures_in(folder) {
                    made.text(passport::path(planned), passport::json(gallery, planned));
                }
            }
            Self::Activation(activation) => {
                let path = folder("activations", &activation.id);
                made.page(gallery, templates, "activation.html", path, |draft| {
                    page::activation(draft, activation)
                });
            }
            Self::Target(target) => {
                let path = folder("targets", &target.id);
                made.page(gallery, templates, "target.html", path, |draft| page::target(draft, target));
            }
            Self::Model(model) => {
                let path = folder("models", &model.id);
                made.page(gallery, templates, "model.html", path, |draft| page::model(draft, model));
            }
            Self::AuthorPage(author_page) => {
                let path = link::index(&author_page.id);
                made.page(gallery, templates, "page.html", path, |draft| {
                    page::author_page(draft, author_page)
                });
            }
            Self::Section(section) => {
                let path = link::index(section);
                made.page(gallery, templates, "list.html", path, |draft| page::list(draft, section));
            }
            Self::ActivationIndex => {
                let path = link::index("activations");
                made.page(gallery, templates, "activations.html", path, page::activation_index);
            }
            Self::Home => made.page(gallery, templates, "index.html", "index.html".into(), page::home),
            Self::Report => {
                let report = report::of_site(gallery, &mut made.found);
                let html = report_page::html(&report, gallery.specs.site.allows_html);
                made.page(gallery, templates, "page.html", "report/index.html".into(), |draft| {
                    page::report(draft, html)
                });
                made.text("REPORT.md".into(), report);
            }
            Self::Search => made.text(assets::SEARCH_INDEX.into(), search::index(gallery)),
            Self::Feed => {
                if let Some(feed) = feed::feed(gallery.specs) {
                    made.template(templates, "feed.xml", feed::PATH.into(), &feed);
                }
            }
            Self::NotFound => {
                let style = &gallery.assets.style_text;
                made.page(gallery, templates, "404.html", "404.html".into(), |draft| {
                    page::not_found(draft, style)
                });
            }
            Self::Assets => {
                made.files.extend(gallery.assets.files(templates));
                made.text(".nojekyll".into(), String::new());
            }
        }
        made
    }
}

/// Files that were made, and what was found wrong meanwhile.
#[derive(Default)]
struct Made {
    files: Vec<SiteFile>,
    found: Vec<Diagnostic>,
}

impl Made {
    fn text(&mut self, path: String, text: String) {
        self.files.push(SiteFile::text(path, text));
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
