//! The one place where the stages meet: specs → plan → runs → figures → site → the output folder.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::cache::{Cache, CacheKey, EntryKind, Lookup};
use crate::diagnostic::Diagnostic;
use crate::figure::{self, Input};
use crate::fs::{FileError, text_files};
use crate::plan::{self, Case, Plan, PlannedFigure, Subject};
use crate::publish::{self, PublishError, Published};
use crate::site;
use crate::spec::{self, Specs};
use crate::train::{self, Run};

/// Where a build reads from and writes to.
#[derive(Debug, Clone)]
pub struct Options {
    pub specs: PathBuf,
    /// Templates that replace the embedded ones.
    pub templates: Option<PathBuf>,
    pub out: PathBuf,
    pub cache: PathBuf,
    /// In place of the site spec's; as [`spec::check_base_url`] gives it.
    pub base_url: Option<String>,
    /// Threads; as many as there are cores without it. The bytes do not depend on it.
    pub jobs: Option<NonZeroUsize>,
}

/// Why nothing was published.
#[derive(Debug)]
pub enum Failure {
    /// Something that the author wrote is wrong.
    Specs(Vec<Diagnostic>),
    File(FileError),
    Publish(PublishError),
    /// The threads could not be started.
    Threads(String),
    /// The output folder holds what is being worked on, and would be exchanged with it.
    OutputHolds {
        out: PathBuf,
        held: PathBuf,
    },
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// What a build did.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    pub cases: usize,
    /// Runs that were trained; cases that are alike share one.
    pub trained: usize,
    /// Runs that came from the cache.
    pub reused_runs: usize,
    /// Cases whose training diverged.
    pub diverged: usize,
    /// Figures that were drawn; figures that are alike share one.
    pub drawn: usize,
    pub reused_figures: usize,
    pub files_written: usize,
    pub files_unchanged: usize,
    pub files_removed: usize,
    /// Things to know that are no errors.
    pub notes: Vec<String>,
}

/// Told as the build goes on, from any thread.
pub trait Progress: Sync {
    /// A stage of so many steps begins.
    fn begin(&self, stage: &'static str, steps: usize);
    /// One step of the stage is done.
    fn step(&self);
    /// Another process holds the cache.
    fn waiting(&self);
}

/// Builds the site.
///
/// # Errors
///
/// Whatever keeps it from being published; the output folder is then as it was.
pub fn build(options: &Options, progress: &dyn Progress) -> Result<Summary, Failure> {
    refuse_output_that_holds_input(options)?;
    let specs = load_specs(options)?;
    let templates = load_templates(options)?;
    let plan = plan::plan(&specs);
    let cache = Cache::new(&options.cache);
    let _lock = cache.lock(|| progress.waiting())?;
    let threads = options.jobs.map_or(0, NonZeroUsize::get);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Failure::Threads(error.to_string()))?;
    pool.install(|| {
        let mut summary = Summary { cases: plan.cases.len(), ..Summary::default() };
        let runs = train_all(&plan, &cache, progress, &mut summary)?;
        let mut files = draw_all(&plan, &runs, &cache, progress, &mut summary)?;
        let pages = site::render(&specs, &plan, &runs, &templates).map_err(Failure::Specs)?;
        files.extend(pages.into_iter().map(|file| (file.path, file.bytes)));
        let published = publish::publish(&options.out, &files).map_err(Failure::Publish)?;
        summary.take(published);
        Ok(summary)
    })
}

/// Publishing puts a new folder in the place of the old one; whoever works in it would stand in the old one.
fn refuse_output_that_holds_input(options: &Options) -> Result<(), Failure> {
    let Ok(out) = options.out.canonicalize() else { return Ok(()) };
    let here = Path::new(".");
    let inputs = [Some(here), Some(&options.specs), Some(&options.cache), options.templates.as_deref()];
    for held in inputs.into_iter().flatten() {
        if held.canonicalize().is_ok_and(|held| held.starts_with(&out)) {
            return Err(Failure::OutputHolds { out: options.out.clone(), held: held.to_owned() });
        }
    }
    Ok(())
}

impl Summary {
    fn take(&mut self, published: Published) {
        self.files_written = published.written;
        self.files_unchanged = published.unchanged;
        self.files_removed = published.removed;
        let kept = published.kept.into_iter();
        self.notes.extend(kept.map(|name| {
            format!("{name} is no longer part of the site, but was changed by hand: left as it is")
        }));
    }
}

/// Reads and checks the specs.
pub fn load_specs(options: &Options) -> Result<Specs, Failure> {
    let (files, unreadable) = text_files(&options.specs, &["yaml", "yml"]);
    if files.is_empty() && unreadable.is_empty() {
        let message = format!("there are no specs (*.yaml) in {}", options.specs.display());
        return Err(Failure::Specs(vec![Diagnostic::error(message, None)]));
    }
    let mut specs = spec::load(&files, unreadable).map_err(Failure::Specs)?;
    if options.base_url.is_some() {
        specs.site.base_url.clone_from(&options.base_url);
    }
    Ok(specs)
}

/// Reads the templates that replace embedded ones.
pub fn load_templates(options: &Options) -> Result<Vec<site::TemplateFile>, Failure> {
    let Some(folder) = &options.templates else { return Ok(Vec::new()) };
    let (files, unreadable) = text_files(folder, site::TEMPLATE_EXTENSIONS);
    if !unreadable.is_empty() {
        return Err(Failure::Specs(unreadable));
    }
    Ok(files.into_iter().map(|text| site::TemplateFile { name: text.name, file: text.file }).collect())
}

