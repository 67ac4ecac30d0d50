//! The one place where the stages meet: specs → plan → runs → figures → site → the output folder.

mod assemble;
mod forecast;
mod inputs;
mod known;
mod record;
mod settled;
mod size;
mod stage;
mod stop;
mod summary;
mod told;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod trouble;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::attain;
use crate::cache::{Cache, CacheKey, EntryKind, Lookup};
use crate::diagnostic::{Diagnostic, Severity, nearest, shortened};
use crate::finding::Violation;
use crate::fs::{FileError, FolderLock, resolved};
use crate::plan::{self, Plan, PlannedFigure};
use crate::publish::{self, Publication, PublishError, Replaced};
use crate::site::{self, Renderer, TemplateFile};
use crate::spec::{self, Specs};
use crate::train::{Run, Trials};
use assemble::Assembly;
use known::{Done, Known, Last};
use settled::{Built, Settled};
use stage::{Workshop, tell_once, unwritable};

pub use forecast::{Forecast, forecast};
pub use inputs::{Folder, Inputs};
use record::RecordHash;
pub use record::{Record, Snapshot};
pub use stop::Stop;
pub use summary::Summary;

/// Where a build reads from and writes to.
#[derive(Debug, Clone)]
pub struct Options {
    pub specs: PathBuf,
    /// Templates that replace the embedded ones.
    pub templates: Folder,
    /// Files that become part of the site as they are.
    pub statics: Folder,
    pub out: PathBuf,
    pub cache: PathBuf,
    /// In place of the site spec's; as [`crate::spec::check_base_url`] gives it.
    pub base_url: Option<String>,
    /// Whether every file is looked at, though nothing seems to have changed.
    pub is_verifying: bool,
    /// Whether a warning keeps the site from being published.
    pub is_strict: bool,
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
    /// What is written lies in a folder that is read, and would become part of the site.
    WritesWhatItReads {
        /// `output folder` or `cache`.
        written: &'static str,
        path: PathBuf,
        /// What the folder is of.
        read: &'static str,
        folder: PathBuf,
    },
    /// Training found less than what was certified to be the least: a fault of this program.
    Violation {
        case: String,
        violation: Violation,
    },
    /// It was asked to stop.
    Stopped,
}

