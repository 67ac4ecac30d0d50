//! The fields of a spec as its author gave them, one by one, for telling what has changed between two versions of it.

use super::Source;
use super::limits::Limits;
use super::yaml::{self, Node, Value};

/// One field of a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenField {
    /// The names on the way to it: `training.learning_rate`. A list is one field.
    pub path: String,
    /// As typed; lists in brackets.
    pub value: String,
    /// Of the field's name, from 1.
    pub line: usize,
}

/// The fields of the document that something was read from, `kind` and `id` left out, in the order of the file.
pub fn given_fields(source: &Source) -> Vec<GivenField> {
    let file = &source.place.file;
    let line_of = |at: usize| file.text[..at].matches('\n').count() + 1;
    // It was parsed before, within the limits of its site; if it could not be parsed now there would be no source.
    let documents = yaml::parse(file, &Limits::raised(), &mut 0).unwrap_or_default();
    let document = documents.into_iter().find(|document| line_of(document.span.start) == source.line);
    let mut fields = Vec::new();
    if let Some(document) = document {
        gather(&document, "", &file.text, &mut fields);
    }
    fields.retain(|field| field.path != "kind" && field.path != "id");
    fields
}

fn gather(node: &Node, prefix: &str, text: &str, fields: &mut Vec<GivenField>) {
    let Value::Mapping(entries) = &node.value else { return };
    for entry in entries {
        let path = if prefix.is_empty() { entry.key.clone() } else { format!("{prefix}.{}", entry.key) };
        if matches!(entry.value.value, Value::Mapping(_)) {
            gather(&entry.value, &path, text, fields);
        } else {
            let line = text[..entry.key_span.start].matches('\n').count() + 1;
            fields.push(GivenField { path, value: shown(&entry.value, text), line });
        }
    }
}

fn shown(node: &Node, text: &str) -> String {
    match &node.value {
        Value::Text(value) => value.trim_end().to_owned(),
        Value::Sequence(items) => {
            let items: Vec<String> = items.iter().map(|item| shown(item, text)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Mapping(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|entry| format!("{}: {}", entry.key, shown(&entry.value, text))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Number(_) => {
            text[node.span.clone()].to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::fs::TextFile;

    #[test]
    fn fields_are_found_as_they_were_typed() {
        let text = "kind: target\nid: t\nexpression: x\n---\nkind: experiment\nid: e\ntarget: [t, t2]\n\
                    activation: tanh\ntraining:\n  learning_rate: 2.0e-3\n  epochs: 10\n  schedule: {type: constant}\n\
                    ---\nkind: target\nid: t2\nexpression: 'x'\n";
        let file = Arc::new(SourceFile { path: "specs/a.yaml".into(), text: text.into() });
        let specs = crate::spec::load(&[TextFile { name: "a.yaml".into(), file }], Vec::new()).unwrap();
        let fields = given_fields(&specs.experiments[0].source);
        let fields: Vec<(&str, &str, usize)> =
            fields.iter().map(|field| (field.path.as_str(), field.value.as_str(), field.line)).collect();
        let expected = [
            ("target", "[t, t2]", 7),
            ("activation", "tanh", 8),
            ("training.learning_rate", "2.0e-3", 10),
            ("training.epochs", "10", 11),
            ("training.schedule.type", "constant", 12),
        ];
        assert_eq!(fields, expected);
    }
}
