//! What stands out among all results: a few sentences, each with its number and the case that shows it best.

use super::attained;
use super::gallery::{Gallery, Trained};
use super::judged::{came_close, name};
use super::link;
use super::winner::Winner;
use crate::finding::Kind;
use crate::number::significant;

/// One of them.
pub(super) struct Headline<'g> {
    /// What is counted, at a glance: `3 of 9`, `8.8 ×`.
    pub(super) number: String,
    pub(super) title: &'static str,
    pub(super) sentence: String,
    /// The case that shows it best.
    pub(super) example: Trained<'g>,
    /// The file of the page that says more.
    pub(super) page: String,
}

/// The strongest first; none where nothing is known but losses.
pub(super) fn headlines(gallery: Gallery<'_>) -> Vec<Headline<'_>> {
    let cases: Vec<Trained<'_>> = gallery.cases().collect();
    let artefacts = artefacts(gallery);
    // Another target than the first example's.
    let widest_gap = widest_gap(&cases, artefacts.as_ref().map(|headline| headline.example));
    let all =
        [artefacts, widest_gap, dead(&cases), ties(gallery), met(&cases), stuck(&cases), diverged(&cases)];
    all.into_iter().flatten().collect()
}

/// `tanh on the S-shaped cubic`, with what else tells it apart.
fn place(trained: Trained<'_>) -> String {
    format!("{} on {}", name(trained), trained.case.target.title)
}

/// Winners that owe their place to the training.
fn artefacts(gallery: Gallery<'_>) -> Option<Headline<'_>> {
    let experiments = gallery.specs.experiments.iter();
    let winners = experiments
        .flat_map(|experiment| experiment.targets.iter().map(move |target| (experiment, target)))
        .filter_map(|(experiment, target)| Winner::on(gallery, experiment, &target.id));
    let winners: Vec<Winner<'_>> = winners.collect();
    // The clearest is the one whose best was trained the worst, measured by the variance of the target.
    let weight = |winner: &Winner<'_>| {
        let worst = winner.best.iter().map(Trained::typical_mse).fold(winner.found.typical_mse(), f64::max);
        (worst.min(f64::MAX) - winner.found.typical_mse()) / winner.nothing
    };
    let artefacts: Vec<&Winner<'_>> = winners.iter().filter(|winner| winner.is_artefact()).collect();
    let clearest = artefacts.iter().max_by(|a, b| weight(a).total_cmp(&weight(b)))?;
    let better = *clearest.best.last()?;
    let reach = if clearest.least <= clearest.nothing {
        "meet the target to a billionth of its variance".to_owned()
    } else {
        format!("reach {}", significant(clearest.least, 4))
    };
    let trained = match better.typical_mse() {
        mse if mse.is_finite() => format!("was trained to {}", significant(mse, 4)),
        _ => "diverged".into(),
    };
    Some(Headline {
        number: format!("{} of {}", artefacts.len(), winners.len()),
        title: "first places are artefacts of training",
        sentence: format!(
            "In so many comparisons the activation that training ranks first is not one of those that can reach the least. On {} \
             training puts {} first with {}; {} can {reach}, but {trained}.",
            clearest.found.case.target.title,
            name(clearest.found),
            clearest.found.typical_text(),
            name(better),
        ),
        example: better,
        page: better.page(),
    })
}

/// The case that training left the furthest above what it can reach.
fn widest_gap<'g>(cases: &[Trained<'g>], other: Option<Trained<'g>>) -> Option<Headline<'g>> {
    let gap = |trained: &Trained<'_>| -> Option<f64> {
        Some(attained::gap(*trained)? / trained.finding.attainable.as_ref()?.scale)
    };
    let is_other =
        |trained: &&Trained<'_>| other.is_none_or(|other| other.case.target.id != trained.case.target.id);
    let known = cases.iter().filter(is_other).filter_map(|trained| Some((*trained, gap(trained)?)));
    let mut known: Vec<(Trained<'g>, f64)> = known.filter(|(_, gap)| gap.is_finite()).collect();
    known.sort_by(|a, b| b.1.total_cmp(&a.1));
    // A constant has no variance to measure by.
    let varies = |trained: &Trained<'_>| {
        let y = trained.case.samples().training.y;
        y.iter().any(|value| *value != y[0])
    };
    let (widest, share) = known.into_iter().find(|(trained, _)| varies(trained))?;
    if share < 0.01 {
        return None;
    }
    let least = widest.finding.attained()?;
    Some(Headline {
        number: format!("{:.0} %", 100.0 * share),
        title: "of a target’s variance lost to training",
        sentence: format!(
            "{}: training met {} MSE of {}, where {} can be reached. Hardly another case is left as far above what it can \
             do, measured by the variance of its target.",
            place(widest),
            if widest.finding.trials.is_some() { "a median lowest" } else { "a lowest" },
            widest.typical_text(),
            attained_text(widest, least)
        ),
        example: widest,
        page: widest.page(),
    })
}

