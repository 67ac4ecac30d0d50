//! `actfn-site build`.

use std::process::ExitCode;
use std::time::Instant;

use super::output::counted;
use super::{Error, Output};
use crate::build::{Options, Summary, build};

pub(super) fn run(options: &Options, output: &mut Output) -> Result<ExitCode, Error> {
    let start = Instant::now();
    let bar = output.progress();
    let result = build(options, &bar);
    bar.finish();
    let summary = result?;
    if output.json {
        output.value(&summary)?;
        return Ok(ExitCode::SUCCESS);
    }
    for note in &summary.notes {
        output.note(&format!("note: {note}"));
    }
    for line in lines(&summary, &options.out.display().to_string()) {
        output.line(&line)?;
    }
    output.note(&format!("done in {:.2} s", start.elapsed().as_secs_f64()));
    Ok(ExitCode::SUCCESS)
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
            "{out}: {} written, {} unchanged, {} removed",
            counted(summary.files_written, "file"),
            summary.files_unchanged,
            summary.files_removed
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
