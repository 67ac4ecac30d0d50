//! Styles and scripts under names that change with what is in them, so that a browser may keep them for ever.

use super::SiteFile;
use super::template::Templates;

/// The words and places that the search looks through; loaded at its first use, and by its plain name, since otherwise every
/// edit of a text would change every page.
pub(super) const SEARCH_INDEX: &str = "search.js";

/// Where each lies in the site.
pub(super) struct Assets {
    pub(super) style: String,
    /// The script of every page.
    pub(super) site: String,
    /// The script of pages with tables that sort.
    pub(super) table: String,
    /// The script of pages with a training to play with.
    pub(super) player: String,
}

impl Assets {
    pub(super) fn new(templates: &Templates) -> Self {
        let path = |name: &str| {
            let hash = blake3::hash(templates.asset(name).as_bytes()).to_hex();
            let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
            format!("assets/{stem}.{}.{extension}", &hash[..10])
        };
        Self {
            style: path("style.css"),
            site: path("site.js"),
            table: path("table.js"),
            player: path("player.js"),
        }
    }

    pub(super) fn files(&self, templates: &Templates) -> Vec<SiteFile> {
        let files = [
            (&self.style, "style.css"),
            (&self.site, "site.js"),
            (&self.table, "table.js"),
            (&self.player, "player.js"),
        ];
        let file = |(path, name): (&String, &str)| SiteFile {
            path: path.clone(),
            bytes: templates.asset(name).as_bytes().into(),
        };
        files.into_iter().map(file).collect()
    }
}
