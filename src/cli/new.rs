//! `actfn-site new` and `actfn-site init`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::arguments::NewKind;
use super::{Error, Output};
use crate::build::Options;
use crate::scaffold::{Begun, Kind, init, new};

pub(super) fn run(
    options: &Options,
    kind: NewKind,
    id: Option<&str>,
    output: &mut Output,
) -> Result<ExitCode, Error> {
    let kind = match kind {
        NewKind::Site => Kind::Site,
        NewKind::Polynomial => Kind::Polynomial,
        NewKind::Target => Kind::Target,
        NewKind::Activation => Kind::Activation,
        NewKind::Model => Kind::Model,
        NewKind::Figure => Kind::Figure,
        NewKind::Experiment => Kind::Experiment,
        NewKind::Page => Kind::Page,
    };
    let path = new(options, kind, id)?;
    if output.json {
        output.value(&serde_json::json!({ "written": [path.display().to_string()] }))?;
    } else {
        output.line(&path.display().to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `actfn-site init`.
pub(super) fn run_init(folder: &Path, output: &mut Output) -> Result<ExitCode, Error> {
    let Begun { written, kept } = init(folder)?;
    let shown =
        |paths: &[PathBuf]| -> Vec<String> { paths.iter().map(|path| path.display().to_string()).collect() };
    if output.json {
        output.value(&serde_json::json!({ "written": shown(&written), "kept": shown(&kept) }))?;
        return Ok(ExitCode::SUCCESS);
    }
    for path in shown(&written) {
        output.line(&path)?;
    }
    for path in &kept {
        let advice =
            if path.ends_with(".gitignore") { "; it should name /public/ and /.actfn-cache/" } else { "" };
        output.note(&format!("note: {} was there and stays as it is{advice}", path.display()));
    }
    output.note("\nnext:");
    if folder != Path::new(".") {
        output.note(&format!("  cd {}", folder.display()));
    }
    output.note("  actfn-site watch --open    builds the site, shows it, and builds it anew on every save");
    Ok(ExitCode::SUCCESS)
}
