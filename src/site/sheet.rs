//! Pages that are too long for one file: their sheets, of which the first is the page itself and the others lie in folders of it.
//!
//! A page should be there at once on a slow connection: no sheet brings more than 2 MB before a reader scrolls. What is listed is
//! counted and not weighed, so that a case stays on its sheet while its numbers change.

use std::collections::BTreeMap;
use std::ops::Range;

use super::atlas::Atlas;
use super::link;
use crate::plan::{Contest, Plan};

/// The most rows of tables on a sheet, each with its part of a matrix: 2.5 kB.
pub(super) const ROWS: usize = 300;
/// The most small multiples, 0.7 kB each.
const TILES: usize = 600;
/// The most cards of a list, 4 kB each with a formula.
pub(super) const CARDS: usize = 150;
/// Of more rows than these, each shows a line in the page for its fit: hundreds of pictures are hundreds of requests.
pub(super) const PICTURES: usize = 150;

/// The file of a sheet of a page, counted from 0.
pub(super) fn path(page: &str, sheet: usize) -> String {
    match page.strip_suffix("index.html") {
        // No id holds `~`, so that it is in nobody's way.
        Some(folder) if sheet > 0 => link::index(&format!("{folder}page~{}", sheet + 1)),
        _ => page.to_owned(),
    }
}

/// How many sheets so many things take.
pub(super) fn count(things: usize, most: usize) -> usize {
    things.div_ceil(most).max(1)
}

/// Which of the things stand on a sheet.
pub(super) fn range(things: usize, most: usize, sheet: usize) -> Range<usize> {
    (sheet * most).min(things)..((sheet + 1) * most).min(things)
}

/// The cases on one target that stand together on a sheet of their experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slice {
    /// Which of the experiment's targets.
    pub(super) target: usize,
    /// In the order of their ranks, counted from 0.
    pub(super) cases: Range<usize>,
    /// How many there are on the target.
    pub(super) of: usize,
}

/// On which sheets of their pages experiments show their cases.
#[derive(Default)]
pub(super) struct Sheets<'g> {
    experiments: BTreeMap<&'g str, Vec<Vec<Slice>>>,
    /// Of every case.
    cases: Vec<usize>,
}

impl<'g> Sheets<'g> {
    pub(super) fn new(plan: &'g Plan, atlas: &Atlas) -> Self {
        let mut all = Self { cases: vec![0; plan.cases.len()], ..Self::default() };
        for contests in plan.contests.chunk_by(|one, next| one.experiment == next.experiment) {
            let has_pages = contests[0].cases.first().is_none_or(|&index| plan.cases[index].has_page);
            let counts: Vec<usize> = contests.iter().map(|contest| contest.cases.len()).collect();
            let sheets = slices(&counts, if has_pages { ROWS } else { TILES });
            for (sheet, slices) in sheets.iter().enumerate().filter(|_| sheets.len() > 1) {
                for slice in slices {
                    let ranked = ranked(&contests[slice.target], atlas);
                    ranked[slice.cases.clone()].iter().for_each(|&case| all.cases[case] = sheet);
                }
            }
            all.experiments.insert(&contests[0].experiment, sheets);
        }
        all
    }

    /// The sheet on which a case stands.
    pub(super) fn of_case(&self, index: usize) -> usize {
        self.cases[index]
    }

    /// The sheets of an experiment; one at least.
    pub(super) fn of(&self, experiment: &str) -> &[Vec<Slice>] {
        const NONE: &[Vec<Slice>] = &[Vec::new()];
        self.experiments.get(experiment).map_or(NONE, Vec::as_slice)
    }

    /// The sheet on which the cases on one of the experiment's targets begin.
    pub(super) fn of_target(&self, experiment: &str, target: usize) -> usize {
        let sheets = self.of(experiment);
        sheets.iter().position(|slices| slices.iter().any(|slice| slice.target == target)).unwrap_or(0)
    }
}

/// The cases of a contest by rank, equals in the plan's order.
fn ranked(contest: &Contest, atlas: &Atlas) -> Vec<usize> {
    let mut cases = contest.cases.clone();
    cases.sort_by(|&a, &b| atlas.standing(a).typical.total_cmp(&atlas.standing(b).typical));
    cases
}

/// The cases of the targets one after the other. A target begins a new sheet rather than being torn, if it fits on one.
fn slices(counts: &[usize], most: usize) -> Vec<Vec<Slice>> {
    let mut sheets: Vec<Vec<Slice>> = Vec::new();
    let mut sheet = Vec::new();
    let mut room = most;
    for (target, &of) in counts.iter().enumerate() {
        if of > room && !sheet.is_empty() {
            sheets.push(std::mem::take(&mut sheet));
            room = most;
        }
        let mut first = 0;
        while first < of {
            if room == 0 {
                sheets.push(std::mem::take(&mut sheet));
                room = most;
            }
            let end = of.min(first + room);
            sheet.push(Slice { target, cases: first..end, of });
            room -= end - first;
            first = end;
        }
    }
    sheets.push(sheet);
    sheets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sheet_is_the_page() {
        assert_eq!(path("experiments/a/index.html", 0), "experiments/a/index.html");
        assert_eq!(path("experiments/a/index.html", 2), "experiments/a/page~3/index.html");
    }

    #[test]
    fn targets_are_torn_only_where_they_must_be() {
        let shown = |counts: &[usize]| -> Vec<Vec<(usize, Range<usize>)>> {
            let sheets = slices(counts, 10).into_iter();
            sheets.map(|sheet| sheet.into_iter().map(|slice| (slice.target, slice.cases)).collect()).collect()
        };
        assert_eq!(shown(&[]), [vec![]]);
        assert_eq!(shown(&[4, 6]), [vec![(0, 0..4), (1, 0..6)]]);
        assert_eq!(shown(&[4, 7]), [vec![(0, 0..4)], vec![(1, 0..7)]]);
        assert_eq!(
            shown(&[4, 23, 2]),
            [vec![(0, 0..4)], vec![(1, 0..10)], vec![(1, 10..20)], vec![(1, 20..23), (2, 0..2)]]
        );
    }

    proptest::proptest! {
        #[test]
        fn every_case_stands_on_one_sheet(counts in proptest::collection::vec(0_usize..40, 0..12), most in 1_usize..20) {
            let sheets = slices(&counts, most);
            for (target, &count) in counts.iter().enumerate() {
                let own = sheets.iter().flatten().filter(|slice| slice.target == target);
                let cases: Vec<usize> = own.flat_map(|slice| slice.cases.clone()).collect();
                proptest::prop_assert_eq!(cases, (0..count).collect::<Vec<_>>());
            }
            for sheet in &sheets {
                proptest::prop_assert!(sheet.iter().map(|slice| slice.cases.len()).sum::<usize>() <= most);
                proptest::prop_assert!(sheets.len() == 1 || !sheet.is_empty());
            }
        }
    }
}
