//! The activations of the site side by side: their properties, their relatives, and their ranks.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::gallery::Trained;
use crate::finding::Finding;
use crate::function::Function;
use crate::plan::{Case, Plan};
use crate::property::{Properties, Relative, relatives};
use crate::spec::Specs;
use crate::verdict::typical_loss;

/// What is computed of all activations before any page.
pub(super) struct Atlas {
    /// In the order of [`Specs::activations`], which relatives count by.
    activations: Vec<(String, Properties, Vec<Relative>)>,
    /// The losses that rank the cases that differ in their activation only, by what they share.
    losses: BTreeMap<String, Vec<f64>>,
}

/// How a case does among those that differ from it in the activation only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rank {
    /// 1 for the lowest loss; equal ones share the better rank.
    pub(super) rank: usize,
    pub(super) of: usize,
}

impl Atlas {
    pub(super) fn new(specs: &Specs, plan: &Plan, findings: &[Finding]) -> Self {
        let functions: Vec<&Function> =
            specs.activations.values().map(|activation| &activation.function).collect();
        let properties: Vec<Properties> =
            functions.par_iter().map(|function| Properties::of(function)).collect();
        let ids = specs.activations.keys().cloned();
        let relatives = relatives(&functions);
        let activations = ids
            .zip(properties)
            .zip(relatives)
            .map(|((id, properties), relatives)| (id, properties, relatives));
        let mut losses: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for (case, finding) in plan.cases.iter().zip(findings) {
            losses.entry(shared(case)).or_default().push(typical_loss(finding));
        }
        Self { activations: activations.collect(), losses }
    }

    pub(super) fn properties(&self, id: &str) -> Option<&Properties> {
        self.activations.iter().find(|(other, ..)| other == id).map(|(_, properties, _)| properties)
    }

    /// The others by how well they imitate an activation, with their ids.
    pub(super) fn relatives(&self, id: &str) -> Vec<(&str, Relative)> {
        let own = self.activations.iter().find(|(other, ..)| other == id);
        let relatives = own.map_or(&[][..], |(.., relatives)| relatives);
        relatives.iter().map(|relative| (self.activations[relative.index].0.as_str(), *relative)).collect()
    }

    pub(super) fn rank(&self, trained: Trained<'_>) -> Rank {
        let own = trained.typical_mse();
        let all = self.losses.get(&shared(trained.case)).map_or(&[][..], Vec::as_slice);
        Rank { rank: 1 + all.iter().filter(|&&loss| loss < own).count(), of: all.len() }
    }
}

/// What a case has in common with those of other activations: the experiment and every level but the activation's.
fn shared(case: &Case) -> String {
    let levels = case.levels.iter().enumerate().filter(|(level, _)| *level != 1);
    let levels: Vec<&str> = levels.map(|(_, name)| name.as_str()).collect();
    format!("{}/{}", case.experiment, levels.join("/"))
}
