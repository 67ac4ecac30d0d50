//! The passport of a figure: what it was made from, in full, so that a picture that went astray can be made again. It lies beside
//! the figure as `fit.png.json`, and stands in the picture itself.

use serde::Serialize;
use serde_json::{Map, Value};

use super::alt;
use super::gallery::{Gallery, Trained};
use crate::cache::KeyField;
use crate::plan::{Form, PlannedFigure, Subject};
use crate::spec::{Init, Source};

/// The program and its version.
pub(super) const PROGRAM: &str = concat!("actfn-site ", env!("CARGO_PKG_VERSION"));

#[derive(Serialize)]
struct Passport<'g> {
    /// What this file is.
    format: &'static str,
    program: &'static str,
    figure: &'g str,
    title: &'g str,
    /// What it shows, in words.
    alt: String,
    /// Its files, in all forms.
    files: Vec<String>,
    /// The hash of everything that the first of them depends on.
    key: String,
    /// What of that is the figure's own.
    settings: Map<String, Value>,
    /// Of a figure of one activation and no case.
    #[serde(skip_serializing_if = "Option::is_none")]
    activation: Option<&'g str>,
    /// The experiment of its cases.
    #[serde(skip_serializing_if = "Option::is_none")]
    experiment: Option<&'g str>,
    /// The seed of their initial parameters, if they were drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    /// What it shows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cases: Vec<CaseEntry<'g>>,
    /// The files below the folder of specs that declare what it shows. Without lines, which any edit above moves.
    specs: Vec<&'g str>,
    /// What makes it again.
    command: &'static str,
}

#[derive(Serialize)]
struct CaseEntry<'g> {
    case: String,
    /// The hash of everything that its run depends on.
    run_key: String,
    /// All of that, where the figure shows no other case.
    #[serde(flatten)]
    run: Option<RunEntry<'g>>,
}

#[derive(Serialize)]
struct RunEntry<'g> {
    /// The activation as specs write it, and LaTeX of the target.
    expression: &'g str,
    target: &'g str,
    run: Map<String, Value>,
}

/// The path of a figure's passport.
pub(super) fn path(planned: &PlannedFigure) -> String {
    format!("{}.json", planned.path)
}

/// The passport's file, one line of JSON.
pub(super) fn json<'g>(gallery: Gallery<'g>, planned: &'g PlannedFigure) -> String {
    let forms = [Form::Main, Form::Dark, Form::Svg].into_iter();
    let files = forms.filter_map(|form| gallery.file_of(planned, form));
    let name = |path: String| path.rsplit('/').next().unwrap_or_default().to_owned();
    let subjects = gallery.subjects(planned);
    let is_single = subjects.len() == 1;
    // What follows is that of the cases, which have entries of their own.
    let own = planned.key_fields(gallery.plan).into_iter().take_while(|field| field.name != "cases");
    let passport = Passport {
        format: "figure passport 1",
        program: PROGRAM,
        figure: &planned.figure.id,
        title: &planned.figure.title,
        alt: alt::text(gallery, planned),
        files: files.map(name).collect(),
        key: planned.key.to_string(),
        settings: values(own),
        activation: match &planned.subject {
            Subject::Activation(activation) => Some(&activation.id),
            Subject::Cases(_) => None,
        },
        experiment: subjects.first().map(|first| first.case.experiment.as_str()),
        seed: subjects.first().and_then(|first| seed(gallery, *first)),
        cases: subjects.iter().map(|&trained| case(trained, is_single)).collect(),
        specs: specs(gallery, planned, &subjects),
        command: "actfn-site build",
    };
    let mut text = serde_json::to_string(&passport).unwrap_or_default();
    text.push('\n');
    text
}

fn case(trained: Trained<'_>, is_single: bool) -> CaseEntry<'_> {
    let case = trained.case;
    CaseEntry {
        case: case.path(),
        run_key: case.key.to_string(),
        run: is_single.then(|| RunEntry {
            expression: &case.activation.expression,
            target: &case.target.formula,
            run: values(case.key_fields()),
        }),
    }
}

fn seed(gallery: Gallery<'_>, trained: Trained<'_>) -> Option<u64> {
    match gallery.experiment(&trained.case.experiment)?.init {
        Init::Random { seed, .. } => Some(seed),
        Init::Explicit(_) => None,
    }
}

/// The files in which what a figure shows is declared.
fn specs<'g>(gallery: Gallery<'g>, planned: &'g PlannedFigure, subjects: &[Trained<'g>]) -> Vec<&'g str> {
    let mut places: Vec<&'g str> = Vec::new();
    let mut add = |source: Option<&'g Source>| {
        let place = source.map(|source| source.path.as_str());
        places.extend(place.filter(|place| !places.contains(place)));
    };
    if let Subject::Activation(activation) = &planned.subject {
        add(activation.source.as_ref());
    }
    for trained in subjects {
        let case = trained.case;
        add(gallery.experiment(&case.experiment).map(|experiment| &experiment.source));
        add(Some(&case.target.source));
        add(case.activation.source.as_ref());
        add(case.model.source.as_ref());
    }
    places
}

/// The fields of a key as JSON: numbers as such, and what stands several times as a list.
fn values(fields: impl IntoIterator<Item = KeyField>) -> Map<String, Value> {
    let mut repeated: Vec<(String, Vec<Value>)> = Vec::new();
    // Every key begins with what it is of.
    for KeyField { name, value } in fields.into_iter().filter(|field| field.name != "domain") {
        let is_number = value.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '['));
        let parsed = if is_number { serde_json::from_str(&value).ok() } else { None };
        let value = parsed.unwrap_or(Value::String(value));
        match repeated.iter_mut().find(|(other, _)| *other == name) {
            Some((_, values)) => values.push(value),
            None => repeated.push((name, vec![value])),
        }
    }
    let one =
        |mut values: Vec<Value>| if values.len() == 1 { values.remove(0) } else { Value::Array(values) };
    repeated.into_iter().map(|(name, values)| (name, one(values))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_numbers_and_repeated_fields_are_lists() {
        let field = |name: &str, value: &str| KeyField { name: name.into(), value: value.into() };
        let fields = [
            field("points", "200"),
            field("size", "4"),
            field("initial", "[0.5, -1]"),
            field("size", "3"),
            field("activation", "-tanh(x)"),
            field("noise", "inf"),
        ];
        let expected = serde_json::json!({
            "points": 200, "size": [4, 3], "initial": [0.5, -1], "activation": "-tanh(x)", "noise": "inf"
        });
        assert_eq!(Value::Object(values(fields)), expected);
    }
}
