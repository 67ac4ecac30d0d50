//! Nodes → typed values, gathering every fault on the way instead of stopping at the first.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::json;

use super::yaml::{Entry, Node, Value};
use crate::diagnostic::{Diagnostic, Place, SourceFile, nearest};
use crate::spec::Color;

/// The faults found in one file so far.
pub(super) struct Faults<'f> {
    pub(super) file: &'f Arc<SourceFile>,
    pub(super) found: Vec<Diagnostic>,
}

impl Faults<'_> {
    pub(super) fn place(&self, span: &Range<usize>, label: impl Into<String>) -> Place {
        Place { file: Arc::clone(self.file), span: span.clone(), label: label.into() }
    }

    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }
}

/// A value with the place of what was typed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// Something that can be read from a node.
pub(super) trait Decode: Sized {
    /// What a message says was expected: `a number`.
    fn expected() -> String;

    /// The JSON Schema of what can be read, or of more than that where a schema cannot say it.
    fn schema() -> Schema;

    /// `None` after having reported why.
    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self>;
}

/// Reports that the node is of another type than expected.
pub(super) fn mismatch<T: Decode>(node: &Node, faults: &mut Faults<'_>) -> Option<T> {
    let mut label = format!("expected {}", T::expected());
    if label.len() > 50 {
        // The message says it already; twice would only be longer.
        label.clear();
    }
    let mut diagnostic = Diagnostic::error(
        format!("expected {}, found {}", T::expected(), node.value.describe()),
        faults.place(&node.span, label),
    );
    if T::expected().contains("text")
        && matches!(node.value, Value::Bool(_) | Value::Integer(_) | Value::Number(_))
    {
        diagnostic =
            diagnostic.help(format!("to write it as text, put it in quotes: \"{}\"", raw(node, faults.file)));
    }
    faults.push(diagnostic);
    None
}

fn raw<'f>(node: &Node, file: &'f SourceFile) -> &'f str {
    &file.text[node.span.clone()]
}

impl<T: Decode> Decode for Located<T> {
    fn expected() -> String {
        T::expected()
    }

    fn schema() -> Schema {
        T::schema()
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        Some(Self { value: T::decode(node, faults)?, span: node.span.clone() })
    }
}

impl Decode for String {
    fn expected() -> String {
        "a text".into()
    }

    fn schema() -> Schema {
        json!({ "type": "string" })
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        match &node.value {
            Value::Text(text) => {
                report_escape(text, node, faults)?;
                Some(text.clone())
            }
            _ => mismatch(node, faults),
        }
    }
}

/// What authors of formulas meet: `"\tanh"` in double quotes is a tab and `anh`, `"\frac"` a form feed and `rac`.
fn report_escape(text: &str, node: &Node, faults: &mut Faults<'_>) -> Option<()> {
    let written = faults.file.text.get(node.span.clone()).unwrap_or_default();
    let is_escaped = |&c: &char| c.is_control() && c != '\n' && !written.contains(c);
    let Some(control) = text.chars().find(is_escaped).filter(|_| written.starts_with('"')) else {
        return Some(());
    };
    let place = faults.place(&node.span, "in double quotes");
    let name = match control {
        '\u{7}' => r"\a".into(),
        '\u{8}' => r"\b".into(),
        '\u{b}' => r"\v".into(),
        '\u{c}' => r"\f".into(),
        '\u{1b}' => r"\e".into(),
        _ => control.escape_default().to_string(),
    };
    let message = format!("`{name}` makes one control character of this text's letters");
    let help = "write `\\\\` for `\\`, or put the text in single quotes";
    faults.push(Diagnostic::error(message, place).help(help));
    None
}

impl Decode for f64 {
    fn expected() -> String {
        "a number".into()
    }

    fn schema() -> Schema {
        json!({ "type": "number" })
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a whole number that is used as a number is rounded as YAML's are"
    )]
    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        match node.value {
            Value::Integer(value) => Some(value as Self),
            // No -0: it would be equal to what gives other results.
            Value::Number(value) => Some(value + 0.0),
            _ => mismatch(node, faults),
        }
    }
}

impl Decode for bool {
    fn expected() -> String {
        "true or false".into()
    }

    fn schema() -> Schema {
        json!({ "type": "boolean" })
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        match node.value {
            Value::Bool(value) => Some(value),
            _ => mismatch(node, faults),
        }
    }
}

impl Decode for u64 {
    fn expected() -> String {
        "a whole number from 0".into()
    }

    fn schema() -> Schema {
        json!({ "type": "integer", "minimum": 0 })
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        match node.value {
            Value::Integer(value) if value >= 0 => {
                Self::try_from(value).ok().or_else(|| mismatch(node, faults))
            }
            // `1e3` is a whole number too. Up to 2⁵³ all are exact.
            Value::Number(value)
                if value.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&value) =>
            {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "it is whole, and in range"
                )]
                Some(value as u64)
            }
            _ => mismatch(node, faults),
        }
    }
}

impl Decode for i32 {
    fn expected() -> String {
        "a whole number".into()
    }

