//! Models: the structure, with nothing given that it does not have.

use super::super::decode::Field;
use super::super::limits::Limits;
use super::super::load::Document;
use super::super::typed::{self, ModelTypeName};
use super::{Faults, count_to, does_not_apply};
use crate::diagnostic::Diagnostic;
use crate::spec::{Model, ModelType, standard};

pub(super) fn model(
    document: &Document,
    typed: &typed::Model,
    limits: &Limits,
    faults: &mut Faults<'_>,
) -> Option<Model> {
    let model_type = match typed.r#type {
        ModelTypeName::SingleNeuron => {
            does_not_apply(&typed.hidden_sizes, "hidden_sizes", "a single neuron", faults);
            ModelType::SingleNeuron
        }
        ModelTypeName::ScaledInput => {
            does_not_apply(&typed.hidden_sizes, "hidden_sizes", "a scaled input", faults);
            ModelType::ScaledInput
        }
        ModelTypeName::Mlp => ModelType::Mlp { hidden_sizes: hidden_sizes(document, typed, limits, faults)? },
    };
    Some(Model {
        id: document.id.value.clone(),
        title: typed.title.or(standard::model_title(&model_type))?,
        description: typed.description.or(String::new())?,
        model_type,
        source: Some(document.source.clone()),
    })
}

fn hidden_sizes(
    document: &Document,
    typed: &typed::Model,
    limits: &Limits,
    faults: &mut Faults<'_>,
) -> Option<Vec<usize>> {
    let list = match &typed.hidden_sizes {
        Field::Present(field) => &field.value,
        Field::Faulty => return None,
        Field::Absent => {
            let place = faults.place(&document.id.span, "`hidden_sizes` is missing");
            let diagnostic = Diagnostic::error("an MLP needs `hidden_sizes`", place);
            faults.push(diagnostic.help("two hidden layers of four units each: hidden_sizes: [4, 4]"));
            return None;
        }
    };
    let layers = list.value.len();
    if layers == 0 || limits.layers.is_exceeded(layers) {
        let place = faults.place(&list.span, format!("{layers} layers"));
        let message = format!("`hidden_sizes` needs 1 to {} layers", limits.layers.most);
        let mut diagnostic = Diagnostic::error(message, place);
        diagnostic.help.extend((layers > 0).then(|| limits.layers.help(layers as u64)));
        faults.push(diagnostic);
        return None;
    }
    let sizes: Vec<Option<usize>> =
        list.value.iter().map(|size| count_to(size, 1, limits.units, "hidden_sizes", faults)).collect();
    sizes.into_iter().collect()
}
