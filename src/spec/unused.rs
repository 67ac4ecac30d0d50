//! What specs declare and nothing uses.

use std::collections::BTreeSet;

use super::{FigureType, Source, Specs};
use crate::diagnostic::{Diagnostic, Place};
use crate::function::Function;

/// A warning for each target, activation, model and figure that a spec declares and no experiment uses, and for each parameter
/// that its expression does not contain.
pub fn unused(specs: &Specs) -> Vec<Diagnostic> {
    let mut used: BTreeSet<(&str, &str)> = BTreeSet::new();
    for experiment in &specs.experiments {
        used.extend(experiment.targets.iter().map(|it| ("target", it.id.as_str())));
        used.extend(experiment.activations.iter().map(|it| ("activation", it.id.as_str())));
        used.extend(experiment.models.iter().map(|it| ("model", it.id.as_str())));
        used.extend(experiment.figures.iter().map(|it| ("figure", it.id.as_str())));
    }
    let mut declared: Vec<(&str, &str, &Source)> = Vec::new();
    declared.extend(specs.targets.values().map(|it| ("target", it.id.as_str(), &it.source)));
    let activations = specs.activations.values();
    declared.extend(activations.filter_map(|it| Some(("activation", it.id.as_str(), it.source.as_ref()?))));
    let models = specs.models.values();
    declared.extend(models.filter_map(|it| Some(("model", it.id.as_str(), it.source.as_ref()?))));
    // The pages of activations show figures of these types without being asked.
    let is_of_activations =
        |kind: &FigureType| matches!(kind, FigureType::Activation { .. } | FigureType::ParameterFan { .. });
    let figures = specs.figures.values().filter(|figure| !is_of_activations(&figure.figure_type));
    declared.extend(figures.filter_map(|it| Some(("figure", it.id.as_str(), it.source.as_ref()?))));
    let unused = declared.into_iter().filter(|(kind, id, _)| !used.contains(&(kind, id)));
    let mut found: Vec<Diagnostic> = unused
        .map(|(kind, id, source)| {
            let message = format!("no experiment uses the {kind} `{id}`");
            Diagnostic::warning(message, declaration(source)).help(format!(
                "name it under `{kind}{}` in an experiment, or remove it",
                if kind == "figure" { "s" } else { "" }
            ))
        })
        .collect();
    for target in specs.targets.values() {
        let expression = target.expression.as_deref().unwrap_or_default();
        found.extend(idle_parameters(expression, &target.parameters, &target.source));
    }
    for activation in specs.activations.values() {
        let source = activation.source.iter();
        found.extend(
            source.flat_map(|source| idle_parameters(&activation.expression, &activation.parameters, source)),
        );
    }
    found.sort_by_key(|diagnostic| {
        diagnostic.place.as_ref().map(|place| (place.file.path.clone(), place.span.start))
    });
    found
}

/// The parameters without which the expression means the same.
fn idle_parameters(expression: &str, parameters: &[(String, f64)], source: &Source) -> Vec<Diagnostic> {
    let without = |name: &str| -> Vec<(String, f64)> {
        parameters.iter().filter(|(other, _)| other != name).cloned().collect()
    };
    let idle = parameters.iter().filter(|(name, _)| Function::parse(expression, &without(name)).is_ok());
    idle.map(|(name, _)| {
        let message = format!("the expression does not contain the parameter `{name}`");
        Diagnostic::warning(message, declaration(source)).help("use it, or remove it under `parameters`")
    })
    .collect()
}

/// Where a document says what it is: its id or, without one, its first line.
fn declaration(source: &Source) -> Place {
    let file = &source.place.file;
    // Comments before it are part of what its page shows, and no part of the document.
    let start = source.place.span.start.min(file.text.len());
    let lines = file.text[start..].split_inclusive('\n').scan(start, |at, line| {
        let from = *at;
        *at += line.len();
        Some((from, line.trim_end()))
    });
    let lines: Vec<(usize, &str)> = lines.take_while(|(_, line)| *line != "---").collect();
    let id = lines.iter().find(|(_, line)| line.starts_with("id:"));
    let (from, line) = id.or(lines.first()).copied().unwrap_or((start, ""));
    let end = (from + line.len()).min(file.text.len());
    Place { file: file.clone(), span: from.min(end)..end, label: String::new() }
}
