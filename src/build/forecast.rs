//! What a build would do, found out without doing it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::assemble::assemble;
use super::{Inputs, Options, add_statics, refuse_confused_folders};
use crate::attain::{self, Attainable};
use crate::cache::{Cache, CacheKey, EntryKind, Lookup};
use crate::finding::Finding;
use crate::plan::{self, Plan};
use crate::publish;
use crate::site;
use crate::train::{Run, Trials};
use crate::verdict::Verdict;

use super::Failure;

/// What a build would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Forecast {
    pub cases: usize,
    /// The cases that would be trained, `EXPERIMENT/PATH`; those that share one run are all named.
    pub train: Vec<String>,
    /// The paths of the figures that would be drawn.
    pub draw: Vec<String>,
    /// The files that would be written and removed; `None` where that depends on what training and drawing bring.
    pub files: Option<ForecastFiles>,
}

/// The files that would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForecastFiles {
    pub write: Vec<String>,
    pub remove: Vec<String>,
}

/// Finds out what a build would do. Nothing is written.
///
/// # Errors
///
/// Whatever would make the build fail before it trains.
pub fn forecast(options: &Options) -> Result<Forecast, Failure> {
    refuse_confused_folders(options)?;
    let inputs = Inputs::read(options);
    let specs = inputs.load_specs(options)?;
    let templates = inputs.templates()?;
    let plan = plan::plan(&specs);
    site::check(&specs, &plan, &templates).map_err(Failure::Specs)?;
    let cache = Cache::new(&options.cache);
    let runs = stored_runs(&plan, &cache);
    let figures = stored_figures(&plan, &cache);
    let to_train = plan.cases.iter().filter(|case| !runs.contains_key(&case.key));
    let train = to_train.map(|case| format!("{}/{}", case.experiment, case.path())).collect();
    let to_draw = plan.figures.iter().filter(|planned| !figures.contains_key(&planned.key));
    let draw: Vec<String> = to_draw.map(|planned| planned.path.clone()).collect();
    let cases: Option<Vec<Arc<Run>>> = plan.cases.iter().map(|case| runs.get(&case.key).cloned()).collect();
    let known = cases.and_then(|runs| {
        let findings = stored_findings(&plan, &runs, &cache)?;
        Some((findings, stored_verdicts(&plan, &cache)?))
    });
    let files = match known {
        Some((findings, verdicts)) if draw.is_empty() => {
            let pages =
                site::render(&specs, &plan, &findings, &verdicts, &templates).map_err(Failure::Specs)?;
            let mut files = assemble(&plan, pages, &figures);
            add_statics(&mut files, &inputs, options)?;
            let difference = publish::compare(&options.out, &files).map_err(Failure::Publish)?;
            Some(ForecastFiles { write: difference.written, remove: difference.removed })
        }
        _ => None,
    };
    Ok(Forecast { cases: plan.cases.len(), train, draw, files })
}

fn stored_runs(plan: &Plan, cache: &Cache) -> BTreeMap<CacheKey, Arc<Run>> {
    let keys: BTreeSet<CacheKey> = plan.cases.iter().map(|case| case.key).collect();
    let stored = keys.into_iter().filter_map(|key| match cache.load(EntryKind::Run, key) {
        Lookup::Hit(bytes) => Some((key, Arc::new(Run::from_bytes(&bytes)?))),
        Lookup::Miss | Lookup::Corrupt => None,
    });
    stored.collect()
}

/// What is known of every case, if all of it is in the cache.
fn stored_findings(plan: &Plan, runs: &[Arc<Run>], cache: &Cache) -> Option<Vec<Finding>> {
    let mut known: BTreeMap<CacheKey, Arc<Attainable>> = BTreeMap::new();
    let findings = plan.cases.iter().zip(runs).map(|(case, run)| {
        let attainable = match attain::search(case, run).map(|search| case.attainable_key(&search)) {
            None => None,
            Some(key) => Some(match known.get(&key) {
                Some(attainable) => Arc::clone(attainable),
                None => {
                    let Lookup::Hit(bytes) = cache.load(EntryKind::Attainable, key) else { return None };
                    let attainable = Arc::new(Attainable::from_bytes(&bytes)?);
                    known.insert(key, Arc::clone(&attainable));
                    attainable
                }
            }),
        };
        let trials = match case.trials_key {
            None => None,
            Some(key) => {
                let Lookup::Hit(bytes) = cache.load(EntryKind::Trials, key) else { return None };
                Some(Arc::new(Trials::from_bytes(&bytes)?))
            }
        };
        Finding::new(case, Arc::clone(run), trials, attainable).ok()
    });
    findings.collect()
}

/// The verdict on each contest, if all of them are in the cache.
fn stored_verdicts(plan: &Plan, cache: &Cache) -> Option<Vec<Option<Arc<Verdict>>>> {
    let verdicts = plan.contests.iter().map(|contest| {
        let Some(key) = contest.key else { return Some(None) };
        let Lookup::Hit(bytes) = cache.load(EntryKind::Verdict, key) else { return None };
        Some(Verdict::from_bytes(&bytes, contest.cases.len()).map(Arc::new))
    });
    verdicts.collect()
}

fn stored_figures(plan: &Plan, cache: &Cache) -> BTreeMap<CacheKey, Arc<[u8]>> {
    let keys: BTreeSet<CacheKey> = plan.figures.iter().map(|planned| planned.key).collect();
    let stored = keys.into_iter().filter_map(|key| match cache.load(EntryKind::Figure, key) {
        Lookup::Hit(bytes) => Some((key, Arc::from(bytes))),
        Lookup::Miss | Lookup::Corrupt => None,
    });
    stored.collect()
}
