//! Documents → specs: what was typed is completed, checked against everything else, and put into its final form.

mod data;
mod evidence;
mod experiment;
mod figure;
mod function;
mod model;
mod site;
mod training;

pub use site::check_base_url;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::decode::{Faults, Located, OneOrMany, listed};
use super::found::Found;
use super::limits::{Limit, Limits};
use super::load::{Declared, Document, Namespace};
use super::typed::Kind;
use super::{Activation, Date, Experiment, Figure, Model, Page, Specs, Target, standard};
use crate::diagnostic::{Diagnostic, MOST_TOLD, Place, nearest};

/// Everything that specs can refer to by name: the standard things, and over them what the specs declare.
struct Library<'d> {
    declared: &'d Declared,
    limits: &'d Limits,
    targets: BTreeMap<String, Arc<Target>>,
    activations: BTreeMap<String, Arc<Activation>>,
    models: BTreeMap<String, Arc<Model>>,
    figures: BTreeMap<String, Arc<Figure>>,
}

/// Resolves all documents. The specs are complete only if no error was found.
pub(super) fn resolve(
    documents: &[Document],
    declared: &Declared,
    limits: &Limits,
    found: &mut Found<'_>,
) -> Specs {
    let palette = site::palette(documents);
    let mut library = Library {
        declared,
        limits,
        targets: BTreeMap::new(),
        activations: standard::activations(palette)
            .map(|activation| (activation.id.clone(), activation))
            .collect(),
        models: standard::models().into_iter().map(|model| (model.id.clone(), Arc::new(model))).collect(),
        figures: standard::figures()
            .into_iter()
            .map(|figure| (figure.id.clone(), Arc::new(figure)))
            .collect(),
    };
    for document in documents {
        let mut faults = Faults { file: &document.file, found: Vec::new() };
        let id = document.id.value.clone();
        match &document.kind {
            Kind::Polynomial(typed) => {
                if let Some(target) = function::polynomial(document, typed, limits, &mut faults) {
                    library.targets.insert(id, Arc::new(target));
                }
            }
            Kind::Target(typed) => {
                if let Some(target) = function::target(document, typed, &mut faults) {
                    library.targets.insert(id, Arc::new(target));
                }
            }
            Kind::Activation(typed) => {
                if let Some(activation) = function::activation(document, typed, palette, &mut faults) {
                    library.activations.insert(id, Arc::new(activation));
                }
            }
            Kind::Model(typed) => {
                if let Some(model) = model::model(document, typed, limits, &mut faults) {
                    library.models.insert(id, Arc::new(model));
                }
            }
            Kind::Figure(typed) => {
                if let Some(figure) = figure::figure(document, typed, limits, &mut faults) {
                    library.figures.insert(id, Arc::new(figure));
                }
            }
            Kind::Site(_) | Kind::Experiment(_) | Kind::Page(_) => {}
        }
        found.add(faults.found);
    }
    let mut experiments = Vec::new();
    let mut asked = experiment::Asked::default();
    let mut pages = Vec::new();
    for (limit, kind) in [(limits.pages, "page"), (limits.activations, "activation")] {
        found.add(one_too_many(documents, limit, kind));
    }
    for document in documents {
        let mut faults = Faults { file: &document.file, found: Vec::new() };
        match &document.kind {
            Kind::Experiment(typed) => {
                experiments.extend(experiment::experiment(
                    document,
                    typed,
                    &library,
                    &mut asked,
                    &mut faults,
                ));
            }
            Kind::Page(typed) => pages.push(Page {
                id: document.id.value.clone(),
                title: typed.title.value().cloned().unwrap_or_else(|| document.id.value.clone()),
                body: typed.body.value.clone(),
                date: date(&typed.date, &mut faults),
                source: document.source_at(&typed.body.span),
            }),
            _ => {}
        }
        found.add(faults.found);
    }
    experiments.sort_by(|a, b| a.id.cmp(&b.id));
    pages.sort_by(|a, b| a.id.cmp(&b.id));
    let site = site::site(documents, &experiments, declared, found);
    // `home` comes first, in its order; the sort is stable, so the others stay in the order of their ids.
    experiments
        .sort_by_key(|experiment| site.home.iter().position(|id| *id == experiment.id).unwrap_or(usize::MAX));
    library.into_specs(site, experiments, pages)
}

