//! The JSON Schema of the specs, for editors: what the parsing types say of themselves, put together.

use serde_json::{Value, json};

use super::decode::Schema;
use super::standard;
use super::typed::{KINDS, schemas};

/// The schema of one document of any kind (JSON Schema draft 7, which editors know best). Whatever the program accepts is
/// valid; some things that it refuses are valid too, since they take more than one document to see.
pub fn schema() -> Value {
    let mut definitions = serde_json::Map::new();
    for (kind, mut definition) in KINDS.into_iter().zip(schemas()) {
        let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        let properties = &mut definition["properties"];
        properties["kind"] = json!({ "const": kind, "description": format!("This is {article} {kind}.") });
        properties["id"] = id();
        definitions.insert(kind.to_owned(), definition);
    }
    suggest(&mut definitions);
    let of_kind = |kind: &str| {
        json!({
            "if": { "properties": { "kind": { "const": kind } }, "required": ["kind"] },
            "then": { "$ref": format!("#/definitions/{kind}") },
        })
    };
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Specs of actfn-site",
        "type": "object",
        "required": ["kind"],
        "properties": { "kind": { "enum": KINDS, "description": "What the spec declares." }, "id": id() },
        "allOf": KINDS.map(of_kind),
        "definitions": definitions,
    })
}

fn id() -> Schema {
    json!({
        "type": "string",
        "description": "Its name in other specs and in addresses. Without it, the name of the file, if it holds no other spec.",
        "pattern": "^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_-])?$",
        "maxLength": 100,
    })
}

