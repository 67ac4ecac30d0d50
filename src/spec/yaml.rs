//! YAML text → a tree in which every value knows its place.
//!
//! The tree stands between the parser and the specs because serde stops at the first fault and forgets where values
//! stood, while an author wants all the faults at once, each underlined.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Budget, DuplicateKeyPolicy, Location, Options, Spanned};

use super::limits::Limits;
use crate::diagnostic::{Diagnostic, Place, SourceFile};

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) value: Value,
    /// Bytes of the file: a scalar with its quotes, or the token that opens a sequence or mapping. Of an alias, the place
    /// where the value was written.
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Integer(i128),
    /// Finite.
    Number(f64),
    Text(String),
    Sequence(Vec<Node>),
    /// In the order of the file, duplicates and all; merge keys are expanded.
    Mapping(Vec<Entry>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) value: Node,
}

impl Value {
    /// What a message calls it: `the number 3`, `a list`.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Null => "nothing".to_owned(),
            Self::Bool(value) => format!("`{value}`"),
            Self::Integer(value) => format!("the number {value}"),
            Self::Number(value) => format!("the number {value}"),
            Self::Text(text) if text.chars().count() <= 40 && !text.contains('\n') => {
                format!("the text `{text}`")
            }
            Self::Text(_) => "a text".to_owned(),
            Self::Sequence(_) => "a list".to_owned(),
            Self::Mapping(_) => "a mapping".to_owned(),
        }
    }
}

/// Every document of a file that is not empty. `values` are those that the files before it hold, and then with its own.
///
/// # Errors
///
/// The first place where the text is not YAML, or is more than any spec could need (deeply nested, billions of aliases).
pub(super) fn parse(
    file: &Arc<SourceFile>,
    limits: &Limits,
    values: &mut usize,
) -> Result<Vec<Node>, Box<Diagnostic>> {
    let left = usize::try_from(limits.values.most).unwrap_or(usize::MAX).saturating_sub(*values);
    let mut budget = Budget::default();
    budget.max_nodes = left;
    budget.max_events = left.saturating_mul(4).max(MOST_EVENTS_OF_ONE);
    // One that says something holds more values than that.
    budget.max_documents = (left / 4).max(1);
    let mut options = Options::default();
    options.budget = Some(budget);
    options.alias_limits.max_total_replayed_events = left.saturating_mul(4);
    options.duplicate_keys = DuplicateKeyPolicy::PassThrough;
    options.strict_booleans = true;
    options.underscored_numbers_as_strings = true;
    options.reject_unsupported_tags = true;
    options.with_snippet = false;
    let documents =
        serde_yaml::from_multiple_with_options::<Spanned<Tree>>(&file.text, options).map_err(|error| {
            too_much(file, &error, limits, values).unwrap_or_else(|| syntax_error(file, &error))
        })?;
    let nodes = documents.into_iter().map(|document| node(document, &file.text));
    let nodes: Vec<Node> = nodes.filter(|node| node.value != Value::Null).collect();
    *values = values.saturating_add(nodes.iter().map(count).sum());
    if let Some((key, span)) = nodes.iter().find_map(glued) {
        let message = format!("`{key}` is one name, and nothing is said of it");
        let place = Place { file: Arc::clone(file), span, label: String::new() };
        let (name, value) = key.split_once(':').unwrap_or_default();
        let help = format!("write `{name}: {value}`, with a space after the colon");
        return Err(Box::new(Diagnostic::error(message, place).help(help)));
    }
    match nodes.iter().find_map(|node| too_long(node, limits)) {
        Some((text, span)) => {
            let message = format!("this text has {} bytes; {} is the most", text.len(), limits.text.most);
            let span = span.start..span.start.min(file.text.len());
            let place = Place { file: Arc::clone(file), span, label: String::new() };
            Err(Box::new(Diagnostic::error(message, place).help(limits.text.help(text.len() as u64))))
        }
        None => Ok(nodes),
    }
}

