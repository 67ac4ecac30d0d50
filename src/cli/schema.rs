//! `actfn-site schema`.

use std::process::ExitCode;

use super::{Error, Output};
use crate::spec::schema;

pub(super) fn run(output: &mut Output) -> Result<ExitCode, Error> {
    output.value(&schema())?;
    Ok(ExitCode::SUCCESS)
}
