//! Data: defaults filled in, and checked.

use super::super::decode::{Field, Located};
use super::super::limits::Limits;
use super::super::typed;
use super::{Faults, count_to, interval, require};
use crate::diagnostic::Diagnostic;
use crate::spec::{Data, Noise, Validation};

pub(super) fn data(field: &Field<typed::Data>, limits: &Limits, faults: &mut Faults<'_>) -> Option<Data> {
    let standard = Data { domain: (-2.5, 2.5), points: 200, noise: None, validation: None };
    let typed = match field {
        Field::Absent => return Some(standard),
        Field::Faulty => return None,
        Field::Present(field) => &field.value,
    };
    let domain = match &typed.domain {
        Field::Absent => Some(standard.domain),
        Field::Faulty => None,
        Field::Present(field) => interval(&field.value, "domain", faults),
    };
    let points = match &typed.points {
        Field::Absent => Some(standard.points),
        Field::Faulty => None,
        Field::Present(field) => count_to(&field.value, 2, limits.points, "points", faults),
    };
    let noise = match &typed.noise {
        Field::Absent => Some(None),
        Field::Faulty => None,
        Field::Present(field) => {
            let is_possible = |value: f64| value > 0.0 && value <= 1e6;
            let std = require(&field.value.std, is_possible, "std", "above 0, and 1e6 at the most", faults);
            std.and_then(|std| Some(Some(Noise { std, seed: field.value.seed.or(0)? })))
        }
    };
    let validation = match &typed.validation {
        Field::Absent => Some(None),
        Field::Faulty => None,
        Field::Present(field) => validation(&field.value, faults).map(Some),
    };
    let data = Data { domain: domain?, points: points?, noise: noise?, validation: validation? };
    if let Field::Present(field) = &typed.validation {
        report_uneven(&field.value.fraction, data, faults)?;
    }
    Some(data)
}

fn validation(typed: &typed::Validation, faults: &mut Faults<'_>) -> Option<Validation> {
    let is_possible = |value: f64| value > 0.0 && value < 1.0;
    let fraction = require(&typed.fraction, is_possible, "validation", "above 0 and below 1", faults)?;
    let seed = match &typed.seed {
        Field::Absent => None,
        Field::Faulty => return None,
        Field::Present(field) => Some(field.value),
    };
    Some(Validation { fraction, seed })
}

/// Reports a split that leaves one side without what it needs.
fn report_uneven(fraction: &Located<f64>, data: Data, faults: &mut Faults<'_>) -> Option<()> {
    if data.held_out() >= 1 && data.training_points() >= 2 {
        return Some(());
    }
    let place = faults.place(&fraction.span, format!("holds out {}", data.held_out()));
    let message = format!("of {} points, this holds out {}", data.points, data.held_out());
    let help = "hold out one at least, and leave two to train on";
    faults.push(Diagnostic::error(message, place).help(help));
    None
}
