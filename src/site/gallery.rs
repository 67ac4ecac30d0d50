//! What the pages are made from: specs, plan and findings, and the ways through them that every page needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::Finding;
use crate::number::significant;
use crate::plan::{Case, Contest, Form, Plan, PlannedFigure, Subject};
use crate::spec::{Experiment, FigureType, Specs};
use crate::train::Run;

use super::atlas::Atlas;
use super::link;
use crate::verdict::{Verdict, typical_loss};

/// Specs, plan and findings together; `findings` belong to the plan's cases, index by index.
#[derive(Clone, Copy)]
pub(super) struct Gallery<'g> {
    pub(super) specs: &'g Specs,
    pub(super) plan: &'g Plan,
    pub(super) findings: &'g [Finding],
    pub(super) verdicts: &'g [Option<Arc<Verdict>>],
    pub(super) folders: &'g Folders<'g>,
    pub(super) atlas: &'g Atlas,
}

/// The figures in their main form by the folder in which they lie, with a slash at its end.
pub(super) type Folders<'g> = BTreeMap<&'g str, Vec<&'g PlannedFigure>>;

pub(super) fn folders(plan: &Plan) -> Folders<'_> {
    let mut folders = Folders::new();
    for planned in plan.figures.iter().filter(|planned| planned.form == Form::Main) {
        folders.entry(folder_of(&planned.path)).or_default().push(planned);
    }
    folders
}

/// A case with its run.
#[derive(Clone, Copy)]
pub(super) struct Trained<'g> {
    pub(super) index: usize,
    pub(super) case: &'g Case,
    pub(super) run: &'g Run,
    pub(super) finding: &'g Finding,
}

impl<'g> Trained<'g> {
    fn new(index: usize, case: &'g Case, finding: &'g Finding) -> Self {
        Self { index, case, run: &finding.run, finding }
    }

    /// Its page or, without one, its place on the experiment's.
    pub(super) fn page(&self) -> String {
        if self.case.has_page {
            return link::index(&self.case.directory());
        }
        format!("{}#{}", link::index(&format!("experiments/{}", self.case.experiment)), self.anchor())
    }

    /// The id of its place on the experiment's page.
    pub(super) fn anchor(&self) -> String {
        // No id holds `~`.
        format!("case:{}", self.case.levels.join("~"))
    }

    /// The lowest loss; infinite where there is none, so that such a case comes last.
    pub(super) fn best_mse(&self) -> f64 {
        self.run.best.as_ref().map_or(f64::INFINITY, |best| best.mse)
    }

    /// The loss that a case is ranked by: the median of its starts, or of one start the lowest.
    pub(super) fn typical_mse(&self) -> f64 {
        typical_loss(self.finding)
    }

    /// The loss that it is ranked by as pages show it.
    pub(super) fn typical_text(&self) -> String {
        let mse = self.typical_mse();
        if mse.is_finite() { significant(mse, 4) } else { "–".into() }
    }

    /// The lowest loss as pages show it.
    pub(super) fn best_text(&self) -> String {
        self.run.best.as_ref().map_or_else(|| "–".into(), |best| significant(best.mse, 4))
    }

    /// `learning_rate 0.001`, for tables of an experiment with further axes.
    pub(super) fn axes_text(&self) -> String {
        let axes: Vec<String> = self
            .case
            .axes
            .iter()
            .map(|(name, value)| format!("{} {value}", name.replace('_', " ")))
            .collect();
        axes.join(", ")
    }
}

