//! Beginnings: a commented spec of any kind, and a whole project that builds at once. Nothing that exists is ever replaced,
//! but for the schema, which is the program's own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::build::{Failure, Options};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::fs::change::write_atomic;
use crate::fs::{Links, TextFile, slashed, text_files};
use crate::function::builtin;
use crate::spec;

/// The schema's file in the folder of specs; hidden, so that it is not taken for a spec.
const SCHEMA: &str = ".schema.json";

/// What a spec can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Site,
    Polynomial,
    Target,
    Activation,
    Model,
    Figure,
    Experiment,
    Page,
}

impl Kind {
    /// The folder below that of the specs where a spec of this kind is put.
    fn folder(self) -> &'static str {
        match self {
            Self::Site => "",
            Self::Polynomial | Self::Target => "targets",
            Self::Activation => "activations",
            Self::Model => "models",
            Self::Figure => "figures",
            Self::Experiment => "experiments",
            Self::Page => "pages",
        }
    }

    /// As specs name it.
    fn name(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Polynomial => "polynomial",
            Self::Target => "target",
            Self::Activation => "activation",
            Self::Model => "model",
            Self::Figure => "figure",
            Self::Experiment => "experiment",
            Self::Page => "page",
        }
    }

    fn with_article(self) -> &'static str {
        match self {
            Self::Site => "a site",
            Self::Polynomial => "a polynomial",
            Self::Target => "a target",
            Self::Activation => "an activation",
            Self::Model => "a model",
            Self::Figure => "a figure",
            Self::Experiment => "an experiment",
            Self::Page => "a page",
        }
    }

    fn template(self) -> &'static str {
        match self {
            Self::Site => include_str!("specs/site.yaml"),
            Self::Polynomial => include_str!("specs/polynomial.yaml"),
            Self::Target => include_str!("specs/target.yaml"),
            Self::Activation => include_str!("specs/activation.yaml"),
            Self::Model => include_str!("specs/model.yaml"),
            Self::Figure => include_str!("specs/figure.yaml"),
            Self::Experiment => include_str!("specs/experiment.yaml"),
            Self::Page => include_str!("specs/page.yaml"),
        }
    }
}

/// The target that a first experiment brings along.
const FIRST_TARGET: &str = "---\n# What to learn; a file may hold several specs.\nkind: polynomial\nid: cubic\n\
    title: A cubic\ncoefficients: [0.5, 1.5, -0.8, 0.4]   # ascending powers\n";

/// Writes a commented spec, and the schema that its first line names; returns the path of the spec. A site needs no id.
///
/// # Errors
///
/// If the id cannot be one or is taken, or the file exists.
pub fn new(options: &Options, kind: Kind, id: Option<&str>) -> Result<PathBuf, Failure> {
    let id = id.unwrap_or("site");
    // Before it becomes a part of a path, and of a text in which it could be read as something else.
    if let Err(reason) = spec::check_id(kind.name(), id) {
        let message = format!("`{id}` cannot be the id of {}: {reason}", kind.with_article());
        return Err(Failure::Specs(vec![Diagnostic::error(message, None)]));
    }
    if kind == Kind::Activation && builtin(id).is_some() {
        let message = format!("the activation `{id}` is built in, and can be named without a spec");
        let help = format!("to vary it, take another id and write `builtin: {id}` in place of `expression:`");
        return Err(Failure::Specs(vec![Diagnostic::error(message, None).help(help)]));
    }
    let path = options.specs.join(kind.folder()).join(format!("{id}.yaml"));
    refuse_existing(&[&path])?;
    // Whatever else is wrong with the specs, it is not this command's matter.
    let (mut files, _) = text_files(&options.specs, &["yaml", "yml"], Links::Followed);
    let text = filled(kind, id, &files);
    let shown = slashed(&path).unwrap_or_default();
    let file = Arc::new(SourceFile { path: shown.clone(), text: text.clone() });
    files.push(TextFile { name: shown, file: Arc::clone(&file) });
    let found = spec::load(&files, Vec::new()).err().unwrap_or_default();
    let is_ours = |diagnostic: &Diagnostic| {
        diagnostic.place.iter().chain(&diagnostic.related).any(|place| Arc::ptr_eq(&place.file, &file))
    };
    let found: Vec<Diagnostic> = found.into_iter().filter(is_ours).collect();
    if !found.is_empty() {
        return Err(Failure::Specs(found));
    }
    // It may have come while the specs were read.
    refuse_existing(&[&path])?;
    write_schema(&options.specs)?;
    write_atomic(&path, text.as_bytes())?;
    Ok(path)
}

