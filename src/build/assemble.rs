//! Figures and pages → the files of the site: every picture gets its passport.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::cache::CacheKey;
use crate::figure;
use crate::plan::{Form, Plan};
use crate::site::{self, SiteFile};

/// Pictures with their passports by path, each with the picture and the passport that it was made of: what they were the
/// last time they need not be made into again.
pub(super) type Stamped = BTreeMap<String, (Arc<[u8]>, Arc<[u8]>, Arc<[u8]>)>;

/// All files but the static ones, by path. `figures` are the pictures as drawn, one for every key of the plan's figures.
pub(super) fn assemble(
    plan: &Plan,
    pages: Vec<SiteFile>,
    figures: &BTreeMap<CacheKey, Arc<[u8]>>,
    last: &mut Stamped,
) -> BTreeMap<String, Arc<[u8]>> {
    let mut files: BTreeMap<String, Arc<[u8]>> =
        pages.into_iter().map(|file| (file.path, file.bytes)).collect();
    // The other forms of a figure stand right behind its main one.
    let mut passports = Vec::with_capacity(plan.figures.len());
    for planned in &plan.figures {
        let passport = match planned.form {
            Form::Main => files.get(&site::passport_path(planned)).cloned(),
            // Only copied by networks that strip it anyway.
            Form::Card => None,
            Form::Dark | Form::Svg => passports.last().cloned().flatten(),
        };
        passports.push(passport);
    }
    let pictures = plan.figures.par_iter().zip(passports).filter_map(|(planned, passport)| {
        let picture = figures.get(&planned.key)?;
        let Some(passport) = passport else {
            return Some((planned.path.clone(), (Arc::clone(picture), Arc::default(), Arc::clone(picture))));
        };
        if let Some(known) = last.get(&planned.path)
            && Arc::ptr_eq(&known.0, picture)
            && known.1 == passport
        {
            return Some((planned.path.clone(), known.clone()));
        }
        let text = std::str::from_utf8(&passport).unwrap_or_default();
        let stamped = figure::stamp(picture, text).into();
        Some((planned.path.clone(), (Arc::clone(picture), passport, stamped)))
    });
    *last = pictures.collect();
    files.extend(last.iter().map(|(path, (_, _, stamped))| (path.clone(), Arc::clone(stamped))));
    files
}
