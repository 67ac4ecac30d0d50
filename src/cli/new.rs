//! `actfn-site new` and `actfn-site init`.

use std::path::Path;
use std::process::ExitCode;

use super::arguments::NewKind;
use super::{Error, Output};
use crate::build::Options;
use crate::scaffold::{Kind, init, new};

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
    let written = init(folder)?;
    let written: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
    if output.json {
        output.value(&serde_json::json!({ "written": written }))?;
        return Ok(ExitCode::SUCCESS);
    }
    for path in &written {
        output.line(path)?;
    }
    output.note("\nnext:");
    if folder != Path::new(".") {
        output.note(&format!("  cd {}", folder.display()));
    }
    output.note("  actfn-site watch --open    builds the site, shows it, and builds it anew on every save");
    Ok(ExitCode::SUCCESS)
}
