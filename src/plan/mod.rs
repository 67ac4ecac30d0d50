//! What has to be done: every case to train and every figure to draw, in a fixed order, each with its cache key and
//! its place in the site. Nothing here trains, draws or touches a disk.

mod form;
mod initialisation;
mod key;
mod numpy;
mod samples;

use std::sync::Arc;

use rayon::prelude::*;

use crate::cache::{CacheKey, KeyBuilder, KeyField};
use crate::spec::{
    Activation, AttainableSearch, Data, Experiment, Figure, FigureType, Init, Model, ModelType, Specs,
    Target, Training, standard_figure,
};
use initialisation::Initialisation;

pub use form::Form;
pub use key::{ATTAINABLE_VERSION, FIGURE_VERSION, RUN_VERSION};
pub use numpy::Generator;
pub use samples::{Points, Samples, scale};

/// The work that the specs ask for.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Experiment after experiment; within one, targets outermost, then activations, models and training axes.
    pub cases: Vec<Arc<Case>>,
    /// Case after case, then those that span cases, then those of activations' pages, each with its other forms behind it.
    /// Paths are unique; keys need not be.
    pub figures: Vec<PlannedFigure>,
    /// The cases of one target in one experiment, which are compared.
    pub contests: Vec<Contest>,
}

/// Cases that are compared with one another.
#[derive(Debug, Clone)]
pub struct Contest {
    /// The ids of the experiment and the target.
    pub experiment: String,
    pub target: String,
    /// Indices into [`Plan::cases`].
    pub cases: Vec<usize>,
    /// The key of the [`crate::verdict::Verdict`]; `None` where there are not many starts of each.
    pub key: Option<CacheKey>,
}

/// One fully resolved training.
#[derive(Debug, Clone)]
pub struct Case {
    /// The id of the experiment.
    pub experiment: String,
    /// The levels below the experiment: target, activation, then one per further axis (`learning_rate-0.001`).
    pub levels: Vec<String>,
    /// The further axes' names and values as shown: `("learning_rate", "0.001")`, `("model", "mlp_4_4")`.
    pub axes: Vec<(String, String)>,
    pub target: Arc<Target>,
    pub activation: Arc<Activation>,
    pub model: Arc<Model>,
    pub data: Data,
    /// The initial parameters, drawn already, so that the key depends on them and not on how they came to be.
    pub initial: Vec<f64>,
    /// Further initial parameters to train from; of all these runs, the one with the lowest loss is kept.
    pub restarts: Vec<Vec<f64>>,
    pub training: Training,
    /// Its starts by seed, for statistics; none if the experiment does not ask for them.
    pub seeded: Vec<Seeded>,
    /// Whether it has a page of its own.
    pub has_page: bool,
    /// A start succeeds if its loss exceeds the attainable one by no more than this share of it.
    pub success_within: f64,
    /// The key of its [`crate::train::Trials`]; `None` without seeds.
    pub trials_key: Option<CacheKey>,
    /// Where to look for the least loss that it could have; `None` where that is not asked, or not known how.
    pub attainable: Option<AttainableSearch>,
    /// The key of its [`crate::train::Run`].
    pub key: CacheKey,
}

/// What a case of the same experiment with another seed starts from.
#[derive(Debug, Clone, PartialEq)]
pub struct Seeded {
    pub seed: u64,
    /// The initial parameters, and those of the restarts.
    pub starts: Vec<Vec<f64>>,
}

impl Case {
    /// Its path below the experiment, as pages name it: `cubic_s/leaky_relu`.
    pub fn path(&self) -> String {
        self.levels.join("/")
    }

    /// The key of what can be attained within a search.
    pub fn attainable_key(&self, search: &AttainableSearch) -> CacheKey {
        key::attainable_key(self, search)
    }

    /// The parameters of a start: the first, or one of the restarts.
    pub fn start(&self, index: usize) -> &[f64] {
        index.checked_sub(1).and_then(|index| self.restarts.get(index)).unwrap_or(&self.initial)
    }

    /// What enters the key of its run, for people.
    pub fn key_fields(&self) -> Vec<KeyField> {
        key::run_fields(self)
    }