impl<'g> Gallery<'g> {
    pub(super) fn cases(self) -> impl Iterator<Item = Trained<'g>> {
        let pairs = self.plan.cases.iter().zip(self.findings).enumerate();
        pairs.map(|(index, (case, finding))| Trained::new(index, case, finding))
    }

    pub(super) fn cases_of(self, experiment: &str) -> Vec<Trained<'g>> {
        self.cases().filter(|trained| trained.case.experiment == experiment).collect()
    }

    /// What a case is compared with, and the verdict on it, if there are many starts.
    pub(super) fn contest(self, trained: Trained<'_>) -> Option<(&'g Contest, &'g Verdict)> {
        let contests = self.plan.contests.iter().zip(self.verdicts);
        let mut contests = contests.filter(|(contest, _)| contest.cases.contains(&trained.index));
        let (contest, verdict) = contests.next()?;
        Some((contest, verdict.as_deref()?))
    }

    /// The experiment's cases on one target, best first; the plan's order decides between equals.
    pub(super) fn ranked(self, experiment: &str, target: &str) -> Vec<Trained<'g>> {
        let mut cases = self.cases_of(experiment);
        cases.retain(|trained| trained.case.target.id == target);
        sort_by_mse(&mut cases);
        cases
    }

    pub(super) fn experiment(self, id: &str) -> Option<&'g Experiment> {
        self.specs.experiments.iter().find(|experiment| experiment.id == id)
    }

    /// The figures that lie with a case.
    pub(super) fn figures_of(self, trained: Trained<'_>) -> Vec<&'g PlannedFigure> {
        self.figures_in(&format!("{}/", trained.case.directory()))
    }

    /// The figures that lie with an experiment, since they span cases.
    pub(super) fn figures_across(self, experiment: &str) -> Vec<&'g PlannedFigure> {
        self.figures_in(&format!("experiments/{experiment}/"))
    }

    /// Those of them that show cases on a target, each with the further axes that its cases share, in words.
    pub(super) fn comparisons(self, experiment: &str, target: &str) -> Vec<(&'g PlannedFigure, String)> {
        let across = self.figures_across(experiment).into_iter();
        let compare = |planned: &&PlannedFigure| !is_overview(&planned.figure.figure_type);
        let shown = across.filter(compare).filter_map(|planned| {
            let first = self.subjects(planned).into_iter().next()?;
            // The axes of a comparison of losses are what it compares.
            let is_of_losses = matches!(
                planned.figure.figure_type,
                FigureType::LossComparison { .. } | FigureType::LossBoxes
            );
            let axes = if is_of_losses { String::new() } else { first.axes_text() };
            (first.case.target.id == target).then_some((planned, axes))
        });
        shown.collect()
    }

    /// The figures that span all cases of an experiment.
    pub(super) fn overviews(self, experiment: &str) -> Vec<&'g PlannedFigure> {
        let mut across = self.figures_across(experiment);
        across.retain(|planned| is_overview(&planned.figure.figure_type));
        across
    }

    /// The figures that lie in a folder, which ends with a slash.
    pub(super) fn figures_in(self, folder: &str) -> Vec<&'g PlannedFigure> {
        self.folders.get(folder).cloned().unwrap_or_default()
    }

    /// The picture that stands for a case in tables: its fit, or another still picture of it.
    pub(super) fn preview(self, trained: Trained<'_>) -> Option<&'g PlannedFigure> {
        let figures = self.figures_of(trained);
        let is_of_case = |planned: &&&PlannedFigure| matches!(planned.subject, Subject::Cases(_));
        let is_still = |planned: &&&PlannedFigure| planned.path.ends_with(".png");
        let fit = figures.iter().find(|planned| planned.figure.figure_type == FigureType::Fit);
        fit.or_else(|| figures.iter().filter(is_of_case).find(is_still)).copied()
    }

    /// The picture that stands for an experiment: one that compares its cases, or that of the case with the lowest loss.
    pub(super) fn preview_of(self, experiment: &Experiment) -> Option<&'g PlannedFigure> {
        let across = self.figures_across(&experiment.id);
        across.into_iter().find(|planned| planned.path.ends_with(".png")).or_else(|| {
            let mut cases = self.cases_of(&experiment.id);
            sort_by_mse(&mut cases);
            self.preview(*cases.first()?)
        })
    }

    /// The file of a figure in another form, if it is drawn in it.
    pub(super) fn file_of(self, planned: &PlannedFigure, form: Form) -> Option<String> {
        planned.has_form(&self.specs.site, form).then(|| form.path(&planned.path))
    }

    /// The card of an experiment, where the site knows its address.
    pub(super) fn card_of(self, experiment: &Experiment) -> Option<&'g PlannedFigure> {
        let folder = format!("experiments/{}/", experiment.id);
        let mut cards = self.plan.figures.iter().filter(|planned| planned.form == Form::Card);
        cards.find(|card| folder_of(&card.path) == folder)
    }

    /// The cases that a figure shows.
    pub(super) fn subjects(self, planned: &PlannedFigure) -> Vec<Trained<'g>> {
        match &planned.subject {
            Subject::Activation(_) => Vec::new(),
            Subject::Cases(indices) => indices
                .iter()
                .filter_map(|&index| {
                    Some(Trained::new(index, self.plan.cases.get(index)?, self.findings.get(index)?))
                })
                .collect(),
        }
    }
}

pub(super) fn sort_by_mse(cases: &mut [Trained<'_>]) {
    cases.sort_by_cached_key(|trained| Ordered(trained.typical_mse()));
}

/// A number in the total order of floats.
struct Ordered(f64);

impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Whether a figure shows all cases of an experiment.
fn is_overview(figure_type: &FigureType) -> bool {
    matches!(figure_type, FigureType::Attainable | FigureType::Matrix { .. })
}

/// The path up to its last `/`.
fn folder_of(path: &str) -> &str {
    path.rfind('/').map_or("", |at| &path[..=at])
}
