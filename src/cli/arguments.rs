//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::build::Options;
use crate::spec::check_base_url;

/// Builds a static site that shows what activation functions can represent, and what training found.
#[derive(Debug, Parser)]
#[command(name = "actfn-site", version, about, propagate_version = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,

    /// The folder of specs.
    #[arg(long, global = true, value_name = "DIR", default_value = "specs")]
    specs: PathBuf,

    /// A folder of templates that replace the embedded ones of the same names [default: site_templates, if it exists].
    #[arg(long, global = true, value_name = "DIR")]
    templates: Option<PathBuf>,

    /// The folder that the site is written to.
    #[arg(long, global = true, value_name = "DIR", default_value = "public")]
    out: PathBuf,

    /// The folder that keeps what was trained and drawn.
    #[arg(long, global = true, value_name = "DIR", default_value = ".actfn-cache")]
    cache: PathBuf,

    /// Where the site will be published, for the sitemap and social cards; replaces that of the site spec.
    #[arg(long, global = true, value_name = "URL", value_parser = check_base_url)]
    base_url: Option<String>,

    /// How many threads work at once [default: one per core].
    #[arg(long, short, global = true, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    /// Say nothing but results and errors.
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,

    /// Write results and diagnostics as JSON on standard output.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Train, draw and write the site.
    Build,
    /// Check specs and templates without building anything.
    Check,
    /// List what the specs declare.
    List {
        /// Only this kind.
        #[arg(value_enum)]
        what: Option<What>,
    },
    /// Look after the cache.
    Cache {
        #[command(subcommand)]
        action: Action,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum What {
    Experiments,
    Cases,
    Targets,
    Activations,
    Models,
    Figures,
    Pages,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Action {
    /// How much it holds.
    Status,
    /// Check every entry; exit status 1 if one is damaged.
    Verify,
    /// Remove what the specs no longer use.
    Gc,
    /// Remove everything.
    Clear,
}

impl Arguments {
    pub(super) fn options(&self) -> Options {
        let standard = PathBuf::from("site_templates");
        Options {
            specs: self.specs.clone(),
            templates: self.templates.clone().or_else(|| standard.is_dir().then_some(standard)),
            out: self.out.clone(),
            cache: self.cache.clone(),
            base_url: self.base_url.clone(),
            jobs: self.jobs,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
