//! What a case could have reached, in words.

use serde::Serialize;

use super::gallery::Trained;
use crate::attain::{MAX_OUTPUT, Method, Place};
use crate::number::{minus, significant};

/// What could have been reached, as pages and reports say it.
#[derive(Serialize)]
pub(super) struct Attained {
    /// What can be reached, and what training found.
    pub(super) result: String,
    /// How that is known.
    pub(super) method: String,
    /// What lies outside of the box, maybe nothing to say.
    pub(super) beyond: String,
    /// The bounds as a table shows them.
    pub(super) bounds: String,
    /// The best of the run less what can be reached; a dash where nothing was trained.
    pub(super) gap: String,
    /// The parameters that reach it: `w = 1.2, b = −3`.
    pub(super) parameters: String,
}

/// A ratio below this is no gap worth a word.
const AS_GOOD: f64 = 1.01;
/// A loss below this share of the target's variance is none.
pub(super) const NOTHING: f64 = 1e-9;

/// The bounds of what could have been reached, as a table shows them; a dash where they are not known.
pub(super) fn bounds_text(trained: Trained<'_>) -> String {
    let known = trained.finding.attainable.as_ref().zip(trained.finding.bounds());
    let Some((attainable, (lower, upper))) = known else { return "–".into() };
    if lower >= 0.99 * upper || upper <= NOTHING * attainable.scale {
        trained.loss_text(upper)
    } else {
        format!("{} … {}", trained.loss_text(lower), trained.loss_text(upper))
    }
}

/// By how much the loss that a case is ranked by could have been lower; `None` where either is not known.
pub(super) fn gap(trained: Trained<'_>) -> Option<f64> {
    let typical = trained.typical_mse();
    trained.finding.attained().filter(|_| typical.is_finite()).map(|attained| (typical - attained).max(0.0))
}

/// `None` where it is not known.
pub(super) fn attained(trained: Trained<'_>) -> Option<Attained> {
    let finding = trained.finding;
    let attainable = finding.attainable.as_ref()?;
    let (lower, upper) = finding.bounds()?;
    let shown = |mse: f64| trained.loss_text(mse);
    let is_none = |mse: f64| mse <= NOTHING * attainable.scale;
    let interval =
        |(low, high): (f64, f64)| format!("[{}, {}]", minus(&low.to_string()), minus(&high.to_string()));
    let reaching = finding.attained_parameters()?;
    let is_neuron = reaching.len() == 4;
    let names = if is_neuron { ["w", "b", "v", "c"].as_slice() } else { &["w"] };
    let values = names.iter().zip(reaching);
    let values = values.map(|(name, value)| format!("{name} = {}", significant(*value, 4)));
    let parameters = values.collect::<Vec<_>>().join(", ");
    let place = if is_neuron {
        format!("w in {} and b in {}", interval(attainable.w), interval(attainable.b))
    } else {
        format!("w in {}", interval(attainable.w))
    };
    let gap = finding.training_gap();
    let found = match (&trained.run.best, gap) {
        (Some(best), Some(gap)) if is_none(best.mse) || best.mse <= AS_GOOD * upper => {
            format!("Training came within {} of it.", shown(gap))
        }
        (Some(best), Some(gap)) if is_none(upper) => {
            format!("The lowest that training met is {}: a training gap of {}.", shown(best.mse), shown(gap))
        }
        (Some(best), Some(gap)) => format!(
            "The lowest that training met is {}, {} times as much: a training gap of {}.",
            shown(best.mse),
            significant(best.mse / upper, 3),
            shown(gap)
        ),
        _ => "Training found nothing to compare with it.".into(),
    };
    let reached = if is_none(upper) {
        format!("With {place}, this model can meet the target (an MSE of {}).", shown(upper))
    } else {
        format!(
            "With {place}, this model can reach an MSE of {}, and none below {}.",
            shown(upper),
            shown(lower)
        )
    };
    let widened =
        if finding.is_widened(trained.case) { " The box was widened to where training went." } else { "" };
    let output = if is_neuron {
        format!(" v and c follow by least squares, with |v| up to {}.", significant(MAX_OUTPUT, 1))
    } else {
        String::new()
    };
    let method = match attainable.method {
        Method::Exact => {
            format!(
                "Solved exactly, from input to input: the activation is straight in pieces.{output}{widened}"
            )
        }
        Method::BranchAndBound { regions } if attainable.is_closed => format!(
            "Certified by branch and bound over {regions} boxes in interval arithmetic.{output}{widened}"
        ),
        Method::BranchAndBound { regions } => format!(
            "The search ended with its budget of {regions} boxes before the two met: the least MSE lies between them.{output}{widened}"
        ),
    };
    let beyond = attainable.beyond.map_or_else(String::new, |beyond| match beyond.place {
        Place::Approached(limit) => format!(
            "The least of all is not attained but approached: an MSE of {}, {}.",
            shown(beyond.mse),
            limit.description()
        ),
        Place::Outside { w, b } => {
            let mut place = format!("at w = {}", significant(w, 4));
            if is_neuron {
                place.push_str(&format!(", b = {}", significant(b, 4)));
            }
            if shown(beyond.mse) == shown(upper) {
                format!("Outside of the box a little less is to be had, {place}.")
            } else {
                format!("Outside of the box less is to be had: an MSE of {} {place}.", shown(beyond.mse))
            }
        }
    });
    Some(Attained {
        result: format!("{reached} {found}"),
        method,
        beyond,
        bounds: bounds_text(trained),
        gap: gap.map_or_else(|| "–".into(), shown),
        parameters,
    })
}
