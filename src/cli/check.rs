//! `actfn-site check`.

use std::process::ExitCode;

use super::arguments::Format;
use super::output::{Report, annotation, counted};
use super::{Error, Output};
use crate::build::{Options, check};

pub(super) fn run(options: &Options, format: Format, output: &mut Output) -> Result<ExitCode, Error> {
    let result = check(options);
    let format = if output.json { Format::Json } else { format };
    match (format, result) {
        (Format::Text, Ok((specs, plan))) => output.line(&format!(
            "no errors: {}, {}, {}",
            counted(specs.experiments.len(), "experiment"),
            counted(plan.cases.len(), "case"),
            counted(plan.figures.len(), "figure")
        ))?,
        (Format::Text, Err(failure)) => return Err(failure.into()),
        (Format::Json, result) => {
            let found = result.err().map(|failure| failure.diagnostics()).unwrap_or_default();
            let reports: Vec<Report<'_>> = found.iter().map(Report::new).collect();
            output.value(&serde_json::json!({ "diagnostics": reports }))?;
            return Ok(status(reports.is_empty()));
        }
        (Format::Github, result) => {
            let found = result.err().map(|failure| failure.diagnostics()).unwrap_or_default();
            for diagnostic in &found {
                output.line(&annotation(diagnostic))?;
            }
            return Ok(status(found.is_empty()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn status(is_sound: bool) -> ExitCode {
    if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