/// One run per case, from the cache or by training; cases with the same key share the work.
fn train_all(
    plan: &Plan,
    cache: &Cache,
    progress: &dyn Progress,
    summary: &mut Summary,
) -> Result<Vec<Run>, Failure> {
    let unique: BTreeMap<CacheKey, &Case> = plan.cases.iter().rev().map(|case| (case.key, case)).collect();
    progress.begin("training", unique.len());
    let results: Vec<(CacheKey, Made<Run>)> = unique
        .into_par_iter()
        .map(|(key, case)| {
            let made = make(
                cache,
                EntryKind::Run,
                key,
                |bytes| Run::from_bytes(&bytes),
                || {
                    let run = train::train(case);
                    let bytes = run.to_bytes();
                    (run, bytes)
                },
            );
            progress.step();
            (key, made)
        })
        .collect();
    summary.trained = results.iter().filter(|(_, made)| made.is_new).count();
    summary.reused_runs = results.len() - summary.trained;
    note_all(&results, summary);
    let runs: BTreeMap<CacheKey, Run> = results.into_iter().map(|(key, made)| (key, made.value)).collect();
    let runs: Vec<Run> = plan.cases.iter().map(|case| runs[&case.key].clone()).collect();
    summary.diverged = runs.iter().filter(|run| run.final_mse().is_none()).count();
    Ok(runs)
}

/// The bytes of every figure by its path, from the cache or drawn; figures with the same key share the work.
fn draw_all(
    plan: &Plan,
    runs: &[Run],
    cache: &Cache,
    progress: &dyn Progress,
    summary: &mut Summary,
) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let unique: BTreeMap<CacheKey, &PlannedFigure> =
        plan.figures.iter().rev().map(|figure| (figure.key, figure)).collect();
    progress.begin("drawing", unique.len());
    let results: Vec<(CacheKey, Made<Vec<u8>>)> = unique
        .into_par_iter()
        .map(|(key, planned)| {
            let made = make(cache, EntryKind::Figure, key, Some, || {
                let bytes = draw(plan, runs, planned);
                (bytes.clone(), bytes)
            });
            progress.step();
            (key, made)
        })
        .collect();
    summary.drawn = results.iter().filter(|(_, made)| made.is_new).count();
    summary.reused_figures = results.len() - summary.drawn;
    note_all(&results, summary);
    let bytes: BTreeMap<CacheKey, Vec<u8>> =
        results.into_iter().map(|(key, made)| (key, made.value)).collect();
    Ok(plan.figures.iter().map(|planned| (planned.path.clone(), bytes[&planned.key].clone())).collect())
}

fn draw(plan: &Plan, runs: &[Run], planned: &PlannedFigure) -> Vec<u8> {
    match &planned.subject {
        Subject::Activation(activation) => figure::draw(&planned.figure, Input::Activation(activation)),
        Subject::Cases(indices) => {
            let cases: Vec<(&Case, &Run)> =
                indices.iter().map(|&index| (&plan.cases[index], &runs[index])).collect();
            figure::draw(&planned.figure, Input::Cases(&cases))
        }
    }
}

/// A result, and how it came to be.
struct Made<T> {
    value: T,
    is_new: bool,
    note: Option<String>,
}

/// Takes a result from the cache, or makes and stores it. A cache that cannot be written slows the next build down and
/// harms nothing, so it is a note and no failure.
fn make<T>(
    cache: &Cache,
    kind: EntryKind,
    key: CacheKey,
    read: impl FnOnce(Vec<u8>) -> Option<T>,
    new: impl FnOnce() -> (T, Vec<u8>),
) -> Made<T> {
    let mut note = None;
    match cache.load(kind, key) {
        Lookup::Hit(bytes) => {
            if let Some(value) = read(bytes) {
                return Made { value, is_new: false, note };
            }
            note = Some(format!("the cached {} {key} could not be read: made anew", kind.name()));
        }
        Lookup::Corrupt => note = Some(format!("the cached {} {key} was damaged: made anew", kind.name())),
        Lookup::Miss => {}
    }
    let (value, bytes) = new();
    if let Err(error) = cache.store(kind, key, &bytes) {
        note = Some(format!("the cache cannot be written: {error}"));
    }
    Made { value, is_new: true, note }
}

/// Collects the notes; those of an unwritable cache are alike but for the path, and one of them says it all.
fn note_all<T>(results: &[(CacheKey, Made<T>)], summary: &mut Summary) {
    let mut has_unwritable = false;
    for note in results.iter().filter_map(|(_, made)| made.note.as_ref()) {
        let is_unwritable = note.starts_with("the cache cannot be written");
        if !(is_unwritable && has_unwritable) {
            summary.notes.push(note.clone());
        }
        has_unwritable |= is_unwritable;
    }
}

/// Checks specs and templates as far as it goes without training or drawing.
///
/// # Errors
///
/// Every fault.
pub fn check(options: &Options) -> Result<(Specs, Plan), Failure> {
    let specs = load_specs(options)?;
    let templates = load_templates(options)?;
    let plan = plan::plan(&specs);
    site::check(&specs, &plan, &templates).map_err(Failure::Specs)?;
    Ok((specs, plan))
}

/// The cache entries that the specs need.
pub fn needed_entries(plan: &Plan) -> BTreeSet<(EntryKind, CacheKey)> {
    let runs = plan.cases.iter().map(|case| (EntryKind::Run, case.key));
    runs.chain(plan.figures.iter().map(|figure| (EntryKind::Figure, figure.key))).collect()
}
