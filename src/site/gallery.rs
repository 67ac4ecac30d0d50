//! What the pages are made from: specs, plan and findings, and the ways through them that every page needs.

use std::collections::BTreeMap;
use std::ops::{Bound, Range};
use std::sync::Arc;

use crate::finding::Finding;
use crate::number::significant;
use crate::plan::{Case, Contest, Form, Plan, PlannedFigure, Subject};
use crate::spec::{Experiment, FigureType, Specs};
use crate::train::Run;

use super::assets::Assets;
use super::atlas::{Atlas, Standing};
use super::link;
use super::player::Players;
use super::sheet::{self, Sheets};
use crate::verdict::{NOTHING, Verdict};

/// Specs, plan and findings together; `findings` belong to the plan's cases, index by index.
#[derive(Clone, Copy)]
pub(super) struct Gallery<'g> {
    pub(super) specs: &'g Specs,
    pub(super) plan: &'g Plan,
    pub(super) findings: &'g [Arc<Finding>],
    pub(super) verdicts: &'g [Option<Arc<Verdict>>],
    pub(super) index: &'g Index<'g>,
    pub(super) atlas: &'g Atlas,
    pub(super) sheets: &'g Sheets<'g>,
    pub(super) assets: &'g Assets,
    pub(super) players: &'g Players,
}

/// Where things stand in the plan.
#[derive(Default)]
pub(super) struct Index<'g> {
    /// The figures in their main form by the folder in which they lie, with a slash at its end.
    folders: BTreeMap<&'g str, Vec<&'g PlannedFigure>>,
    /// The cards of the experiments by their folders.
    cards: BTreeMap<&'g str, &'g PlannedFigure>,
    /// The cases of an experiment, which stand together.
    experiments: BTreeMap<&'g str, Range<usize>>,
    /// The cases with an activation, and those on a target.
    activations: BTreeMap<&'g str, Vec<usize>>,
    targets: BTreeMap<&'g str, Vec<usize>>,
    /// The contest of every case.
    contests: Vec<usize>,
    /// Of the figures that lie with an experiment, by path, the place on its page: those that span all cases come first, then those
    /// of the first target, and so on.
    places: BTreeMap<&'g str, usize>,
}

impl<'g> Index<'g> {
    pub(super) fn new(plan: &'g Plan) -> Self {
        let mut index = Self { contests: vec![0; plan.cases.len()], ..Self::default() };
        for planned in plan.figures.iter().filter(|planned| planned.form == Form::Main) {
            index.folders.entry(folder_of(&planned.path)).or_default().push(planned);
        }
        let cards = plan.figures.iter().filter(|planned| planned.form == Form::Card);
        index.cards = cards.map(|card| (folder_of(&card.path), card)).collect();
        for (at, case) in plan.cases.iter().enumerate() {
            index.experiments.entry(&case.experiment).or_insert(at..at).end = at + 1;
            index.activations.entry(&case.activation.id).or_default().push(at);
            index.targets.entry(&case.target.id).or_default().push(at);
        }
        for (at, contest) in plan.contests.iter().enumerate() {
            for &case in &contest.cases {
                index.contests[case] = at;
            }
        }
        for (folder, figures) in &index.folders {
            // `experiments/ID/`, and not below.
            if !folder.starts_with("experiments/") || folder.matches('/').count() != 2 {
                continue;
            }
            let mut own = figures.clone();
            own.sort_by_key(|planned| match planned.subject.cases().first() {
                Some(&first) if !is_overview(&planned.figure.figure_type) => 1 + index.contests[first],
                _ => 0,
            });
            index
                .places
                .extend(own.iter().enumerate().map(|(place, planned)| (planned.path.as_str(), place)));
        }
        index
    }
}

/// A case with its run.
#[derive(Clone, Copy)]
pub(super) struct Trained<'g> {
    pub(super) index: usize,
    pub(super) case: &'g Case,
    pub(super) run: &'g Run,
    pub(super) finding: &'g Finding,
    pub(super) standing: Standing,
    /// Its sheet of the experiment's page.
    pub(super) sheet: usize,
}