/// The first document of a kind that is more than a site can have.
fn one_too_many(documents: &[Document], limit: Limit, kind: &str) -> Option<Diagnostic> {
    let is_meant = |document: &&Document| match document.kind {
        Kind::Page(_) => kind == "page",
        Kind::Activation(_) => kind == "activation",
        _ => false,
    };
    let most = usize::try_from(limit.most).unwrap_or(usize::MAX);
    let first = documents.iter().filter(is_meant).nth(most)?;
    let faults = Faults { file: &first.file, found: Vec::new() };
    let message = format!("a site can have {most} {kind}s of its own at the most");
    let count = documents.iter().filter(is_meant).count();
    let place = faults.place(&first.id.span, "one more");
    Some(Diagnostic::error(message, place).help(limit.help(count as u64)))
}

impl Document {
    /// Its origin, pointing at one of its values.
    fn source_at(&self, span: &Range<usize>) -> super::Source {
        let place = Place { span: span.clone(), ..self.source.place.clone() };
        super::Source { place, ..self.source.clone() }
    }
}

impl Library<'_> {
    /// Drops the standard things that nothing uses.
    fn into_specs(mut self, site: super::Site, experiments: Vec<Experiment>, pages: Vec<Page>) -> Specs {
        let uses = |test: &dyn Fn(&Experiment) -> bool| experiments.iter().any(test);
        self.activations.retain(|id, activation| {
            activation.source.is_some() || uses(&|e| e.activations.iter().any(|used| used.id == *id))
        });
        self.models.retain(|id, model| {
            model.source.is_some() || uses(&|e| e.models.iter().any(|used| used.id == *id))
        });
        self.figures.retain(|id, figure| {
            figure.source.is_some() || uses(&|e| e.figures.iter().any(|used| used.id == *id))
        });
        Specs {
            site,
            targets: self.targets,
            activations: self.activations,
            models: self.models,
            figures: self.figures,
            experiments,
            pages,
        }
    }
}

/// Looks a name up; reports one that nothing declares. A name that a faulty spec declares has been reported already.
fn look_up<T>(
    name: &Located<String>,
    namespace: Namespace,
    known: &BTreeMap<String, Arc<T>>,
    declared: &Declared,
    faults: &mut Faults<'_>,
) -> Option<Arc<T>> {
    if let Some(found) = known.get(&name.value) {
        return Some(Arc::clone(found));
    }
    if !declared.may_contain(namespace, &name.value) {
        // Names are compared with as many as are told of.
        let is_told = faults.found.len() <= MOST_TOLD;
        let names = known.keys().map(String::as_str).chain(declared.ids(namespace)).filter(|_| is_told);
        let names: Vec<&str> = names.collect();
        faults.push(unknown(name, namespace, &names, faults));
    }
    None
}

/// The diagnostic of a name that nothing declares.
fn unknown(name: &Located<String>, namespace: Namespace, names: &[&str], faults: &Faults<'_>) -> Diagnostic {
    let noun = namespace.noun();
    let place = faults.place(&name.span, format!("no {noun} of this name"));
    let diagnostic = Diagnostic::error(format!("there is no {noun} `{}`", name.value), place);
    if matches!(namespace, Namespace::Model) && name.value.eq_ignore_ascii_case("mlp") {
        return diagnostic.help(format!(
            "a network needs its sizes, and so a spec of its own: `kind: model`, `id: {}`, `type: mlp`, `hidden_sizes: [4, 4]`",
            name.value
        ));
    }
    match nearest(&name.value, names.iter().copied()) {
        Some(nearest) => diagnostic.help(format!("did you mean `{nearest}`?")),
        None if names.is_empty() => diagnostic.help(format!("no {noun} is declared yet")),
        None if names.len() <= 12 => {
            let mut names = names.to_vec();
            names.sort_unstable();
            names.dedup();
            diagnostic.help(format!("there are {}", listed(names)))
        }
        None => diagnostic.help(format!("`actfn-site list {noun}s` shows all names")),
    }
}

