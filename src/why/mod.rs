//! Why an artifact is as it is: what it was made from, and why the last build made it anew or reused it.
//!
//! The record of the last build holds the specs that it read and those that were read before them. Both are planned
//! again, so that the answer comes from the same code that decides what to do, and nothing has to be noted down while building.

mod origin;
mod subject;

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use crate::build::{Failure, Inputs, Options, Record, Snapshot};
use crate::cache::{Cache, CacheKey, KeyField};
use crate::diagnostic::Diagnostic;
use crate::fs::slashed;
use crate::plan::{self, Plan};
use crate::publish;
use crate::spec::{self, Specs};
use origin::{Document, Role};
use subject::Subject;

/// The folder of the site whose files no spec enters.
const ASSETS: &str = "assets/";

/// What there is to say of one artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What it is: `the run of the case benchmark/cubic_s/tanh`.
    pub subject: String,
    /// Its cache key; of a file that is not kept in the cache, the hash of its content.
    pub key: String,
    /// Whether the last build made it anew.
    pub is_new: bool,
    /// What the last build did, in a sentence.
    pub outcome: String,
    /// What has changed, where that is known.
    pub changes: Vec<Change>,
    /// The fields of specs that it was made from.
    pub made_from: Vec<Used>,
    /// Whether the files are no longer as the last build read them.
    pub is_outdated: bool,
}

/// The name of a template of which an asset bears the hash: `style.css` of `style.0123456789.css`.
fn plain_name(asset: &str) -> String {
    match *asset.split('.').collect::<Vec<_>>() {
        [stem, _, extension] => format!("{stem}.{extension}"),
        _ => asset.to_owned(),
    }
}

/// One thing that has changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// The file, and the line of the field; `None` for what is in no file.
    pub place: Option<(String, usize)>,
    pub field: String,
    /// `None` if it was not given.
    pub old: Option<String>,
    /// `None` if it is no longer given.
    pub new: Option<String>,
}

/// One field of a spec.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Used {
    pub path: String,
    pub line: usize,
    pub field: String,
    pub value: String,
}

/// What one build read, planned again.
struct Version<'r> {
    snapshot: &'r Snapshot,
    specs: Specs,
    plan: Plan,
}

impl<'r> Version<'r> {
    fn new(snapshot: &'r Snapshot) -> Option<Self> {
        let mut specs = spec::load(&snapshot.specs(), Vec::new()).ok()?;
        if snapshot.base_url.is_some() {
            specs.site.base_url.clone_from(&snapshot.base_url);
        }
        let plan = plan::plan(&specs);
        Some(Self { snapshot, specs, plan })
    }
}

/// Explains the artifact that is named by its path (in the site, or with the output folder before it) or, a run, by its
/// case.
///
/// # Errors
///
/// If nothing is known of the last build, or it made nothing of this name.
pub fn explain(options: &Options, name: &str) -> Result<Explanation, Failure> {
    let fault = |diagnostic| Failure::Specs(vec![diagnostic]);
    let record = Record::load(&Cache::new(&options.cache), options);
    let Ok(Some(record)) = record else {
        let message = "nothing is known of a last build of these specs into this folder";
        return Err(fault(Diagnostic::error(message, None).help("`actfn-site build` makes and notes one")));
    };
    let Some(now) = Version::new(&record.now) else {
        let message = format!(
            "the last build was by version {} of the program, which read specs otherwise",
            record.now.program
        );
        return Err(fault(Diagnostic::error(message, None).help("build again")));
    };
    let before = record.before.as_ref().and_then(Version::new);
    let files = publish::listed(&options.out);
    let subject = subject::find(name, &options.out, &now, &files).map_err(|diagnostic| fault(*diagnostic))?;
    let is_outdated = Snapshot::new(options, &Inputs::read(options)) != record.now;
    let explained = Explained { record: &record, now: &now, before: before.as_ref(), is_outdated };
    Ok(match subject {
        Subject::Run(index) => explained.run(index),
        Subject::Figure(index) => explained.figure(index),
        Subject::File(path) => {
            let hash = files.get(&path).map(ToString::to_string).unwrap_or_default();
            explained.file(&path, hash, &options.statics.path)
        }
    })
}

