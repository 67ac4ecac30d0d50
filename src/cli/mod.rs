//! What a user meets: arguments, exit status, and who writes to which stream.
//!
//! Results go to stdout; progress and diagnostics go to stderr. Exit status: 0 done, 1 the specs or the build failed, 2 bad
//! usage.

mod arguments;
mod build;
mod cache;
mod check;
mod completions;
mod interrupt;
mod list;
mod new;
mod output;
mod schema;
mod serve;
mod watch;
mod why;

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::build::Failure;
use crate::diagnostic::Diagnostic;
use crate::serve::ServeError;
use arguments::{Arguments, Command};
use output::Output;

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let options = arguments.options();
    let mut output = Output::new(arguments.quiet, arguments.json);
    let needs_folder = !matches!(arguments.command, Command::Schema | Command::Completions { .. });
    if needs_folder && std::env::current_dir().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        // Whatever is said of folders in it would only confuse.
        let gone =
            Diagnostic::error("the current folder has been removed", None).help("change to another one");
        output.failure(&Failure::Specs(vec![gone]));
        return ExitCode::FAILURE;
    }
    let done = match &arguments.command {
        Command::Init { folder } => new::run_init(folder, &mut output),
        Command::New { kind, id } => new::run(&options, *kind, id.as_deref(), &mut output),
        Command::Build { dry_run: false, .. } => build::run(&options, &mut output),
        Command::Build { dry_run: true, .. } => build::dry_run(&options, &mut output),
        Command::Watch { serving, poll } => watch::run(&options, serving, *poll, &mut output),
        Command::Serve { serving } => serve::run(&options, serving, &mut output),
        Command::Check { format, .. } => check::run(&options, *format, &mut output),
        Command::List { what } => list::run(&options, *what, &mut output),
        Command::Why { name } => why::run(&options, name, &mut output),
        Command::Schema => schema::run(&mut output),
        Command::Completions { shell } => completions::run(*shell, &mut output),
        Command::Cache { action } => cache::run(&options, *action, &mut output),
    };
    match done {
        Ok(status) => status,
        Err(Error::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Error::Output(error)) => {
            output.complain(&format!("error: cannot write the output: {error}"));
            ExitCode::FAILURE
        }
        Err(Error::Failure(failure)) => {
            output.failure(&failure);
            ExitCode::FAILURE
        }
        Err(Error::Serve(error)) => {
            output.complain(&format!("error: {error}"));
            if matches!(error, ServeError::InUse { .. }) {
                output
                    .complain("help: choose another one with --port, or leave it out for the next free one");
            }
            ExitCode::FAILURE
        }
        Err(Error::NothingToServe(out)) => {
            output.complain(&format!("error: there is no site in {}", out.display()));
            output.complain("help: `actfn-site build` makes one; `actfn-site watch` makes and serves it");
            ExitCode::FAILURE
        }
    }
}

/// Why a command ended early.
#[derive(Debug)]
enum Error {
    Failure(Failure),
    Serve(ServeError),
    /// The output folder is not there.
    NothingToServe(PathBuf),
    /// Standard output could not be written.
    Output(std::io::Error),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<ServeError> for Error {
    fn from(error: ServeError) -> Self {
        Self::Serve(error)
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
