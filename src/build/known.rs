//! What stands between the specs and the site: runs, starts, searches, findings, verdicts and figures, kept from one build to
//! the next, so that an edit costs what it touches.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::Failure;
use super::stage::{Craft, Stage, Workshop, once};
use crate::attain::{self, Attainable};
use crate::cache::{Cache, CacheKey, EntryKind, Lookup};
use crate::figure::{self, Input};
use crate::finding::Finding;
use crate::fs::Stamp;
use crate::plan::{Case, Contest, Plan, PlannedFigure, Subject};
use crate::publish::Content;
use crate::spec::Specs;
use crate::train::{self, Run, Trials};
use crate::verdict::{self, Verdict};

/// What is stored of a search that found nothing.
const NOTHING: &[u8] = b"nothing";

/// Everything that the last build made, by key.
#[derive(Default)]
pub(super) struct Known {
    pub(super) runs: BTreeMap<CacheKey, Arc<Run>>,
    pub(super) trials: BTreeMap<CacheKey, Arc<Trials>>,
    /// `None` where a search found nothing at all.
    attainables: BTreeMap<CacheKey, Option<Arc<Attainable>>>,
    verdicts: BTreeMap<CacheKey, Option<Arc<Verdict>>>,
    pub(super) figures: BTreeMap<CacheKey, Drawn>,
    /// The files that the last build published.
    pub(super) files: BTreeMap<String, Lying>,
    pub(super) last: Option<Last>,
}

/// A file in the output folder.
pub(super) struct Lying {
    pub(super) content: Content,
    /// What tells whether somebody has touched it since; `None` where that is not known.
    pub(super) stamp: Option<Stamp>,
}

/// Whether published files lie in the output folder as they were noted.
pub(super) fn are_untouched(files: &BTreeMap<String, Lying>, out: &Path) -> bool {
    let is_untouched =
        |(name, lying): (&String, &Lying)| lying.stamp.is_some() && Stamp::of(&out.join(name)) == lying.stamp;
    files.par_iter().all(is_untouched)
}

/// A figure that is drawn.
#[derive(Clone)]
pub(super) enum Drawn {
    /// It lies in the cache; all of them would take more memory than all the rest.
    Stored,
    /// The cache could not take it.
    Held(Arc<[u8]>),
}

/// What the last build was of. Cases and findings that a build shares with it are the very same, which tells at once that
/// nothing about them has changed.
pub(super) struct Last {
    pub(super) specs: Specs,
    pub(super) plan: Plan,
    pub(super) found: Found,
}

/// What is known of a plan's cases, index by index.
pub(super) struct Found {
    pub(super) findings: Vec<Arc<Finding>>,
    /// The keys of their searches.
    searches: Vec<Option<CacheKey>>,
}

/// What was done, stage by stage.
#[derive(Default)]
pub(super) struct Done {
    pub(super) trained: Vec<CacheKey>,
    pub(super) tried: usize,
    pub(super) searched: usize,
    pub(super) drawn: Vec<CacheKey>,
    pub(super) notes: Vec<String>,
}

/// What can be attained by every case whose experiment asks for it, and under which key; `None` for the others.
struct Attained {
    keys: Vec<Option<CacheKey>>,
    stage: Stage<Option<Arc<Attainable>>>,
}

/// Of a step of training, one parameter's share in one point's, there are about as many in two seconds of one thread.
const MANY_STEPS: usize = 2_000_000_000;
/// So many take as long as to draw a figure, or to search for what a case can attain.
const STEPS_OF_A_FIGURE: usize = 10_000_000;

impl Known {
    /// Every entry of the cache that it was taken from or went to.
    pub(super) fn entries(&self) -> Vec<(EntryKind, CacheKey)> {
        let runs = self.runs.keys().map(|key| (EntryKind::Run, *key));
        let trials = self.trials.keys().map(|key| (EntryKind::Trials, *key));
        let attainables = self.attainables.keys().map(|key| (EntryKind::Attainable, *key));
        let verdicts = self.verdicts.keys().map(|key| (EntryKind::Verdict, *key));
        let figures = self.figures.keys().map(|key| (EntryKind::Figure, *key));
        runs.chain(trials).chain(attainables).chain(verdicts).chain(figures).collect()
    }

