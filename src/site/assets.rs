//! Styles and scripts under names that change with what is in them, so that a browser may keep them for ever.

use super::template::Templates;
use super::{SiteFile, look};
use crate::spec::Look;

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
    /// The text of the style, with what the author wants of it.
    pub(super) style_text: String,
}

impl Assets {
    pub(super) fn new(templates: &Templates, look: &Look) -> Self {
        let style_text = format!("{}{}", templates.asset("style.css"), look::css(look));
        let path = |name: &str, text: &str| {
            let hash = blake3::hash(text.as_bytes()).to_hex();
            let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
            format!("assets/{stem}.{}.{extension}", &hash[..10])
        };
        let script = |name: &str| path(name, templates.asset(name));
        Self {
            style: path("style.css", &style_text),
            site: script("site.js"),
            table: script("table.js"),
            player: script("player.js"),
            style_text,
        }
    }

    pub(super) fn files(&self, templates: &Templates) -> Vec<SiteFile> {
        let files = [
            (&self.style, self.style_text.as_str()),
            (&self.site, templates.asset("site.js")),
            (&self.table, templates.asset("table.js")),
            (&self.player, templates.asset("player.js")),
        ];
        let file =
            |(path, text): (&String, &str)| SiteFile { path: path.clone(), bytes: text.as_bytes().into() };
        files.into_iter().map(file).collect()
    }
}
