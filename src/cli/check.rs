//! `actfn-site check`.

use std::process::ExitCode;

use super::output::counted;
use super::{Error, Output};
use crate::build::{Options, check};

pub(super) fn run(options: &Options, output: &mut Output) -> Result<ExitCode, Error> {
    let (specs, plan) = check(options)?;
    if output.json {
        output.value(&serde_json::json!({ "diagnostics": [] }))?;
    } else {
        output.line(&format!(
            "no errors: {}, {}, {}",
            counted(specs.experiments.len(), "experiment"),
            counted(plan.cases.len(), "case"),
            counted(plan.figures.len(), "figure")
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
