//! The two streams.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::build::{Failure, Progress, Stop};
use crate::diagnostic::{Diagnostic, Place, Severity, render};

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

    /// One of several results of one run as JSON, on a line of its own.
    pub(super) fn event(&mut self, value: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string(value).map_err(io::Error::other)?;
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
        let diagnostics = failure.diagnostics();
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

    /// Shows warnings.
    pub(super) fn warnings(&mut self, warnings: &[Diagnostic]) {
        for warning in warnings {
            self.note(&format!("{}\n", render(warning, true)));
        }
        if warnings.len() > 1 {
            self.note(&format!("{} warnings", warnings.len()));
        }
    }

    /// A progress bar on a terminal, and nothing elsewhere.
    pub(super) fn progress(&self, stop: Stop) -> Bar {
        let is_shown = !self.quiet && !self.json && io::stderr().is_terminal();
        Bar { is_shown, quiet: self.quiet, bar: Mutex::new(ProgressBar::hidden()), stop }
    }
}

/// A diagnostic as JSON.
#[derive(Serialize)]
pub(super) struct Report<'d> {
    severity: &'static str,
    message: &'d str,
    #[serde(flatten)]
    place: Option<ReportPlace<'d>>,
    /// Further places that explain it.
    related: Vec<ReportPlace<'d>>,
    help: &'d [String],
}

/// Lines and columns (in characters) count from 1; the end is the first character after the token.
#[derive(Serialize)]
struct ReportPlace<'d> {
    path: &'d str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    token: &'d str,
    label: &'d str,
}

impl<'d> Report<'d> {
    pub(super) fn new(diagnostic: &'d Diagnostic) -> Self {
        Self {
            severity: severity(diagnostic),
            message: &diagnostic.message,
            place: diagnostic.place.as_ref().map(ReportPlace::new),
            related: diagnostic.related.iter().map(ReportPlace::new).collect(),
            help: &diagnostic.help,
        }
    }
}

impl<'d> ReportPlace<'d> {
    fn new(place: &'d Place) -> Self {
        let (line, column) = place.line_and_column();
        let (end_line, end_column) = place.end().line_and_column();
        let token = place.file.text.get(place.span.clone()).unwrap_or_default();
        Self { path: &place.file.path, line, column, end_line, end_column, token, label: &place.label }
    }
}

fn severity(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// A diagnostic as a command that GitHub Actions turns into an annotation of the file.
pub(super) fn annotation(diagnostic: &Diagnostic) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let place = diagnostic.place.as_ref().map(ReportPlace::new);
    let place = place.map(|place| {
        let mut text = format!(" file={},line={},col={}", property(place.path), place.line, place.column);
        // A column of the end belongs to the same line, or GitHub ignores all columns.
        if place.end_line == place.line && place.end_column > place.column {
            text.push_str(&format!(",endLine={},endColumn={}", place.end_line, place.end_column));
        }
        text
    });
    let message: Vec<&str> = std::iter::once(diagnostic.message.as_str())
        .chain(diagnostic.help.iter().map(String::as_str))
        .collect();
    format!("::{}{}::{}", severity(diagnostic), place.unwrap_or_default(), data(&message.join("\n")))
}

/// The progress of a build.
pub(super) struct Bar {
    is_shown: bool,
    quiet: bool,
    bar: Mutex<ProgressBar>,
    stop: Stop,
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
            let _ = writeln!(anstream::stderr(), "waiting for another build that uses the same folders");
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.is_set()
    }
}

/// `1 case`, `2 cases`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
