//! Diagnostics: what is wrong, where, what was expected, and the nearest valid thing.

mod render;

use std::ops::Range;
use std::sync::Arc;

pub use render::render;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The build goes on.
    Warning,
    /// Nothing is published.
    Error,
}

/// One finding about something a user wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// One sentence without a final stop.
    pub message: String,
    /// The place it is about; `None` where there is no file to point into.
    pub place: Option<Place>,
    /// Further places that explain it, each with its label: "first declared here".
    pub related: Vec<Place>,
    /// What to do, one sentence each.
    pub help: Vec<String>,
}

/// A span of a text file, with what the underline says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub file: Arc<SourceFile>,
    /// Bytes of the file's text.
    pub span: Range<usize>,
    /// Short; may be empty.
    pub label: String,
}

impl Place {
    /// The 1-based line and column (in characters) where it starts.
    pub fn line_and_column(&self) -> (usize, usize) {
        let text = &self.file.text;
        let before = &text[..text.floor_char_boundary(self.span.start.min(text.len()))];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The place right after it.
    #[must_use]
    pub fn end(&self) -> Self {
        Self { span: self.span.end..self.span.end, ..self.clone() }
    }
}

/// A text file that diagnostics point into.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// As the user would type it, with `/` between its parts.
    pub path: String,
    pub text: String,
}

impl Diagnostic {
    /// An error at a place. What a message quotes can be of any length; nobody reads more than its beginning.
    pub fn error(message: impl Into<String>, place: impl Into<Option<Place>>) -> Self {
        let mut message = message.into();
        if message.len() > LONGEST_MESSAGE {
            message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
            message.push('…');
        }
        Self {
            severity: Severity::Error,
            message,
            place: place.into(),
            related: Vec::new(),
            help: Vec::new(),
        }
    }

    /// A warning at a place.
    pub fn warning(message: impl Into<String>, place: impl Into<Option<Place>>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message, place) }
    }

    /// Adds a sentence on what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds a further place.
    #[must_use]
    pub fn related(mut self, place: Place) -> Self {
        self.related.push(place);
        self
    }
}

/// How many faults are told at a time; more come from one slip or from malice, and nobody would read them.
pub const MOST_TOLD: usize = 100;
/// In bytes.
const LONGEST_MESSAGE: usize = 2_000;

/// The first of many faults, and how many others there are.
pub fn shortened(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if found.len() > MOST_TOLD {
        let others = found.split_off(MOST_TOLD);
        let gravest = others.iter().map(|other| other.severity).max();
        found.push(untold(others.len(), gravest.unwrap_or(Severity::Error)));
    }
    found
}

/// That there are so many others, the gravest of which is so grave.
pub fn untold(count: usize, gravest: Severity) -> Diagnostic {
    let message = format!("there are {count} more like these");
    Diagnostic { severity: gravest, ..Diagnostic::error(message, None) }
}

/// Longer than any name that there is, in bytes.
const LONGEST_NAME: usize = 200;

/// How many pairs of characters are compared in search of the nearest name: some thousand names of usual length.
const MOST_PAIRS: usize = 400_000;

/// The valid name nearest to a mistyped one, if one is near enough to be meant.
pub fn nearest<'n>(typed: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    // What is longer than any name is like none; and a length that differs by more is a distance of more.
    let is_comparable =
        |name: &&str| name.len().abs_diff(typed.len()) <= 1.max(name.len().max(typed.len()) / 3);
    let mut pairs = 0;
    // Who writes `ReLU` or `MLP` means `relu` or `mlp`.
    let folded = typed.to_lowercase();
    names
        .into_iter()
        .filter(|_| typed.len() <= LONGEST_NAME)
        .filter(is_comparable)
        .take_while(|name| {
            pairs += typed.len() * name.len();
            pairs <= MOST_PAIRS
        })
        // Of names as near the one with the same beginning is the likelier.
        .map(|name| {
            let own = name.to_lowercase();
            let is_other = !folded.starts_with(own.get(..1).unwrap_or(&own));
            (strsim::osa_distance(&folded, &own), is_other, name)
        })
        .filter(|&(distance, _, name)| {
            let length = name.len().max(typed.len());
            distance < length && distance <= 1.max(length / 3)
        })
        .min()
        .map(|(.., name)| name)
}

#[cfg(test)]
mod tests {
    use super::{Diagnostic, MOST_TOLD, nearest, shortened};

    #[test]
    fn names_are_near_whatever_their_case() {
        assert_eq!(nearest("ReLU", ["gelu", "relu", "selu"]), Some("relu"));
        assert_eq!(nearest("MLP", ["mlp", "scaled_input"]), Some("mlp"));
        assert_eq!(nearest("XYZ", ["mlp", "scaled_input"]), None);
    }

    #[test]
    fn many_faults_are_told_in_short() {
        let faults = |count: usize| vec![Diagnostic::error("x".repeat(5_000), None); count];
        assert_eq!(shortened(faults(MOST_TOLD)).len(), MOST_TOLD);
        let told = shortened(faults(MOST_TOLD + 7));
        assert_eq!(told.last().unwrap().message, "there are 7 more like these");
        assert!(told[0].message.len() < 2_010);
    }

    #[test]
    fn a_slip_of_the_finger_is_near_and_another_word_is_not() {
        let names = ["tanh", "sigmoid", "relu"];
        assert_eq!(nearest("tnah", names), Some("tanh"));
        assert_eq!(nearest("sigmiod", names), Some("sigmoid"));
        assert_eq!(nearest("sn", ["ln", "sin", "exp"]), Some("sin"));
        assert_eq!(nearest("softplus", names), None);
        assert_eq!(nearest("y", ["e", "x"]), None);
    }
}