impl Failure {
    /// What is wrong, and what to do.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let one = |message: String| vec![Diagnostic::error(message, None)];
        match self {
            Self::Specs(diagnostics) => diagnostics.clone(),
            Self::File(error) => one(error.to_string()),
            Self::Publish(error @ PublishError::Foreign { .. }) => {
                let help = "move it away, or choose another folder with --out; a folder that holds nothing but what actfn-site wrote can be removed";
                vec![Diagnostic::error(error.to_string(), None).help(help)]
            }
            Self::Publish(error) => one(error.to_string()),
            Self::OutputHolds { out, held } => {
                let held = if held.as_os_str() == "." {
                    "the current folder".into()
                } else {
                    held.display().to_string()
                };
                let message = format!("the output folder {} cannot be, or hold, {held}", out.display());
                vec![Diagnostic::error(message, None).help("choose a folder of its own with --out")]
            }
            Self::WritesWhatItReads { written, path, read, folder } => {
                let (path, folder) = (path.display(), folder.display());
                let message = format!("the {written} {path} lies in the folder of {read} {folder}");
                vec![Diagnostic::error(message, None).help("choose another folder with --out or --cache")]
            }
            Self::Violation { case, violation } => {
                let message = format!(
                    "{case}: training reached an MSE of {}, below the {} that is certified to be the least",
                    violation.trained, violation.certified
                );
                let help = "this is a fault of actfn-site; please report it with the specs that led to it";
                vec![Diagnostic::error(message, None).help(help)]
            }
            Self::Stopped => one("stopped; the site is as the last build left it".into()),
            Self::Threads(error) => one(format!("cannot start the threads: {error}")),
        }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// Told as the build goes on, from any thread.
pub trait Progress: Sync {
    /// A stage of so many steps begins.
    fn begin(&self, stage: &'static str, steps: usize);
    /// One step of the stage is done.
    fn step(&self);
    /// Another process holds the cache, or publishes to the same folder.
    fn waiting(&self);
    /// Asked between the steps: whether to leave the rest undone.
    fn is_stopped(&self) -> bool {
        false
    }
    /// Whether somebody is looking at a page, so that it is made first.
    fn is_open(&self, path: &str) -> bool {
        let _ = path;
        false
    }
    /// Such a page is made, long before the site is.
    fn ready(&self, path: &str, html: &Arc<[u8]>) {
        let _ = (path, html);
    }
}

/// Builds one site again and again, and remembers what it made last.
pub struct Builder {
    options: Options,
    cache: Cache,
    pool: rayon::ThreadPool,
    known: Known,
    renderer: Renderer,
    replaced: Option<Replaced>,
    built: Option<Built>,
    /// From the last build until it is tidied: nobody else changes what it left before it is noted.
    lock: Option<FolderLock>,
    /// From so many files on, the folder of the last site is kept for the next; `None` for a builder that builds once.
    spare_from: Option<usize>,
}

/// Builds the site.
///
/// # Errors
///
/// Whatever keeps it from being published; the output folder is then as it was.
pub fn build(options: &Options, progress: &dyn Progress) -> Result<Summary, Failure> {
    let inputs = Inputs::read(options);
    let cache = Cache::new(&options.cache);
    let mut note = None;
    if !options.is_verifying {
        match Settled::recall(&cache, options, &inputs) {
            Ok(Some(summary)) => return Ok(summary),
            Ok(None) => {}
            Err(damage) => note = Some(damage),
        }
    }
    let mut builder = Builder::new(options.clone())?;
    let mut summary = builder.build(&inputs, progress)?;
    summary.notes.extend(note);
    builder.clear();
    if let Some(built) = &builder.built {
        Settled::note(&cache, options, &inputs, built, &summary);
    }
    Ok(summary)
}

impl Builder {
    /// # Errors
    ///
    /// If the threads cannot be started.
    pub fn new(options: Options) -> Result<Self, Failure> {
        let threads = options.jobs.map_or(0, NonZeroUsize::get);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| Failure::Threads(error.to_string()))?;
        let cache = Cache::new(&options.cache);
        let (known, renderer) = (Known::default(), Renderer::default());
        let (replaced, built, lock) = (None, None, None);
        Ok(Self { options, cache, pool, known, renderer, replaced, built, lock, spare_from: None })
    }

    /// One that will build again and again.
    ///
    /// # Errors
    ///
    /// If the threads cannot be started.
    pub fn lasting(options: Options) -> Result<Self, Failure> {
        let mut builder = Self::new(options)?;
        builder.spare_from = Some(MANY_FILES);
        Ok(builder)
    }