/// The two versions, and what the last build did.
struct Explained<'r> {
    record: &'r Record,
    now: &'r Version<'r>,
    before: Option<&'r Version<'r>>,
    is_outdated: bool,
}

impl Explained<'_> {
    fn run(&self, index: usize) -> Explanation {
        let case = &self.now.plan.cases[index];
        let name = format!("{}/{}", case.experiment, case.path());
        let documents = origin::of_case(&self.now.specs, case);
        let before = self.before.and_then(|before| {
            let same = before.plan.cases.iter().find(|old| old.directory() == case.directory())?;
            Some((same.key, self.run_changes(before, &same.key_fields(), index)))
        });
        let is_new = self.record.trained.contains(&case.key);
        let (outcome, changes) = self.outcome("trained it", case.key, is_new, before);
        self.explanation(
            format!("the run of the case {name}"),
            case.key.to_string(),
            is_new,
            (outcome, changes),
            used(&documents, origin::enters_run),
        )
    }

    fn run_changes(&self, before: &Version<'_>, old: &[KeyField], index: usize) -> Vec<Change> {
        let case = &self.now.plan.cases[index];
        let old_case = before.plan.cases.iter().find(|old| old.directory() == case.directory());
        let Some(old_case) = old_case else { return Vec::new() };
        let documents = [origin::of_case(&before.specs, old_case), origin::of_case(&self.now.specs, case)];
        changes(&documents, old, &case.key_fields(), origin::of_run_field)
    }

    fn figure(&self, index: usize) -> Explanation {
        let planned = &self.now.plan.figures[index];
        let documents = origin::of_figure(&self.now.specs, &self.now.plan, planned);
        let before = self.before.and_then(|before| {
            let same = before.plan.figures.iter().find(|old| old.path == planned.path)?;
            let both = [origin::of_figure(&before.specs, &before.plan, same), documents.clone()];
            let (old, new) = (same.key_fields(&before.plan), planned.key_fields(&self.now.plan));
            let mut found = changes(&both, &old, &new, origin::of_figure_field);
            // A picture of another run: what made the run another one.
            for &case in planned.subject.cases() {
                let current = &self.now.plan.cases[case];
                let old = before.plan.cases.iter().find(|old| old.directory() == current.directory());
                if let Some(old) = old.filter(|old| old.key != current.key) {
                    found.extend(self.run_changes(before, &old.key_fields(), case));
                }
            }
            found.retain(|change| change.place.is_some() || change.field != "run");
            Some((same.key, sorted(found)))
        });
        let is_new = self.record.drawn.contains(&planned.key);
        let (outcome, changes) = self.outcome("drew it", planned.key, is_new, before);
        let enters = |role, field: &str| {
            let is_of_case = !planned.subject.cases().is_empty();
            origin::enters_figure(role, field) || (is_of_case && origin::enters_run(role, field))
        };
        self.explanation(
            format!("the figure {}, {}", planned.figure.id, planned.path),
            planned.key.to_string(),
            is_new,
            (outcome, changes),
            used(&documents, enters),
        )
    }

    /// A page, table or other file that is written anew by every build, and put in place where it differs.
    fn file(&self, path: &str, hash: String, statics: &Path) -> Explanation {
        let plain = self.plain_source(path, statics);
        let is_plain = plain.is_some() || path.starts_with(ASSETS);
        let documents =
            if is_plain { Vec::new() } else { origin::of_file(&self.now.specs, &self.now.plan, path) };
        let is_new = self.record.changed.iter().any(|changed| changed == path);
        let found = match self.before.filter(|_| is_new) {
            Some(before) => self.file_changes(before, path, &documents),
            None => Vec::new(),
        };
        let outcome = match (is_new, self.before) {
            (false, _) => "the last build left it as it was: what it shows has not changed",
            (true, None) => "the last build wrote it: it was the first build, or the first that is known of",
            (true, Some(_)) if found.is_empty() => {
                "the last build wrote it anew, since it was missing or another"
            }
            (true, Some(_)) => "the last build wrote it anew; since the build before, this has changed",
        };
        self.explanation(
            path.to_owned(),
            hash,
            is_new,
            (outcome.into(), found),
            used(&documents, |_, _| true).into_iter().chain(plain).collect(),
        )
    }

    /// The file that one of the site was copied from as it is: a static file, or an author's own style.
    fn plain_source(&self, path: &str, statics: &Path) -> Option<Used> {
        let of =
            |path: String, field: &str| Used { path, line: 1, field: field.into(), value: "as it is".into() };
        if self.now.snapshot.statics().contains_key(path) {
            return Some(of(slashed(&statics.join(path))?, "static file"));
        }
        let name = plain_name(path.strip_prefix(ASSETS)?);
        let templates = self.now.snapshot.templates().into_keys();
        let own = templates.into_iter().find(|own| own.rsplit('/').next() == Some(name.as_str()))?;
        Some(of(own.to_owned(), "template"))
    }

    fn file_changes(&self, before: &Version<'_>, path: &str, documents: &[Document<'_>]) -> Vec<Change> {
        // The name of an asset changes with it, so that the build before did not know it.
        let old = if path.starts_with(ASSETS) {
            Vec::new()
        } else {
            origin::of_file(&before.specs, &before.plan, path)
        };
        let (earlier, current) = (before.snapshot, self.now.snapshot);
        let mut found = differences(&[old, documents.to_vec()], |_, _| true);
        let (old, new) = (earlier.templates(), current.templates());
        let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        for name in names.into_iter().filter(|name| old.get(name) != new.get(name)) {
            let line = first_difference(old.get(name).unwrap_or(&""), new.get(name).unwrap_or(&""));
            let state = |present: bool| present.then(|| "a template".to_owned());
            found.push(Change {
                place: Some((name.to_owned(), line)),
                field: "text".into(),
                old: state(old.contains_key(name)),
                new: state(new.contains_key(name)),
            });
        }
        found.extend(difference("base URL", earlier.base_url.as_deref(), current.base_url.as_deref()));
        found.extend(difference("program", Some(&earlier.program), Some(&current.program)));
        found.extend(difference(
            "static file",
            earlier.statics().get(path).map(String::as_str),
            current.statics().get(path).map(String::as_str),
        ));
        if found.is_empty() && !path.starts_with(ASSETS) {
            // A page names others and links to them: any title may be on it.
            let all = [origin::all(&before.specs), origin::all(&self.now.specs)];
            found = differences(&all, |_, _| true);
        }
        sorted(found)
    }

    /// What the last build did with something that has a key, and what the reasons are.
    fn outcome(
        &self,
        verb: &str,
        key: CacheKey,
        is_new: bool,
        before: Option<(CacheKey, Vec<Change>)>,
    ) -> (String, Vec<Change>) {
        let because = |reason: &str| format!("the last build {verb}{reason}");
        match (is_new, before) {
            (true, Some((old, changes))) if old != key => (because(" anew, because of"), changes),
            (true, Some(_)) => {
                (because(" anew, though nothing has changed: the cache did not hold it"), Vec::new())
            }
            (true, None) if self.before.is_some() => (because(": it is new"), Vec::new()),
            (true, None) => (because(": it was the first build, or the first that is known of"), Vec::new()),
            (false, Some((old, changes))) if old != key => {
                let outcome = "the last build reused it: the cache held it for these specs. \
                               From the specs before, it differs by";
                (outcome.into(), changes)
            }
            (false, _) => {
                ("the last build reused it: nothing that it is made from has changed".into(), Vec::new())
            }
        }
    }

    fn explanation(
        &self,
        subject: String,
        key: String,
        is_new: bool,
        (outcome, changes): (String, Vec<Change>),
        made_from: Vec<Used>,
    ) -> Explanation {
        Explanation { subject, key, is_new, outcome, changes, made_from, is_outdated: self.is_outdated }
    }
}

