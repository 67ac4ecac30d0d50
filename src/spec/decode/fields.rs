//! Mappings whose fields are known: how they are declared, read, and described to editors.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::json;

use super::{Decode, Faults, Located, Schema, listed};
use crate::diagnostic::{Diagnostic, nearest};
use crate::spec::yaml::{Entry, Node, Value};

/// Reports keys that stand twice in one mapping.
pub(in crate::spec) fn report_duplicates(entries: &[Entry], faults: &mut Faults<'_>) {
    let mut seen: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in entries {
        if let Some(first) = seen.get(entry.key.as_str()) {
            let place = faults.place(&entry.key_span, "this is the second one");
            let related = faults.place(&first.key_span, "first given here");
            let mut diagnostic =
                Diagnostic::error(format!("`{}` is given twice", entry.key), place).related(related);
            if entry.key == "kind" {
                diagnostic = diagnostic.help("a line `---` separates two specs in one file");
            }
            faults.push(diagnostic);
        } else {
            seen.insert(&entry.key, entry);
        }
    }
}

/// Reads the fields of one mapping and reports, at the end, those that nothing asked for.
pub(in crate::spec) struct Fields<'n> {
    entries: &'n [Entry],
    span: Range<usize>,
    /// What the mapping is: `an experiment`.
    noun: &'static str,
}

impl<'n> Fields<'n> {
    /// `known` are the names that may stand in it, and `schema` tells which may stand further inside.
    pub(in crate::spec) fn new(
        node: &'n Node,
        noun: &'static str,
        known: &[&'static str],
        schema: fn() -> &'static Schema,
        faults: &mut Faults<'_>,
    ) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else {
            let place = faults.place(&node.span, "expected a mapping");
            let message = format!("expected {noun} (a mapping), found {}", node.value.describe());
            faults.push(
                Diagnostic::error(message, place)
                    .help(format!("its fields are {}", listed(known.iter().copied()))),
            );
            return None;
        };
        report_duplicates(entries, faults);
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let inside = way_to(schema(), &entry.key).map(|way| written_inside(&way, &entry.key));
            faults.push(unknown_key(entry, noun, known, inside, faults));
        }
        Some(Self { entries, span: node.span.clone(), noun })
    }

    fn entry(&self, name: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| entry.key == name)
    }

    /// A field that may be missing.
    pub(in crate::spec) fn optional<T: Decode>(&self, name: &str, faults: &mut Faults<'_>) -> Field<T> {
        match self.entry(name) {
            None => Field::Absent,
            Some(entry) => match T::decode(&entry.value, faults) {
                Some(value) => Field::Present(Located { value, span: entry.key_span.clone() }),
                None => Field::Faulty,
            },
        }
    }

    /// A field that must be there.
    pub(in crate::spec) fn required<T: Decode>(&self, name: &str, faults: &mut Faults<'_>) -> Option<T> {
        match self.optional(name, faults) {
            Field::Present(located) => Some(located.value),
            Field::Faulty => None,
            Field::Absent => {
                let place = faults.place(&self.span, format!("`{name}` is missing"));
                let message = format!("{} needs `{name}`: {}", self.noun, T::expected());
                faults.push(Diagnostic::error(message, place));
                None
            }
        }
    }
}

/// How deep is looked for a field that stands too far outside.
const DEEPEST: usize = 3;

/// The names of the mappings in which a field stands that is not one of the outermost, from the outside; the shortest such way.
fn way_to<'s>(schema: &'s Schema, key: &str) -> Option<Vec<&'s str>> {
    fn fields<'s>(schema: &'s Schema, found: &mut Vec<(&'s str, &'s Schema)>) {
        let own = schema["properties"].as_object().into_iter().flatten();
        found.extend(own.map(|(name, field)| (name.as_str(), field)));
        let alternatives = schema["anyOf"].as_array().into_iter().flatten();
        alternatives.for_each(|alternative| fields(alternative, found));
    }
    let mut ways: Vec<(Vec<&str>, &Schema)> = vec![(Vec::new(), schema)];
    for _ in 0..DEEPEST {
        let mut further = Vec::new();
        for (way, schema) in ways {
            let mut found = Vec::new();
            fields(schema, &mut found);
            if !way.is_empty() && found.iter().any(|&(name, _)| name == key) {
                return Some(way);
            }
            further
                .extend(found.into_iter().map(|(name, field)| ([way.as_slice(), &[name]].concat(), field)));
        }
        ways = further;
    }
    None
}

/// `training: {epochs: …}`
fn written_inside(way: &[&str], key: &str) -> String {
    let [outer, inner @ ..] = way else { return format!("{key}: …") };
    format!("{outer}: {{{}}}", written_inside(inner, key))
}

/// Reports a key that may not stand where it does; `inside` is where else it may.
pub(in crate::spec) fn unknown_key(
    entry: &Entry,
    noun: &str,
    known: &[&str],
    inside: Option<String>,
    faults: &Faults<'_>,
) -> Diagnostic {
    let place = faults.place(&entry.key_span, "unknown field");
    let diagnostic = Diagnostic::error(format!("{noun} has no field `{}`", entry.key), place);
    let meant = inside.or_else(|| nearest(&entry.key, known.iter().copied()).map(str::to_owned));
    match meant {
        Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
        None => diagnostic.help(format!("its fields are {}", listed(known.iter().copied()))),
    }
}