/// An empty file has events too: where the stream and the document begin and end.
const MOST_EVENTS_OF_ONE: usize = 16;

/// The first text of a tree that is longer than allowed, and where it stands.
fn too_long<'n>(node: &'n Node, limits: &Limits) -> Option<(&'n str, Range<usize>)> {
    match &node.value {
        Value::Text(text) => limits.text.is_exceeded(text.len()).then(|| (text.as_str(), node.span.clone())),
        Value::Sequence(items) => items.iter().find_map(|item| too_long(item, limits)),
        Value::Mapping(entries) => entries.iter().find_map(|entry| too_long(&entry.value, limits)),
        _ => None,
    }
}

/// The first name of a tree that was meant to be a name and its value, `{beta:2}`, and where it stands.
fn glued(node: &Node) -> Option<(&str, Range<usize>)> {
    match &node.value {
        Value::Sequence(items) => items.iter().find_map(glued),
        Value::Mapping(entries) => entries.iter().find_map(|entry| {
            let is_glued = entry.value.value == Value::Null && entry.key.contains(':');
            if is_glued { Some((entry.key.as_str(), entry.key_span.clone())) } else { glued(&entry.value) }
        }),
        _ => None,
    }
}

/// How many values there are in a tree, names among them.
fn count(node: &Node) -> usize {
    1 + match &node.value {
        Value::Sequence(items) => items.iter().map(count).sum(),
        Value::Mapping(entries) => entries.iter().map(|entry| 1 + count(&entry.value)).sum(),
        _ => 0,
    }
}

/// Says of a text that holds more than allowed what allows it; `None` of other errors.
fn too_much(
    file: &Arc<SourceFile>,
    error: &serde_yaml::Error,
    limits: &Limits,
    values: &mut usize,
) -> Option<Box<Diagnostic>> {
    // Within an alias, the parser tells of it by its text alone.
    let text = error.without_snippet().to_string();
    let breach = text.split("budget breached: ").nth(1);
    let is_too_deep =
        text.contains("recursion limit exceeded") || breach.is_some_and(|it| it.starts_with("Depth"));
    let is_too_much =
        breach.is_some_and(|it| ["Nodes", "Events", "Documents"].iter().any(|name| it.starts_with(name)));
    let (message, help) = match (is_too_deep, is_too_much) {
        (true, _) => (
            "this is nested deeper than any spec".to_owned(),
            "no field of a spec needs more than a few levels".to_owned(),
        ),
        (_, true) => {
            // What comes after it is too much as well.
            *values = usize::MAX;
            let values = limits.values;
            (
                format!("the specs up to here hold more than {} values", values.most),
                values.help(values.most * 2),
            )
        }
        _ => return None,
    };
    let span = error.location().map_or(0..0, |location| bytes(&location, &file.text));
    let place = Place { file: Arc::clone(file), span, label: String::new() };
    Some(Box::new(Diagnostic::error(message, place).help(help)))
}

fn syntax_error(file: &Arc<SourceFile>, error: &serde_yaml::Error) -> Box<Diagnostic> {
    let full = error.without_snippet().to_string();
    // The place is shown by the underline; the parser's own wording of it would only repeat it.
    let message = full.split(" at line ").next().unwrap_or(&full).trim_end_matches(['.', ',', ' ']);
    let mut span = error.location().map_or(0..0, |location| bytes(&location, &file.text));
    // A tab that begins a line is found while the line above is read.
    let below = file.text.get(span.start..).and_then(|rest| rest.split_once('\n'));
    if let Some((_, below)) =
        below.filter(|(_, below)| below.starts_with('\t') && message.contains("found a tab"))
    {
        let tab = file.text.len() - below.len();
        span = tab..tab + 1;
    }
    let rest = file.text.get(span.start..).unwrap_or_default();
    let line = file.text[..file.text.floor_char_boundary(span.start)].rsplit('\n').next().unwrap_or_default();
    let above = file.text[..file.text.floor_char_boundary(span.start) - line.len()].trim_end();
    let help = advice(message, above, line, rest.lines().next().unwrap_or_default());
    let place = Place { file: Arc::clone(file), span, label: String::new() };
    let mut diagnostic = Diagnostic::error(format!("this is not valid YAML: {message}"), place);
    diagnostic.help.extend(help);
    Box::new(diagnostic)
}