    /// Its folder in the site: `experiments/benchmark/cubic_s/leaky_relu`.
    pub fn directory(&self) -> String {
        format!("experiments/{}/{}", self.experiment, self.path())
    }
}

/// The most parameters that a fan shows.
pub const MOST_PANELS: usize = 4;

/// One picture or animation to draw, in one form.
#[derive(Debug, Clone)]
pub struct PlannedFigure {
    pub figure: Arc<Figure>,
    pub subject: Subject,
    pub form: Form,
    /// Its file in the site: `experiments/benchmark/cubic_s/leaky_relu/fit.png`.
    pub path: String,
    pub key: CacheKey,
}

impl PlannedFigure {
    /// What enters its key, for people; `plan` is the one that it belongs to.
    pub fn key_fields(&self, plan: &Plan) -> Vec<KeyField> {
        let fields = match &self.subject {
            Subject::Activation(activation) => key::activation_fields(&self.figure, activation),
            Subject::Cases(indices) => {
                let cases: Vec<&Case> = indices.iter().map(|&index| &*plan.cases[index]).collect();
                key::cases_fields(&self.figure, &cases, self.form)
            }
        };
        key::with_form(fields, &self.figure, self.form)
    }
}

/// What a figure shows.
#[derive(Debug, Clone)]
pub enum Subject {
    Activation(Arc<Activation>),
    /// Indices into [`Plan::cases`]; one but for figures that compare.
    Cases(Vec<usize>),
}

impl Subject {
    /// The indices of its cases; none for an activation.
    pub fn cases(&self) -> &[usize] {
        match self {
            Self::Activation(_) => &[],
            Self::Cases(indices) => indices,
        }
    }
}

/// Plans all cases and figures.
pub fn plan(specs: &Specs) -> Plan {
    plan_again(specs, None)
}

/// As [`plan`], taking from an earlier plan, and what it was made of, the very cases of experiments whose cases are as they were.
pub fn plan_again(specs: &Specs, last: Option<(&Specs, &Plan)>) -> Plan {
    let mut cases: Vec<Arc<Case>> = Vec::new();
    let mut figures = Vec::new();
    for experiment in &specs.experiments {
        let first = cases.len();
        let known = last.and_then(|(specs, plan)| {
            let other = specs.experiments.iter().find(|other| other.id == experiment.id)?;
            let cases = plan.cases.iter().filter(|case| case.experiment == experiment.id);
            has_same_cases(experiment, other).then(|| cases.cloned().collect())
        });
        cases.extend(known.unwrap_or_else(|| cases_of(experiment)));
        figures.extend(figures_of(experiment, &cases, first));
        if specs.site.base_url.is_some() {
            figures.push(form::card(experiment, &specs.site, &cases, first));
        }
    }
    figures.extend(activation_figures(specs));
    let figures = form::in_all_forms(figures, &specs.site);
    let contests = contests(&cases);
    Plan { cases, figures, contests }
}

fn contests(cases: &[Arc<Case>]) -> Vec<Contest> {
    let mut contests: Vec<Contest> = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        // Cases of an experiment stand target by target.
        match contests.last_mut() {
            Some(last) if last.experiment == case.experiment && last.target == case.target.id => {
                last.cases.push(index);
            }
            _ => contests.push(Contest {
                experiment: case.experiment.clone(),
                target: case.target.id.clone(),
                cases: vec![index],
                key: None,
            }),
        }
    }
    for contest in &mut contests {
        let keys = contest.cases.iter().map(|&index| cases[index].trials_key);
        contest.key = keys.collect::<Option<Vec<_>>>().map(|keys| key::verdict_key(&keys));
    }
    contests
}

/// Whether the cases of two experiments of one id are the same: whether they differ in nothing but texts and figures.
fn has_same_cases(one: &Experiment, other: &Experiment) -> bool {
    let Experiment { figures, title, description, source, .. } = one;
    let alike = Experiment {
        figures: figures.clone(),
        title: title.clone(),
        description: description.clone(),
        source: source.clone(),
        ..other.clone()
    };
    *one == alike
}

