//! What an experiment asks for beyond training: many starts, and what could be attained.

use super::super::decode::{Field, Located};
use super::super::limits::Limits;
use super::super::typed;
use super::{Faults, count_to, interval, report_repeats, require};
use crate::diagnostic::Diagnostic;
use crate::spec::{AttainableSearch, Init};

/// How close to the attainable loss is a success, as a share of it.
pub(super) fn success_within(field: &Field<Located<f64>>, faults: &mut Faults<'_>) -> Option<f64> {
    match field {
        Field::Absent => Some(0.05),
        Field::Faulty => None,
        Field::Present(field) => {
            let is_possible = |value: f64| (0.0..=100.0).contains(&value);
            require(&field.value, is_possible, "success_within", "from 0 to 100", faults)
        }
    }
}

/// The seeds of an experiment: those that it lists, or so many from that of its initialisation on; none if it does not ask.
pub(super) fn seeds(
    typed: &typed::Experiment,
    init: &Init,
    limits: &Limits,
    faults: &mut Faults<'_>,
) -> Option<Vec<u64>> {
    let located = match &typed.seeds {
        Field::Absent => return Some(Vec::new()),
        Field::Faulty => return None,
        Field::Present(field) => &field.value,
    };
    let Init::Random { seed: first, .. } = *init else {
        let place = faults.place(&located.span, "every start would be the same");
        faults.push(
            Diagnostic::error("`seeds` needs initial parameters that are drawn", place)
                .help("draw them from a distribution, or leave `seeds` out"),
        );
        return None;
    };
    match &located.value {
        typed::Seeds::Count(number) => {
            let number = Located { value: *number, span: located.span.clone() };
            let number = count_to(&number, 2, limits.seeds, "seeds", faults)? as u64;
            if first.checked_add(number).is_none() {
                let place = faults.place(&located.span, "counts beyond the largest seed");
                faults.push(Diagnostic::error(format!("there are no {number} seeds from {first} on"), place));
                return None;
            }
            Some((first..first + number).collect())
        }
        typed::Seeds::List(list) => {
            let number = Located { value: list.len() as u64, span: located.span.clone() };
            count_to(&number, 2, limits.seeds, "the number of seeds", faults)?;
            let names: Vec<Located<String>> = list
                .iter()
                .map(|seed| Located { value: seed.value.to_string(), span: seed.span.clone() })
                .collect();
            report_repeats(&names, faults);
            let given = match &typed.init {
                Field::Present(field) => match &field.value.value {
                    typed::Init::Random(random) => random.seed.name_span(),
                    typed::Init::Explicit(_) => None,
                },
                _ => None,
            };
            if let Some(span) = given {
                let place = faults.place(span, "the seeds are listed");
                faults.push(
                    Diagnostic::error("`seed` means nothing beside a list of `seeds`", place)
                        .help("remove it; the first of the list is that of the runs that are shown"),
                );
                return None;
            }
            Some(list.iter().map(|seed| seed.value).collect())
        }
    }
}

/// Where to look for the attainable loss, and how closely; a budget of 0 is no search.
pub(super) fn attainable(
    field: &Field<typed::Attainable>,
    limits: &Limits,
    faults: &mut Faults<'_>,
) -> Option<AttainableSearch> {
    let standard = AttainableSearch::default();
    let typed = match field {
        Field::Absent => return Some(standard),
        Field::Faulty => return None,
        Field::Present(field) => &field.value,
    };
    let mut side = |field: &Field<Located<(Located<f64>, Located<f64>)>>, standard, name| match field {
        Field::Absent => Some(standard),
        Field::Faulty => None,
        Field::Present(field) => {
            let side = interval(&field.value, name, faults)?;
            let is_sane = |value: f64| value.abs() <= 1000.0;
            let ends = [&field.value.value.0, &field.value.value.1];
            let ends = ends.map(|end| require(end, is_sane, name, "of numbers within ±1000", faults));
            (ends[0].is_some() && ends[1].is_some()).then_some(side)
        }
    };
    let (w, b) = (side(&typed.w, standard.w, "w"), side(&typed.b, standard.b, "b"));
    let gap = match &typed.gap {
        Field::Absent => Some(standard.gap),
        Field::Faulty => None,
        Field::Present(field) => {
            let is_possible = |value: f64| (1e-6..=1.0).contains(&value);
            require(&field.value, is_possible, "gap", "from 1e-6 to 1", faults)
        }
    };
    let budget = match &typed.budget {
        Field::Absent => Some(standard.budget),
        Field::Faulty => None,
        Field::Present(field) => count_to(&field.value, 0, limits.boxes, "budget", faults),
    };
    Some(AttainableSearch { w: w?, b: b?, gap: gap?, budget: budget? })
}
