//! `actfn-site check`.

use std::process::ExitCode;

use super::{Error, Output};
use crate::build::{Options, check};

pub(super) fn run(options: &Options, output: &mut Output) -> Result<ExitCode, Error> {
    let (specs, plan) = check(options)?;
    if output.json {
        output.value(&serde_json::json!({ "diagnostics": [] }))?;
    } else {
        output.line(&format!(
            "no errors: {} experiments, {} cases, {} figures",
            specs.experiments.len(),
            plan.cases.len(),
            plan.figures.len()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