fn cases_of(experiment: &Experiment) -> Vec<Arc<Case>> {
    let mut initialisation = Initialisation::new(&experiment.init);
    let inits: Vec<Init> = experiment.seeds.iter().map(|seed| experiment.init.with_seed(*seed)).collect();
    let mut others: Vec<Initialisation<'_>> = inits.iter().map(Initialisation::new).collect();
    let mut cases = Vec::new();
    for target in &experiment.targets {
        for activation in &experiment.activations {
            for model in &experiment.models {
                for variant in &experiment.trainings {
                    let mut levels = vec![target.id.clone(), activation.id.clone()];
                    let mut axes = Vec::new();
                    if experiment.models_are_an_axis {
                        levels.push(model.id.clone());
                        axes.push(("model".to_owned(), model.id.clone()));
                    }
                    levels.extend(variant.axes.iter().map(|(name, value)| level(name, value)));
                    axes.extend(variant.axes.iter().cloned());
                    let (path, count) = (levels.join("/"), variant.training.restarts);
                    let mut starts = initialisation.starts(&model.model_type, &path, count).into_iter();
                    let seeded = experiment.seeds.iter().zip(&mut others).map(|(seed, other)| Seeded {
                        seed: *seed,
                        starts: other.starts(&model.model_type, &path, count),
                    });
                    let seeded: Vec<Seeded> = seeded.collect();
                    let mut case = Case {
                        experiment: experiment.id.clone(),
                        levels,
                        axes,
                        target: Arc::clone(target),
                        activation: Arc::clone(activation),
                        model: Arc::clone(model),
                        data: experiment.data,
                        initial: starts.next().unwrap_or_default(),
                        restarts: starts.collect(),
                        seeded,
                        has_page: experiment.case_pages,
                        success_within: experiment.success_within,
                        trials_key: None,
                        training: variant.training,
                        attainable: attainable_search(experiment, &model.model_type),
                        key: KeyBuilder::new("none", 0).finish(),
                    };
                    case.key = key::run_key(&case);
                    case.trials_key = (!case.seeded.is_empty()).then(|| key::trials_key(&case));
                    cases.push(Arc::new(case));
                }
            }
        }
    }
    cases
}

/// The search that an experiment asks for, for the models that it is known for.
fn attainable_search(experiment: &Experiment, model_type: &ModelType) -> Option<AttainableSearch> {
    let is_known = matches!(model_type, ModelType::SingleNeuron | ModelType::ScaledInput);
    (is_known && experiment.attainable.budget > 0).then_some(experiment.attainable)
}

/// The folder of one value of an axis: `learning_rate-0.001`. Values of settings in parentheses lose what a path should not
/// hold; the values of an axis differ, and so do their folders.
fn level(name: &str, value: &str) -> String {
    let value = value.replace(", ", "_").replace(['(', ' '], "-").replace(')', "");
    format!("{name}-{value}")
}

/// The figures of one experiment, whose cases begin at `first`.
fn figures_of(experiment: &Experiment, cases: &[Arc<Case>], first: usize) -> Vec<PlannedFigure> {
    let of_cases: Vec<_> =
        experiment.figures.iter().filter(|figure| span(&figure.figure_type) == Span::Case).collect();
    let of_one = |index: usize| -> Vec<PlannedFigure> {
        let case = &cases[index];
        let planned = of_cases.iter().map(|&figure| {
            let path = format!("{}/{}", case.directory(), file_name(figure));
            match figure.figure_type {
                FigureType::Activation { .. } | FigureType::ParameterFan { .. } => {
                    of_activation(figure, &case.activation, path)
                }
                _ => PlannedFigure {
                    figure: Arc::clone(figure),
                    subject: Subject::Cases(vec![index]),
                    form: Form::Main,
                    path,
                    key: key::cases_key(figure, &[case]),
                },
            }
        });
        planned.collect()
    };
    let mut planned: Vec<PlannedFigure> =
        (first..cases.len()).into_par_iter().flat_map_iter(of_one).collect();
    for figure in &experiment.figures {
        let groups = match span(&figure.figure_type) {
            Span::Case => continue,
            span @ (Span::Activations | Span::Target) => groups(cases, first, span),
            Span::Experiment => vec![(String::new(), (first..cases.len()).collect())],
        };
        for (name, indices) in &groups {
            let members: Vec<&Case> = indices.iter().map(|&index| &*cases[index]).collect();
            let folder = format!("experiments/{}", experiment.id);
            let path = if groups.len() == 1 {
                format!("{folder}/{}", file_name(figure))
            } else {
                // No id holds `~`, so that no two names can meet.
                format!("{folder}/{}~{name}.{}", figure.id, extension(figure))
            };
            planned.push(PlannedFigure {
                figure: Arc::clone(figure),
                subject: Subject::Cases(indices.clone()),
                form: Form::Main,
                path,
                key: key::cases_key(figure, &members),
            });
        }
    }
    planned
}

