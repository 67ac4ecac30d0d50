//! How sure a ranking is, in words: over many starts or one, and against what could have been reached.

use super::gallery::{Gallery, Trained};
use super::winner::Winner;
use crate::finding::{Kind, Starts, Weight};
use crate::number::significant;
use crate::spec::Init;
use crate::verdict::{AS_GOOD_AS_NOTHING, spread};

/// More names than these make a sentence unreadable.
const MAX_NAMES: usize = 4;

/// What the cases of an experiment on one target say together, sentence by sentence; nothing for a single case.
pub(super) fn verdict(gallery: Gallery<'_>, experiment: &str, target: &str) -> Vec<String> {
    let ranked = gallery.ranked(experiment, target);
    if ranked.len() < 2 {
        return Vec::new();
    }
    let mut sentences = Vec::new();
    if let Some(first) = ranked.first().filter(|first| first.finding.trials.is_some()) {
        sentences.extend(of_starts(gallery, *first, &ranked));
    } else if ranked.iter().any(|trained| trained.run.best.is_some()) {
        let of = gallery.specs.experiments.iter().find(|of| of.id == experiment);
        let (start, other) = match of.map(|of| &of.init) {
            Some(Init::Explicit(_)) => ("One given start", "start"),
            _ => ("One start each", "seed"),
        };
        sentences.push(format!(
            "{start}: the ranks are what single runs found, and another {other} may rank otherwise."
        ));
    }
    sentences.extend(disagreement(&ranked));
    sentences.extend(who_did(&ranked));
    sentences.extend(who_got_stuck(&ranked));
    sentences.extend(what_became_of_starts(&ranked));
    sentences
}

/// A loss within this share of the attainable one is as good as that.
const CLOSE: f64 = 1.05;

/// Whether a case came close to what it could reach, or as close to nothing as makes no difference.
pub(super) fn came_close(trained: &Trained<'_>) -> Option<bool> {
    let attainable = trained.finding.attainable.as_ref()?;
    let least = trained.finding.attained()?;
    let enough = (CLOSE * least).max(AS_GOOD_AS_NOTHING * attainable.scale);
    Some(trained.typical_mse() <= enough)
}

