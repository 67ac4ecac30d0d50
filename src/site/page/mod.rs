//! What templates see: one context type per kind of page, and the functions that fill it.
//!
//! Every context has the fields of [`Layout`] beside its own. Addresses are relative to the page; texts whose names end in
//! `_html` are HTML and go through `| safe`; numbers come as text, rounded for reading, and those of losses as `_value` too.

mod activation;
mod case;
mod experiment;
mod home;
mod matrix;
mod property;
mod subject;

use serde::Serialize;

use super::alt;
use super::assets::SEARCH_INDEX;
use super::attained::{bounds_text, gap};
use super::diagnoses::{Badge, badges};
use super::feed;
use super::gallery::{Gallery, Trained};
use super::judged::{SpreadView, spread_view};
use super::link::relative;
use super::markdown::{self, Spot, Text};
use super::{numbering, passport, sheet, sparkline};
use crate::diagnostic::Diagnostic;
use crate::plan::{Form, PlannedFigure};

pub(super) use activation::{activation, activation_index, activation_index_sheets, activation_sheets};
pub(super) use case::case;
pub(super) use experiment::experiment;
pub(super) use home::{author_page, home, list, list_sheets, not_found, report};
pub(super) use subject::{model, sheets, target};

/// What every page has.
#[derive(Serialize)]
pub(super) struct Layout {
    site: SiteView,
    page: PageView,
    nav: Vec<NavLink>,
    /// From the home page down to the page above this one.
    breadcrumbs: Vec<Link>,
    /// The sheets of a page that is too long for one; `None` for all others.
    sheets: Option<SheetsView>,
}

/// The sheets of a page, as seen from one of them.
#[derive(Serialize)]
struct SheetsView {
    /// Counted from 1.
    number: usize,
    count: usize,
    previous: Option<Link>,
    next: Option<Link>,
    /// The first, the last and those near this one.
    links: Vec<SheetLink>,
}

#[derive(Serialize)]
struct SheetLink {
    /// Its number.
    title: String,
    url: String,
    is_current: bool,
    /// Whether others before it are left out.
    is_after_gap: bool,
}

#[derive(Serialize)]
struct SiteView {
    title: String,
    description: String,
    /// The address of the picture before its name, if there is one.
    logo_url: Option<String>,
}

#[derive(Serialize)]
struct PageView {
    title: String,
    /// A sentence for search engines and cards.
    description: String,
    /// The home page.
    home_url: String,
    style_url: String,
    /// What makes tables sort, for pages that have such.
    script_url: String,
    /// The script of every page: the search, and the keys that lead to neighbours.
    site_script_url: String,
    /// The script of a training to play with, for pages that have one.
    player_url: String,
    /// What the search looks through.
    search_url: String,
    /// The Atom feed, if the site has one.
    feed_url: Option<String>,
    /// The full address, where the site knows its own.
    canonical_url: Option<String>,
    /// The full address of a picture for cards, where the site knows its own.
    image: Option<CardImage>,
}

#[derive(Serialize)]
struct CardImage {
    url: String,
    width: u32,
    height: u32,
    alt: String,
}

#[derive(Serialize)]
struct NavLink {
    title: String,
    url: String,
    is_current: bool,
}

/// A link to a page.
#[derive(Serialize, Clone)]
pub(super) struct Link {
    title: String,
    url: String,
}

/// A figure on a page.
#[derive(Serialize)]
struct FigureView {
    id: String,
    /// Its id and its number on this page; `None` where it has its own on another.
    anchor: Option<String>,
    number: Option<usize>,
    title: String,
    url: String,
    /// The same on dark ground; `None` where there is no such picture.
    dark_url: Option<String>,
    /// The same as SVG; `None` where it was not asked for.
    svg_url: Option<String>,
    /// What it was made from.
    passport_url: String,
    width: u32,
    height: u32,
    alt: String,
    caption_html: String,
    is_animation: bool,
}

/// A case as a row of a table.
#[derive(Serialize)]
struct CaseRow {
    rank: usize,
    url: String,
    experiment: Link,
    target: Link,
    activation: Link,
    /// `#rrggbb`.
    color: String,
    model: Link,
    /// The further axes in words, maybe empty.
    axes: String,
    best_mse: String,
    /// The number itself; `None` where there is none.
    best_mse_value: Option<f64>,
    final_mse: String,
    final_mse_value: Option<f64>,
    /// The loss of the held-out points where that of the others was lowest; empty where none are held out.
    validation_mse: String,
    validation_mse_value: Option<f64>,
    /// What could have been reached, as its bounds; empty where it is not known.
    attainable: String,
    /// The least that is known to be reached.
    attainable_value: Option<f64>,
    /// How far the loss that it is ranked by is above that.
    gap: String,
    gap_value: Option<f64>,
    /// Its rank by what could be reached, among those with the same target and experiment; `None` where it is not known.
    attainable_rank: Option<usize>,
    /// How its starts spread; `None` with one start.
    spread: Option<SpreadView>,
    is_lowest: bool,
    /// The gravest first.
    diagnoses: Vec<Badge>,
    preview: Option<FigureView>,
    /// In place of the picture on sheets with many rows; empty on others.
    fit_svg: String,
}

