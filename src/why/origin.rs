//! Which documents an artifact is made from, and which of their fields a value of its key comes from.

use crate::plan::{Case, Plan, PlannedFigure, Subject};
use crate::spec::{self, Experiment, GivenField, Source, Specs};

/// What a document is to an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Site,
    Experiment,
    Target,
    Activation,
    Model,
    Figure,
    Page,
}

/// A document with the id of what it declares.
#[derive(Debug, Clone)]
pub(super) struct Document<'s> {
    pub(super) role: Role,
    id: &'s str,
    source: &'s Source,
}

impl<'s> Document<'s> {
    fn new(role: Role, id: &'s str, source: Option<&'s Source>) -> Option<Self> {
        Some(Self { role, id, source: source? })
    }

    /// What stays the same when its file is renamed.
    pub(super) fn identity(&self) -> (Role, &'s str) {
        (self.role, self.id)
    }

    /// Its file.
    pub(super) fn path(&self) -> &'s str {
        &self.source.place.file.path
    }

    pub(super) fn fields(&self) -> Vec<GivenField> {
        spec::given_fields(self.source)
    }
}

/// The fields of specs that a value of a run's key comes from; none for what only the program decides.
pub(super) fn of_run_field(name: &str) -> &'static [(Role, &'static str)] {
    use Role::{Activation, Experiment, Model, Target};
    match name {
        "model" | "layers" | "size" => &[(Experiment, "model"), (Model, "type"), (Model, "hidden_sizes")],
        "activation" => &[(Activation, "builtin"), (Activation, "expression"), (Activation, "parameters")],
        "target" => &[
            (Target, "expression"),
            (Target, "parameters"),
            (Target, "coefficients"),
            (Target, "roots"),
            (Target, "leading"),
        ],
        "domain.low" | "domain.high" | "points" | "noise" | "noise_seed" | "validation"
        | "validation_seed" => &[(Experiment, "data")],
        // From a shared stream each case draws after those before it.
        "initial" => &[
            (Experiment, "init"),
            (Experiment, "target"),
            (Experiment, "activation"),
            (Experiment, "model"),
            (Model, "hidden_sizes"),
        ],
        // They are drawn as the first is.
        "restart" => &[
            (Experiment, "training.restarts"),
            (Experiment, "init"),
            (Experiment, "target"),
            (Experiment, "activation"),
            (Experiment, "model"),
            (Model, "hidden_sizes"),
        ],
        "optimizer" | "momentum" | "alpha" | "beta1" | "beta2" | "epsilon" | "weight_decay" | "memory"
        | "damping" | "tolerance" => &[(Experiment, "training.optimizer")],
        // An optimizer may have its own.
        "learning_rate" => &[(Experiment, "training.learning_rate"), (Experiment, "training.optimizer")],
        "epochs" => &[(Experiment, "training.epochs")],
        // Where it is not given, it follows from the epochs.
        "snapshot_every" => &[(Experiment, "training.snapshot_every"), (Experiment, "training.epochs")],
        "batch_size" => &[(Experiment, "training.batch_size")],
        "shuffle_seed" => &[(Experiment, "training.shuffle_seed")],
        "schedule" | "every" | "window" | "minimum" | "factor" => &[(Experiment, "training.schedule")],
        _ => &[],
    }
}

/// The fields of specs that a value of a figure's key comes from, those that come through its runs left out.
pub(super) fn of_figure_field(name: &str) -> &'static [(Role, &'static str)] {
    use Role::{Activation, Experiment, Figure, Site};
    match name {
        "width" | "height" => &[(Figure, "size"), (Figure, "type")],
        "type" => &[(Figure, "type")],
        "fps" => &[(Figure, "fps")],
        "panels" | "panel" | "trajectory" => &[(Figure, "panels")],
        "z" => &[(Figure, "z")],
        "w" => &[(Figure, "w")],
        "b" => &[(Figure, "b")],
        "resolution" => &[(Figure, "resolution")],
        "colormap" => &[(Figure, "colormap")],
        "scale" => &[(Figure, "scale")],
        "activation" | "symbol" => {
            &[(Activation, "symbol"), (Activation, "builtin"), (Experiment, "activation")]
        }
        "color" => &[(Activation, "color"), (Activation, "builtin"), (Experiment, "activation")],
        "expression" => &[(Activation, "builtin"), (Activation, "expression")],
        "parameter" | "value" => &[(Activation, "parameters"), (Activation, "builtin")],
        "function" => &[(Activation, "builtin"), (Activation, "expression"), (Activation, "parameters")],
        "shows" => &[(Figure, "value")],
        "attainable" => &[(Experiment, "attainable")],
        "trials" => &[(Experiment, "seeds"), (Experiment, "init")],
        "success_within" => &[(Experiment, "success_within")],
        "cases" | "run" => &[(Experiment, "activation")],
        "target" => &[(Experiment, "target")],
        "form" => &[(Figure, "formats"), (Site, "figures")],
        // Of a card.
        "title" => &[(Experiment, "title")],
        "site_title" => &[(Site, "title")],
        _ => &[],
    }
}

