//! `actfn-site check`.

use std::process::ExitCode;

use super::arguments::Format;
use super::output::{Report, annotation, counted};
use super::{Error, Output};
use crate::build::{Checked, Failure, Options, check};
use crate::diagnostic::Diagnostic;

pub(super) fn run(options: &Options, format: Format, output: &mut Output) -> Result<ExitCode, Error> {
    let result = check(options);
    let format = if output.json { Format::Json } else { format };
    match (format, result) {
        (Format::Text, Ok(Checked { specs, plan, warnings })) => {
            output.warnings(&warnings);
            output.line(&format!(
                "no errors: {}, {}, {}",
                counted(specs.experiments.len(), "experiment"),
                counted(plan.cases.len(), "case"),
                counted(plan.figures.len(), "figure")
            ))?;
        }
        (Format::Text, Err(failure)) => return Err(failure.into()),
        (Format::Json, result) => {
            let (found, status) = found(result);
            let reports: Vec<Report<'_>> = found.iter().map(Report::new).collect();
            output.value(&serde_json::json!({ "diagnostics": reports }))?;
            return Ok(status);
        }
        (Format::Github, result) => {
            let (found, status) = found(result);
            for diagnostic in &found {
                output.line(&annotation(diagnostic))?;
            }
            return Ok(status);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Warnings or errors, and the exit status.
fn found(result: Result<Checked, Failure>) -> (Vec<Diagnostic>, ExitCode) {
    match result {
        Ok(checked) => (checked.warnings, ExitCode::SUCCESS),
        Err(failure) => (failure.diagnostics(), ExitCode::FAILURE),
    }
}
