//! Figures: runs → the bytes of one picture (PNG) or animation (GIF). Pure; the same input gives the same bytes.

use crate::plan::Case;
use crate::spec::{Activation, Figure};
use crate::train::Run;

/// What a figure is drawn from.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    Activation(&'a Activation),
    /// At least one; more than one only for figures that compare.
    Cases(&'a [(&'a Case, &'a Run)]),
}

/// The bytes of a PNG or GIF file.
pub fn draw(_figure: &Figure, _input: Input<'_>) -> Vec<u8> {
    unimplemented!()
}