/// A name and a value.
#[derive(Serialize)]
struct Fact {
    name: String,
    value: String,
}

impl Fact {
    fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// A page that is being made: where it lies, and the faults found in its author's texts.
pub(super) struct Draft<'g, 'f> {
    pub(super) gallery: Gallery<'g>,
    /// Its file.
    pub(super) path: String,
    pub(super) found: &'f mut Vec<Diagnostic>,
}

impl Draft<'_, '_> {
    fn layout(&self, title: &str, description: &str, breadcrumbs: Vec<Link>) -> Layout {
        let site = &self.gallery.specs.site;
        let section = |title: &str, path: &str| NavLink {
            title: title.into(),
            url: self.url(path),
            is_current: self.path == path
                || path.strip_suffix("index.html").is_some_and(|folder| self.path.starts_with(folder)),
        };
        let mut nav = vec![
            section("Experiments", "experiments/index.html"),
            section("Activations", "activations/index.html"),
            section("Targets", "targets/index.html"),
            section("Models", "models/index.html"),
            section("Report", "report/index.html"),
        ];
        let pages = self.gallery.specs.pages.iter();
        nav.extend(pages.map(|page| section(&page.title, &format!("{}/index.html", page.id))));
        Layout {
            site: SiteView {
                title: site.title.clone(),
                description: site.description.clone(),
                logo_url: site.look.logo.as_ref().map(|logo| self.url(&logo.path)),
            },
            page: PageView {
                title: title.into(),
                description: description.into(),
                home_url: self.url("index.html"),
                style_url: self.url(&self.gallery.assets.style),
                script_url: self.url(&self.gallery.assets.table),
                site_script_url: self.url(&self.gallery.assets.site),
                player_url: self.url(&self.gallery.assets.player),
                search_url: self.url(SEARCH_INDEX),
                feed_url: feed::is_there(self.gallery.specs).then(|| self.url(feed::PATH)),
                canonical_url: site.base_url.as_ref().map(|base| {
                    format!("{base}{}", self.path.strip_suffix("index.html").unwrap_or(&self.path))
                }),
                image: None,
            },
            nav,
            breadcrumbs,
            sheets: None,
        }
    }

    /// The layout of one of the sheets of a page.
    fn on_sheet(&self, mut layout: Layout, sheet: usize, count: usize) -> Layout {
        /// So many on either side are near.
        const NEAR: usize = 3;
        if count < 2 {
            return layout;
        }
        let page = self.page_of_sheets(sheet);
        let link = |sheet: usize| self.link(&(sheet + 1).to_string(), &sheet::path(&page, sheet));
        let is_shown = |&other: &usize| other == 0 || other + 1 == count || other.abs_diff(sheet) <= NEAR;
        let mut last = None;
        let links = (0..count).filter(is_shown).map(|other| {
            let Link { title, url } = link(other);
            let is_after_gap = last.is_some_and(|last| last + 1 != other);
            last = Some(other);
            SheetLink { title, url, is_current: other == sheet, is_after_gap }
        });
        layout.sheets = Some(SheetsView {
            number: sheet + 1,
            count,
            links: links.collect(),
            previous: sheet.checked_sub(1).map(link),
            next: Some(sheet + 1).filter(|&next| next < count).map(link),
        });
        if sheet > 0 {
            layout.breadcrumbs.push(self.link(&layout.page.title, &page));
            layout.page.title = format!("{}, page {}", layout.page.title, sheet + 1);
            if !layout.page.description.is_empty() {
                layout.page.description =
                    format!("{} Page {} of {count}.", layout.page.description, sheet + 1);
            }
        }
        layout
    }

    /// The first sheet's file of the page that this one is a sheet of.
    fn page_of_sheets(&self, sheet: usize) -> String {
        let folder = self.path.strip_suffix(&sheet::path("index.html", sheet));
        folder.map_or_else(|| self.path.clone(), |folder| format!("{folder}index.html"))
    }

    /// The layout with a picture for cards.
    fn with_image(&self, mut layout: Layout, planned: Option<&PlannedFigure>) -> Layout {
        let base = self.gallery.specs.site.base_url.as_ref();
        layout.page.image = base.zip(planned).map(|(base, planned)| CardImage {
            url: format!("{base}{}", relative("index.html", &planned.path)),
            width: planned.figure.size.0,
            height: planned.figure.size.1,
            alt: alt::text(self.gallery, planned),
        });
        layout
    }