/// What an editor offers where any name may stand that some spec declares: those that no spec needs to declare.
fn suggest(definitions: &mut serde_json::Map<String, Value>) {
    let activations: Vec<String> =
        crate::function::builtins().iter().map(|builtin| builtin.id.to_owned()).collect();
    let models = standard::models().map(|model| model.id);
    let figures = standard::figures().map(|figure| figure.id);
    let experiment = &mut definitions["experiment"]["properties"];
    experiment["activation"]["examples"] = json!(activations);
    experiment["model"]["examples"] = json!(models);
    experiment["figures"]["items"]["examples"] = json!(figures);
    definitions["activation"]["properties"]["builtin"]["enum"] = json!(activations);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::fs::TextFile;
    use crate::plan::plan;

    /// Every property of a schema with the names on the way to it.
    fn properties(schema: &Value, path: &str, found: &mut Vec<(String, Value)>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            found.push((path.clone(), property.clone()));
            properties(property, &path, found);
        }
        for key in ["anyOf", "items"] {
            match schema.get(key) {
                Some(Value::Array(parts)) => parts.iter().for_each(|part| properties(part, path, found)),
                Some(part) => properties(part, path, found),
                None => {}
            }
        }
    }

    fn all_properties() -> Vec<(String, Value)> {
        let mut found = Vec::new();
        for (kind, definition) in schema()["definitions"].as_object().unwrap() {
            properties(definition, kind, &mut found);
        }
        found
    }

    #[test]
    fn every_property_is_described() {
        let found = all_properties();
        assert!(found.len() > 80, "{}", found.len());
        for (path, property) in found {
            assert!(
                property["description"].as_str().is_some_and(|text| text.len() > 9),
                "{path}: {property}"
            );
        }
    }

    const TARGET: &str = "---\nkind: target\nid: t\nexpression: x\n";
    const EXPERIMENT: &str = "kind: experiment\nid: e\ntarget: t\nactivation: tanh\n";
    const TRAINING: &str = "training: {learning_rate: 0.1, epochs: 80}\n";

    /// Specs with a field (or nothing) where the property of this path belongs.
    fn specs(path: &str, field: &str) -> String {
        let (parent, name) = path.rsplit_once('.').unwrap();
        let inside =
            |before: &str| if field.is_empty() { before.to_owned() } else { format!("{before}, {field}") };
        let training = |setting: &str| {
            format!("{EXPERIMENT}training: {{{setting}, learning_rate: 0.1, epochs: 80}}\n{TARGET}")
        };
        match parent {
            "site" => format!("kind: site\n{field}\n---\n{EXPERIMENT}{TRAINING}{TARGET}"),
            "site.figures" | "site.limits" => {
                let mapping = parent.trim_start_matches("site.");
                format!("kind: site\n{mapping}: {{{field}}}\n---\n{EXPERIMENT}{TRAINING}{TARGET}")
            }
            "polynomial" => {
                format!("{EXPERIMENT}{TRAINING}---\nkind: polynomial\nid: t\nroots: [1, 2]\n{field}\n")
            }
            "figure" => {
                let figure_type = match name {
                    "fps" | "panels" => "convergence",
                    "z" => "activation",
                    "scale" => "loss_curve",
                    "value" => "matrix",
                    _ => "loss_landscape",
                };
                let figure = format!("---\nkind: figure\nid: f\ntype: {figure_type}\n{field}\n");
                format!("{EXPERIMENT}{TRAINING}figures: [f]\n{TARGET}{figure}")
            }
            "experiment" => format!("{EXPERIMENT}{TRAINING}{field}\n{TARGET}"),
            "experiment.data" | "experiment.init" | "experiment.attainable" => {
                let mapping = parent.trim_start_matches("experiment.");
                format!("{EXPERIMENT}{TRAINING}{mapping}: {{{field}}}\n{TARGET}")
            }
            "experiment.data.noise" => {
                format!("{EXPERIMENT}{TRAINING}data: {{noise: {{{}}}}}\n{TARGET}", inside("std: 0.1"))
            }
            "experiment.training" if name == "shuffle_seed" => training(&inside("batch_size: 16")),
            "experiment.training" => training(&inside("snapshot_every: 2")),
            "experiment.training.optimizer" => {
                let optimizer = match name {
                    "momentum" => "nesterov",
                    "alpha" => "rmsprop",
                    "weight_decay" => "adamw",
                    "memory" => "lbfgs",
                    "damping" | "tolerance" => "levenberg_marquardt",
                    _ => "adam",
                };
                let optimizer = format!("optimizer: {{{}}}", inside(&format!("type: {optimizer}")));
                if matches!(name, "memory" | "damping" | "tolerance") {
                    return format!("{EXPERIMENT}training: {{{optimizer}, epochs: 80}}\n{TARGET}");
                }
                training(&optimizer)
            }
            "experiment.training.schedule" => {
                training(&format!("schedule: {{{}}}", inside("type: halve_on_rise, every: 20")))
            }
            _ => panic!("where does {path} belong?"),
        }
    }

    /// What the specs come to: the site's title, and every key.
    fn planned(text: &str) -> (String, Vec<String>) {
        let file = Arc::new(SourceFile { path: "specs/a.yaml".into(), text: text.into() });
        let specs = super::super::load(&[TextFile { name: "a.yaml".into(), file }], Vec::new());
        let specs = specs.unwrap_or_else(|found| panic!("{text}\n{}", found[0].message));
        let plan = plan(&specs);
        let keys = plan.cases.iter().map(|case| case.key).chain(plan.figures.iter().map(|it| it.key));
        let searches = plan.cases.iter().map(|case| format!("{:?}", case.attainable));
        (specs.site.title, keys.map(|key| key.to_string()).chain(searches).collect())
    }

    #[test]
    fn defaults_are_what_absence_means() {
        let mut count = 0;
        for (path, property) in all_properties() {
            let Some(default) = property.get("default") else { continue };
            let name = path.rsplit('.').next().unwrap();
            let without = planned(&specs(&path, ""));
            assert_eq!(planned(&specs(&path, &format!("{name}: {default}"))), without, "{path}");
            count += 1;
        }
        assert!(count > 20, "{count}");
    }
}
