//! Nodes → typed values, gathering every fault on the way instead of stopping at the first: the plain values here, mappings in
//! `fields`, enumerations in `names`.

mod fields;
mod names;

use std::ops::Range;
use std::sync::Arc;

use serde_json::json;

use super::yaml::{Node, Value};
use crate::diagnostic::{Diagnostic, Place, SourceFile};
use crate::spec::Color;

pub(super) use fields::{Field, Fields, ObjectSchema, field_name, fields, report_duplicates, unknown_key};
pub(super) use names::{names, unknown_name};

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

/// A JSON Schema.
pub(super) type Schema = serde_json::Value;

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
    if let Value::Text(text) = &node.value
        && T::expected().contains("number")
    {
        // The sign of books, which pages print and YAML does not know.
        let plain = text.replace(['−', '–'], "-");
        if plain != *text && plain.parse::<f64>().is_ok() {
            diagnostic = diagnostic.help(format!("write `{plain}`, with the hyphen of the keyboard"));
        } else if raw(node, faults.file).starts_with(['"', '\''])
            && text.parse::<f64>().is_ok_and(f64::is_finite)
        {
            diagnostic = diagnostic.help(format!("without the quotes it is a number: `{text}`"));
        }
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
        "a whole number that is not negative".into()
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

/// `a, b and c`, each in backticks.
pub(super) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => "none".into(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
