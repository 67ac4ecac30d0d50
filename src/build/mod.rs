//! The one place where the stages meet: specs → plan → runs → figures → site → the output folder.

mod assemble;
mod forecast;
mod inputs;
mod record;
mod stop;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::attain::{self, Attainable};
use crate::cache::{Cache, CacheKey, EntryKind, Lookup};
use crate::diagnostic::Diagnostic;
use crate::figure::{self, Input};
use crate::finding::{Finding, Violation};
use crate::fs::{FileError, resolved};
use crate::plan::{self, Case, Contest, Plan, PlannedFigure, Subject};
use crate::publish::{self, PublishError, Published, Replaced};
use crate::site;
use crate::spec::{AttainableSearch, Specs};
use crate::train::{self, Run, Trials};
use crate::verdict::{self, Verdict};

pub use forecast::{Forecast, forecast};
pub use inputs::{Folder, Inputs};
pub use record::{Record, Snapshot};
pub use stop::Stop;

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

/// What a build did.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
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
    /// Things to know that are no errors.
    pub notes: Vec<String>,
    /// The paths in the site of the files that were written or removed.
    #[serde(skip)]
    pub changed: Vec<String>,
}

/// Told as the build goes on, from any thread.
pub trait Progress: Sync {
    /// A stage of so many steps begins.
    fn begin(&self, stage: &'static str, steps: usize);
    /// One step of the stage is done.
    fn step(&self);
    /// Another process holds the cache.
    fn waiting(&self);
    /// Asked between the steps: whether to leave the rest undone.
    fn is_stopped(&self) -> bool {
        false
    }
}

/// Builds one site again and again, and remembers what it trained and drew last.
pub struct Builder {
    options: Options,
    cache: Cache,
    pool: rayon::ThreadPool,
    runs: BTreeMap<CacheKey, Arc<Run>>,
    trials: BTreeMap<CacheKey, Arc<Trials>>,
    attainables: BTreeMap<CacheKey, Arc<Attainable>>,
    verdicts: BTreeMap<CacheKey, Option<Arc<Verdict>>>,
    figures: BTreeMap<CacheKey, Arc<[u8]>>,
    replaced: Option<Replaced>,
}

/// Builds the site.
///
/// # Errors
///
/// Whatever keeps it from being published; the output folder is then as it was.
pub fn build(options: &Options, progress: &dyn Progress) -> Result<Summary, Failure> {
    Builder::new(options.clone())?.build(&Inputs::read(options), progress)
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
        Ok(Self {
            options,
            cache,
            pool,
            runs: BTreeMap::new(),
            trials: BTreeMap::new(),
            attainables: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            figures: BTreeMap::new(),
            replaced: None,
        })
    }

    /// Builds the site from what was read.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being published; the output folder is then as it was.
    pub fn build(&mut self, inputs: &Inputs, progress: &dyn Progress) -> Result<Summary, Failure> {
        let Self { options, cache, pool, replaced, .. } = self;
        let (known_runs, known_trials, known_attainables) =
            (&mut self.runs, &mut self.trials, &mut self.attainables);
        let (known_verdicts, known_figures) = (&mut self.verdicts, &mut self.figures);
        refuse_confused_folders(options)?;
        let specs = inputs.load_specs(options)?;
        let templates = inputs.templates()?;
        let plan = plan::plan(&specs);
        let is_known = |case: &Case| known_runs.contains_key(&case.key);
        if !plan.cases.iter().all(is_known) {
            // Training can take long: what is wrong with a page is said before.
            pool.install(|| site::check(&specs, &plan, &templates)).map_err(Failure::Specs)?;
        }
        let _lock = cache.lock(|| progress.waiting())?;
        let (mut record, note) = Record::of_build(cache, options, inputs);
        pool.install(|| {
            let mut summary = Summary { cases: plan.cases.len(), ..Summary::default() };
            summary.notes.extend(note);
            let trained = train_all(&plan, known_runs, cache, progress)?;
            record.trained = trained.is_new;
            summary.trained = record.trained.len();
            summary.reused_runs = trained.values.len() - summary.trained;
            summary.notes.extend(trained.notes);
            *known_runs = trained.values;
            let runs: Vec<Arc<Run>> =
                plan.cases.iter().map(|case| Arc::clone(&known_runs[&case.key])).collect();
            let tried = try_all(&plan, known_trials, cache, progress)?;
            summary.tried = tried.is_new.len();
            summary.notes.extend(tried.notes);
            *known_trials = tried.values;
            let attained = attain_all(&plan, &runs, known_attainables, cache, progress)?;
            summary.searched = attained.stage.is_new.len();
            summary.notes.extend(attained.stage.notes);
            let findings = findings(&plan, &runs, known_trials, &attained.keys, &attained.stage.values)?;
            *known_attainables = attained.stage.values;
            let judged = judge_all(&plan, &findings, known_verdicts, cache, progress)?;
            summary.notes.extend(judged.notes);
            *known_verdicts = judged.values;
            let verdicts = verdicts(&plan, known_verdicts);
            summary.diverged = runs.iter().filter(|run| run.is_diverged()).count();
            let drawn = draw_all(&plan, &findings, known_figures, cache, progress)?;
            record.drawn = drawn.is_new;
            summary.drawn = record.drawn.len();
            summary.reused_figures = drawn.values.len() - summary.drawn;
            summary.notes.extend(drawn.notes);
            *known_figures = drawn.values;
            let pages =
                site::render(&specs, &plan, &findings, &verdicts, &templates).map_err(Failure::Specs)?;
            let mut files = assemble::assemble(&plan, pages, known_figures);
            add_statics(&mut files, inputs, options)?;
            if progress.is_stopped() {
                return Err(Failure::Stopped);
            }
            let (published, old) = publish::publish(&options.out, &files).map_err(Failure::Publish)?;
            *replaced = Some(old);
            summary.take(published);
            record.changed.clone_from(&summary.changed);
            if let Err(error) = record.store(cache, options) {
                summary.notes.push(format!("the cache cannot be written: {error}"));
            }
            Ok(summary)
        })
    }

