//! What is kept from one rendering to the next: the files of tasks that depend on nothing that has changed since.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::atlas::Standing;
use super::gallery::{Gallery, Trained};
use super::{TemplateFile, feed, markdown};
use crate::finding::Finding;
use crate::plan::{Case, Plan, PlannedFigure, is_of_one_case};
use crate::spec::{Activation, Experiment, Figure, Model, Page, Site, Source, Specs, Target};
use crate::verdict::Verdict;

/// A site that was rendered, as the next rendering wants to know it.
pub struct Rendered {
    surroundings: Surroundings,
    outlines: Arc<Outlines>,
    /// By name, of every unit what it depended on and the paths of its files.
    units: BTreeMap<String, (Basis, Vec<String>)>,
    /// Held so that no other can take their places in memory, by which they are known.
    cases: Vec<Arc<Case>>,
    _findings: Vec<Arc<Finding>>,
}

impl Rendered {
    pub(super) fn new(
        surroundings: Surroundings,
        outlines: Arc<Outlines>,
        units: impl Iterator<Item = (String, Basis, Vec<String>)>,
        plan: &Plan,
        findings: &[Arc<Finding>],
    ) -> Self {
        let kept = units.filter(|(_, basis, _)| !basis.is_never_kept);
        Self {
            surroundings,
            outlines,
            units: kept.map(|(name, basis, paths)| (name, (basis, paths))).collect(),
            cases: plan.cases.clone(),
            _findings: findings.to_vec(),
        }
    }

    pub(super) fn outlines(&self) -> &Arc<Outlines> {
        &self.outlines
    }

    pub(super) fn cases(&self) -> &[Arc<Case>] {
        &self.cases
    }

    /// Whether all pages would show what they showed beside what they are about.
    pub(super) fn is_in(&self, surroundings: &Surroundings) -> bool {
        self.surroundings == *surroundings
    }

    /// The files of a unit, if they are what they would become where the surroundings are the same.
    pub(super) fn paths(&self, name: &str, basis: &Basis) -> Option<&[String]> {
        let (last, paths) = self.units.get(name)?;
        (!basis.is_never_kept && last == basis).then_some(paths.as_slice())
    }
}

