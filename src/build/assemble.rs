//! Figures and pages → the files of the site: every picture gets its passport.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::Progress;
use super::known::{Lying, are_untouched};
use crate::figure;
use crate::plan::{Form, Plan, PlannedFigure};
use crate::publish::Publication;
use crate::site::{self, SiteFile};

/// Passes the files of the site on, and with each passport the pictures that it belongs to.
pub(super) struct Assembly<'b> {
    publication: &'b Publication,
    /// The forms of a figure by the path of its passport.
    figures: BTreeMap<String, &'b [PlannedFigure]>,
    /// Brings a picture as it was drawn.
    picture: &'b (dyn Fn(&PlannedFigure) -> Arc<[u8]> + Sync),
    /// The files that were published last, as they lay in the output folder.
    last: &'b BTreeMap<String, Lying>,
    out: &'b Path,
    /// Told of the pages that somebody waits for, and asked whether the site is still wanted, where all of it takes its time.
    reader: Option<&'b dyn Progress>,
}

impl<'b> Assembly<'b> {
    pub(super) fn new(
        publication: &'b Publication,
        plan: &'b Plan,
        picture: &'b (dyn Fn(&PlannedFigure) -> Arc<[u8]> + Sync),
        last: &'b BTreeMap<String, Lying>,
        out: &'b Path,
    ) -> Self {
        // The other forms of a figure stand right behind its main one.
        let groups = plan.figures.chunk_by(|_, next| matches!(next.form, Form::Dark | Form::Svg));
        let of_passports = groups.filter(|group| group[0].form == Form::Main);
        let figures = of_passports.map(|group| (site::passport_path(&group[0]), group)).collect();
        Self { publication, figures, picture, last, out, reader: None }
    }

    /// With somebody who may wait for pages.
    pub(super) fn with_reader(self, reader: &'b dyn Progress) -> Self {
        Self { reader: Some(reader), ..self }
    }

    /// Passes the pictures on that have no passport, since networks strip it anyway.
    pub(super) fn put_cards(&self, plan: &Plan) {
        let cards = plan.figures.par_iter().filter(|planned| planned.form == Form::Card);
        cards.for_each(|card| self.publication.put(&card.path, &(self.picture)(card)));
    }
}

impl site::Output for Assembly<'_> {
    fn take(&self, file: SiteFile) {
        if let Some(reader) = self.reader.filter(|reader| reader.is_open(&file.path)) {
            reader.ready(&file.path, &file.bytes);
        }
        for planned in self.figures.get(&file.path).copied().unwrap_or_default() {
            let text = std::str::from_utf8(&file.bytes).unwrap_or_default();
            self.publication.put(&planned.path, &figure::stamp(&(self.picture)(planned), text));
        }
        self.publication.put(&file.path, &file.bytes);
    }

    fn has_last(&self) -> bool {
        // Nobody else publishes there while the publication goes on.
        are_untouched(self.last, self.out)
    }

    fn is_stopped(&self) -> bool {
        self.reader.is_some_and(Progress::is_stopped)
    }

    fn is_awaited(&self, path: &str) -> bool {
        self.reader.is_some_and(|reader| reader.is_open(path))
    }

    fn keep(&self, path: &str) {
        let pictures = self.figures.get(path).copied().unwrap_or_default();
        for path in pictures.iter().map(|planned| planned.path.as_str()).chain([path]) {
            // What a renderer knows, it has made for the publication before.
            if let Some(Lying { content, stamp: Some(stamp) }) = self.last.get(path) {
                self.publication.keep(path, *content, stamp.clone());
            }
        }
    }
}