/// What differs between two keys, told by the fields of specs that it comes from, as far as it comes from any.
fn changes(
    documents: &[Vec<Document<'_>>; 2],
    old: &[KeyField],
    new: &[KeyField],
    origins: fn(&str) -> &'static [(Role, &'static str)],
) -> Vec<Change> {
    let values = |fields: &[KeyField], name: &str| -> Vec<String> {
        fields.iter().filter(|field| field.name == name).map(|field| field.value.clone()).collect()
    };
    let names: BTreeSet<&str> = old.iter().chain(new).map(|field| field.name.as_str()).collect();
    let mut found = Vec::new();
    for name in names {
        let (before, after) = (values(old, name), values(new, name));
        if before == after {
            continue;
        }
        let from = differences(documents, |role, path| {
            origins(name).iter().any(|(other, prefix)| *other == role && origin::is_below(path, prefix))
        });
        if from.is_empty() {
            let shown = |values: Vec<String>| (!values.is_empty()).then(|| values.join(", "));
            let field = if name == "version" { "version of the program's code" } else { name };
            found.extend(difference(field, shown(before).as_deref(), shown(after).as_deref()));
        }
        found.extend(from);
    }
    // A number that follows from another one has the same origin.
    let has_origin = found.iter().any(|change| change.place.is_some());
    found.retain(|change| change.place.is_some() || !has_origin);
    sorted(found)
}

