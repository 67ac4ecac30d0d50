//! What a user meets: arguments, exit status, and who writes to which stream.
//!
//! Results go to stdout; progress and diagnostics go to stderr. Exit status: 0 done, 1 the specs or the build failed, 2 bad
//! usage.

mod arguments;
mod build;
mod cache;
mod check;
mod list;
mod output;

use std::process::ExitCode;

use clap::Parser;

use crate::build::Failure;
use arguments::{Arguments, Command};
use output::Output;

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let options = arguments.options();
    let mut output = Output::new(arguments.quiet, arguments.json);
    let done = match &arguments.command {
        Command::Build => build::run(&options, &mut output),
        Command::Check => check::run(&options, &mut output),
        Command::List { what } => list::run(&options, *what, &mut output),
        Command::Cache { action } => cache::run(&options, *action, &mut output),
    };
    match done {
        Ok(status) => status,
        Err(Error::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Error::Output(error)) => {
            output.complain(&format!("error: cannot write the output: {error}"));
            ExitCode::FAILURE
        }
        Err(Error::Failure(failure)) => {
            output.failure(&failure);
            ExitCode::FAILURE
        }
    }
}

/// Why a command ended early.
#[derive(Debug)]
enum Error {
    Failure(Failure),
    /// Standard output could not be written.
    Output(std::io::Error),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<crate::fs::FileError> for Error {
    fn from(error: crate::fs::FileError) -> Self {
        Self::Failure(error.into())
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}