/// A loss that can be reached; what is nothing but rounding is 0.
pub(super) fn attained_text(trained: Trained<'_>, mse: f64) -> String {
    let scale = trained.finding.attainable.as_ref().map_or(0.0, |attainable| attainable.scale);
    if mse <= 1e-9 * scale { "0".into() } else { significant(mse, 4) }
}

/// The cases with a diagnosis, and the first of them.
fn with<'g>(cases: &[Trained<'g>], kind: Kind) -> (usize, Option<Trained<'g>>) {
    let mut found = cases
        .iter()
        .filter(|trained| trained.finding.diagnoses.iter().any(|diagnosis| diagnosis.kind == kind))
        .copied();
    let first = found.next();
    (found.count() + usize::from(first.is_some()), first)
}

fn diagnosed<'g>(
    cases: &[Trained<'g>],
    kind: Kind,
    title: &'static str,
    sentence: impl Fn(String) -> String,
) -> Option<Headline<'g>> {
    let (count, first) = with(cases, kind);
    let example = first?;
    Some(Headline {
        number: format!("{count} of {}", cases.len()),
        title,
        sentence: sentence(place(example)),
        example,
        page: example.page(),
    })
}

fn dead<'g>(cases: &[Trained<'g>]) -> Option<Headline<'g>> {
    diagnosed(cases, Kind::DeadUnit, "cases have a dead neuron", |place| {
        format!(
            "A neuron whose activation is flat at all of the data gets no gradient and never comes back. {place} is one of them."
        )
    })
}

fn stuck<'g>(cases: &[Trained<'g>]) -> Option<Headline<'g>> {
    diagnosed(cases, Kind::Stuck, "cases got stuck", |place| {
        format!("They came to rest far above what their model can reach. {place} is one of them.")
    })
}

fn diverged<'g>(cases: &[Trained<'g>]) -> Option<Headline<'g>> {
    diagnosed(cases, Kind::Diverged, "cases diverged", |place| {
        format!("Their loss stopped being a finite number. {place} is one of them.")
    })
}

/// Comparisons over many starts that nobody wins.
fn ties(gallery: Gallery<'_>) -> Option<Headline<'_>> {
    let contests = gallery.plan.contests.iter().zip(gallery.verdicts);
    let judged: Vec<_> =
        contests.filter_map(|(contest, verdict)| Some((contest, verdict.as_deref()?))).collect();
    let tied: Vec<_> = judged.iter().filter(|(_, verdict)| !verdict.tied.is_empty()).collect();
    let (contest, verdict) = tied.first()?;
    let leader = gallery.case(*contest.cases.get(verdict.leader)?);
    let others = verdict.tied.len();
    let noun = if others == 1 { "other" } else { "others" };
    Some(Headline {
        number: format!("{} of {}", tied.len(), judged.len()),
        title: "comparisons have no winner",
        sentence: format!(
            "Over many starts the lowest median is not told apart from the next. On {} the leader, {}, is tied with {others} {noun}.",
            leader.case.target.title,
            name(leader)
        ),
        example: leader,
        page: link::index(&format!("experiments/{}", contest.experiment)),
    })
}

/// How many came to what they can reach.
fn met<'g>(cases: &[Trained<'g>]) -> Option<Headline<'g>> {
    let known: Vec<(Trained<'g>, bool)> =
        cases.iter().filter_map(|trained| Some((*trained, came_close(trained)?))).collect();
    let close = known.iter().filter(|(_, is_close)| *is_close);
    let example = close.clone().next()?.0;
    Some(Headline {
        number: format!("{} of {}", close.count(), known.len()),
        title: "cases came to what they can reach",
        sentence: format!(
            "They ended within 5 % of the least loss that their model can have, as far as it is certified. {} is one of them.",
            place(example)
        ),
        example,
        page: example.page(),
    })
}