    /// Builds the site from what was read.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being published; the output folder is then as it was.
    pub fn build(&mut self, inputs: &Inputs, progress: &dyn Progress) -> Result<Summary, Failure> {
        self.tidy();
        let Self { options, cache, pool, known, renderer, replaced, built, lock, spare_from } = self;
        refuse_confused_folders(options)?;
        if options.is_strict {
            // All that is refused is told at once, and nothing trained before.
            pool.install(|| checked(inputs, options))?;
        }
        let specs = inputs.load_specs(options)?;
        let templates = inputs.templates()?;
        refuse_missing_logo(&specs, inputs, options)?;
        let mut warnings = warnings(&specs);
        let last = known.last.as_ref().map(|last| (&last.specs, &last.plan));
        let plan = pool.install(|| plan::plan_again(&specs, last));
        if pool.install(|| known.is_far_from_pages(&plan, cache)) {
            // What is wrong with a page is said before.
            let (findings, verdicts) = known.provisional(&plan);
            let render = || renderer.render(&specs, &plan, &findings, &verdicts, &templates, &site::Nowhere);
            pool.install(render).map_err(Failure::Specs)?;
        }
        // Without a cache everything is made that is not there, and nothing is kept.
        let (held, unlocked) = match cache.lock(|| progress.waiting()) {
            Ok(held) => (Some(held), None),
            Err(error) => (None, Some(unwritable(&error))),
        };
        let (mut record, note) = Record::of_build(cache, options, inputs);
        let workshop = Workshop { cache, progress, is_making: true };
        pool.install(|| {
            let mut done = Done::default();
            known.train(workshop, &plan, &mut done)?;
            let made = "what is missing is made";
            let found = known.find(workshop, &plan, &mut done)?.expect(made);
            let findings = &found.findings;
            let verdicts = known.judge(workshop, &plan, findings, &mut done)?.expect(made);
            known.draw(workshop, &plan, findings, &mut done)?;
            let publication = Publication::begin(&options.out, || progress.waiting());
            let mut publication = publication.map_err(Failure::Publish)?;
            if spare_from.is_some_and(|from| plan.cases.len() + plan.figures.len() >= from) {
                publication = publication.expecting_another();
            }
            let picture = |planned: &PlannedFigure| known.picture(cache, &plan, findings, planned);
            let mut assembly = Assembly::new(&publication, &plan, &picture, &known.files, &options.out);
            if spare_from.is_some_and(|from| known.files.len() >= from) {
                assembly = assembly.with_reader(progress);
            }
            assembly.put_cards(&plan);
            let rendered = renderer.render(&specs, &plan, findings, &verdicts, &templates, &assembly);
            // It may be in part what is rendered of a site that is no longer wanted.
            if progress.is_stopped() {
                return Err(Failure::Stopped);
            }
            let rendered = rendered.map_err(Failure::Specs)?;
            add_statics(&publication, inputs, options)?;
            let files = publication.contents();
            let of_files = [site::dead_links(&specs, &names(files.keys())), size::warnings(&files)].concat();
            refuse_warnings(options, &of_files)?;
            warnings.extend(of_files);
            let finished = publication.finish();
            // Should that fail, nothing is known of the output folder.
            known.forget_files();
            renderer.forget();
            let (published, old) = finished.map_err(Failure::Publish)?;
            *replaced = Some(old);
            known.remember_files(&files, &options.out);
            renderer.remember(rendered);
            let mut summary = Summary::new(&plan, findings, known, &done);
            summary.bytes = size::total(&files);
            summary.warnings = warnings;
            summary.notes.extend(unlocked.into_iter().chain(note).chain(done.notes));
            summary.take(published);
            (record.trained, record.drawn) = (done.trained, done.drawn);
            record.changed.clone_from(&summary.changed);
            if let Err(error) = record.store(cache, options) {
                summary.notes.push(unwritable(&error));
            }
            tell_once(&mut summary.notes);
            *built = Some(Built { files, entries: known.entries() });
            known.last = Some(Last { specs, plan, found });
            *lock = held;
            Ok(summary)
        })
    }

    /// Removes what the last build replaced.
    fn clear(&self) {
        if let Some(replaced) = &self.replaced {
            replaced.clear();
        }
    }

