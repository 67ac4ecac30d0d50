//! The two streams.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::build::{Failure, Progress};
use crate::diagnostic::{Diagnostic, Severity, render};

/// Where results, progress and diagnostics go.
#[derive(Debug)]
pub(super) struct Output {
    quiet: bool,
    pub(super) json: bool,
}

impl Output {
    pub(super) fn new(quiet: bool, json: bool) -> Self {
        Self { quiet, json }
    }

    /// A line of results.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(anstream::stdout(), "{text}")
    }

    /// A result as JSON.
    pub(super) fn value(&mut self, value: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
        self.line(&text)
    }

    /// Something worth knowing, unless quiet.
    pub(super) fn note(&mut self, text: &str) {
        if !self.quiet {
            self.complain(text);
        }
    }

    /// Something that has to be said on stderr. If stderr is gone there is nobody to tell.
    pub(super) fn complain(&mut self, text: &str) {
        let _ = writeln!(anstream::stderr(), "{text}");
    }

    /// Why a command failed.
    pub(super) fn failure(&mut self, failure: &Failure) {
        let diagnostics = match failure {
            Failure::Specs(diagnostics) => diagnostics.clone(),
            Failure::File(error) => vec![Diagnostic::error(error.to_string(), None)],
            Failure::Publish(error) => vec![Diagnostic::error(error.to_string(), None)],
            Failure::OutputHolds { out, held } => {
                let held = if held.as_os_str() == "." {
                    "the current folder".into()
                } else {
                    held.display().to_string()
                };
                let message = format!("the output folder {} cannot be, or hold, {held}", out.display());
                vec![Diagnostic::error(message, None).help("choose a folder of its own with --out")]
            }
            Failure::Threads(error) => {
                vec![Diagnostic::error(format!("cannot start the threads: {error}"), None)]
            }
        };
        if self.json {
            let report: Vec<Report<'_>> = diagnostics.iter().map(Report::new).collect();
            let _ = self.value(&serde_json::json!({ "diagnostics": report }));
            return;
        }
        for diagnostic in &diagnostics {
            // The stream removes the styles where they are not wanted: no terminal, NO_COLOR, TERM=dumb.
            self.complain(&format!("{}\n", render(diagnostic, true)));
        }
        let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
        if errors > 1 {
            self.complain(&format!("{errors} errors"));
        }
    }

    /// A progress bar on a terminal, and nothing elsewhere.
    pub(super) fn progress(&self) -> Bar {
        let is_shown = !self.quiet && !self.json && io::stderr().is_terminal();
        Bar { is_shown, quiet: self.quiet, bar: Mutex::new(ProgressBar::hidden()) }
    }
}

/// A diagnostic as JSON.
#[derive(Serialize)]
struct Report<'d> {
    severity: &'static str,
    message: &'d str,
    #[serde(flatten)]
    place: Option<ReportPlace<'d>>,
    help: &'d [String],
}

#[derive(Serialize)]
struct ReportPlace<'d> {
    path: &'d str,
    line: usize,
    column: usize,
    token: &'d str,
}

impl<'d> Report<'d> {
    fn new(diagnostic: &'d Diagnostic) -> Self {
        let severity = match diagnostic.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let place = diagnostic.place.as_ref().map(|place| {
            let (line, column) = place.line_and_column();
            let token = place.file.text.get(place.span.clone()).unwrap_or_default();
            ReportPlace { path: &place.file.path, line, column, token }
        });
        Self { severity, message: &diagnostic.message, place, help: &diagnostic.help }
    }
}

/// The progress of a build.
pub(super) struct Bar {
    is_shown: bool,
    quiet: bool,
    bar: Mutex<ProgressBar>,
}

impl Bar {
    fn bar(&self) -> std::sync::MutexGuard<'_, ProgressBar> {
        self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn finish(&self) {
        self.bar().finish_and_clear();
    }
}

impl Progress for Bar {
    fn begin(&self, stage: &'static str, steps: usize) {
        self.finish();
        if !self.is_shown {
            return;
        }
        let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{prefix:>8} [{bar:32}] {pos}/{len}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(stage);
        *self.bar() = bar;
    }

    fn step(&self) {
        self.bar().inc(1);
    }

    fn waiting(&self) {
        if !self.quiet {
            let _ = writeln!(anstream::stderr(), "waiting for another build that uses this cache");
        }
    }
}

/// `1 case`, `2 cases`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