    /// Notes what was published, and how it lies in the output folder.
    pub(super) fn remember_files(&mut self, files: &BTreeMap<String, Content>, out: &Path) {
        let lying = |(name, content): (&String, &Content)| {
            let stamp = Stamp::of(&out.join(name)).filter(|stamp| stamp.length == content.length);
            (name.clone(), Lying { content: *content, stamp })
        };
        self.files = files.par_iter().map(lying).collect();
    }

    /// Notes how the files lie in the output folder now that they have lost their second names.
    pub(super) fn renew_stamps(&mut self, out: &Path) {
        self.files.par_iter_mut().for_each(|(name, lying)| {
            let now = Stamp::of(&out.join(name));
            let is_same = |last: &Stamp| now.as_ref().is_some_and(|now| now.has_content_of(last));
            lying.stamp = if lying.stamp.as_ref().is_some_and(is_same) { now } else { None };
        });
    }

    pub(super) fn forget_files(&mut self) {
        self.files.clear();
    }

    /// Whether training and what follows on it will take so long that nobody should wait for it to hear of a fault in a page.
    pub(super) fn is_far_from_pages(&self, plan: &Plan, cache: &Cache) -> bool {
        let is_there = |key| self.runs.contains_key(&key) || cache.contains(EntryKind::Run, key);
        let starts = |case: &Case| {
            1 + case.restarts.len() + case.seeded.iter().map(|seeded| seeded.starts.len()).sum::<usize>()
        };
        let steps = |case: &Arc<Case>| {
            let factors = [starts(case), case.training.epochs, case.data.points, case.initial.len()];
            factors.into_iter().fold(1, usize::saturating_mul).saturating_add(STEPS_OF_A_FIGURE)
        };
        let missing = plan
            .cases
            .par_iter()
            .filter(|case| !is_there(case.key))
            .map(steps)
            .reduce(|| 0, usize::saturating_add);
        missing > 0
            && missing.saturating_add(STEPS_OF_A_FIGURE.saturating_mul(plan.figures.len())) > MANY_STEPS
    }

    /// The findings and verdicts as far as they are known before anything is trained; in place of the others, what there
    /// is before training begins.
    pub(super) fn provisional(&self, plan: &Plan) -> (Vec<Arc<Finding>>, Vec<Option<Arc<Verdict>>>) {
        let known = self.findings_by_case();
        let blank = Arc::new(Finding::blank());
        let findings = plan.cases.iter().map(|case| {
            let known = known.get(&Arc::as_ptr(case)).map(|finding| Arc::clone(finding));
            known.unwrap_or_else(|| Arc::clone(&blank))
        });
        (findings.collect(), self.verdicts(plan))
    }

    fn findings_by_case(&self) -> BTreeMap<*const Case, &Arc<Finding>> {
        let last = self.last.iter();
        last.flat_map(|last| last.plan.cases.iter().map(Arc::as_ptr).zip(&last.found.findings)).collect()
    }

    /// One run per case; cases with the same key share the work.
    pub(super) fn train(
        &mut self,
        workshop: Workshop<'_>,
        plan: &Plan,
        done: &mut Done,
    ) -> Result<Vec<CacheKey>, Failure> {
        let stage = workshop.run(
            &self.runs,
            Craft {
                kind: EntryKind::Run,
                name: "training",
                unstored: |value, _| value,
                read: |case: &&Case, bytes: Vec<u8>| {
                    Run::from_bytes(&bytes).filter(|run| run.fits(case)).map(Arc::new)
                },
                make: |case: &Case| {
                    let run = train::train(case);
                    let bytes = run.to_bytes();
                    (Arc::new(run), bytes)
                },
                work: once(plan.cases.iter().rev().map(|case| (case.key, &**case))),
            },
        )?;
        done.trained = stage.is_new;
        done.notes.extend(stage.notes);
        self.runs = stage.values;
        Ok(stage.missing)
    }

    /// What is known of every case, when all runs are: starts, searches, and what they say together. `None` where something
    /// is missing and is not to be made.
    pub(super) fn find(
        &mut self,
        workshop: Workshop<'_>,
        plan: &Plan,
        done: &mut Done,
    ) -> Result<Option<Found>, Failure> {
        let runs: Vec<Arc<Run>> = plan.cases.iter().map(|case| Arc::clone(&self.runs[&case.key])).collect();
        let tried = self.try_all(workshop, plan)?;
        done.tried = tried.is_new.len();
        done.notes.extend(tried.notes);
        self.trials = tried.values;
        let Attained { keys, stage } = self.attain(workshop, plan, &runs)?;
        done.searched = stage.is_new.len();
        done.notes.extend(stage.notes);
        self.attainables = stage.values;
        if !tried.missing.is_empty() || !stage.missing.is_empty() {
            return Ok(None);
        }
        let findings = self.findings(plan, &runs, &keys)?;
        Ok(Some(Found { findings, searches: keys }))
    }