    /// The address of a file of the site.
    fn url(&self, to: &str) -> String {
        relative(&self.path, to)
    }

    fn link(&self, title: &str, to: &str) -> Link {
        Link { title: title.into(), url: self.url(to) }
    }

    fn home_link(&self) -> Link {
        self.link("Home", "index.html")
    }

    /// HTML of an author's text that has the page to itself.
    fn html(&mut self, text: &Text<'_>) -> String {
        self.html_beside(text, 2, "")
    }

    /// HTML of one of several texts on the page, apart by its scope, with its headings from a level on.
    fn html_beside(&mut self, text: &Text<'_>, level: usize, scope: &str) -> String {
        let spot = Spot { from: &self.path, level, scope, is_excerpt: false };
        markdown::html(self.gallery, &spot, text, self.found)
    }

    /// HTML of the first paragraph of an author's text.
    fn summary(&mut self, text: &Text<'_>) -> String {
        markdown::first_paragraph(self.gallery, &self.path, text, self.found)
    }

    fn figure(&mut self, planned: &PlannedFigure) -> FigureView {
        let figure = &planned.figure;
        let name = planned.path.rsplit('/').next().unwrap_or_default();
        let is_home = numbering::home(self.gallery, planned) == self.path;
        FigureView {
            anchor: is_home.then(|| numbering::id(planned)),
            number: if is_home { numbering::number(self.gallery, planned) } else { None },
            caption_html: self.html_beside(&Text::of_figure(figure), 3, &format!("figure:{name}")),
            ..self.picture(planned)
        }
    }

    /// A figure as a picture in a table or on a card, where it has no caption.
    fn picture(&self, planned: &PlannedFigure) -> FigureView {
        let figure = &planned.figure;
        FigureView {
            id: figure.id.clone(),
            anchor: None,
            number: None,
            passport_url: self.url(&passport::path(planned)),
            title: figure.title.clone(),
            url: self.url(&planned.path),
            dark_url: self.gallery.file_of(planned, Form::Dark).map(|path| self.url(&path)),
            svg_url: self.gallery.file_of(planned, Form::Svg).map(|path| self.url(&path)),
            width: figure.size.0,
            height: figure.size.1,
            alt: alt::text(self.gallery, planned),
            caption_html: String::new(),
            is_animation: planned.path.ends_with(".gif"),
        }
    }

    /// The rows of a table, each a case with its rank, on a sheet that has so many in all.
    fn rows(&self, cases: &[(Trained<'_>, usize)], on_sheet: usize) -> Vec<CaseRow> {
        let mut rows: Vec<CaseRow> = Vec::new();
        let has_pictures = on_sheet <= sheet::PICTURES;
        for &(trained, rank) in cases {
            let case = trained.case;
            let typical = trained.finding.typical().map(|best| best.parameters.as_slice());
            let gap = gap(trained);
            let validation = trained.run.validation_at_best();
            let experiment =
                self.gallery.experiment(&case.experiment).map_or("", |found| found.title.as_str());
            rows.push(CaseRow {
                rank,
                url: self.url(&trained.page()),
                experiment: self.link(experiment, &format!("experiments/{}/index.html", case.experiment)),
                target: self.link(&case.target.title, &format!("targets/{}/index.html", case.target.id)),
                activation: self
                    .link(&case.activation.title, &format!("activations/{}/index.html", case.activation.id)),
                color: case.activation.color.to_string(),
                model: self.link(&case.model.title, &format!("models/{}/index.html", case.model.id)),
                axes: trained.axes_text(),
                best_mse: trained.best_text(),
                best_mse_value: trained.run.best.as_ref().map(|best| best.mse),
                final_mse: trained.run.final_mse().map_or_else(|| "–".into(), |mse| trained.loss_text(mse)),
                final_mse_value: trained.run.final_mse(),
                validation_mse: validation.map_or_else(String::new, |mse| trained.loss_text(mse)),
                validation_mse_value: validation,
                attainable: bounds_text(trained),
                attainable_value: trained.finding.attained(),
                gap: gap.map_or_else(|| "–".into(), |gap| trained.loss_text(gap)),
                gap_value: gap,
                attainable_rank: trained.standing.attainable_rank,
                spread: spread_view(trained),
                is_lowest: rank == 1 && trained.run.best.is_some(),
                diagnoses: badges(trained),
                preview: match self.gallery.preview(trained) {
                    Some(planned) if has_pictures => Some(self.picture(planned)),
                    _ => None,
                },
                fit_svg: if has_pictures { String::new() } else { sparkline::fit_svg(case, typical) },
            });
        }
        rows
    }
}
