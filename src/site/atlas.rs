//! The activations of the site side by side: their properties, their relatives, and their ranks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::attained::NOTHING;
use super::winner::ALIKE;
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
    /// Of the plan's cases.
    standings: Vec<Standing>,
}

/// How a case does among others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Standing {
    /// The loss that it is ranked by: [`typical_loss`].
    pub(super) typical: f64,
    pub(super) rank: Rank,
    /// Its rank by what could be reached, among those with the same target and experiment; those that are known no better than
    /// alike share the better rank. `None` where it is not known.
    pub(super) attainable_rank: Option<usize>,
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
        Self {
            ids: specs.activations.keys().cloned().collect(),
            examined,
            standings: standings(plan, findings),
        }
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

    /// How a case of the plan does.
    pub(super) fn standing(&self, case: usize) -> Standing {
        self.standings[case]
    }
}

fn standings(plan: &Plan, findings: &[Arc<Finding>]) -> Vec<Standing> {
    let typical: Vec<f64> = findings.par_iter().map(|finding| typical_loss(finding)).collect();
    let attained: Vec<Option<f64>> = findings.iter().map(|finding| finding.attained()).collect();
    let shared: Vec<String> = plan.cases.iter().map(|case| shared(case)).collect();
    let mut rivals: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (shared, &typical) in shared.iter().zip(&typical) {
        rivals.entry(shared).or_default().push(typical);
    }
    // Of thousands nobody can count for each how many others are better, but in order all of those come first.
    rivals.values_mut().for_each(|losses| losses.sort_by(f64::total_cmp));
    let mut attainable_ranks = vec![None; plan.cases.len()];
    for contest in &plan.contests {
        // What can be reached does not depend on how it is trained: along the axes of training each activation counts once.
        let mut least: BTreeMap<(&str, &str), f64> = BTreeMap::new();
        for &index in &contest.cases {
            let case = &plan.cases[index];
            let Some(own) = attained[index] else { continue };
            let lowest = least.entry((&case.activation.id, &case.model.id)).or_insert(own);
            *lowest = lowest.min(own);
        }
        let mut others: Vec<f64> = least.into_values().collect();
        others.sort_by(f64::total_cmp);
        let scale = contest.cases.iter().find_map(|&index| Some(findings[index].attainable.as_ref()?.scale));
        let nothing = NOTHING * scale.unwrap_or(0.0);
        // The least of all that are alike.
        let mut leaders: Vec<f64> = Vec::new();
        for &other in &others {
            if leaders.last().is_none_or(|leader| other > ALIKE * leader + nothing) {
                leaders.push(other);
            }
        }
        for &index in &contest.cases {
            let rank = |own: f64| {
                let leader = leaders[..leaders.partition_point(|leader| *leader <= own)].last();
                let least = leader.copied().filter(|leader| own <= ALIKE * leader + nothing).unwrap_or(own);
                1 + others.partition_point(|other| *other < least)
            };
            attainable_ranks[index] = attained[index].map(rank);
        }
    }
    let cases = shared.iter().zip(typical).zip(attainable_ranks);
    let standing = |((shared, typical), attainable_rank): ((&String, f64), Option<usize>)| {
        let all = &rivals[shared.as_str()];
        let rank = 1 + all.partition_point(|loss| *loss < typical);
        Standing { typical, rank: Rank { rank, of: all.len() }, attainable_rank }
    };
    cases.map(standing).collect()
}

/// What a case has in common with those of other activations: the experiment and every level but the activation's.
fn shared(case: &Case) -> String {
    let levels = case.levels.iter().enumerate().filter(|(level, _)| *level != 1);
    let levels: Vec<&str> = levels.map(|(_, name)| name.as_str()).collect();
    format!("{}/{}", case.experiment, levels.join("/"))
}