/// The spec of a kind with its id, and with a target that there is.
fn filled(kind: Kind, id: &str, files: &[TextFile]) -> String {
    let schema = if kind.folder().is_empty() { SCHEMA.to_owned() } else { format!("../{SCHEMA}") };
    let text = kind.template().replace("MY_SCHEMA", &schema);
    let text = match spec::target_ids(files).first() {
        Some(target) => text.replace("MY_TARGET", target),
        None if kind == Kind::Experiment => text.replace("MY_TARGET", "cubic") + FIRST_TARGET,
        None => text,
    };
    text.replace("MY_ID", id)
}

/// The files of a new project, by their paths in it.
fn project() -> [(&'static str, String); 9] {
    [
        ("specs/site.yaml", include_str!("project/site.yaml").into()),
        ("specs/targets.yaml", include_str!("project/targets.yaml").into()),
        ("specs/experiments/first.yaml", include_str!("project/first.yaml").into()),
        ("specs/pages/about.yaml", include_str!("project/about.yaml").into()),
        (".gitignore", include_str!("project/gitignore").into()),
        (".vscode/settings.json", include_str!("project/settings.json").into()),
        (".vscode/extensions.json", include_str!("project/extensions.json").into()),
        ("README.md", include_str!("project/README.md").into()),
        (
            ".github/workflows/pages.yaml",
            include_str!("project/pages.yaml").replace("MY_VERSION", env!("CARGO_PKG_VERSION")),
        ),
    ]
}

/// What a folder often has before it becomes a project, such as a repository's first README: it stays, and nothing misses
/// the file that would have been written.
const KEPT: [&str; 4] = [".gitignore", ".vscode/settings.json", ".vscode/extensions.json", "README.md"];

/// What [`init`] did, by path.
#[derive(Debug)]
pub struct Begun {
    pub written: Vec<PathBuf>,
    /// Files of a project that were there already and stayed as they were.
    pub kept: Vec<PathBuf>,
}

/// Makes a project in a folder, which may have other files in it.
///
/// # Errors
///
/// If one of the files that make it a project exists: then nothing is written.
pub fn init(folder: &Path) -> Result<Begun, Failure> {
    let files = project().into_iter().map(|(name, text)| (name, folder.join(name), text));
    let is_kept =
        |(name, path, _): &(&str, PathBuf, String)| KEPT.contains(name) && path.symlink_metadata().is_ok();
    let (kept, files): (Vec<_>, Vec<_>) = files.partition(is_kept);
    let paths: Vec<&Path> = files.iter().map(|(_, path, _)| path.as_path()).collect();
    refuse_existing(&paths)?;
    for (_, path, text) in &files {
        write_atomic(path, text.as_bytes())?;
    }
    let schema = write_schema(&folder.join("specs"))?;
    let written = files.into_iter().map(|(_, path, _)| path).chain([schema]).collect();
    Ok(Begun { written, kept: kept.into_iter().map(|(_, path, _)| path).collect() })
}

fn refuse_existing(paths: &[&Path]) -> Result<(), Failure> {
    let existing = paths.iter().filter(|path| path.symlink_metadata().is_ok());
    let found: Vec<Diagnostic> =
        existing.map(|path| Diagnostic::error(format!("{} exists already", path.display()), None)).collect();
    if found.is_empty() { Ok(()) } else { Err(Failure::Specs(found)) }
}

/// Writes the schema beside the specs, for editors.
fn write_schema(specs: &Path) -> Result<PathBuf, Failure> {
    let path = specs.join(SCHEMA);
    let text = serde_json::to_string_pretty(&spec::schema()).expect("a value has only string keys");
    write_atomic(&path, format!("{text}\n").as_bytes())?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_kind_is_in_its_spec() {
        let kinds = [
            Kind::Site,
            Kind::Polynomial,
            Kind::Target,
            Kind::Activation,
            Kind::Model,
            Kind::Figure,
            Kind::Experiment,
            Kind::Page,
        ];
        let schema = spec::schema();
        let mut count = 0;
        let mut look = |fields: &serde_json::Value, text: &str| {
            for name in fields["properties"].as_object().unwrap().keys() {
                let is_there = text.lines().any(|line| {
                    let line = line.trim_start_matches([' ', '#']);
                    line.starts_with(&format!("{name}:"))
                        || line.contains(&format!("{{{name}:"))
                        || line.contains(&format!(", {name}:"))
                });
                assert!(is_there || (name == "id" && text.starts_with("site")), "{name}");
                count += 1;
            }
        };
        for kind in kinds {
            let mut definition = schema["definitions"][kind.name()].clone();
            if kind == Kind::Site {
                definition["properties"].as_object_mut().unwrap().remove("id");
            }
            look(&definition, kind.template());
        }
        let experiment = &schema["definitions"]["experiment"]["properties"];
        look(&experiment["data"], Kind::Experiment.template());
        look(&experiment["training"], Kind::Experiment.template());
        look(&experiment["init"]["anyOf"][0], Kind::Experiment.template());
        assert!(count > 60, "{count}");
    }
}
