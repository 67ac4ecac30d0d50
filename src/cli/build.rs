//! `actfn-site build`.

use std::process::ExitCode;
use std::time::Instant;

use super::output::{Report, counted};
use super::{Error, Output, interrupt};
use crate::build::{Failure, Forecast, Options, Summary, build, forecast};

/// The exit status of a program that was interrupted, as shells give it.
const INTERRUPTED: u8 = 130;

pub(super) fn run(options: &Options, output: &mut Output) -> Result<ExitCode, Error> {
    let start = Instant::now();
    let bar = output.progress(interrupt::on_interrupt());
    let result = build(options, &bar);
    bar.finish();
    let summary = match result {
        Err(Failure::Stopped) => {
            output.complain(
                "stopped: what was trained and drawn is kept; the site is as the last build left it",
            );
            return Ok(ExitCode::from(INTERRUPTED));
        }
        result => result?,
    };
    if output.json {
        output.value(&report(&summary))?;
        return Ok(ExitCode::SUCCESS);
    }
    output.warnings(&summary.warnings);
    for note in &summary.notes {
        output.note(&format!("note: {note}"));
    }
    for line in lines(&summary, &options.out.display().to_string()) {
        output.line(&line)?;
    }
    output.note(&format!("done in {:.2} s", start.elapsed().as_secs_f64()));
    Ok(ExitCode::SUCCESS)
}

/// A summary as JSON.
pub(super) fn report(summary: &Summary) -> serde_json::Value {
    let mut report = serde_json::json!(summary);
    let warnings: Vec<Report<'_>> = summary.warnings.iter().map(Report::new).collect();
    report["warnings"] = serde_json::json!(warnings);
    report
}

/// A size in megabytes, as `15.1 MB`.
#[expect(clippy::cast_precision_loss, reason = "for reading")]
fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

fn lines(summary: &Summary, out: &str) -> Vec<String> {
    let mut lines = vec![
        format!(
            "{}: {} trained, {} reused",
            counted(summary.cases, "case"),
            summary.trained,
            summary.reused_runs
        ),
        format!(
            "{}: {} drawn, {} reused",
            counted(summary.drawn + summary.reused_figures, "figure"),
            summary.drawn,
            summary.reused_figures
        ),
        format!(
            "{out}: {} written, {} unchanged, {} removed; {} in all",
            counted(summary.files_written, "file"),
            summary.files_unchanged,
            summary.files_removed,
            megabytes(summary.bytes)
        ),
    ];
    if summary.diverged > 0 {
        lines.insert(1, format!("{} diverged; their pages say how", counted(summary.diverged, "case")));
    }
    if summary.trained + summary.drawn + summary.files_written + summary.files_removed == 0 {
        lines.push("nothing to do: the site is up to date".into());
    }
    lines
}

/// `actfn-site build --dry-run`.
pub(super) fn dry_run(options: &Options, output: &mut Output) -> Result<ExitCode, Error> {
    let forecast = forecast(options)?;
    output.warnings(&forecast.warnings);
    if output.json {
        output.value(&forecast)?;
        return Ok(ExitCode::SUCCESS);
    }
    for line in forecast_lines(&forecast, &options.out.display().to_string()) {
        output.line(&line)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn forecast_lines(forecast: &Forecast, out: &str) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(forecast.train.iter().map(|case| format!("train   {case}")));
    lines.extend(forecast.starts.iter().map(|case| format!("starts  {case}")));
    lines.extend(forecast.search.iter().map(|case| format!("search  {case}")));
    lines.extend(forecast.draw.iter().map(|path| format!("draw    {path}")));
    match &forecast.files {
        Some(files) => {
            lines.extend(files.write.iter().map(|path| format!("write   {path}")));
            lines.extend(files.remove.iter().map(|path| format!("remove  {path}")));
            if lines.is_empty() {
                lines.push("nothing to do: the site is up to date".into());
            } else {
                let (write, remove) = (files.write.len(), files.remove.len());
                lines.push(format!("{out}: {} to write, {remove} to remove", counted(write, "file")));
            }
        }
        None => {
            let rest = [
                ("to train from many starts", &forecast.starts),
                ("to search for what they can reach", &forecast.search),
            ];
            let rest = rest.into_iter().filter(|(_, cases)| !cases.is_empty());
            let rest: String =
                rest.map(|(what, cases)| format!(", {} {what}", counted(cases.len(), "case"))).collect();
            lines.push(format!(
                "{} to train{rest}, {} to draw, and whatever pages of {out} show them to write",
                counted(forecast.train.len(), "case"),
                counted(forecast.draw.len(), "figure")
            ));
        }
    }
    lines
}