    /// Removes what the last build replaced, as dropping the builder does: after everybody has been told of the new site.
    pub fn tidy(&mut self) {
        self.replaced = None;
    }
}

/// Adds the static files, none of which may take the place of a file of the site.
fn add_statics(
    files: &mut BTreeMap<String, Arc<[u8]>>,
    inputs: &Inputs,
    options: &Options,
) -> Result<(), Failure> {
    let folder = options.statics.path.display();
    // A file cannot stand where the other has a folder either.
    let is_taken = |name: &str| {
        let below = format!("{name}/");
        let is_folder =
            files.range(below.clone()..).next().is_some_and(|(other, _)| other.starts_with(&below));
        let parents = name.match_indices('/').map(|(at, _)| &name[..at]);
        is_folder || name == publish::MANIFEST || parents.chain([name]).any(|own| files.contains_key(own))
    };
    let in_the_way = inputs.statics.keys().filter(|name| is_taken(name));
    let found: Vec<Diagnostic> = in_the_way
        .map(|name| {
            let message = format!("{folder}/{name} is in the way of what the site has there itself");
            Diagnostic::error(message, None).help("to change one of the site's pages, override its template")
        })
        .collect();
    if !found.is_empty() {
        return Err(Failure::Specs(found));
    }
    files.extend(inputs.statics.iter().map(|(name, bytes)| (name.clone(), Arc::clone(bytes))));
    Ok(())
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

impl Summary {
    fn take(&mut self, published: Published) {
        self.files_written = published.written.len();
        self.files_unchanged = published.unchanged;
        self.files_removed = published.removed.len();
        self.changed = published.written;
        self.changed.extend(published.removed);
        let kept = published.kept.into_iter();
        self.notes.extend(kept.map(|name| {
            format!("{name} is no longer part of the site, but was changed by hand: left as it is")
        }));
    }
}

/// What one stage made.
struct Stage<T> {
    /// By key; every one that the plan needs, and no other.
    values: BTreeMap<CacheKey, T>,
    /// Those that were not there before.
    is_new: Vec<CacheKey>,
    notes: Vec<String>,
}

/// One run per case: known, from the cache, or by training; cases with the same key share the work.
fn train_all(
    plan: &Plan,
    known: &BTreeMap<CacheKey, Arc<Run>>,
    cache: &Cache,
    progress: &dyn Progress,
) -> Result<Stage<Arc<Run>>, Failure> {
    let unique: BTreeMap<CacheKey, &Case> = plan.cases.iter().rev().map(|case| (case.key, case)).collect();
    run_stage("training", unique, known, progress, |key, case| {
        let read = |bytes: Vec<u8>| Run::from_bytes(&bytes).map(Arc::new);
        make(cache, EntryKind::Run, key, read, || {
            let run = train::train(case);
            let bytes = run.to_bytes();
            (Arc::new(run), bytes)
        })
    })
}

/// Where the starts of every case ended whose experiment asks for many: known, from the cache, or by training.
fn try_all(
    plan: &Plan,
    known: &BTreeMap<CacheKey, Arc<Trials>>,
    cache: &Cache,
    progress: &dyn Progress,
) -> Result<Stage<Arc<Trials>>, Failure> {
    let unique: BTreeMap<CacheKey, &Case> =
        plan.cases.iter().rev().filter_map(|case| Some((case.trials_key?, case))).collect();
    run_stage("starts", unique, known, progress, |key, case| {
        let read = |bytes: Vec<u8>| Trials::from_bytes(&bytes).map(Arc::new);
        make(cache, EntryKind::Trials, key, read, || {
            let trials = train::trials(case);
            let bytes = trials.to_bytes();
            (Arc::new(trials), bytes)
        })
    })
}

/// The verdicts on all contests of many starts: known, from the cache, or by a bootstrap.
fn judge_all(
    plan: &Plan,
    findings: &[Finding],
    known: &BTreeMap<CacheKey, Option<Arc<Verdict>>>,
    cache: &Cache,
    progress: &dyn Progress,
) -> Result<Stage<Option<Arc<Verdict>>>, Failure> {
    let unique: BTreeMap<CacheKey, &Contest> =
        plan.contests.iter().filter_map(|contest| Some((contest.key?, contest))).collect();
    run_stage("judging", unique, known, progress, |key, contest| {
        let cases = contest.cases.len();
        let read = |bytes: Vec<u8>| Verdict::from_bytes(&bytes, cases).map(|verdict| Some(Arc::new(verdict)));
        make(cache, EntryKind::Verdict, key, read, || {
            let trials = contest.cases.iter().map(|&index| findings[index].trials.as_deref());
            let verdict = verdict::losses(trials).and_then(|losses| verdict::verdict(&losses));
            let bytes = verdict.as_ref().map(Verdict::to_bytes).unwrap_or_default();
            (verdict.map(Arc::new), bytes)
        })
    })
}

/// The verdict on each of the plan's contests, if there is one.
fn verdicts(plan: &Plan, judged: &BTreeMap<CacheKey, Option<Arc<Verdict>>>) -> Vec<Option<Arc<Verdict>>> {
    let of_contest = |contest: &Contest| contest.key.and_then(|key| judged.get(&key).cloned().flatten());
    plan.contests.iter().map(of_contest).collect()
}

/// What can be attained by every case whose experiment asks for it, and under which key; `None` for the others.
struct Attained {
    keys: Vec<Option<CacheKey>>,
    stage: Stage<Arc<Attainable>>,
}

/// What can be attained: known, from the cache, or by a search; cases with the same key share the work.
fn attain_all(
    plan: &Plan,
    runs: &[Arc<Run>],
    known: &BTreeMap<CacheKey, Arc<Attainable>>,
    cache: &Cache,
    progress: &dyn Progress,
) -> Result<Attained, Failure> {
    let mut unique: BTreeMap<CacheKey, (&Case, AttainableSearch)> = BTreeMap::new();
    let keys = plan.cases.iter().zip(runs).map(|(case, run)| {
        let search = attain::search(case, run)?;
        let key = case.attainable_key(&search);
        unique.entry(key).or_insert((case, search));
        Some(key)
    });
    let keys: Vec<Option<CacheKey>> = keys.collect();
    let stage = run_stage("searching", unique, known, progress, |key, (case, search)| {
        let read = |bytes: Vec<u8>| Attainable::from_bytes(&bytes).map(Arc::new);
        make(cache, EntryKind::Attainable, key, read, || {
            let attainable = attain::of_case(case, &search);
            let bytes = attainable.to_bytes();
            (Arc::new(attainable), bytes)
        })
    })?;
    Ok(Attained { keys, stage })
}

/// What is known of every case, all of it together.
fn findings(
    plan: &Plan,
    runs: &[Arc<Run>],
    trials: &BTreeMap<CacheKey, Arc<Trials>>,
    keys: &[Option<CacheKey>],
    attainables: &BTreeMap<CacheKey, Arc<Attainable>>,
) -> Result<Vec<Finding>, Failure> {
    let cases = plan.cases.par_iter().zip(runs).zip(keys);
    let findings = cases.map(|((case, run), key)| {
        let attainable = key.and_then(|key| attainables.get(&key).cloned());
        let trials = case.trials_key.and_then(|key| trials.get(&key).cloned());
        Finding::new(case, Arc::clone(run), trials, attainable)
            .map_err(|violation| Failure::Violation { case: case.directory(), violation })
    });
    // Of several failures, the first in the plan's order is told.
    findings.collect::<Vec<_>>().into_iter().collect()
}

/// The bytes of every figure: known, from the cache, or drawn; figures with the same key share the work.
fn draw_all(
    plan: &Plan,
    findings: &[Finding],
    known: &BTreeMap<CacheKey, Arc<[u8]>>,
    cache: &Cache,
    progress: &dyn Progress,
) -> Result<Stage<Arc<[u8]>>, Failure> {
    let unique: BTreeMap<CacheKey, &PlannedFigure> =
        plan.figures.iter().rev().map(|figure| (figure.key, figure)).collect();
    run_stage("drawing", unique, known, progress, |key, planned| {
        let read = |bytes: Vec<u8>| Some(Arc::from(bytes));
        make(cache, EntryKind::Figure, key, read, || {
            let bytes = draw(plan, findings, planned);
            (Arc::from(bytes.as_slice()), bytes)
        })
    })
}

/// Makes what is not known already, on all threads.
fn run_stage<W: Send, T: Clone + Send + Sync>(
    name: &'static str,
    work: BTreeMap<CacheKey, W>,
    known: &BTreeMap<CacheKey, T>,
    progress: &dyn Progress,
    make: impl Fn(CacheKey, W) -> Made<T> + Sync,
) -> Result<Stage<T>, Failure> {
    progress.begin(name, work.len());
    let results: Option<Vec<(CacheKey, Made<T>)>> = work
        .into_par_iter()
        .map(|(key, work)| {
            if progress.is_stopped() {
                return None;
            }
            let made = match known.get(&key) {
                Some(value) => Made { value: value.clone(), is_new: false, note: None },
                None => make(key, work),
            };
            progress.step();
            Some((key, made))
        })
        .collect();
    let results = results.ok_or(Failure::Stopped)?;
    let is_new = results.iter().filter(|(_, made)| made.is_new).map(|(key, _)| *key).collect();
    let notes = notes(&results);
    Ok(Stage { values: results.into_iter().map(|(key, made)| (key, made.value)).collect(), is_new, notes })
}

fn draw(plan: &Plan, findings: &[Finding], planned: &PlannedFigure) -> Vec<u8> {
    match &planned.subject {
        Subject::Activation(activation) => {
            figure::draw(&planned.figure, Input::Activation(activation), planned.form)
        }
        Subject::Cases(indices) => {
            let cases: Vec<(&Case, &Finding)> =
                indices.iter().map(|&index| (&plan.cases[index], &findings[index])).collect();
            figure::draw(&planned.figure, Input::Cases(&cases), planned.form)
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
fn notes<T>(results: &[(CacheKey, Made<T>)]) -> Vec<String> {
    let is_unwritable = |note: &String| note.starts_with("the cache cannot be written");
    let all = results.iter().filter_map(|(_, made)| made.note.as_ref());
    let (unwritable, others): (Vec<&String>, Vec<&String>) = all.partition(|note| is_unwritable(note));
    unwritable.into_iter().take(1).chain(others).cloned().collect()
}

/// Checks specs and templates as far as it goes without training or drawing.
///
/// # Errors
///
/// Every fault.
pub fn check(options: &Options) -> Result<(Specs, Plan), Failure> {
    let inputs = Inputs::read(options);
    let specs = inputs.load_specs(options)?;
    let templates = inputs.templates()?;
    let plan = plan::plan(&specs);
    site::check(&specs, &plan, &templates).map_err(Failure::Specs)?;
    Ok((specs, plan))
}

/// The cache entries that the specs need.
pub fn needed_entries(options: &Options, cache: &Cache, plan: &Plan) -> BTreeSet<(EntryKind, CacheKey)> {
    // Where to search can depend on what training found.
    let attainables = plan.cases.iter().filter_map(|case| {
        let Lookup::Hit(bytes) = cache.load(EntryKind::Run, case.key) else { return None };
        let search = attain::search(case, &Run::from_bytes(&bytes)?)?;
        Some((EntryKind::Attainable, case.attainable_key(&search)))
    });
    let runs = plan.cases.iter().map(|case| (EntryKind::Run, case.key));
    let trials = plan.cases.iter().filter_map(|case| Some((EntryKind::Trials, case.trials_key?)));
    let verdicts = plan.contests.iter().filter_map(|contest| Some((EntryKind::Verdict, contest.key?)));
    let figures = plan.figures.iter().map(|figure| (EntryKind::Figure, figure.key));
    runs.chain(trials)
        .chain(attainables)
        .chain(verdicts)
        .chain(figures)
        .chain([(EntryKind::Record, Record::key(options))])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;

    #[test]
    fn a_run_below_its_certificate_fails_loudly() {
        let violation = Violation { trained: 0.2, certified: 0.25 };
        let diagnostics =
            Failure::Violation { case: "benchmark/cubic_s/tanh".into(), violation }.diagnostics();
        let text = format!("{diagnostics:?}");
        for part in ["benchmark/cubic_s/tanh", "0.2", "0.25", "certified", "report it"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(diagnostics.iter().all(|diagnostic| diagnostic.severity == Severity::Error), "{text}");
    }
}