    /// Where the starts of every case ended whose experiment asks for many.
    pub(super) fn try_all(&self, workshop: Workshop<'_>, plan: &Plan) -> Result<Stage<Arc<Trials>>, Failure> {
        let cases = plan.cases.iter().rev();
        workshop.run(
            &self.trials,
            Craft {
                kind: EntryKind::Trials,
                name: "starts",
                unstored: |value, _| value,
                read: |case: &&Case, bytes: Vec<u8>| {
                    Trials::from_bytes(&bytes).filter(|trials| trials.fits(case)).map(Arc::new)
                },
                make: |case: &Case| {
                    let trials = train::trials(case);
                    let bytes = trials.to_bytes();
                    (Arc::new(trials), bytes)
                },
                work: once(cases.filter_map(|case| Some((case.trials_key?, &**case)))),
            },
        )
    }

    fn attain(&self, workshop: Workshop<'_>, plan: &Plan, runs: &[Arc<Run>]) -> Result<Attained, Failure> {
        // Where to search follows from the case, its starts and its run, and is as it was where these are.
        let last = self.last.iter().flat_map(|last| {
            let Found { findings, searches } = &last.found;
            last.plan.cases.iter().zip(findings).zip(searches)
        });
        let last: BTreeMap<(*const Case, *const Run), Option<CacheKey>> = last
            .map(|((case, finding), key)| ((Arc::as_ptr(case), Arc::as_ptr(&finding.run)), *key))
            .collect();
        let search = |case: &Case, run: &Run| {
            let trials = case.trials_key.and_then(|key| self.trials.get(&key));
            attain::search(case, run, trials.map(|trials| &**trials))
        };
        let mut work: BTreeMap<CacheKey, (&Case, &Run)> = BTreeMap::new();
        let keys = plan.cases.iter().zip(runs).map(|(case, run)| {
            let key = match last.get(&(Arc::as_ptr(case), Arc::as_ptr(run))) {
                Some(key) => (*key)?,
                None => case.attainable_key(&search(case, run)?),
            };
            work.entry(key).or_insert((case, run));
            Some(key)
        });
        let keys: Vec<Option<CacheKey>> = keys.collect();
        // One activation after the other, for the tables that its searches share.
        let mut work = once(work);
        work.sort_by_cached_key(|(_, (case, _))| case.activation.function.canonical());
        let stage = workshop.run(
            &self.attainables,
            Craft {
                kind: EntryKind::Attainable,
                name: "searching",
                unstored: |value, _| value,
                read: |(case, _): &(&Case, &Run), bytes: Vec<u8>| {
                    if bytes == NOTHING {
                        return Some(None);
                    }
                    let found = Attainable::from_bytes(&bytes).filter(|found| found.fits(case));
                    found.map(|found| Some(Arc::new(found)))
                },
                make: |(case, run): (&Case, &Run)| {
                    let found = search(case, run).and_then(|search| attain::of_case(case, &search));
                    let bytes = found.as_ref().map_or_else(|| NOTHING.to_vec(), Attainable::to_bytes);
                    (found.map(Arc::new), bytes)
                },
                work,
            },
        )?;
        Ok(Attained { keys, stage })
    }

    fn findings(
        &self,
        plan: &Plan,
        runs: &[Arc<Run>],
        keys: &[Option<CacheKey>],
    ) -> Result<Vec<Arc<Finding>>, Failure> {
        let last = self.findings_by_case();
        let last: Vec<Option<&Arc<Finding>>> =
            plan.cases.iter().map(|case| last.get(&Arc::as_ptr(case)).copied()).collect();
        let cases = plan.cases.par_iter().zip(runs).zip(keys).zip(last);
        let findings = cases.map(|(((case, run), key), last)| {
            let attainable = key.and_then(|key| self.attainables.get(&key)?.as_ref());
            let trials = case.trials_key.and_then(|key| self.trials.get(&key));
            if let Some(last) = last.filter(|last| last.is_of(run, trials, attainable)) {
                return Ok(Arc::clone(last));
            }
            Finding::new(case, Arc::clone(run), trials.cloned(), attainable.cloned())
                .map(Arc::new)
                .map_err(|violation| Failure::Violation { case: case.directory(), violation })
        });
        // Of several failures, the first in the plan's order is told.
        findings.collect::<Vec<_>>().into_iter().collect()
    }