/// How many came close to what each of them could reach.
fn who_did(ranked: &[Trained<'_>]) -> Option<String> {
    let known: Vec<(Trained<'_>, bool)> =
        ranked.iter().filter_map(|trained| Some((*trained, came_close(trained)?))).collect();
    let close: Vec<String> =
        known.iter().filter(|(_, is_close)| *is_close).map(|(trained, _)| name(*trained)).collect();
    if known.len() < 2 {
        return None;
    }
    let by = if known.iter().any(|(trained, _)| trained.finding.trials.is_some()) {
        ", by the median of its starts"
    } else {
        ""
    };
    Some(if close.is_empty() {
        format!("None of the {} came within 5 % of what it can reach{by}.", known.len())
    } else if close.len() == known.len() {
        let all = if known.len() == ranked.len() {
            "Each of them".to_owned()
        } else {
            format!("Each of the {} of which it is known", known.len())
        };
        format!("{all} came within 5 % of what it can reach{by}.")
    } else {
        format!(
            "Within 5 % of what it can reach{by} came {} of {}: {}.",
            close.len(),
            known.len(),
            listed(&close)
        )
    })
}

/// What kept the others from it: the gravest diagnosis of each, as far as it bears on the result. Where nothing is known of what
/// can be reached, what hindered any of them.
fn who_got_stuck(ranked: &[Trained<'_>]) -> Option<String> {
    let mut causes: Vec<(Kind, Vec<String>)> = Vec::new();
    let is_known = ranked.iter().any(|trained| came_close(trained).is_some());
    let is_meant = |trained: &&Trained<'_>| came_close(trained) == is_known.then_some(false);
    for trained in ranked.iter().filter(is_meant) {
        let gravest =
            trained.finding.diagnoses.iter().find(|diagnosis| diagnosis.kind.weight() != Weight::Note);
        let Some(diagnosis) = gravest else { continue };
        match causes.iter_mut().find(|(kind, _)| *kind == diagnosis.kind) {
            Some((_, names)) => names.push(name(*trained)),
            None => causes.push((diagnosis.kind, vec![name(*trained)])),
        }
    }
    causes.sort_by_key(|(kind, _)| *kind);
    let parts: Vec<String> = causes
        .iter()
        .map(|(kind, names)| {
            let is_one = names.len() == 1;
            let cause = match kind {
                Kind::Diverged => "diverged",
                Kind::DeadUnit => "had a dead neuron",
                Kind::Stuck => "came to rest far above what can be reached",
                Kind::Risen if is_one => "ended far above the lowest loss that it had met",
                Kind::Risen => "ended far above the lowest loss that they had met",
                Kind::Saturated if is_one => "was in a flat tail of the activation",
                Kind::Saturated => "were in flat tails of their activations",
                Kind::Plateau => "stood on a plateau",
                Kind::NotConverged => "had not converged",
                Kind::DuplicateUnits | Kind::LearningRateHalved => "say nothing against it",
            };
            format!("{} {cause}", listed(names))
        })
        .collect();
    let count = |is_close| ranked.iter().filter(|it| came_close(it) == Some(is_close)).count();
    let of = match (count(true), count(false)) {
        (0, _) if is_known => "What kept them from it",
        (0, _) => "What hindered training",
        (_, 1) => "What kept the other from it",
        _ => "What kept the others from it",
    };
    let by = if ranked.iter().any(|trained| trained.finding.trials.is_some()) {
        ", as first starts tell"
    } else {
        ""
    };
    (!parts.is_empty()).then(|| format!("{of}{by}: {}.", parts.join("; ")))
}

/// From how many starts a unit ended dead, and how many diverged, of the cases with such starts; the most first.
fn what_became_of_starts(ranked: &[Trained<'_>]) -> Option<String> {
    let counted = |count: fn(&Starts) -> usize| {
        let with = ranked.iter().filter_map(|trained| {
            let starts = trained.finding.starts.as_ref()?;
            Some((count(starts), starts.count, name(*trained))).filter(|(count, ..)| *count > 0)
        });
        let mut with: Vec<_> = with.collect();
        with.sort_by_key(|(count, ..)| std::cmp::Reverse(*count));
        let texts: Vec<String> =
            with.iter().map(|(count, starts, name)| format!("{name} {count} of {starts}")).collect();
        (!texts.is_empty()).then(|| listed(&texts))
    };
    let dead = counted(|starts| starts.dead).map(|cases| {
        format!(
            "From so many starts a unit was dead (φ′ = 0 on all data) where the loss was lowest: {cases}."
        )
    });
    let diverged =
        counted(|starts| starts.diverged).map(|cases| format!("So many starts diverged: {cases}."));
    let sentences: Vec<String> = dead.into_iter().chain(diverged).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// The verdict over many starts.
fn of_starts(gallery: Gallery<'_>, first: Trained<'_>, ranked: &[Trained<'_>]) -> Option<String> {
    let (contest, verdict) = gallery.contest(first)?;
    let of = |index: usize| {
        let case = *contest.cases.get(index)?;
        ranked.iter().find(|trained| trained.index == case).copied()
    };
    let leader = of(verdict.leader)?;
    let starts = leader.finding.trials.as_ref()?.0.len();
    let median = leader.loss_text(leader.typical_mse());
    let tied: Vec<String> = verdict.tied.iter().filter_map(|&index| of(index)).map(name).collect();
    let test = format!("paired bootstrap over the starts, {} samples", verdict.resamples);
    Some(if tied.is_empty() {
        format!(
            "Over {starts} starts each, {} wins: it has the lowest median MSE, {median}, and stands apart from all others ({test}).",
            name(leader)
        )
    } else {
        format!(
            "Over {starts} starts each there is no winner: {} has the lowest median MSE, {median}, but is tied with {} ({test}).",
            name(leader),
            listed(&tied)
        )
    })
}

/// Where the ranking by what could be reached is another than that by what was found.
fn disagreement(ranked: &[Trained<'_>]) -> Option<String> {
    let winner = Winner::of(ranked).filter(Winner::is_artefact)?;
    let best: Vec<String> = winner.best.iter().map(|trained| name(*trained)).collect();
    let (can, come) = match best.len() {
        1 => ("can", "comes"),
        2 => ("can both", "come"),
        _ => ("can all", "come"),
    };
    let reach = if winner.least <= winner.nothing {
        "meet it to a billionth of its variance".to_owned()
    } else {
        format!("reach {}", significant(winner.least, 4))
    };
    Some(format!(
        "By what can be reached the order is another: {} {can} {reach}, and {come} before {}, which training ranks first and \
         whose least is {}.",
        listed(&best),
        name(winner.found),
        significant(winner.own, 4)
    ))
}

pub(super) fn name(trained: Trained<'_>) -> String {
    let axes = trained.axes_text();
    let title = &trained.case.activation.title;
    if axes.is_empty() { title.clone() } else { format!("{title} ({axes})") }
}

/// `a`, `a and b`, `a, b and c`, `a, b, c and 5 others`.
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => "nothing".into(),
        [only] => only.clone(),
        names if names.len() > MAX_NAMES => {
            format!("{} and {} others", names[..MAX_NAMES - 1].join(", "), names.len() - MAX_NAMES + 1)
        }
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// How the starts of a case spread, as a table shows it.
#[derive(serde::Serialize)]
pub(super) struct SpreadView {
    pub(super) starts: usize,
    pub(super) median: String,
    median_value: Option<f64>,
    /// `0.31 … 1.2`.
    pub(super) quartiles: String,
    pub(super) best: String,
    /// `75 %`; a dash where nothing says what success is.
    pub(super) success: String,
    success_value: Option<f64>,
}

/// `None` without starts.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
pub(super) fn spread_view(trained: Trained<'_>) -> Option<SpreadView> {
    let spread = spread(trained.case, trained.finding)?;
    let shown = |mse: f64| if mse.is_finite() { trained.loss_text(mse) } else { "diverged".into() };
    let share = spread.success.map(|success| success.starts as f64 / spread.starts as f64);
    Some(SpreadView {
        starts: spread.starts,
        median: shown(spread.median),
        median_value: Some(spread.median).filter(|median| median.is_finite()),
        quartiles: format!("{} … {}", shown(spread.lower_quartile), shown(spread.upper_quartile)),
        best: shown(spread.best),
        success: share.map_or_else(|| "–".into(), |share| format!("{:.0} %", 100.0 * share)),
        success_value: share,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_make_a_list() {
        let names = |count: usize| (0..count).map(|index| format!("a{index}")).collect::<Vec<_>>();
        assert_eq!(listed(&names(1)), "a0");
        assert_eq!(listed(&names(2)), "a0 and a1");
        assert_eq!(listed(&names(4)), "a0, a1, a2 and a3");
        assert_eq!(listed(&names(7)), "a0, a1, a2 and 4 others");
    }
}