/// What to do about the slips that authors make most, which a parser can only tell in its own terms: from its message, and from
/// the text above its line, and that of the line before the place and from there on.
fn advice(message: &str, above: &str, before: &str, rest: &str) -> Option<String> {
    let previous = above.rsplit('\n').next().unwrap_or_default();
    let says = |words: &str| message.contains(words);
    let is_open =
        |line: &str, open: char, close: char| line.matches(open).count() > line.matches(close).count();
    let quoted = |what: String| Some(format!("a text that {what} is put in quotes"));
    let first = rest.chars().next().unwrap_or_default();
    if says("found a tab") || rest.starts_with('\t') || before.starts_with('\t') {
        return Some("lines are indented by spaces, not by tabs".into());
    }
    if says("unclosed bracket") && rest.contains(" #") {
        return Some(
            "a `#` after a space begins a comment: a colour is put in quotes, as in `\"#1a5fb4\"`".into(),
        );
    }
    for (open, close) in [('[', ']'), ('{', '}')] {
        if is_open(previous, open, close) && !says("unclosed bracket") {
            return Some(format!("the line above has a `{open}` without its `{close}`"));
        }
    }
    if says("did not find expected key") {
        return Some("the fields of one mapping begin in the same column".into());
    }
    if says("mapping values are not allowed") {
        return if before.contains(": ") || before.starts_with("- ") {
            quoted("holds `: `".into())
        } else {
            Some("the fields of one mapping begin in the same column".into())
        };
    }
    if says("unexpected character") || says("unknown anchor") || says("unsupported tag") {
        let start = if says("unsupported tag") { '!' } else { first };
        return quoted(format!("begins with `{start}`"));
    }
    if says("unknown escape") {
        return Some(
            "in double quotes `\\` begins an escape: write `\\\\`, or put the text in single quotes".into(),
        );
    }
    for (quote, kind) in [('"', "double-quoted"), ('\'', "single-quoted")] {
        let is_open = |line: &str| line.matches(quote).count() % 2 == 1;
        // A quote that nobody closed ends where the next text begins.
        if says(&format!("after {kind} scalar")) && is_open(before) {
            let opening = above.lines().enumerate().filter(|(_, line)| is_open(line)).last()?;
            return Some(format!("the quote that line {} opens is closed only here", opening.0 + 1));
        }
    }
    if says("after single-quoted scalar") {
        return Some("within single quotes, `'` is written `''`".into());
    }
    if says("simple key expected") {
        return Some("a field is written `name: value`, with a space after the colon".into());
    }
    if says("block scalar") {
        return Some("such a text begins on the next line".into());
    }
    None
}

/// The tree as serde delivers it.
#[derive(Debug)]
enum Tree {
    Scalar(Value),
    Sequence(Vec<Spanned<Tree>>),
    Mapping(Vec<(Spanned<String>, Spanned<Tree>)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_none<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Integer(value.into())))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Integer(value.into())))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Integer(value)))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Number(value)))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Text(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Tree::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Tree::Mapping(entries))
    }
}

fn node(tree: Spanned<Tree>, text: &str) -> Node {
    let span = bytes(&tree.defined, text);
    match tree.value {
        Tree::Scalar(value) => Node { value, span: trimmed(span, text) },
        Tree::Sequence(items) => {
            let items: Vec<Node> = items.into_iter().map(|item| node(item, text)).collect();
            Node { value: Value::Sequence(items), span }
        }
        Tree::Mapping(entries) => {
            let entries: Vec<Entry> = entries
                .into_iter()
                .map(|(key, value)| Entry {
                    key_span: bytes(&key.defined, text),
                    key: key.value,
                    value: node(value, text),
                })
                .collect();
            // A block mapping has no opening token; its first key stands for it.
            let span = match entries.first() {
                Some(first) if span.is_empty() => first.key_span.clone(),
                _ => span,
            };
            Node { value: Value::Mapping(entries), span }
        }
    }
}

