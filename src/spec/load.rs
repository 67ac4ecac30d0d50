//! Files → documents: what each file declares, before anything is known of what it means.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::decode::{Faults, Located};
use super::found::Found;
use super::limits::Limits;
use super::typed::{self, Kind};
use super::yaml::{self, Node, Value};
use super::{Source, standard};
use crate::diagnostic::{Diagnostic, Place, SourceFile};
use crate::fs::TextFile;
use crate::function::builtins;

/// One document with its id and its origin.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) file: Arc<SourceFile>,
    /// Its span is that of the `id` or, where the id is the file's stem, of the kind.
    pub(super) id: Located<String>,
    pub(super) kind: Kind,
    pub(super) source: Source,
}

/// The kinds between which ids must be unique; polynomials and other targets share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Namespace {
    Target,
    Activation,
    Model,
    Figure,
    Experiment,
    Page,
}

impl Namespace {
    /// `None` for the site, which has no id that anything refers to.
    pub(super) fn of_kind(kind: &str) -> Option<Self> {
        Some(match kind {
            "polynomial" | "target" => Self::Target,
            "activation" => Self::Activation,
            "model" => Self::Model,
            "figure" => Self::Figure,
            "experiment" => Self::Experiment,
            "page" => Self::Page,
            _ => return None,
        })
    }

    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Activation => "activation",
            Self::Model => "model",
            Self::Figure => "figure",
            Self::Experiment => "experiment",
            Self::Page => "page",
        }
    }
}

/// Every id that some document declares, whether or not the document is sound, with its place: a reference to a faulty
/// spec is not an unknown name.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// By the id in small letters, since ids that differ only in case cannot stand side by side.
    places: BTreeMap<(Namespace, String), (String, Place)>,
    /// The ids of documents of which it is not known what they declare, since their kind is misspelt or missing.
    of_no_kind: BTreeSet<String>,
    /// Some file could not be read at all: what it declares is not known, and no name can be called unknown.
    has_gaps: bool,
}

impl Declared {
    /// Whether a name may be declared, by a sound spec or a faulty one.
    pub(super) fn may_contain(&self, namespace: Namespace, id: &str) -> bool {
        let taken = self.places.get(&(namespace, id.to_ascii_lowercase()));
        self.has_gaps || taken.is_some_and(|(taken, _)| taken == id) || self.of_no_kind.contains(id)
    }

    /// The ids that are declared.
    pub(super) fn ids(&self, namespace: Namespace) -> impl Iterator<Item = &str> {
        let places = self.places.iter().filter(move |((other, _), _)| *other == namespace);
        places.map(|(_, (id, _))| id.as_str())
    }
}

/// Reads all documents of all files; `are_all` says whether there are no others that could not be read.
pub(super) fn documents(
    files: &[TextFile],
    are_all: bool,
    limits: &Limits,
    found: &mut Found<'_>,
) -> (Vec<Document>, Declared) {
    let mut documents = Vec::new();
    let mut declared = Declared { has_gaps: !are_all, ..Declared::default() };
    let (mut bytes, mut values) = (0_usize, 0);
    for TextFile { name, file } in files {
        bytes = bytes.saturating_add(file.text.len());
        if limits.bytes.is_exceeded(bytes) {
            let place = Place { file: Arc::clone(file), span: 0..0, label: String::new() };
            let message =
                format!("the specs up to this one have {bytes} bytes; {} is the most", limits.bytes.most);
            let total = files.iter().map(|text| text.file.text.len()).sum::<usize>();
            found.add([Diagnostic::error(message, place).help(limits.bytes.help(total as u64))]);
            declared.has_gaps = true;
            break;
        }
        let nodes = match yaml::parse(file, limits, &mut values) {
            Ok(nodes) => nodes,
            Err(diagnostic) => {
                found.add([*diagnostic]);
                declared.has_gaps = true;
                if limits.values.is_exceeded(values) {
                    break;
                }
                continue;
            }
        };
        let mut faults = Faults { file, found: Vec::new() };
        let count = nodes.len();
        let mut cursor = Cursor::new();
        for (index, node) in nodes.iter().enumerate() {
            declare(node, count, &mut declared, &mut faults);
            let Some(typed) = typed::document(node, &mut faults) else { continue };
            let id = match typed.id {
                Some(id) => id,
                None => match stem_id(file, count, &typed, &mut faults) {
                    Some(id) => id,
                    None => continue,
                },
            };
            let next = nodes.get(index + 1).map_or(file.text.len(), |next| next.span.start);
            let source = source(name, file, node.span.start, next, &mut cursor);
            documents.push(Document { file: Arc::clone(file), id, kind: typed.kind, source });
        }
        found.add(faults.found);
    }
    (documents, declared)
}

