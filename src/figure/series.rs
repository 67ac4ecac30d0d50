//! Lines that are told apart in one figure: by their colours, and by how they are broken where colours are not enough.

use super::canvas::{Ink, Pen};
use super::chart::Style;

/// The lengths of a dash and of the gap after it, for the second, third and fourth line of one colour; the first is whole.
const DASHES: [(f64, f64); 3] = [(13.0, 4.0), (5.0, 3.0), (2.0, 3.4)];

/// More lines than this could not be told apart; all others are drawn in gray.
pub(super) const MAX_NAMED: usize = 10;
/// A gray, as it is on white.
const OTHERS: u8 = 0xc4;

/// What lines are drawn with that have no name in the figure.
pub(super) fn gray_pen(style: Style) -> Pen {
    Pen::new(style.paper.gray(OTHERS), (1.2 * style.unit).max(0.8))
}

/// Each once, in the order in which they come first.
pub(super) fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for item in items {
        if !distinct.contains(&item) {
            distinct.push(item);
        }
    }
    distinct
}

/// How many lines of one colour are told apart.
pub(super) const MAX_ALIKE: usize = DASHES.len() + 1;

/// A pen for each colour, in their order, none like another while there are few of one colour.
pub(super) fn pens(colors: impl IntoIterator<Item = Ink>, style: Style) -> Vec<Pen> {
    let mut seen: Vec<Ink> = Vec::new();
    let pens = colors.into_iter().map(|color| {
        let before = seen.iter().filter(|other| **other == color).count();
        seen.push(color);
        let dash = (before % MAX_ALIKE).checked_sub(1).map(|at| DASHES[at]);
        let dash = dash.map(|(dash, gap)| (dash * style.unit, gap * style.unit));
        Pen { dash, ..style.curve(color) }
    });
    pens.collect()
}

/// The same for lines in another order than that of the specs, by which colours are given: `color` is asked for each line with
/// its place among these lines as the specs have them.
pub(super) fn ranked_pens(lines: &[usize], color: impl Fn(usize, usize) -> Ink, style: Style) -> Vec<Pen> {
    let mut places = lines.to_vec();
    places.sort_unstable();
    let pens = pens(places.iter().enumerate().map(|(place, &line)| color(line, place)), style);
    lines.iter().filter_map(|line| Some(pens[places.binary_search(line).ok()?])).collect()
}

#[cfg(test)]
mod tests {
    use super::super::paper::Paper;
    use super::*;

    #[test]
    fn lines_of_one_color_are_broken_differently() {
        let (red, blue) = (Ink::solid(200, 0, 0), Ink::solid(0, 0, 200));
        let style = Style { unit: 1.0, paper: Paper::LIGHT };
        let pens = pens([red, blue, red, red, blue, red], style);
        assert!(pens[0].dash.is_none() && pens[1].dash.is_none());
        for (at, pen) in pens.iter().enumerate() {
            assert!(!pens[..at].contains(pen), "{at}");
        }
    }
}