/// A field that may be missing; a faulty one has been reported and must not be taken for a missing one.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::spec) enum Field<T> {
    Absent,
    Faulty,
    /// The span is that of the field's name.
    Present(Located<T>),
}

impl<T> Field<T> {
    pub(in crate::spec) fn value(&self) -> Option<&T> {
        match self {
            Self::Present(located) => Some(&located.value),
            Self::Absent | Self::Faulty => None,
        }
    }

    /// Where its name stands, if it was given.
    pub(in crate::spec) fn name_span(&self) -> Option<&Range<usize>> {
        match self {
            Self::Present(located) => Some(&located.span),
            Self::Absent | Self::Faulty => None,
        }
    }
}

impl<T: Clone> Field<T> {
    /// The value, or a default; `None` for a faulty one, whose spec cannot be resolved.
    pub(in crate::spec) fn or(&self, default: T) -> Option<T> {
        match self {
            Self::Present(located) => Some(located.value.clone()),
            Self::Absent => Some(default),
            Self::Faulty => None,
        }
    }
}

/// Declares a struct of fields as typed, how it is read, and (its doc comments) what each field means.
///
/// A required field has its own type; an optional one becomes a [`Field`]. What follows `=` tells editors what its absence
/// means; where that depends on something else, the comment says so. (A test holds the resolving code to it.)
macro_rules! fields {
    (
        $(#[doc = $doc:literal])*
        $name:ident, $noun:literal {
            $(required { $($(#[doc = $required_doc:literal])* $required:ident: $required_type:ty,)* })?
            $(optional {
                $($(#[doc = $optional_doc:literal])* $optional:ident: $optional_type:ty $(= $default:expr)?,)*
            })?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub(in crate::spec) struct $name {
            $($($(#[doc = $required_doc])* pub(in crate::spec) $required: $required_type,)*)?
            $($($(#[doc = $optional_doc])* pub(in crate::spec) $optional: crate::spec::decode::Field<$optional_type>,)*)?
        }

        impl crate::spec::decode::Decode for $name {
            fn expected() -> String {
                $noun.into()
            }

            fn schema() -> crate::spec::decode::Schema {
                use crate::spec::decode::{Decode, ObjectSchema, field_name};
                let mut object = ObjectSchema::new(&[$($doc),*]);
                $($(object.required(
                    field_name(stringify!($required)),
                    &[$($required_doc),*],
                    <$required_type as Decode>::schema(),
                );)*)?
                $($(object.optional(
                    field_name(stringify!($optional)),
                    &[$($optional_doc),*],
                    <$optional_type as Decode>::schema(),
                    &[$(serde_json::json!($default))?],
                );)*)?
                object.finish()
            }

            fn decode(
                node: &crate::spec::yaml::Node,
                faults: &mut crate::spec::decode::Faults<'_>,
            ) -> Option<Self> {
                use crate::spec::decode::{Fields, field_name};
                let known = [
                    $($(field_name(stringify!($required)),)*)?
                    $($(field_name(stringify!($optional)),)*)?
                ];
                let whole = || {
                    static WHOLE: std::sync::OnceLock<crate::spec::decode::Schema> = std::sync::OnceLock::new();
                    WHOLE.get_or_init(<Self as crate::spec::decode::Decode>::schema)
                };
                let fields = Fields::new(node, $noun, &known, whole, faults)?;
                $($(let $required = fields.required(field_name(stringify!($required)), faults);)*)?
                $($(let $optional = fields.optional(field_name(stringify!($optional)), faults);)*)?
                Some(Self { $($($required: $required?,)*)? $($($optional,)*)? })
            }
        }
    };
}
pub(in crate::spec) use fields;

/// The schema of a mapping, field by field.
pub(in crate::spec) struct ObjectSchema {
    description: String,
    properties: serde_json::Map<String, Schema>,
    required: Vec<&'static str>,
}

impl ObjectSchema {
    pub(in crate::spec) fn new(docs: &[&str]) -> Self {
        Self { description: description(docs), properties: serde_json::Map::new(), required: Vec::new() }
    }

    pub(in crate::spec) fn required(&mut self, name: &'static str, docs: &[&str], schema: Schema) {
        self.optional(name, docs, schema, &[]);
        self.required.push(name);
    }

    /// `default` holds one value, or none.
    pub(in crate::spec) fn optional(
        &mut self,
        name: &str,
        docs: &[&str],
        mut schema: Schema,
        default: &[Schema],
    ) {
        schema["description"] = description(docs).into();
        if let [default] = default {
            schema["default"] = default.clone();
        }
        self.properties.insert(name.to_owned(), schema);
    }

    pub(in crate::spec) fn finish(self) -> Schema {
        json!({
            "type": "object",
            "description": self.description,
            "properties": self.properties,
            "required": self.required,
            "additionalProperties": false,
        })
    }
}

/// The text of doc comments.
fn description(docs: &[&str]) -> String {
    docs.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// How a field is written in YAML: Rust's `r#type` is `type`.
pub(in crate::spec) fn field_name(identifier: &'static str) -> &'static str {
    identifier.trim_start_matches("r#")
}