/// The id of a document that gives none: the file's stem, which only one document of the file can have.
fn stem_id(
    file: &SourceFile,
    count: usize,
    typed: &typed::Document,
    faults: &mut Faults<'_>,
) -> Option<Located<String>> {
    if count > 1 && !matches!(typed.kind, Kind::Site(_)) {
        let place = faults.place(&typed.kind_span, "this document has no `id`");
        let diagnostic = Diagnostic::error("in a file of several documents each needs an `id`", place);
        faults
            .push(diagnostic.help("the file's name serves as the id only of a document that is alone in it"));
        return None;
    }
    Some(Located { value: stem(file).to_owned(), span: typed.kind_span.clone() })
}

fn stem(file: &SourceFile) -> &str {
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Notes the id and reports one that is taken or malformed.
fn declare(node: &Node, count: usize, declared: &mut Declared, faults: &mut Faults<'_>) {
    let Value::Mapping(entries) = &node.value else { return };
    let text = |name: &str| {
        entries.iter().find(|entry| entry.key == name).and_then(|entry| match &entry.value.value {
            Value::Text(text) => Some((text.as_str(), entry.value.span.clone())),
            _ => None,
        })
    };
    let kind = text("kind");
    let (id, span) = match (text("id"), &kind) {
        (Some(given), _) => given,
        (None, Some((_, span))) if count == 1 => (stem(faults.file), span.clone()),
        (None, None) if count == 1 => (stem(faults.file), node.span.clone()),
        _ => return,
    };
    let namespace = kind.as_ref().and_then(|(kind, _)| Namespace::of_kind(kind));
    let Some(namespace) = namespace else {
        if kind.is_none_or(|(kind, _)| kind != "site") {
            declared.of_no_kind.insert(id.to_owned());
        }
        return;
    };
    if let Err(reason) = check_id(namespace, id) {
        let place = faults.place(&span, "not usable as an id");
        let shown: String = id.chars().take(60).collect();
        let shown = if shown.len() < id.len() { format!("{shown}…") } else { shown };
        faults.push(Diagnostic::error(format!("`{shown}` cannot be an id: {reason}"), place));
    }
    if let Some(standard) = standard_alike(namespace, id) {
        let place = faults.place(&span, "another name is needed");
        let message = format!(
            "`{id}` differs only in case from the built-in {} `{standard}`, which some file systems do not tell apart",
            namespace.noun()
        );
        faults.push(Diagnostic::error(message, place));
    }
    let place = faults.place(&span, "");
    let key = (namespace, id.to_ascii_lowercase());
    if let Some((taken, first)) = declared.places.get(&key) {
        let first = Place { label: "first declared here".into(), ..first.clone() };
        let message = if taken == id {
            format!("there are two {}s `{id}`", namespace.noun())
        } else {
            format!(
                "the {0}s `{taken}` and `{id}` differ only in case, which some file systems do not tell apart",
                namespace.noun()
            )
        };
        let place = Place { label: "declared again here".into(), ..place };
        faults.push(Diagnostic::error(message, place).related(first));
        return;
    }
    declared.places.insert(key, (id.to_owned(), place));
}

/// The built-in of a name that is another one only by its case.
fn standard_alike(namespace: Namespace, id: &str) -> Option<String> {
    let is_alike = |name: &str| name != id && name.eq_ignore_ascii_case(id);
    match namespace {
        Namespace::Activation => builtins().iter().map(|it| it.id.to_owned()).find(|name| is_alike(name)),
        Namespace::Model => standard::models().into_iter().map(|it| it.id).find(|name| is_alike(name)),
        Namespace::Figure => standard::figures().into_iter().map(|it| it.id).find(|name| is_alike(name)),
        Namespace::Target | Namespace::Experiment | Namespace::Page => None,
    }
}

/// Folders and files of the site that a page cannot be named like.
const RESERVED_PAGES: [&str; 10] = [
    "experiments",
    "activations",
    "targets",
    "models",
    "report",
    "assets",
    "index",
    "404",
    "static",
    "cname",
];

/// What stands before the extension of a figure on dark ground.
const DARK: &str = ".dark";
/// The extensions of the site's files.
const FILE_EXTENSIONS: [&str; 11] =
    ["html", "md", "csv", "json", "png", "gif", "svg", "css", "js", "txt", "xml"];

/// Ids become folder names, so they are letters, digits, `_`, `-` and `.`, and begin with a letter or digit.
pub(super) fn check_id(namespace: Namespace, id: &str) -> Result<(), String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if id.is_empty() {
        return Err("it is empty".into());
    }
    if let Some(stray) = id.chars().find(|&c| !is_allowed(c)) {
        return Err(format!("it may hold letters, digits, `_`, `-` and `.`, not `{}`", stray.escape_debug()));
    }
    if !id.starts_with(|c: char| c.is_ascii_alphanumeric()) || id.ends_with('.') {
        return Err("it must begin with a letter or a digit, and not end with `.`".into());
    }
    // Folders named by ids lie beside files that the site has of its own: `REPORT.md`, `results.csv`, `fit.png`.
    let extension = id.rsplit_once('.').map(|(_, extension)| extension);
    if let Some(extension) =
        extension.filter(|it| FILE_EXTENSIONS.iter().any(|own| it.eq_ignore_ascii_case(own)))
    {
        return Err(format!("it looks like a file's name, with its `.{extension}`"));
    }
    if namespace == Namespace::Figure && id.to_ascii_lowercase().ends_with(DARK) {
        return Err(format!("it ends with `{DARK}`, as the files of figures on dark ground do"));
    }
    let stem = id.split('.').next().unwrap_or(id).to_ascii_lowercase();
    let is_numbered = |device: &str| {
        stem.strip_prefix(device)
            .is_some_and(|number| number.len() == 1 && number.as_bytes()[0].is_ascii_digit())
    };
    if ["con", "prn", "aux", "nul"].contains(&stem.as_str()) || is_numbered("com") || is_numbered("lpt") {
        return Err("Windows keeps that name for a device, and has no file or folder of it".into());
    }
    if id.len() > 100 {
        return Err("it is longer than 100 characters".into());
    }
    if namespace == Namespace::Page && RESERVED_PAGES.iter().any(|reserved| id.eq_ignore_ascii_case(reserved))
    {
        return Err("the site has a page of its own there".into());
    }
    Ok(())
}