/// Block scalars end with their line break, which no underline should include.
fn trimmed(span: Range<usize>, text: &str) -> Range<usize> {
    let length = text[span.clone()].trim_end().len();
    span.start..span.start + length
}

/// The parser's place as a byte range that is sure to lie within the text, on character boundaries.
fn bytes(location: &Location, text: &str) -> Range<usize> {
    let span = location.span();
    let start = match span.byte_offset() {
        Some(offset) => usize::try_from(offset).unwrap_or(usize::MAX),
        None => offset_of(text, location.line(), location.column()),
    };
    let length = span.byte_len().unwrap_or(1);
    let start = text.floor_char_boundary(start);
    let end = start.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
    start..text.ceil_char_boundary(end.min(text.len())).max(start)
}

/// The byte offset of a 1-based line and column (in characters).
fn offset_of(text: &str, line: u64, column: u64) -> usize {
    let before = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
    let start: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
    let rest = &text[start..];
    let characters = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
    start + rest.char_indices().nth(characters).map_or(rest.len(), |(offset, _)| offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Arc<SourceFile> {
        Arc::new(SourceFile { path: "specs/a.yaml".into(), text: text.into() })
    }

    fn of(file: &Arc<SourceFile>) -> Result<Vec<Node>, Box<Diagnostic>> {
        parse(file, &Limits::default(), &mut 0)
    }

    #[test]
    fn values_know_their_places() {
        let text = "# é\na: &gd {x: 1.0e-3, y: 'two'}\nb: *gd\n---\nc: |\n  one\n  two\n";
        let documents = of(&file(text)).unwrap();
        let Value::Mapping(first) = &documents[0].value else { panic!() };
        let Value::Mapping(a) = &first[0].value.value else { panic!() };
        assert_eq!(a[0].value.value, Value::Number(0.001));
        assert_eq!(&text[a[0].value.span.clone()], "1.0e-3");
        assert_eq!(&text[a[1].value.span.clone()], "'two'");
        let Value::Mapping(b) = &first[1].value.value else { panic!() };
        assert_eq!(&text[b[1].value.span.clone()], "'two'", "an alias points at what it stands for");
        let Value::Mapping(second) = &documents[1].value else { panic!() };
        assert_eq!(second[0].value.value, Value::Text("one\ntwo\n".into()));
        assert_eq!(&text[second[0].value.span.clone()], "one\n  two");
    }

    #[test]
    fn only_true_and_false_are_booleans() {
        let documents = of(&file("a: no\nb: false\nc: 1_000\n")).unwrap();
        let Value::Mapping(entries) = &documents[0].value else { panic!() };
        assert_eq!(entries[0].value.value, Value::Text("no".into()));
        assert_eq!(entries[1].value.value, Value::Bool(false));
        assert_eq!(entries[2].value.value, Value::Text("1_000".into()));
    }

    #[test]
    fn hostile_texts_end_in_an_error() {
        for text in [
            "a: [1, 2\nb: 3",
            "a:\n\t- x",
            "a: !!foo 1",
            "a: .inf",
            "{a: 1",
            "a: *nothing",
            "? [x]\n: 1",
            "%",
            "\u{0}",
        ] {
            assert!(of(&file(text)).is_err(), "{text:?}");
        }
        for opening in ["[", "{a: ", "- "] {
            assert!(of(&file(&opening.repeat(100_000))).is_err(), "{opening:?} a hundred thousand times");
        }
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        assert!(of(&file(&bomb)).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-{}\\[\\]:,&*!|>'\"%#?a0 \n\té]{0,60}") {
            let _ = of(&file(&text));
        }
    }
}