    /// Removes what the last build replaced, and lets others build, as dropping the builder does: after everybody has been
    /// told of the new site.
    pub fn tidy(&mut self) {
        if self.replaced.is_some() {
            self.clear();
            // The files that both had have one name less.
            let Self { pool, known, options, .. } = self;
            pool.install(|| known.renew_stamps(&options.out));
        }
        self.replaced = None;
        self.lock = None;
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        if self.spare_from.is_some() {
            self.tidy();
            publish::remove_spare(&self.options.out);
        }
    }
}

/// From so many files on, the pages of a watched site that somebody looks at are shown before the rest is there.
const MANY_FILES: usize = 500;

/// Adds the static files, none of which may take the place of a file of the site.
fn add_statics(publication: &Publication, inputs: &Inputs, options: &Options) -> Result<(), Failure> {
    if inputs.statics.is_empty() {
        return Ok(());
    }
    refuse_statics_in_the_way(publication.contents().keys(), inputs, options)?;
    inputs.statics.par_iter().for_each(|(name, bytes)| publication.put(name, bytes));
    Ok(())
}

/// Refuses static files that lie where the site has its `own` files, or one another.
fn refuse_statics_in_the_way<'f>(
    own: impl Iterator<Item = &'f String>,
    inputs: &Inputs,
    options: &Options,
) -> Result<(), Failure> {
    let folder = options.statics.path.display();
    // Some file systems do not tell cases apart.
    let own: BTreeSet<String> = own.map(|name| name.to_lowercase()).collect();
    // A file cannot stand where the other has a folder either.
    let is_taken = |name: &str| {
        let below = format!("{name}/");
        let is_folder = own.range(below.clone()..).next().is_some_and(|other| other.starts_with(&below));
        let parents = name.match_indices('/').map(|(at, _)| &name[..at]);
        is_folder || name == publish::MANIFEST || parents.chain([name]).any(|name| own.contains(name))
    };
    let mut found = Vec::new();
    let mut before: BTreeMap<String, &str> = BTreeMap::new();
    for name in inputs.statics.keys() {
        let folded = name.to_lowercase();
        if is_taken(&folded) {
            let message = format!("{folder}/{name} is in the way of what the site has there itself");
            let help = "to change one of the site's pages, override its template";
            found.push(Diagnostic::error(message, None).help(help));
        }
        if let Some(other) = before.insert(folded, name) {
            let message = format!(
                "{folder}/{other} and {folder}/{name} differ only in case, which some file systems do not tell apart"
            );
            found.push(Diagnostic::error(message, None));
        }
    }
    if found.is_empty() { Ok(()) } else { Err(Failure::Specs(found)) }
}

/// Publishing puts a new folder in the place of the old one; whoever works in it would stand in the old one. And what is
/// written must not be read by the next build. Folders that are not there yet count as if they were.
fn refuse_confused_folders(options: &Options) -> Result<(), Failure> {
    publish::refuse_file(&options.out).map_err(Failure::Publish)?;
    let out = resolved(&options.out);
    let here = Path::new(".");
    let (templates, statics) = (&options.templates.path, &options.statics.path);
    for held in [here, &options.specs, &options.cache, templates, statics] {
        if resolved(held).starts_with(&out) {
            return Err(Failure::OutputHolds { out: options.out.clone(), held: held.to_owned() });
        }
    }
    for (read, folder) in [("static files", statics), ("templates", templates)] {
        for (written, path) in [("output folder", &options.out), ("cache", &options.cache)] {
            if resolved(path).starts_with(resolved(folder)) {
                let (path, folder) = (path.clone(), folder.clone());
                return Err(Failure::WritesWhatItReads { written, path, read, folder });
            }
        }
    }
    Ok(())
}

/// Checks specs and templates as far as it goes without training or drawing.
///
/// # Errors
///
/// Every fault.
pub fn check(options: &Options) -> Result<Checked, Failure> {
    let inputs = Inputs::read(options);
    checked(&inputs, options).map(|(checked, _)| checked)
}

/// What was read, checked as far as it goes without training or drawing, and its templates.
fn checked(inputs: &Inputs, options: &Options) -> Result<(Checked, Vec<TemplateFile>), Failure> {
    let specs = inputs.load_specs(options)?;
    let templates = inputs.templates()?;
    refuse_missing_logo(&specs, inputs, options)?;
    let mut warnings = warnings(&specs);
    let plan = plan::plan(&specs);
    let files = site::check(&specs, &plan, &templates).map_err(Failure::Specs)?;
    refuse_statics_in_the_way(files.iter(), inputs, options)?;
    warnings.extend(site::dead_links(&specs, &names(files.iter().chain(inputs.statics.keys()))));
    refuse_warnings(options, &warnings)?;
    Ok((Checked { specs, plan, warnings }, templates))
}