/// How far the lines of a file have been looked at. Documents come one after the other, and so it is looked at once.
#[derive(Debug)]
struct Cursor {
    /// Where a line begins.
    offset: usize,
    /// Its number, from 1.
    line: usize,
    /// The end of the last separator before it.
    separated: usize,
}

impl Cursor {
    fn new() -> Self {
        Self { offset: 0, line: 1, separated: 0 }
    }

    /// Goes on to the line that a place is in; returns its number, and the end of the last separator before the place.
    fn advance(&mut self, text: &str, place: usize) -> (usize, usize) {
        while let Some(line) = text[self.offset..].split_inclusive('\n').next()
            && self.offset + line.len() <= place
            && line.ends_with('\n')
        {
            self.offset += line.len();
            self.line += 1;
            if is_separator(line) {
                self.separated = self.offset;
            }
        }
        let separated = if is_separator(&text[self.offset..place]) { place } else { self.separated };
        (self.line, separated)
    }
}

fn is_separator(line: &str) -> bool {
    line.trim_end() == "---" || line.starts_with("--- ")
}

/// The document's text: from the line after the last `---` before it to the next `---`.
fn source(name: &str, file: &Arc<SourceFile>, start: usize, next: usize, cursor: &mut Cursor) -> Source {
    let text = &file.text;
    let (line, from) = cursor.advance(text, start);
    let mut to = start;
    for line in text[start..].split_inclusive('\n') {
        if to > start && to <= next && is_separator(line) {
            break;
        }
        to += line.len();
    }
    // What only an editor reads is nothing to show.
    let shown =
        text[from..to].split_inclusive('\n').filter(|line| !line.starts_with("# yaml-language-server:"));
    Source {
        path: name.to_owned(),
        line,
        text: shown.collect::<String>().trim_matches('\n').to_owned(),
        place: Place { file: Arc::clone(file), span: start..start, label: String::new() },
    }
}