impl Trained<'_> {
    /// Its page or, without one, its place on the experiment's.
    pub(super) fn page(&self) -> String {
        if self.case.has_page {
            return link::index(&self.case.directory());
        }
        let page = link::index(&format!("experiments/{}", self.case.experiment));
        format!("{}#{}", sheet::path(&page, self.sheet), self.anchor())
    }

    /// The id of its place on the experiment's page.
    pub(super) fn anchor(&self) -> String {
        // No id holds `~`.
        format!("case:{}", self.case.levels.join("~"))
    }

    /// The lowest loss of its run, which of many starts is the first; infinite where there is none, so that such a case comes
    /// last.
    fn best_mse(&self) -> f64 {
        self.run.best.as_ref().map_or(f64::INFINITY, |best| best.mse)
    }

    /// The lowest loss of any of its starts as pages show it.
    pub(super) fn lowest_text(&self) -> String {
        self.finding.lowest().map_or_else(|| "–".into(), |best| self.loss_text(best.mse))
    }

    /// The loss that a case is ranked by: the median of its starts, or of one start the lowest.
    pub(super) fn typical_mse(&self) -> f64 {
        self.standing.typical
    }

    /// The loss that it is ranked by as pages show it.
    pub(super) fn typical_text(&self) -> String {
        let mse = self.typical_mse();
        if mse.is_finite() { self.loss_text(mse) } else { "–".into() }
    }

    /// The lowest loss of its run as pages show it.
    pub(super) fn best_text(&self) -> String {
        self.run.best.as_ref().map_or_else(|| "–".into(), |best| self.loss_text(best.mse))
    }

    /// A loss of the case as pages show it: `≈ 0` where it is nothing but rounding.
    pub(super) fn loss_text(&self, mse: f64) -> String {
        let scale = self.finding.attainable.as_ref().map_or(0.0, |attainable| attainable.scale);
        if mse > 0.0 && mse < NOTHING * scale { "≈ 0".into() } else { significant(mse, 4) }
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
    /// One of the plan's cases.
    pub(super) fn case(self, index: usize) -> Trained<'g> {
        let (case, finding) = (&self.plan.cases[index], &self.findings[index]);
        let (standing, sheet) = (self.atlas.standing(index), self.sheets.of_case(index));
        Trained { index, case, run: &finding.run, finding, standing, sheet }
    }

    pub(super) fn cases(self) -> impl Iterator<Item = Trained<'g>> {
        (0..self.plan.cases.len()).map(move |index| self.case(index))
    }

    pub(super) fn cases_of(self, experiment: &str) -> Vec<Trained<'g>> {
        let range = self.index.experiments.get(experiment).cloned().unwrap_or_default();
        range.map(|index| self.case(index)).collect()
    }

    /// The cases with an activation, experiment after experiment.
    pub(super) fn cases_with(self, activation: &str) -> Vec<Trained<'g>> {
        let indices = self.index.activations.get(activation).map_or(&[][..], Vec::as_slice);
        indices.iter().map(|&index| self.case(index)).collect()
    }

    /// The cases on a target, experiment after experiment.
    pub(super) fn cases_on(self, target: &str) -> Vec<Trained<'g>> {
        let indices = self.index.targets.get(target).map_or(&[][..], Vec::as_slice);
        indices.iter().map(|&index| self.case(index)).collect()
    }

    /// What a case is compared with, and the verdict on it, if there are many starts.
    pub(super) fn contest(self, trained: Trained<'_>) -> Option<(&'g Contest, &'g Verdict)> {
        let at = *self.index.contests.get(trained.index)?;
        Some((self.plan.contests.get(at)?, self.verdicts.get(at)?.as_deref()?))
    }

    /// The experiment's cases on one target, best first; the plan's order decides between equals.
    pub(super) fn ranked(self, experiment: &str, target: &str) -> Vec<Trained<'g>> {
        let mut cases = self.cases_on(target);
        cases.retain(|trained| trained.case.experiment == experiment);
        sort_by_mse(&mut cases);
        cases
    }

    pub(super) fn experiment(self, id: &str) -> Option<&'g Experiment> {
        self.specs.experiments.iter().find(|experiment| experiment.id == id)
    }

    /// The figures of a case, which lie in this folder, in the order in which its page shows them: what stands for it, what
    /// moves, and the others.
    pub(super) fn figures_of_case(self, folder: &str) -> Vec<&'g PlannedFigure> {
        let mut figures = self.figures_in(folder);
        let first = preview_among(&figures).map(|first| first.path.as_str());
        figures
            .sort_by_key(|planned| (first != Some(planned.path.as_str()), !planned.path.ends_with(".gif")));
        figures
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
            let first = *planned.subject.cases().first()?;
            if self.plan.cases[first].target.id != target {
                return None;
            }
            let first = self.case(first);
            // The axes of a comparison of losses are what it compares.
            let is_of_losses = matches!(
                planned.figure.figure_type,
                FigureType::LossComparison { .. } | FigureType::LossBoxes
            );
            let axes = if is_of_losses { String::new() } else { first.axes_text() };
            Some((planned, axes))
        });
        shown.collect()
    }

    /// The place of a figure among those of its experiment's page.
    pub(super) fn place_across(self, planned: &PlannedFigure) -> Option<usize> {
        self.index.places.get(planned.path.as_str()).copied()
    }

    /// The sheet of its page on which a figure stands.
    pub(super) fn sheet_of(self, planned: &PlannedFigure) -> usize {
        let is_across = planned.path.matches('/').count() == 2 && !is_overview(&planned.figure.figure_type);
        match planned.subject.cases().first() {
            Some(&first) if is_across => {
                let case = &self.plan.cases[first];
                let target = self.experiment(&case.experiment).and_then(|experiment| {
                    experiment.targets.iter().position(|target| target.id == case.target.id)
                });
                self.sheets.of_target(&case.experiment, target.unwrap_or(0))
            }
            _ => 0,
        }
    }

    /// The figures that span all cases of an experiment.
    pub(super) fn overviews(self, experiment: &str) -> Vec<&'g PlannedFigure> {
        let mut across = self.figures_across(experiment);
        across.retain(|planned| is_overview(&planned.figure.figure_type));
        across
    }

    /// The figures that lie in a folder, which ends with a slash.
    pub(super) fn figures_in(self, folder: &str) -> Vec<&'g PlannedFigure> {
        self.index.folders.get(folder).cloned().unwrap_or_default()
    }

    /// The folders that are one, or lie in it, and hold figures; all end with a slash.
    pub(super) fn folders_below(self, folder: &str) -> Vec<&'g str> {
        let folders = self.index.folders.range::<str, _>((Bound::Included(folder), Bound::Unbounded));
        let folders = folders.map(|(name, _)| *name);
        folders.take_while(|name| name.starts_with(folder)).collect()
    }

    /// The picture that stands for a case in tables: its fit, or another still picture of it.
    pub(super) fn preview(self, trained: Trained<'_>) -> Option<&'g PlannedFigure> {
        preview_among(&self.figures_in(&format!("{}/", trained.case.directory())))
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
        self.index.cards.get(folder.as_str()).copied()
    }

    /// The cases that a figure shows.
    pub(super) fn subjects(self, planned: &PlannedFigure) -> Vec<Trained<'g>> {
        match &planned.subject {
            Subject::Activation(_) => Vec::new(),
            Subject::Cases(indices) => indices.iter().map(|&index| self.case(index)).collect(),
        }
    }
}