/// What all pages show beside what they are about.
#[derive(PartialEq)]
pub(super) struct Surroundings {
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

impl Surroundings {
    pub(super) fn new(specs: &Specs, overrides: &[TemplateFile]) -> Self {
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

/// The experiments as pages of others see them: without captions.
#[derive(PartialEq)]
pub(super) struct Outlines(Vec<Experiment>);

impl Outlines {
    fn new(specs: &Specs) -> Self {
        let outline = |experiment: &Experiment| {
            let figures = experiment.figures.iter().map(|figure| {
                Arc::new(Figure { caption: String::new(), source: None, ..Figure::clone(figure) })
            });
            Experiment { figures: figures.collect(), ..experiment.clone() }
        };
        Self(specs.experiments.iter().map(outline).collect())
    }

    /// Those of the specs: the very same as those of the last rendering, where they are equal.
    pub(super) fn shared(specs: &Specs, last: Option<&Rendered>) -> Arc<Self> {
        let new = Self::new(specs);
        let same = last.map(Rendered::outlines).filter(|last| ***last == new);
        same.map_or_else(|| Arc::new(new), Arc::clone)
    }
}

/// Outlines that many units depend on, and that are compared once for all of them.
struct Shared(Arc<Outlines>);

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The texts that lists of experiments, and the report, show.
pub(super) fn outlines_texts(specs: &Specs) -> Vec<&str> {
    let experiments = specs.experiments.iter().map(|experiment| experiment.description.as_str());
    let targets = specs.targets.values().map(|target| target.explanation.as_str());
    let models = specs.models.values().map(|model| model.description.as_str());
    experiments.chain(targets).chain(models).collect()
}

/// What the files of a unit are made from, beside the surroundings.
#[derive(PartialEq)]
pub(super) struct Basis {
    /// Whether it shows what is in nothing of this, as a figure of whatever experiment in one of its texts.
    is_never_kept: bool,
    experiment: Option<Experiment>,
    outlines: Option<Shared>,
    cases: Vec<Known>,
    /// Their places in memory.
    verdicts: Vec<Option<usize>>,
    /// Those of no case.
    figures: Vec<Arc<Figure>>,
}

/// A case by the places of what it is in memory: that two cases or findings are one tells that nothing about them has changed.
#[derive(PartialEq)]
struct Known {
    case: usize,
    finding: usize,
    standing: Standing,
}

impl Basis {
    fn new(cases: &[Trained<'_>]) -> Self {
        let known = |trained: &Trained<'_>| Known {
            case: std::ptr::from_ref(trained.case).addr(),
            finding: std::ptr::from_ref(trained.finding).addr(),
            standing: trained.standing,
        };
        Self {
            is_never_kept: false,
            experiment: None,
            outlines: None,
            cases: cases.iter().map(known).collect(),
            verdicts: Vec::new(),
            figures: Vec::new(),
        }
    }

    /// Of what is made each time.
    pub(super) fn new_each_time() -> Self {
        Self { is_never_kept: true, ..Self::new(&[]) }
    }

    /// Of the page of an experiment, its report and its tables.
    pub(super) fn of_experiment(
        gallery: Gallery<'_>,
        experiment: &Experiment,
        cases: &[Trained<'_>],
    ) -> Self {
        let contests = gallery.plan.contests.iter().zip(gallery.verdicts);
        let own = contests.filter(|(contest, _)| contest.experiment == experiment.id);
        let address = |verdict: &Option<Arc<Verdict>>| verdict.as_ref().map(|it| Arc::as_ptr(it).addr());
        let Experiment { description, targets, activations, models, figures, .. } = experiment;
        let texts = targets.iter().map(|target| &target.explanation);
        let texts = texts.chain(activations.iter().map(|activation| &activation.description));
        let texts = texts.chain(models.iter().map(|model| &model.description));
        let mut texts = texts.chain(figures.iter().map(|figure| &figure.caption)).chain([description]);
        Self {
            is_never_kept: texts.any(|text| markdown::shows_figures(text)),
            experiment: Some(Experiment {
                figures: figures.iter().map(unplaced).collect(),
                ..experiment.clone()
            }),
            verdicts: own.map(|(_, verdict)| address(verdict)).collect(),
            ..Self::new(cases)
        }
    }

    /// Of the pages of an experiment's cases.
    pub(super) fn of_cases(experiment: &Experiment, cases: &[Trained<'_>]) -> Self {
        let figures = experiment.figures.iter().filter(|figure| is_of_one_case(&figure.figure_type));
        let mut captions = figures.clone().map(|figure| &figure.caption);
        Self {
            is_never_kept: captions.any(|text| markdown::shows_figures(text)),
            experiment: Some(Experiment { figures: figures.map(unplaced).collect(), ..experiment.clone() }),
            ..Self::new(cases)
        }
    }

    /// Of the page of an activation and what lies in its folder.
    pub(super) fn of_activation(
        outlines: &Arc<Outlines>,
        cases: &[Trained<'_>],
        activation: &Activation,
        figures: &[&PlannedFigure],
    ) -> Self {
        let figures = figures.iter().map(|planned| unplaced(&planned.figure));
        let figures: Vec<Arc<Figure>> = figures.collect();
        let mut texts: Vec<&str> = figures.iter().map(|figure| figure.caption.as_str()).collect();
        texts.push(&activation.description);
        Self {
            is_never_kept: shows_figures(&texts),
            figures: figures.clone(),
            ..Self::of_site(outlines, cases, &[])
        }
    }

    /// Of a page that shows cases of several experiments, and these texts.
    pub(super) fn of_site(outlines: &Arc<Outlines>, cases: &[Trained<'_>], texts: &[&str]) -> Self {
        Self {
            is_never_kept: shows_figures(texts),
            outlines: Some(Shared(Arc::clone(outlines))),
            ..Self::new(cases)
        }
    }
}

fn shows_figures(texts: &[&str]) -> bool {
    texts.iter().any(|text| markdown::shows_figures(text))
}

/// Only the file is named in which a figure is declared, not the line, which changes with every one above it.
fn unplaced(figure: &Arc<Figure>) -> Arc<Figure> {
    let source = figure.source.clone();
    let source = source.map(|source| Source { line: 0, text: String::new(), ..source });
    Arc::new(Figure { source, ..Figure::clone(figure) })
}