    /// The verdicts on all contests of many starts, by a bootstrap; `None` where one is missing and is not to be made.
    pub(super) fn judge(
        &mut self,
        workshop: Workshop<'_>,
        plan: &Plan,
        findings: &[Arc<Finding>],
        done: &mut Done,
    ) -> Result<Option<Vec<Option<Arc<Verdict>>>>, Failure> {
        let contests = plan.contests.iter();
        let stage = workshop.run(
            &self.verdicts,
            Craft {
                kind: EntryKind::Verdict,
                name: "judging",
                unstored: |value, _| value,
                read: |contest: &&Contest, bytes: Vec<u8>| {
                    // One case alone has no verdict, which is kept as nothing.
                    if bytes.is_empty() {
                        return Some(None);
                    }
                    Verdict::from_bytes(&bytes, contest.cases.len()).map(|verdict| Some(Arc::new(verdict)))
                },
                make: |contest: &Contest| {
                    let contestants = contest.cases.iter().map(|&index| &*findings[index]);
                    let verdict = verdict::losses(contestants).and_then(|losses| verdict::verdict(&losses));
                    let bytes = verdict.as_ref().map(Verdict::to_bytes).unwrap_or_default();
                    (verdict.map(Arc::new), bytes)
                },
                work: once(contests.filter_map(|contest| Some((contest.key?, contest)))),
            },
        )?;
        done.notes.extend(stage.notes);
        self.verdicts = stage.values;
        Ok(stage.missing.is_empty().then(|| self.verdicts(plan)))
    }

    /// The verdict on each of the plan's contests, if there is one.
    fn verdicts(&self, plan: &Plan) -> Vec<Option<Arc<Verdict>>> {
        let of_contest =
            |contest: &Contest| contest.key.and_then(|key| self.verdicts.get(&key).cloned().flatten());
        plan.contests.iter().map(of_contest).collect()
    }

    /// The bytes of every figure; figures with the same key share the work. `findings` are not looked at where nothing is to be
    /// made. Returns the keys of those that are missing.
    pub(super) fn draw(
        &mut self,
        workshop: Workshop<'_>,
        plan: &Plan,
        findings: &[Arc<Finding>],
        done: &mut Done,
    ) -> Result<Vec<CacheKey>, Failure> {
        let stage = workshop.run(
            &self.figures,
            Craft {
                kind: EntryKind::Figure,
                name: "drawing",
                unstored: |_, bytes| Drawn::Held(bytes.into()),
                read: |planned: &&PlannedFigure, bytes: Vec<u8>| {
                    figure::is_file_of(&planned.path, &bytes).then_some(Drawn::Stored)
                },
                make: |planned: &PlannedFigure| (Drawn::Stored, draw(plan, findings, planned)),
                work: once(plan.figures.iter().rev().map(|figure| (figure.key, figure))),
            },
        )?;
        done.drawn = stage.is_new;
        done.notes.extend(stage.notes);
        self.figures = stage.values;
        Ok(stage.missing)
    }

    /// The bytes of a figure that is drawn.
    pub(super) fn picture(
        &self,
        cache: &Cache,
        plan: &Plan,
        findings: &[Arc<Finding>],
        planned: &PlannedFigure,
    ) -> Arc<[u8]> {
        if let Some(Drawn::Held(bytes)) = self.figures.get(&planned.key) {
            return Arc::clone(bytes);
        }
        match cache.load(EntryKind::Figure, planned.key) {
            Lookup::Hit(bytes) if figure::is_file_of(&planned.path, &bytes) => bytes.into(),
            // Somebody has taken it away or damaged it since.
            _ => draw(plan, findings, planned).into(),
        }
    }
}

fn draw(plan: &Plan, findings: &[Arc<Finding>], planned: &PlannedFigure) -> Vec<u8> {
    match &planned.subject {
        Subject::Activation(activation) => {
            figure::draw(&planned.figure, Input::Activation(activation), planned.form)
        }
        Subject::Cases(indices) => {
            let cases: Vec<(&Case, &Finding)> =
                indices.iter().map(|&index| (&*plan.cases[index], &*findings[index])).collect();
            figure::draw(&planned.figure, Input::Cases(&cases), planned.form)
        }
    }
}