    fn schema() -> Schema {
        json!({ "type": "integer" })
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        match node.value {
            Value::Integer(value) => Self::try_from(value).ok().or_else(|| mismatch(node, faults)),
            _ => mismatch(node, faults),
        }
    }
}

impl Decode for Color {
    fn expected() -> String {
        "a colour such as \"#1f77b4\" (in quotes, or YAML takes it for a comment)".into()
    }

    fn schema() -> Schema {
        json!({ "type": "string", "pattern": "^#[0-9A-Fa-f]{6}$" })
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        let parsed = match &node.value {
            Value::Text(text) => {
                text.strip_prefix('#').filter(|digits| digits.len() == 6).and_then(|digits| {
                    let channel = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
                    let all_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                    all_hex.then(|| Some(Self { red: channel(0)?, green: channel(2)?, blue: channel(4)? }))?
                })
            }
            _ => None,
        };
        parsed.or_else(|| mismatch(node, faults))
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn expected() -> String {
        format!("a list, each item {}", T::expected())
    }

    fn schema() -> Schema {
        json!({ "type": "array", "items": T::schema() })
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        let Value::Sequence(items) = &node.value else { return mismatch(node, faults) };
        let decoded: Vec<Option<T>> = items.iter().map(|item| T::decode(item, faults)).collect();
        decoded.into_iter().collect()
    }
}

/// Two values in brackets.
impl<T: Decode> Decode for (T, T) {
    fn expected() -> String {
        format!("a list of two, each {}", T::expected())
    }

    fn schema() -> Schema {
        json!({ "type": "array", "items": T::schema(), "minItems": 2, "maxItems": 2 })
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        match &node.value {
            Value::Sequence(items) if items.len() == 2 => {
                let (first, second) = (T::decode(&items[0], faults), T::decode(&items[1], faults));
                Some((first?, second?))
            }
            _ => mismatch(node, faults),
        }
    }
}

/// One value, or a list of them that makes an axis of the experiment's matrix.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OneOrMany<T> {
    pub(super) items: Vec<Located<T>>,
    /// Whether it was written as a list.
    pub(super) is_list: bool,
}

impl<T: Decode> Decode for OneOrMany<T> {
    fn expected() -> String {
        format!("{}, or a list of such", T::expected())
    }

    fn schema() -> Schema {
        json!({ "anyOf": [T::schema(), { "type": "array", "items": T::schema(), "minItems": 1 }] })
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        match &node.value {
            Value::Sequence(items) if items.is_empty() => {
                let place = faults.place(&node.span, "this list is empty");
                faults.push(Diagnostic::error("an axis needs at least one value", place));
                None
            }
            Value::Sequence(_) => Some(Self { items: Vec::decode(node, faults)?, is_list: true }),
            _ => Some(Self { items: vec![Located::decode(node, faults)?], is_list: false }),
        }
    }
}

/// Names with numbers, in the order of the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct NamedNumbers(pub(super) Vec<(Located<String>, Located<f64>)>);

impl Decode for NamedNumbers {
    fn expected() -> String {
        "a mapping from names to numbers".into()
    }

    fn schema() -> Schema {
        json!({ "type": "object", "additionalProperties": { "type": "number" } })
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else { return mismatch(node, faults) };
        report_duplicates(entries, faults);
        let decoded: Vec<Option<_>> = entries
            .iter()
            .map(|entry| {
                let name = Located { value: entry.key.clone(), span: entry.key_span.clone() };
                Some((name, Located::decode(&entry.value, faults)?))
            })
            .collect();
        decoded.into_iter().collect::<Option<Vec<_>>>().map(Self)
    }
}

/// Reports keys that stand twice in one mapping.
pub(super) fn report_duplicates(entries: &[Entry], faults: &mut Faults<'_>) {
    let mut seen: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in entries {
        if let Some(first) = seen.get(entry.key.as_str()) {
            let place = faults.place(&entry.key_span, "this is the second one");
            let related = faults.place(&first.key_span, "first given here");
            faults.push(Diagnostic::error(format!("`{}` is given twice", entry.key), place).related(related));
        } else {
            seen.insert(&entry.key, entry);
        }
    }
}

/// Reads the fields of one mapping and reports, at the end, those that nothing asked for.
pub(super) struct Fields<'n> {
    entries: &'n [Entry],
    span: Range<usize>,
    /// What the mapping is: `an experiment`.
    noun: &'static str,
}

impl<'n> Fields<'n> {
    /// `known` are the names that may stand in it.
    pub(super) fn new(
        node: &'n Node,
        noun: &'static str,
        known: &[&'static str],
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
            faults.push(unknown_key(entry, noun, known.iter().copied(), faults));
        }
        Some(Self { entries, span: node.span.clone(), noun })
    }