const RUN_FIELDS: [&str; 14] = [
    "model",
    "activation",
    "target",
    "points",
    "initial",
    "optimizer",
    "learning_rate",
    "epochs",
    "snapshot_every",
    "schedule",
    "batch_size",
    "shuffle_seed",
    "restart",
    "domain.low",
];

const FIGURE_FIELDS: [&str; 16] = [
    "width",
    "type",
    "fps",
    "panels",
    "z",
    "w",
    "b",
    "resolution",
    "colormap",
    "scale",
    "shows",
    "attainable",
    "trials",
    "success_within",
    "symbol",
    "color",
];

/// Whether a field of a spec can enter a run's key.
pub(super) fn enters_run(role: Role, path: &str) -> bool {
    let origins = RUN_FIELDS.into_iter().flat_map(of_run_field);
    origins.into_iter().any(|(other, prefix)| *other == role && is_below(path, prefix))
}

/// Whether a field of a spec can enter a figure's key, but for its runs.
pub(super) fn enters_figure(role: Role, path: &str) -> bool {
    let origins = FIGURE_FIELDS.into_iter().chain(["function"]).flat_map(of_figure_field);
    origins.into_iter().any(|(other, prefix)| *other == role && is_below(path, prefix))
}

/// Whether a path is that of a field, or of a part of it.
pub(super) fn is_below(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The documents of one case.
pub(super) fn of_case<'s>(specs: &'s Specs, case: &Case) -> Vec<Document<'s>> {
    let experiment = specs.experiments.iter().find(|experiment| experiment.id == case.experiment);
    let target = specs.targets.get(&case.target.id);
    let activation = specs.activations.get(&case.activation.id);
    let model = specs.models.get(&case.model.id);
    let documents = [
        experiment.and_then(|it| Document::new(Role::Experiment, &it.id, Some(&it.source))),
        target.and_then(|it| Document::new(Role::Target, &it.id, Some(&it.source))),
        activation.and_then(|it| Document::new(Role::Activation, &it.id, it.source.as_ref())),
        model.and_then(|it| Document::new(Role::Model, &it.id, it.source.as_ref())),
    ];
    documents.into_iter().flatten().collect()
}

/// The documents of one figure and of what it shows.
pub(super) fn of_figure<'s>(specs: &'s Specs, plan: &Plan, planned: &PlannedFigure) -> Vec<Document<'s>> {
    let figure = specs.figures.get(&planned.figure.id);
    let mut documents: Vec<Document<'s>> =
        figure.and_then(|it| Document::new(Role::Figure, &it.id, it.source.as_ref())).into_iter().collect();
    match &planned.subject {
        Subject::Activation(activation) => {
            let activation = specs.activations.get(&activation.id);
            documents.extend(
                activation.and_then(|it| Document::new(Role::Activation, &it.id, it.source.as_ref())),
            );
        }
        Subject::Cases(indices) => {
            documents.extend(indices.iter().flat_map(|&index| of_case(specs, &plan.cases[index])));
        }
    }
    distinct(documents)
}