/// The fields that are not alike in two versions of some documents.
fn differences(documents: &[Vec<Document<'_>>; 2], is_wanted: impl Fn(Role, &str) -> bool) -> Vec<Change> {
    let [old, new] = documents;
    let identities: BTreeSet<(Role, &str)> = old.iter().chain(new).map(Document::identity).collect();
    let mut found = Vec::new();
    for identity in identities {
        let fields = |documents: &[Document<'_>]| {
            let document = documents.iter().find(|document| document.identity() == identity);
            document.map(|document| (document.path().to_owned(), document.fields())).unwrap_or_default()
        };
        let ((old_path, old), (new_path, new)) = (fields(old), fields(new));
        let names: BTreeSet<&str> = old.iter().chain(&new).map(|field| field.path.as_str()).collect();
        for name in names.into_iter().filter(|name| is_wanted(identity.0, name)) {
            let before = old.iter().find(|field| field.path == name);
            let after = new.iter().find(|field| field.path == name);
            let value = |field: &spec::GivenField| field.value.clone();
            if before.map(value) != after.map(value) {
                let (path, line) = match (before, after) {
                    (_, Some(field)) => (&new_path, field.line),
                    (Some(field), None) => (&old_path, field.line),
                    (None, None) => continue,
                };
                found.push(Change {
                    place: Some((path.clone(), line)),
                    field: name.to_owned(),
                    old: before.map(value),
                    new: after.map(value),
                });
            }
        }
    }
    found
}

/// A change of something that stands in no spec, if it is one.
fn difference(field: &str, old: Option<&str>, new: Option<&str>) -> Option<Change> {
    let owned = |value: Option<&str>| value.map(str::to_owned);
    (old != new).then(|| Change { place: None, field: field.into(), old: owned(old), new: owned(new) })
}

fn first_difference(old: &str, new: &str) -> usize {
    old.lines().zip(new.lines()).take_while(|(old, new)| old == new).count() + 1
}

fn used(documents: &[Document<'_>], is_wanted: impl Fn(Role, &str) -> bool) -> Vec<Used> {
    let mut used = Vec::new();
    for document in documents {
        let fields = document.fields().into_iter().filter(|field| is_wanted(document.role, &field.path));
        used.extend(fields.map(|field| Used {
            path: document.path().to_owned(),
            line: field.line,
            field: field.path,
            value: field.value,
        }));
    }
    used.sort();
    used.dedup();
    used
}

fn sorted(mut changes: Vec<Change>) -> Vec<Change> {
    changes.sort();
    changes.dedup();
    changes
}
