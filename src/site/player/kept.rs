//! Players that were made before: one takes as long as the rest of its page and depends on little, so that it is kept from one
//! rendering to the next while that stays.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::PlayerView;
use crate::finding::Finding;
use crate::plan::Case;

/// What a player is made from. That two cases or findings are one tells that nothing about them has changed.
struct Made {
    case: Arc<Case>,
    finding: Arc<Finding>,
    map: Option<Map>,
    view: Option<Arc<PlayerView>>,
}

/// The ranges of w and b of a landscape.
pub(super) type Map = ((f64, f64), (f64, f64));

/// The players of the last rendering and of this one, by the paths of their cases.
#[derive(Default)]
pub(in crate::site) struct Players {
    last: BTreeMap<String, Made>,
    now: Mutex<BTreeMap<String, Made>>,
}

impl Players {
    fn now(&self) -> MutexGuard<'_, BTreeMap<String, Made>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The player of a case, by `make` if it was not made before.
    pub(super) fn get(
        &self,
        case: &Arc<Case>,
        finding: &Arc<Finding>,
        map: Option<Map>,
        make: impl FnOnce() -> Option<PlayerView>,
    ) -> Option<Arc<PlayerView>> {
        let path = case.directory();
        let is_same = |made: &&Made| {
            Arc::ptr_eq(&made.case, case) && Arc::ptr_eq(&made.finding, finding) && made.map == map
        };
        let known = self.last.get(&path).filter(is_same).map(|made| made.view.clone());
        let view = known.unwrap_or_else(|| make().map(Arc::new));
        let made = Made { case: Arc::clone(case), finding: Arc::clone(finding), map, view: view.clone() };
        self.now().insert(path, made);
        view
    }

    /// Ends a rendering: what it used is what the next one knows, beside what it had no use for since whole pages were kept.
    pub(in crate::site) fn turn(&mut self, is_needed: impl Fn(&Arc<Case>) -> bool) {
        let now = std::mem::take(&mut *self.now());
        self.last.extend(now);
        self.last.retain(|_, made| is_needed(&made.case));
    }
}
