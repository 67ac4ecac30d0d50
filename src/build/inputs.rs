//! What a build reads: the texts of all specs and templates, and the static files, as they were at one moment.
//!
//! Two readings that are equal give the same site, which is how `watch` knows that nothing has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Failure, Options};
use crate::cache::KeyBuilder;
use crate::diagnostic::Diagnostic;
use crate::fs::{Links, TextFile, Unreadable, plain_files, slashed, text_files};
use crate::site;
use crate::spec::{self, Specs};

/// The extensions of specs.
const SPEC_EXTENSIONS: &[&str] = &["yaml", "yml"];

/// A folder that a build reads, and that may be missing if nobody named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    pub path: PathBuf,
    pub is_required: bool,
}

impl Folder {
    /// The folder that was named, or a usual one that need not exist.
    pub fn given_or(given: Option<PathBuf>, usual: &str) -> Self {
        let is_required = given.is_some();
        Self { path: given.unwrap_or_else(|| usual.into()), is_required }
    }

    /// Its path, if there is something to read.
    pub fn to_read(&self) -> Option<&Path> {
        (self.is_required || self.path.exists()).then_some(self.path.as_path())
    }
}

/// Everything that a build reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    pub specs: Vec<TextFile>,
    /// Templates that replace the embedded ones.
    pub templates: Vec<TextFile>,
    /// Contents by path relative to the folder of static files.
    pub statics: BTreeMap<String, Arc<[u8]>>,
    /// The folder of static files, as diagnostics name it.
    statics_folder: String,
    unreadable_specs: Vec<Unreadable>,
    unreadable_others: Vec<Unreadable>,
}

impl Inputs {
    /// Reads them. What cannot be read is kept as a finding, to be told together with whatever else is wrong.
    pub fn read(options: &Options) -> Self {
        let (specs, unreadable_specs) = text_files(&options.specs, SPEC_EXTENSIONS, Links::Followed);
        let (templates, mut unreadable_others) = match options.templates.to_read() {
            Some(folder) => text_files(folder, site::TEMPLATE_EXTENSIONS, Links::Inside),
            None => (Vec::new(), Vec::new()),
        };
        let (statics, unreadable) = match options.statics.to_read() {
            Some(folder) => plain_files(folder),
            None => (BTreeMap::new(), Vec::new()),
        };
        unreadable_others.extend(unreadable);
        let statics_folder = slashed(&options.statics.path).unwrap_or_default();
        Self { specs, templates, statics, statics_folder, unreadable_specs, unreadable_others }
    }

    /// The specs, resolved and checked.
    pub fn load_specs(&self, options: &Options) -> Result<Specs, Failure> {
        // What cannot be looked at may well be there.
        let is_there = options.specs.try_exists().unwrap_or(true);
        if self.specs.is_empty() && (self.unreadable_specs.is_empty() || !is_there) {
            let folder = options.specs.display();
            let message = if is_there {
                format!("there are no specs (*.yaml) in {folder}")
            } else {
                format!("there is no folder {folder} to read specs from")
            };
            let help = "`actfn-site init .` begins a project here; `--specs DIR` names another folder";
            return Err(Failure::Specs(vec![Diagnostic::error(message, None).help(help)]));
        }
        let unreadable = self.unreadable_specs.iter().map(Unreadable::diagnostic).collect();
        let mut specs = spec::load(&self.specs, unreadable).map_err(Failure::Specs)?;
        if options.base_url.is_some() {
            specs.site.base_url.clone_from(&options.base_url);
        }
        Ok(specs)
    }

    /// The templates that replace embedded ones; an error if something beside the specs could not be read.
    pub(super) fn templates(&self) -> Result<Vec<site::TemplateFile>, Failure> {
        if !self.unreadable_others.is_empty() {
            return Err(Failure::Specs(self.unreadable_others.iter().map(Unreadable::diagnostic).collect()));
        }
        let files = self.templates.iter();
        Ok(files
            .map(|text| site::TemplateFile { name: text.name.clone(), file: Arc::clone(&text.file) })
            .collect())
    }

    /// Adds whatever was read to a key.
    pub(super) fn add_to(&self, key: &mut KeyBuilder) {
        let Self { specs, templates, statics, statics_folder, unreadable_specs: _, unreadable_others: _ } =
            self;
        for (field, files) in [("spec", specs), ("template", templates)] {
            for TextFile { name, file } in files {
                key.text(field, name).text("path", &file.path).text("text", &file.text);
            }
        }
        key.text("statics_folder", statics_folder);
        for (name, bytes) in statics {
            key.text("static", name).bytes("bytes", bytes);
        }
    }

    /// Whether everything could be read.
    pub(super) fn are_whole(&self) -> bool {
        self.unreadable_specs.is_empty() && self.unreadable_others.is_empty()
    }

    /// The paths of the files that are not as they were at an earlier reading.
    pub fn changed_since(&self, earlier: &Self) -> Vec<String> {
        let (old, new) = (earlier.contents(), self.contents());
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        names.into_iter().filter(|name| old.get(*name) != new.get(*name)).cloned().collect()
    }

    /// Whether a text that was there at an earlier reading is now empty, as while an editor saves it anew.
    pub fn has_emptied_since(&self, earlier: &Self) -> bool {
        let old = earlier.contents();
        self.changed_since(earlier).iter().any(|name| {
            old.get(name).is_some_and(|bytes| !bytes.is_empty())
                && self.contents().get(name).is_some_and(|bytes| bytes.is_empty())
        })
    }

    /// What was read of each file, by its path; of what could not be read, why.
    fn contents(&self) -> BTreeMap<String, &[u8]> {
        let texts = self.specs.iter().chain(&self.templates);
        let texts = texts.map(|text| (text.file.path.clone(), text.file.text.as_bytes()));
        let statics = self.statics.iter();
        let statics = statics.map(|(name, bytes)| (format!("{}/{name}", self.statics_folder), &**bytes));
        let unreadable = self.unreadable_specs.iter().chain(&self.unreadable_others);
        let unreadable = unreadable.map(|it| (it.path.clone(), it.message.as_bytes()));
        texts.chain(statics).chain(unreadable).collect()
    }
}
