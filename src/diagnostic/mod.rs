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
    /// An error at a place.
    pub fn error(message: impl Into<String>, place: impl Into<Option<Place>>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
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

/// The valid name nearest to a mistyped one, if one is near enough to be meant.
pub fn nearest<'n>(typed: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(typed, name), name))
        .filter(|&(distance, name)| {
            let length = name.len().max(typed.len());
            distance < length && distance <= 1.max(length / 3)
        })
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_is_near_and_another_word_is_not() {
        let names = ["tanh", "sigmoid", "relu"];
        assert_eq!(nearest("tnah", names), Some("tanh"));
        assert_eq!(nearest("sigmiod", names), Some("sigmoid"));
        assert_eq!(nearest("softplus", names), None);
        assert_eq!(nearest("y", ["e", "x"]), None);
    }
}
