//! What a build would do, found out without doing it.

use std::sync::Arc;

use serde::Serialize;

use super::assemble::Assembly;
use super::known::{Done, Known};
use super::stage::Workshop;
use super::{Checked, Failure, Inputs, Options, Progress, add_statics, checked, refuse_confused_folders};
use crate::attain;
use crate::cache::{Cache, EntryKind};
use crate::diagnostic::Diagnostic;
use crate::plan::{Case, Plan, PlannedFigure};
use crate::publish::Publication;
use crate::site::{Renderer, TemplateFile};
use crate::spec::Specs;

/// What a build would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Forecast {
    pub cases: usize,
    /// The cases that would be trained, `EXPERIMENT/PATH`; those that share one run are all named.
    pub train: Vec<String>,
    /// The cases that would be trained from many starts.
    pub starts: Vec<String>,
    /// The cases for whose least loss would be searched, as far as their training is known.
    pub search: Vec<String>,
    /// The paths of the figures that would be drawn.
    pub draw: Vec<String>,
    /// The files that would be written and removed; `None` where that depends on what training and drawing bring.
    pub files: Option<ForecastFiles>,
    /// What is likely a slip.
    #[serde(skip)]
    pub warnings: Vec<Diagnostic>,
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
    let (Checked { specs, plan, warnings }, templates) = checked(&inputs, options)?;
    let cache = Cache::new(&options.cache);
    let workshop = Workshop { cache: &cache, progress: &Silent, is_making: false };
    let (mut known, mut done) = (Known::default(), Done::default());
    let untrained = known.train(workshop, &plan, &mut done)?;
    let undrawn = known.draw(workshop, &plan, &[], &mut done)?;
    let train = plan.cases.iter().filter(|case| untrained.contains(&case.key));
    let train = train.map(|case| format!("{}/{}", case.experiment, case.path())).collect();
    let draw = plan.figures.iter().filter(|planned| undrawn.contains(&planned.key));
    let draw = draw.map(|planned| planned.path.clone()).collect();
    let case_path = |case: &Arc<Case>| format!("{}/{}", case.experiment, case.path());
    let tried = known.try_all(workshop, &plan)?;
    let starts =
        plan.cases.iter().filter(|case| case.trials_key.is_some_and(|key| tried.missing.contains(&key)));
    let starts = starts.map(case_path).collect();
    known.trials = tried.values;
    let search = |case: &&Arc<Case>| {
        let trials = case.trials_key.and_then(|key| known.trials.get(&key));
        let run = known.runs.get(&case.key);
        let search = run.and_then(|run| attain::search(case, run, trials.map(|trials| &**trials)));
        search.is_some_and(|search| !cache.contains(EntryKind::Attainable, case.attainable_key(&search)))
    };
    let search = plan.cases.iter().filter(search).map(case_path).collect();
    let mut files = None;
    if untrained.is_empty() && undrawn.is_empty() {
        files = forecast_files(options, &inputs, &specs, &plan, &templates, workshop, &mut known)?;
    }
    Ok(Forecast { cases: plan.cases.len(), train, starts, search, draw, files, warnings })
}

/// The files that would change, if everything that they are made from is in the cache.
fn forecast_files(
    options: &Options,
    inputs: &Inputs,
    specs: &Specs,
    plan: &Plan,
    templates: &[TemplateFile],
    workshop: Workshop<'_>,
    known: &mut Known,
) -> Result<Option<ForecastFiles>, Failure> {
    let mut done = Done::default();
    let Some(found) = known.find(workshop, plan, &mut done)? else { return Ok(None) };
    let findings = &found.findings;
    let Some(verdicts) = known.judge(workshop, plan, findings, &mut done)? else { return Ok(None) };
    let publication = Publication::compare(&options.out).map_err(Failure::Publish)?;
    let picture = |planned: &PlannedFigure| known.picture(workshop.cache, plan, findings, planned);
    let assembly = Assembly::new(&publication, plan, &picture, &known.files, &options.out);
    assembly.put_cards(plan);
    let rendered = Renderer::default().render(specs, plan, findings, &verdicts, templates, &assembly);
    rendered.map_err(Failure::Specs)?;
    add_statics(&publication, inputs, options)?;
    let difference = publication.difference().map_err(Failure::Publish)?;
    Ok(Some(ForecastFiles { write: difference.written, remove: difference.removed }))
}

/// Tells nothing.
struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &'static str, _: usize) {}
    fn step(&self) {}
    fn waiting(&self) {}
}