    fn entry(&self, name: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| entry.key == name)
    }

    /// A field that may be missing.
    pub(super) fn optional<T: Decode>(&self, name: &str, faults: &mut Faults<'_>) -> Field<T> {
        match self.entry(name) {
            None => Field::Absent,
            Some(entry) => match T::decode(&entry.value, faults) {
                Some(value) => Field::Present(Located { value, span: entry.key_span.clone() }),
                None => Field::Faulty,
            },
        }
    }

    /// A field that must be there.
    pub(super) fn required<T: Decode>(&self, name: &str, faults: &mut Faults<'_>) -> Option<T> {
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

/// Reports a key that may not stand where it does.
pub(super) fn unknown_key<'k>(
    entry: &Entry,
    noun: &str,
    known: impl IntoIterator<Item = &'k str>,
    faults: &Faults<'_>,
) -> Diagnostic {
    let known: Vec<&str> = known.into_iter().collect();
    let place = faults.place(&entry.key_span, "unknown field");
    let diagnostic = Diagnostic::error(format!("{noun} has no field `{}`", entry.key), place);
    match nearest(&entry.key, known.iter().copied()) {
        Some(name) => diagnostic.help(format!("did you mean `{name}`?")),
        None => diagnostic.help(format!("its fields are {}", listed(known))),
    }
}

/// `a, b and c`, each in backticks.
pub(super) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => "none".into(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A field that may be missing; a faulty one has been reported and must not be taken for a missing one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Field<T> {
    Absent,
    Faulty,
    /// The span is that of the field's name.
    Present(Located<T>),
}

impl<T> Field<T> {
    pub(super) fn value(&self) -> Option<&T> {
        match self {
            Self::Present(located) => Some(&located.value),
            Self::Absent | Self::Faulty => None,
        }
    }

    /// Where its name stands, if it was given.
    pub(super) fn name_span(&self) -> Option<&Range<usize>> {
        match self {
            Self::Present(located) => Some(&located.span),
            Self::Absent | Self::Faulty => None,
        }
    }
}

impl<T: Clone> Field<T> {
    /// The value, or a default; `None` for a faulty one, whose spec cannot be resolved.
    pub(super) fn or(&self, default: T) -> Option<T> {
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
                let fields = Fields::new(node, $noun, &known, faults)?;
                $($(let $required = fields.required(field_name(stringify!($required)), faults);)*)?
                $($(let $optional = fields.optional(field_name(stringify!($optional)), faults);)*)?
                Some(Self { $($($required: $required?,)*)? $($($optional,)*)? })
            }
        }
    };
}
pub(super) use fields;

/// A JSON Schema.
pub(super) type Schema = serde_json::Value;

/// The schema of a mapping, field by field.
pub(super) struct ObjectSchema {
    description: String,
    properties: serde_json::Map<String, Schema>,
    required: Vec<&'static str>,
}

impl ObjectSchema {
    pub(super) fn new(docs: &[&str]) -> Self {
        Self { description: description(docs), properties: serde_json::Map::new(), required: Vec::new() }
    }

    pub(super) fn required(&mut self, name: &'static str, docs: &[&str], schema: Schema) {
        self.optional(name, docs, schema, &[]);
        self.required.push(name);
    }

    /// `default` holds one value, or none.
    pub(super) fn optional(&mut self, name: &str, docs: &[&str], mut schema: Schema, default: &[Schema]) {
        schema["description"] = description(docs).into();
        if let [default] = default {
            schema["default"] = default.clone();
        }
        self.properties.insert(name.to_owned(), schema);
    }

    pub(super) fn finish(self) -> Schema {
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
pub(super) fn field_name(identifier: &'static str) -> &'static str {
    identifier.trim_start_matches("r#")
}

/// Declares how the names of an enumeration are written, and what it is.
macro_rules! names {
    ($type:ty, $noun:literal, [$($name:literal => $value:expr),* $(,)?]) => {
        impl crate::spec::decode::Decode for $type {
            fn expected() -> String {
                format!("{}: one of {}", $noun, crate::spec::decode::listed([$($name),*]))
            }

            fn schema() -> crate::spec::decode::Schema {
                serde_json::json!({ "enum": [$($name),*] })
            }

            fn decode(
                node: &crate::spec::yaml::Node,
                faults: &mut crate::spec::decode::Faults<'_>,
            ) -> Option<Self> {
                let crate::spec::yaml::Value::Text(text) = &node.value else {
                    return crate::spec::decode::mismatch(node, faults);
                };
                match text.as_str() {
                    $($name => Some($value),)*
                    _ => crate::spec::decode::unknown_name(text, node, $noun, &[$($name),*], faults),
                }
            }
        }
    };
}
pub(super) use names;

/// Reports a name that is none of an enumeration's.
pub(super) fn unknown_name<T>(
    typed: &str,
    node: &Node,
    noun: &str,
    names: &[&'static str],
    faults: &mut Faults<'_>,
) -> Option<T> {
    let place = faults.place(&node.span, format!("not {noun}"));
    let diagnostic = Diagnostic::error(format!("`{typed}` is not {noun}"), place);
    faults.push(match nearest(typed, names.iter().copied()) {
        Some(name) => diagnostic.help(format!("did you mean `{name}`?")),
        None => diagnostic.help(format!("expected one of {}", listed(names.iter().copied()))),
    });
    None
}
