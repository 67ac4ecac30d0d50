//! End-to-end tests: the program is run as a user runs it, on real specs, and what it leaves behind is looked at.

mod any_edits;
mod atlas;
mod cache;
mod command_line;
mod confined;
#[cfg(unix)]
mod corrupted;
mod crawl;
#[cfg(unix)]
mod crowded;
mod diagnoses;
mod diagnostics;
mod figures;
mod inert;
#[cfg(unix)]
mod killed;
mod limits;
mod optimizers;
mod pages;
mod parity;
#[cfg(unix)]
mod permissions;
mod publishing;
mod readme;
mod same_bytes;
mod scaffold;
mod scale;
mod schema;
mod seeds;
mod serve;
mod support;
#[cfg(unix)]
mod surroundings;
mod templates;
mod watch;
mod why;
