//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::build::{Folder, Options};
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

    /// A folder of files that become part of the site as they are [default: static, if it exists].
    #[arg(long = "static", global = true, value_name = "DIR")]
    statics: Option<PathBuf>,

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
    #[arg(long, short, global = true, value_name = "N", value_parser = jobs)]
    jobs: Option<NonZeroUsize>,

    /// Say nothing but results and errors.
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,

    /// Write results and diagnostics as JSON on standard output.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// More threads than any machine has cores; each takes memory before it does anything.
const MOST_JOBS: usize = 1024;

fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    let jobs: NonZeroUsize = text.parse().map_err(|error: std::num::ParseIntError| error.to_string())?;
    if jobs.get() > MOST_JOBS { Err(format!("{MOST_JOBS} is the most")) } else { Ok(jobs) }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Begin a project: specs that build at once, a workflow for GitHub Pages, settings for editors.
    Init {
        /// Its folder, which may exist; nothing in it is replaced.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Write a commented spec to begin with.
    New {
        /// What the spec declares.
        #[arg(value_enum)]
        kind: NewKind,
        /// Its id, and the name of its file; a site has none.
        #[arg(required_if_eq_any(KINDS_WITH_ID), value_name = "ID")]
        id: Option<String>,
    },
    /// Train, draw and write the site.
    Build {
        /// Say what would be trained, drawn, written and removed, and do nothing of it.
        #[arg(long)]
        dry_run: bool,
        /// Look at every file, though nothing seems to have changed since the last build.
        #[arg(long, conflicts_with = "dry_run")]
        verify: bool,
        #[command(flatten)]
        strictness: Strictness,
    },
    /// Build on every save, serve the site, and keep open pages up to date.
    Watch {
        #[command(flatten)]
        serving: Serving,
        /// Look for changes several times a second, where the system cannot tell of them (network mounts).
        #[arg(long)]
        poll: bool,
    },
    /// Serve the output folder as GitHub Pages would.
    Serve {
        #[command(flatten)]
        serving: Serving,
    },
    /// Check specs and templates without building anything.
    Check {
        /// How to write what is wrong; `github` makes annotations in GitHub Actions.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        #[command(flatten)]
        strictness: Strictness,
    },
    /// List what the specs declare.
    List {
        /// Only this kind.
        #[arg(value_enum)]
        what: Option<What>,
    },
    /// Say what a file of the site, or a case, was made from, and why the last build made it anew or reused it.
    Why {
        /// A path such as `public/experiments/relu/`, or a case such as `benchmark/cubic_s/tanh`.
        #[arg(value_name = "PATH|CASE")]
        name: String,
    },
    /// Print the JSON Schema of the specs, with which editors complete and check them.
    Schema,
    /// Print what makes a shell complete the commands and options.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Look after the cache.
    Cache {
        #[command(subcommand)]
        action: Action,
    },
}

/// The kinds of which there can be several.
const KINDS_WITH_ID: [(&str, &str); 7] = [
    ("kind", "experiment"),
    ("kind", "polynomial"),
    ("kind", "target"),
    ("kind", "activation"),
    ("kind", "model"),
    ("kind", "figure"),
    ("kind", "page"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum NewKind {
    Experiment,
    Polynomial,
    Target,
    Activation,
    Model,
    Figure,
    Page,
    Site,
}

/// What warnings do.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Strictness {
    /// Take every warning for an error.
    #[arg(long = "strict")]
    is_strict: bool,
}

/// Where the site is served.
#[derive(Debug, clap::Args)]
pub(super) struct Serving {
    /// The port [default: 4000, or the next one that is free].
    #[arg(long, value_name = "PORT")]
    pub(super) port: Option<u16>,

    /// The name or address of this machine at which others may reach the site.
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    pub(super) host: String,

    /// Open the site in the browser.
    #[arg(long)]
    pub(super) open: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
    Github,
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
    // What expressions can call.
    Functions,
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
        Options {
            specs: self.specs.clone(),
            templates: Folder::given_or(self.templates.clone(), "site_templates"),
            statics: Folder::given_or(self.statics.clone(), "static"),
            out: self.out.clone(),
            cache: self.cache.clone(),
            base_url: self.base_url.clone(),
            is_verifying: matches!(self.command, Command::Build { verify: true, .. }),
            is_strict: match &self.command {
                Command::Build { strictness, .. } | Command::Check { strictness, .. } => strictness.is_strict,
                _ => false,
            },
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