/// Whether there is a figure of this type for every case, and not one for several.
pub fn is_of_one_case(figure_type: &FigureType) -> bool {
    span(figure_type) == Span::Case
}

/// Which cases one figure shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Span {
    Case,
    /// Those that differ only in their activation.
    Activations,
    /// All of a target.
    Target,
    Experiment,
}

fn span(figure_type: &FigureType) -> Span {
    match figure_type {
        FigureType::Comparison => Span::Activations,
        FigureType::LossComparison { .. } | FigureType::LossBoxes => Span::Target,
        FigureType::Attainable | FigureType::Matrix { .. } => Span::Experiment,
        _ => Span::Case,
    }
}

/// The cases that one figure shows, by what they share: the target and, but for a comparison of all, all axes other than
/// the activation.
fn groups(cases: &[Arc<Case>], first: usize, span: Span) -> Vec<(String, Vec<usize>)> {
    let is_shared = |level: usize| match span {
        Span::Target => level == 0,
        _ => level != 1,
    };
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    for (index, case) in cases.iter().enumerate().skip(first) {
        let shared: Vec<&str> = case
            .levels
            .iter()
            .enumerate()
            .filter(|(level, _)| is_shared(*level))
            .map(|(_, name)| name.as_str())
            .collect();
        let name = shared.join("~");
        match groups.iter_mut().find(|(other, _)| *other == name) {
            Some((_, indices)) => indices.push(index),
            None => groups.push((name, vec![index])),
        }
    }
    groups
}

/// The figures of every activation's own page: of itself and, if it has parameters, of their fan.
fn activation_figures(specs: &Specs) -> Vec<PlannedFigure> {
    let figure = |name: &str, is_usable: fn(&FigureType) -> bool| {
        let declared = specs.figures.get(name).filter(|figure| is_usable(&figure.figure_type)).cloned();
        declared.or_else(|| standard_figure(name).map(Arc::new))
    };
    let own = figure("activation", |kind| matches!(kind, FigureType::Activation { .. }));
    let fan = figure("parameter_fan", |kind| matches!(kind, FigureType::ParameterFan { .. }));
    let mut planned = Vec::new();
    for activation in specs.activations.values() {
        let path = |name: &str| format!("activations/{}/{name}.png", activation.id);
        planned.extend(own.iter().map(|figure| of_activation(figure, activation, path("activation"))));
        if !activation.parameters.is_empty() {
            planned.extend(fan.iter().map(|figure| of_activation(figure, activation, path("parameter_fan"))));
        }
    }
    planned
}

/// A figure that shows an activation and no case. The size of a fan is that of a panel; it has one for each parameter.
fn of_activation(figure: &Arc<Figure>, activation: &Arc<Activation>, path: String) -> PlannedFigure {
    let panels = match figure.figure_type {
        FigureType::ParameterFan { .. } => activation.parameters.len().clamp(1, MOST_PANELS),
        _ => 1,
    };
    let mut figure = Arc::clone(figure);
    if panels > 1 {
        let (width, height) = figure.size;
        let size = (width, height * u32::try_from(panels).unwrap_or(1));
        figure = Arc::new(Figure { size, ..Figure::clone(&figure) });
    }
    PlannedFigure {
        key: key::activation_key(&figure, activation),
        subject: Subject::Activation(Arc::clone(activation)),
        form: Form::Main,
        figure,
        path,
    }
}

/// The name of a figure's file.
fn file_name(figure: &Figure) -> String {
    format!("{}.{}", figure.id, extension(figure))
}

/// `gif` for an animation, else `png`.
fn extension(figure: &Figure) -> &'static str {
    match figure.figure_type {
        FigureType::Convergence { .. } => "gif",
        _ => "png",
    }
}