/// Looks up every name of an axis, and reports those that stand twice.
fn look_up_all<T>(
    names: &OneOrMany<String>,
    namespace: Namespace,
    known: &BTreeMap<String, Arc<T>>,
    declared: &Declared,
    faults: &mut Faults<'_>,
) -> Option<Vec<Arc<T>>> {
    report_repeats(&names.items, faults);
    let found: Vec<Option<Arc<T>>> =
        names.items.iter().map(|name| look_up(name, namespace, known, declared, faults)).collect();
    found.into_iter().collect()
}

/// Reports names that stand twice in one list.
fn report_repeats(names: &[Located<String>], faults: &mut Faults<'_>) {
    let mut seen: BTreeMap<&str, &Located<String>> = BTreeMap::new();
    for name in names {
        if let Some(first) = seen.get(name.value.as_str()) {
            let place = faults.place(&name.span, "this is the second one");
            let related = faults.place(&first.span, "first named here");
            faults
                .push(Diagnostic::error(format!("`{}` is named twice", name.value), place).related(related));
        } else {
            seen.insert(&name.value, name);
        }
    }
}

/// Reports a value that cannot be, unless `test` holds.
fn require<T: Copy + std::fmt::Display>(
    located: &Located<T>,
    test: impl Fn(T) -> bool,
    name: &str,
    expected: &str,
    faults: &mut Faults<'_>,
) -> Option<T> {
    if test(located.value) {
        return Some(located.value);
    }
    let place = faults.place(&located.span, format!("expected {expected}"));
    // As it was written, if that is shorter: 1e100 has a hundred digits.
    let (value, written) = (located.value.to_string(), faults.file.text.get(located.span.clone()));
    let shown = written.filter(|written| written.len() < value.len()).unwrap_or(&value);
    faults.push(Diagnostic::error(format!("`{name}` must be {expected}, not {shown}"), place));
    None
}

/// A day, if one is given.
fn date(field: &super::decode::Field<Located<String>>, faults: &mut Faults<'_>) -> Option<Date> {
    let given = &field.value()?;
    let date = Date::parse(&given.value);
    if date.is_none() {
        let place = faults.place(&given.span, "expected a day such as 2026-01-31");
        faults.push(Diagnostic::error(format!("`date` must be a day, not `{}`", given.value), place));
    }
    date
}

/// A whole number in a range, as the machine counts.
fn count(
    located: &Located<u64>,
    range: std::ops::RangeInclusive<u64>,
    name: &str,
    faults: &mut Faults<'_>,
) -> Option<usize> {
    let expected = format!("a whole number from {} to {}", range.start(), range.end());
    let value = require(located, |value| range.contains(&value), name, &expected, faults)?;
    usize::try_from(value).ok()
}

/// As [`count`], up to a limit that can be raised.
fn count_to(
    located: &Located<u64>,
    least: u64,
    limit: Limit,
    name: &str,
    faults: &mut Faults<'_>,
) -> Option<usize> {
    let counted = count(located, least..=limit.most, name, faults);
    if located.value > limit.most
        && let Some(diagnostic) = faults.found.last_mut()
    {
        diagnostic.help.push(limit.help(located.value));
    }
    counted
}

/// An interval whose ends are in order and not absurdly large.
fn interval(
    located: &Located<(Located<f64>, Located<f64>)>,
    name: &str,
    faults: &mut Faults<'_>,
) -> Option<(f64, f64)> {
    let (low, high) = &located.value;
    let is_sane = |value: f64| value.abs() <= 1e9;
    let ends = [low, high].map(|end| require(end, is_sane, name, "of numbers within ±1e9", faults));
    let (low, high) = (ends[0]?, ends[1]?);
    if high - low < 1e-9 {
        let place = faults.place(&located.value.1.span, "not above the first");
        faults.push(Diagnostic::error(
            format!("`{name}` must rise from its first number to its second"),
            place,
        ));
        return None;
    }
    Some((low, high))
}

/// Reports a field that was given where it means nothing.
fn does_not_apply<T>(field: &super::decode::Field<T>, name: &str, to: &str, faults: &mut Faults<'_>) {
    if let Some(span) = field.name_span() {
        let place = faults.place(span, format!("not a setting of {to}"));
        faults.push(Diagnostic::error(format!("`{name}` does not apply to {to}"), place));
    }
}
