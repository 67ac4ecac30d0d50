//! Figures and pages → the files of the site: every picture gets its passport.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::cache::CacheKey;
use crate::figure;
use crate::plan::{Form, Plan};
use crate::site::{self, SiteFile};

/// All files but the static ones, by path. `figures` are the pictures as drawn, one for every key of the plan's figures.
pub(super) fn assemble(
    plan: &Plan,
    pages: Vec<SiteFile>,
    figures: &BTreeMap<CacheKey, Arc<[u8]>>,
) -> BTreeMap<String, Arc<[u8]>> {
    let mut files: BTreeMap<String, Arc<[u8]>> =
        pages.into_iter().map(|file| (file.path, file.bytes.into())).collect();
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
    let stamped: Vec<(String, Arc<[u8]>)> = plan
        .figures
        .par_iter()
        .zip(passports)
        .filter_map(|(planned, passport)| {
            let picture = figures.get(&planned.key)?;
            let passport = passport.as_deref().and_then(|passport| std::str::from_utf8(passport).ok());
            let bytes = match passport {
                Some(passport) => figure::stamp(picture, passport).into(),
                None => Arc::clone(picture),
            };
            Some((planned.path.clone(), bytes))
        })
        .collect();
    files.extend(stamped);
    files
}