/// Specs that can be built.
pub struct Checked {
    pub specs: Specs,
    pub plan: Plan,
    pub warnings: Vec<Diagnostic>,
}

/// What is likely a slip in the specs, in the order of the files and the places in them.
fn warnings(specs: &Specs) -> Vec<Diagnostic> {
    let mut found = spec::unused(specs);
    found.extend(site::warnings(specs));
    found.sort_by_cached_key(|diagnostic| {
        diagnostic.place.as_ref().map(|place| (place.file.path.clone(), place.span.start))
    });
    shortened(found)
}

fn names<'f>(files: impl Iterator<Item = &'f String>) -> BTreeSet<&'f str> {
    files.map(String::as_str).collect()
}

/// Refuses a site whose logo is not among the static files.
fn refuse_missing_logo(specs: &Specs, inputs: &Inputs, options: &Options) -> Result<(), Failure> {
    let Some(logo) = specs.site.look.logo.as_ref().filter(|logo| !inputs.statics.contains_key(&logo.path))
    else {
        return Ok(());
    };
    let folder = options.statics.path.display();
    let message = format!("there is no file `{}` in the folder {folder}", logo.path);
    let diagnostic = Diagnostic::error(message, logo.place.clone());
    let names = inputs.statics.keys().map(String::as_str);
    Err(Failure::Specs(vec![match nearest(&logo.path, names) {
        Some(name) => diagnostic.help(format!("did you mean `{name}`?")),
        None => {
            diagnostic.help("what lies there becomes part of the site; `--static DIR` names another folder")
        }
    }]))
}

/// Makes errors of warnings where the author wants to have none.
fn refuse_warnings(options: &Options, warnings: &[Diagnostic]) -> Result<(), Failure> {
    if !options.is_strict || warnings.is_empty() {
        return Ok(());
    }
    let errors = warnings.iter().map(|warning| Diagnostic { severity: Severity::Error, ..warning.clone() });
    Err(Failure::Specs(errors.collect()))
}

/// The cache entries that the specs need.
pub fn needed_entries(options: &Options, cache: &Cache, plan: &Plan) -> BTreeSet<(EntryKind, CacheKey)> {
    // Where to search can depend on what training and other starts found.
    let attainables = plan.cases.iter().filter_map(|case| {
        let Lookup::Hit(bytes) = cache.load(EntryKind::Run, case.key) else { return None };
        let trials = case.trials_key.map(|key| cache.load(EntryKind::Trials, key));
        let trials = match trials {
            Some(Lookup::Hit(bytes)) => Trials::from_bytes(&bytes),
            _ => None,
        };
        let search = attain::search(case, &Run::from_bytes(&bytes)?, trials.as_ref())?;
        Some((EntryKind::Attainable, case.attainable_key(&search)))
    });
    let runs = plan.cases.iter().map(|case| (EntryKind::Run, case.key));
    let trials = plan.cases.iter().filter_map(|case| Some((EntryKind::Trials, case.trials_key?)));
    let verdicts = plan.contests.iter().filter_map(|contest| Some((EntryKind::Verdict, contest.key?)));
    let figures = plan.figures.iter().map(|figure| (EntryKind::Figure, figure.key));
    let remembered = [
        (EntryKind::Record, Record::key(options)),
        (EntryKind::Record, RecordHash::rest_key(options)),
        (EntryKind::Settled, Settled::key(options)),
    ];
    runs.chain(trials).chain(attainables).chain(verdicts).chain(figures).chain(remembered).collect()
}
