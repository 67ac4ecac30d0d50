//! The activations of the site side by side: their properties, their relatives, and their ranks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

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
    /// Of the activations, in the order of [`Specs::activations`], which relatives count by.
    ids: Vec<String>,
    examined: Arc<Examined>,
    /// The losses that rank the cases that differ in their activation only, by what they share.
    losses: BTreeMap<String, Vec<f64>>,
}

/// What is found out about functions, in their order.
struct Examined {
    properties: Vec<Properties>,
    relatives: Vec<Vec<Relative>>,
}

/// Examines functions. The last result is kept: while a site is watched, activations hardly ever change, and examining all of
/// them takes longer than writing all pages.
fn examined(functions: &[&Function]) -> Arc<Examined> {
    static LAST: Mutex<Option<(Vec<String>, Arc<Examined>)>> = Mutex::new(None);
    let names: Vec<String> = functions.iter().map(|function| function.canonical()).collect();
    let last = || LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, examined)) = last().as_ref().filter(|(others, _)| *others == names) {
        return Arc::clone(examined);
    }
    let examined = Arc::new(Examined {
        properties: functions.par_iter().map(|function| Properties::of(function)).collect(),
        relatives: relatives(functions),
    });
    *last() = Some((names, Arc::clone(&examined)));
    examined
}

/// How a case does among those that differ from it in the activation only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rank {
    /// 1 for the lowest loss; equal ones share the better rank.
    pub(super) rank: usize,
    pub(super) of: usize,
}

impl Atlas {
    pub(super) fn new(specs: &Specs, plan: &Plan, findings: &[Arc<Finding>]) -> Self {
        let functions: Vec<&Function> =
            specs.activations.values().map(|activation| &activation.function).collect();
        let examined = examined(&functions);
        let mut losses: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for (case, finding) in plan.cases.iter().zip(findings) {
            losses.entry(shared(case)).or_default().push(typical_loss(finding));
        }
        Self { ids: specs.activations.keys().cloned().collect(), examined, losses }
    }

    fn index(&self, id: &str) -> Option<usize> {
        self.ids.iter().position(|other| other == id)
    }

    pub(super) fn properties(&self, id: &str) -> Option<&Properties> {
        self.examined.properties.get(self.index(id)?)
    }

    /// The others by how well they imitate an activation, with their ids.
    pub(super) fn relatives(&self, id: &str) -> Vec<(&str, Relative)> {
        let relatives = self.index(id).and_then(|index| self.examined.relatives.get(index));
        let relatives = relatives.map_or(&[][..], Vec::as_slice);
        relatives.iter().map(|relative| (self.ids[relative.index].as_str(), *relative)).collect()
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