/// By the lowest loss of any start, for texts that name it.
pub(super) fn sort_by_lowest(cases: &mut [Trained<'_>]) {
    cases.sort_by_cached_key(|trained| {
        Ordered(trained.finding.lowest().map_or(f64::INFINITY, |best| best.mse))
    });
}

/// By the lowest loss of the run, for texts on figures of runs.
pub(super) fn sort_by_run(cases: &mut [Trained<'_>]) {
    cases.sort_by(|a, b| a.best_mse().total_cmp(&b.best_mse()));
}

/// As cases are ranked: by the median of many starts, or by the lowest loss of one.
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

/// Of the figures of a case, the one that stands for it.
fn preview_among<'g>(figures: &[&'g PlannedFigure]) -> Option<&'g PlannedFigure> {
    let is_of_case = |planned: &&&PlannedFigure| matches!(planned.subject, Subject::Cases(_));
    let is_still = |planned: &&&PlannedFigure| planned.path.ends_with(".png");
    let fit = figures.iter().find(|planned| planned.figure.figure_type == FigureType::Fit);
    fit.or_else(|| figures.iter().filter(is_of_case).find(is_still)).copied()
}

/// Whether a figure shows all cases of an experiment.
fn is_overview(figure_type: &FigureType) -> bool {
    matches!(figure_type, FigureType::Attainable | FigureType::Matrix { .. })
}

/// The path up to its last `/`.
fn folder_of(path: &str) -> &str {
    path.rfind('/').map_or("", |at| &path[..=at])
}
