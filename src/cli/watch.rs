//! `actfn-site watch`.

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::arguments::Serving;
use super::output::counted;
use super::serve::{bind, open};
use super::{Error, Output, interrupt};
use crate::build::{Options, Summary};
use crate::diagnostic::Diagnostic;
use crate::serve::Live;
use crate::watch::{Happening, Noticing, watch};

pub(super) fn run(
    options: &Options,
    serving: &Serving,
    poll: bool,
    output: &mut Output,
) -> Result<ExitCode, Error> {
    let stop = interrupt::on_interrupt();
    let (server, url) = bind(serving)?;
    let live = Live::new(&session());
    let _running = server.run(options.out.clone(), Some(live.clone()))?;
    if output.json {
        output.event(&json!({ "event": "serving", "url": url }))?;
    } else {
        output.line(&format!("serving {} at {url} (Ctrl-C stops)", options.out.display()))?;
    }
    open(serving, &url, output);
    let noticing = if poll { Noticing::Polling } else { Noticing::Events };
    let bar = output.progress(stop.clone());
    let mut is_first = true;
    let mut warnings = Vec::new();
    watch(options, noticing, &live, &stop, &bar, |happening| {
        bar.finish();
        let told = tell(output, &happening, is_first);
        if let Happening::Built { summary, .. } = &happening
            && !output.json
        {
            // What was told at an earlier save is known, wherever it stands by now.
            let is_new = |warning: &&Diagnostic| !warnings.contains(&warning.message);
            output.warnings(&summary.warnings.iter().filter(is_new).cloned().collect::<Vec<_>>());
            warnings = summary.warnings.iter().map(|warning| warning.message.clone()).collect();
        }
        is_first = is_first && !matches!(happening, Happening::Built { .. });
        told
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Something that no other run of the program uses.
fn session() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{}", std::process::id(), now.as_nanos())
}

fn tell(output: &mut Output, happening: &Happening<'_>, is_first: bool) -> Result<(), Error> {
    match happening {
        Happening::Polling { reason } => {
            output.note(&format!(
                "note: the system cannot tell of changes ({reason}); looking for them several times a second instead"
            ));
        }
        Happening::Built { inputs, summary, elapsed } if output.json => {
            let event = json!({ "event": "built", "inputs": inputs, "summary": super::build::report(summary), "changed": summary.changed,
                "milliseconds": elapsed.as_secs_f64() * 1e3 });
            output.event(&event)?;
        }
        Happening::Built { inputs, summary, elapsed } => {
            for note in &summary.notes {
                output.note(&format!("note: {note}"));
            }
            let cause = if is_first { "first build".into() } else { named(inputs) };
            output.line(&format!("{cause}: {}, {}", done(summary), duration(*elapsed)))?;
        }
        Happening::Failed { inputs, failure } if output.json => {
            let diagnostics = failure.diagnostics();
            let reports: Vec<_> = diagnostics.iter().map(super::output::Report::new).collect();
            output.event(&json!({ "event": "failed", "inputs": inputs, "diagnostics": reports }))?;
        }
        Happening::Failed { inputs, failure } => {
            output.failure(failure);
            let cause = if is_first && inputs.is_empty() { "first build".into() } else { named(inputs) };
            let count = counted(failure.diagnostics().len(), "error");
            output.line(&format!("{cause}: {count}, the site stays as it was"))?;
        }
    }
    Ok(())
}

/// What has changed, in a few words.
fn named(inputs: &[String]) -> String {
    match inputs {
        [] => "tried again".into(),
        [only] => only.clone(),
        [first, second] => format!("{first}, {second}"),
        [first, rest @ ..] => format!("{first} and {} more files", rest.len()),
    }
}

/// What was done, in a few words.
fn done(summary: &Summary) -> String {
    let parts = [
        (summary.trained, "trained"),
        (summary.drawn, "drawn"),
        (summary.files_written, "written"),
        (summary.files_removed, "removed"),
    ];
    let nouns = ["case", "figure", "file", "file"];
    let parts: Vec<String> = parts
        .iter()
        .zip(nouns)
        .filter(|((count, _), _)| *count > 0)
        .map(|((count, verb), noun)| format!("{} {verb}", counted(*count, noun)))
        .collect();
    if parts.is_empty() { "nothing to do".into() } else { parts.join(", ") }
}

fn duration(elapsed: Duration) -> String {
    if elapsed < Duration::from_secs(1) {
        format!("{} ms", elapsed.as_millis())
    } else {
        format!("{:.1} s", elapsed.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rebuild_is_one_tidy_line() {
        let summary = Summary { trained: 1, drawn: 2, files_written: 5, ..Summary::default() };
        assert_eq!(done(&summary), "1 case trained, 2 figures drawn, 5 files written");
        assert_eq!(done(&Summary::default()), "nothing to do");
        let files: Vec<String> = ["a.yaml", "b.yaml", "c.yaml"].map(String::from).to_vec();
        assert_eq!(named(&files), "a.yaml and 2 more files");
        assert_eq!(duration(Duration::from_millis(47)), "47 ms");
        assert_eq!(duration(Duration::from_millis(2040)), "2.0 s");
    }
}
