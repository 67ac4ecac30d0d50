//! Warnings as they are stored: with the places that they are about by path and bytes, since the texts are read anyway.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Inputs;
use crate::diagnostic::{Diagnostic, Place, Severity, SourceFile};

/// One warning.
#[derive(Serialize, Deserialize)]
pub(super) struct Told {
    message: String,
    place: Option<Spot>,
    related: Vec<Spot>,
    help: Vec<String>,
}

/// A place in one of the files that were read.
#[derive(Serialize, Deserialize)]
struct Spot {
    path: String,
    span: (usize, usize),
    label: String,
}

impl Told {
    /// All of these, if they are warnings about what was read and nothing else.
    pub(super) fn all(warnings: &[Diagnostic], inputs: &Inputs) -> Option<Vec<Self>> {
        let told: Vec<Self> = warnings.iter().map(Self::new).collect::<Option<_>>()?;
        (Self::again(&told, inputs).as_deref() == Some(warnings)).then_some(told)
    }

    fn new(warning: &Diagnostic) -> Option<Self> {
        if warning.severity != Severity::Warning {
            return None;
        }
        Some(Self {
            message: warning.message.clone(),
            place: warning.place.as_ref().map(Spot::new),
            related: warning.related.iter().map(Spot::new).collect(),
            help: warning.help.clone(),
        })
    }

    /// The warnings, which point into these texts; `None` if they cannot have been about them.
    pub(super) fn again(told: &[Self], inputs: &Inputs) -> Option<Vec<Diagnostic>> {
        if told.is_empty() {
            return Some(Vec::new());
        }
        let texts = inputs.specs.iter().chain(&inputs.templates).map(|text| &text.file);
        let files: BTreeMap<&str, &Arc<SourceFile>> = texts.map(|file| (file.path.as_str(), file)).collect();
        let again = |told: &Self| {
            let place = match &told.place {
                Some(spot) => Some(spot.place(&files)?),
                None => None,
            };
            let warning = Diagnostic::warning(told.message.clone(), place);
            let related = told.related.iter().map(|spot| spot.place(&files)).collect::<Option<_>>()?;
            Some(Diagnostic { related, help: told.help.clone(), ..warning })
        };
        told.iter().map(again).collect()
    }
}

impl Spot {
    fn new(place: &Place) -> Self {
        let span = (place.span.start, place.span.end);
        Self { path: place.file.path.clone(), span, label: place.label.clone() }
    }

    fn place(&self, files: &BTreeMap<&str, &Arc<SourceFile>>) -> Option<Place> {
        let file = Arc::clone(files.get(self.path.as_str())?);
        let (start, end) = self.span;
        // An entry may have been forged.
        let is_inside = file.text.get(start..end).is_some();
        is_inside.then(|| Place { file, span: start..end, label: self.label.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::tests::options;

    #[test]
    fn warnings_come_back_as_they_were_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("specs")).unwrap();
        std::fs::write(folder.path().join("specs/a.yaml"), "kind: target\nid: é\n").unwrap();
        let inputs = Inputs::read(&options(folder.path(), "public"));
        let file = Arc::clone(&inputs.specs[0].file);
        let at = |span| Place { file: Arc::clone(&file), span, label: "here".into() };
        let warnings = vec![
            Diagnostic::warning("one", at(0..4)).related(at(17..19)).help("do").help("that"),
            Diagnostic::warning("two", None),
        ];
        let told = Told::all(&warnings, &inputs).unwrap();
        let stored = serde_json::to_string(&told).unwrap();
        let read: Vec<Told> = serde_json::from_str(&stored).unwrap();
        assert_eq!(Told::again(&read, &inputs).unwrap(), warnings);
        // An error is not said by what has nothing to do, and no place outside of what was read is.
        assert!(Told::all(&[Diagnostic::error("wrong", None)], &inputs).is_none());
        let other = Arc::new(SourceFile { path: "elsewhere.yaml".into(), text: file.text.clone() });
        let elsewhere = Place { file: other, span: 0..4, label: String::new() };
        assert!(Told::all(&[Diagnostic::warning("other", elsewhere)], &inputs).is_none());
        for forged in ["[17,18]", "[4,1]", "[0,99]"] {
            let forged: Vec<Told> = serde_json::from_str(&stored.replace("[0,4]", forged)).unwrap();
            assert!(Told::again(&forged, &inputs).is_none());
        }
    }
}