/// The documents of a page, table or report, by its path in the site.
pub(super) fn of_file<'s>(specs: &'s Specs, plan: &Plan, path: &str) -> Vec<Document<'s>> {
    let site = specs.site.source.as_ref().and_then(|source| Document::new(Role::Site, "", Some(source)));
    let of_experiment = |experiment: &'s Experiment| {
        let cases = plan.cases.iter().filter(|case| case.experiment == experiment.id);
        let mut documents: Vec<Document<'s>> = cases.flat_map(|case| of_case(specs, case)).collect();
        documents.extend(of_figures(experiment, specs));
        documents
    };
    let uses = |test: &dyn Fn(&Experiment) -> bool| {
        let using = specs.experiments.iter().filter(|experiment| test(experiment));
        using.flat_map(of_experiment).collect::<Vec<_>>()
    };
    let parts: Vec<&str> = path.split('/').collect();
    let of_path = match parts.as_slice() {
        ["experiments", id, file] if file.contains('.') => uses(&|experiment| experiment.id == *id),
        ["experiments", id, ..] if parts.len() > 3 => {
            let case = plan.cases.iter().find(|case| {
                let below = path.strip_prefix(case.directory().as_str());
                below.and_then(|rest| rest.strip_prefix('/')).is_some_and(|file| !file.contains('/'))
            });
            let experiment = specs.experiments.iter().find(|experiment| experiment.id == *id);
            let of_case = case.map(|case| of_case(specs, case)).unwrap_or_default();
            let figures = experiment.map(|experiment| of_figures(experiment, specs)).unwrap_or_default();
            of_case.into_iter().chain(figures).collect()
        }
        ["activations", id, _] => {
            let own = specs.activations.get(*id);
            let own = own.and_then(|it| Document::new(Role::Activation, &it.id, it.source.as_ref()));
            let users = uses(&|experiment| experiment.activations.iter().any(|it| it.id == *id));
            own.into_iter().chain(users).collect()
        }
        ["targets", id, _] => {
            let own = specs.targets.get(*id);
            let own = own.and_then(|it| Document::new(Role::Target, &it.id, Some(&it.source)));
            let users = uses(&|experiment| experiment.targets.iter().any(|it| it.id == *id));
            own.into_iter().chain(users).collect()
        }
        ["models", id, _] => {
            let own = specs.models.get(*id);
            let own = own.and_then(|it| Document::new(Role::Model, &it.id, it.source.as_ref()));
            let users = uses(&|experiment| experiment.models.iter().any(|it| it.id == *id));
            own.into_iter().chain(users).collect()
        }
        [id, "index.html"] if specs.pages.iter().any(|page| page.id == *id) => {
            let page = specs.pages.iter().find(|page| page.id == *id);
            page.and_then(|it| Document::new(Role::Page, &it.id, Some(&it.source))).into_iter().collect()
        }
        _ => all(specs),
    };
    distinct(site.into_iter().chain(of_path).collect())
}

fn of_figures<'s>(experiment: &Experiment, specs: &'s Specs) -> Vec<Document<'s>> {
    let figures = experiment.figures.iter().filter_map(|figure| specs.figures.get(&figure.id));
    figures.filter_map(|it| Document::new(Role::Figure, &it.id, it.source.as_ref())).collect()
}

/// Every document.
pub(super) fn all(specs: &Specs) -> Vec<Document<'_>> {
    let site = specs.site.source.as_ref().map(|source| (Role::Site, "", Some(source)));
    let targets = specs.targets.values().map(|it| (Role::Target, it.id.as_str(), Some(&it.source)));
    let activations =
        specs.activations.values().map(|it| (Role::Activation, it.id.as_str(), it.source.as_ref()));
    let models = specs.models.values().map(|it| (Role::Model, it.id.as_str(), it.source.as_ref()));
    let figures = specs.figures.values().map(|it| (Role::Figure, it.id.as_str(), it.source.as_ref()));
    let experiments = specs.experiments.iter().map(|it| (Role::Experiment, it.id.as_str(), Some(&it.source)));
    let pages = specs.pages.iter().map(|it| (Role::Page, it.id.as_str(), Some(&it.source)));
    let declared = site.into_iter().chain(experiments).chain(targets).chain(activations);
    let declared = declared.chain(models).chain(figures).chain(pages);
    declared.filter_map(|(role, id, source)| Document::new(role, id, source)).collect()
}

fn distinct(documents: Vec<Document<'_>>) -> Vec<Document<'_>> {
    let mut kept: Vec<Document<'_>> = Vec::new();
    for document in documents {
        if !kept.iter().any(|other| other.identity() == document.identity()) {
            kept.push(document);
        }
    }
    kept
}
