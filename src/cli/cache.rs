//! `actfn-site cache`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use super::arguments::Action;
use super::{Error, Output};
use crate::build::{Inputs, Options, needed_entries};
use crate::cache::{Cache, EntryKind, Usage};
use crate::plan;

pub(super) fn run(options: &Options, action: Action, output: &mut Output) -> Result<ExitCode, Error> {
    let cache = Cache::new(&options.cache);
    match action {
        Action::Status => status(&cache, output),
        Action::Verify => verify(&cache, output),
        Action::Gc => {
            let specs = Inputs::read(options).load_specs(options)?;
            let keep = needed_entries(options, &cache, &plan::plan(&specs));
            retain(&cache, &keep, output)
        }
        Action::Clear => retain(&cache, &BTreeSet::new(), output),
    }
}

/// What there is in a cache, in the words of the other commands.
const KINDS: [(&str, &[EntryKind]); 6] = [
    ("runs", &[EntryKind::Run]),
    ("starts", &[EntryKind::Trials]),
    ("searches", &[EntryKind::Attainable]),
    ("verdicts", &[EntryKind::Verdict]),
    ("figures", &[EntryKind::Figure]),
    ("records", &[EntryKind::Record, EntryKind::Settled]),
];

fn status(cache: &Cache, output: &mut Output) -> Result<ExitCode, Error> {
    let entries = cache.entries()?;
    let usage = |is_meant: &dyn Fn(Option<EntryKind>) -> bool| {
        let meant = entries.iter().filter(|entry| is_meant(entry.identity.map(|(kind, _)| kind)));
        meant.fold(Usage::default(), |sum, entry| Usage {
            entries: sum.entries + 1,
            bytes: sum.bytes + entry.bytes,
        })
    };
    let stray = usage(&|kind| kind.is_none());
    let of_kinds =
        KINDS.map(|(name, kinds)| (name, usage(&|kind| kind.is_some_and(|kind| kinds.contains(&kind)))));
    if output.json {
        let usages: BTreeMap<&str, Usage> = of_kinds.into_iter().chain([("stray", stray)]).collect();
        output.value(&serde_json::json!(usages))?;
        return Ok(ExitCode::SUCCESS);
    }
    output.line(&format!("{}", cache.root().display()))?;
    for (name, usage) in of_kinds {
        output.line(&format!("{name:<8} {}", described(usage)))?;
    }
    if stray.entries > 0 {
        output.line(&format!("stray    {} (left by killed builds or other versions)", described(stray)))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn verify(cache: &Cache, output: &mut Output) -> Result<ExitCode, Error> {
    let total = cache.entries()?.len();
    let damaged: Vec<String> = cache.verify()?.iter().map(|entry| entry.path.display().to_string()).collect();
    if output.json {
        output.value(&serde_json::json!({ "entries": total, "damaged": damaged }))?;
    } else {
        for path in &damaged {
            output.line(&format!("damaged: {path}"))?;
        }
        output.line(&format!("{total} entries, {} damaged", damaged.len()))?;
    }
    Ok(if damaged.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn retain(
    cache: &Cache,
    keep: &BTreeSet<(EntryKind, crate::cache::CacheKey)>,
    output: &mut Output,
) -> Result<ExitCode, Error> {
    let _lock = cache.lock(|| output.note("waiting for a build that uses this cache"))?;
    let removed = cache.retain(keep)?;
    if output.json {
        output.value(&serde_json::json!({ "removed": removed }))?;
    } else {
        output.line(&format!("removed {}", described(removed)))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn described(usage: Usage) -> String {
    let noun = if usage.entries == 1 { "entry" } else { "entries" };
    format!("{} {noun}, {}", usage.entries, size(usage.bytes))
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
