//! Builds a static site about activation functions from YAML specs.
//!
//! # Steps
//!
//! Data flows one way; a module imports only what stands before it on this path:
//!
//! 1. [`spec`]: YAML files → [`spec::Specs`], complete and checked, or every diagnostic there is.
//! 2. [`plan`]: [`spec::Specs`] → [`plan::Plan`]: every case to train and every figure to draw, with their cache keys.
//! 3. [`train`]: a [`plan::Case`] → its [`train::Run`].
//! 4. [`attain`]: a [`plan::Case`] → the least loss that it could have; [`finding`]: that and the run, together; [`verdict`]: what many starts say.
//! 5. [`figure`]: findings → the bytes of one picture or animation.
//! 6. [`site`]: all of it → the files of the site.
//! 7. [`publish`]: the files → the output folder, exchanged in one step.
//!
//! Below them stands what they share: [`diagnostic`], [`fs`], [`number`], [`color`], [`cache`], [`lanes`], [`function`] and [`property`]. [`build`] is the one
//! place where the stages meet; [`serve`] shows what it made, [`watch`] makes it anew on every save, [`why`] explains it,
//! [`scaffold`] writes specs to begin with, and [`cli`] is what a
//! user meets.

pub mod attain;
pub mod build;
pub mod cache;
pub mod cli;
pub mod color;
pub mod diagnostic;
pub mod figure;
pub mod finding;
pub mod fs;
pub mod function;
pub mod lanes;
pub mod number;
pub mod plan;
pub mod property;
pub mod publish;
pub mod scaffold;
pub mod serve;
pub mod site;
pub mod spec;
pub mod train;
pub mod verdict;
pub mod watch;
pub mod why;
