//! The site as a whole.

use super::super::decode::{Field, Located};
use super::super::found::Found;
use super::super::limits::Limits;
use super::super::load::{Declared, Document, Namespace};
use super::super::typed::{self, Kind};
use super::{Faults, count, report_repeats, unknown};
use crate::diagnostic::{Diagnostic, MOST_TOLD};
use crate::spec::{Experiment, Logo, Look, Palette, Site};

/// The one site spec, or what a site without one is.
pub(super) fn site(
    documents: &[Document],
    experiments: &[Experiment],
    declared: &Declared,
    found: &mut Found<'_>,
) -> Site {
    let mut sites = documents.iter().filter_map(|document| match &document.kind {
        Kind::Site(typed) => Some((document, typed)),
        _ => None,
    });
    let Some((document, typed)) = sites.next() else {
        return Site {
            title: "Activation functions".into(),
            description: String::new(),
            base_url: None,
            home: Vec::new(),
            has_dark_figures: true,
            allows_html: false,
            look: Look::default(),
            source: None,
        };
    };
    let mut faults = Faults { file: &document.file, found: Vec::new() };
    for (second, _) in sites {
        let place = crate::diagnostic::Place {
            file: second.file.clone(),
            span: second.id.span.clone(),
            label: "this is the second one".into(),
        };
        let related = faults.place(&document.id.span, "the first one is here");
        faults.push(Diagnostic::error("there can be only one `site` spec", place).related(related));
    }
    let home = match &typed.home {
        Field::Present(home) => {
            report_repeats(&home.value, &mut faults);
            for name in &home.value {
                let names: Vec<&str> = experiments.iter().map(|experiment| experiment.id.as_str()).collect();
                let is_known = declared.may_contain(Namespace::Experiment, &name.value);
                if !is_known && faults.found.len() <= MOST_TOLD {
                    let diagnostic = unknown(name, Namespace::Experiment, &names, &faults);
                    faults.push(diagnostic);
                }
            }
            home.value.iter().map(|name| name.value.clone()).collect()
        }
        Field::Absent | Field::Faulty => Vec::new(),
    };
    let base_url = base_url(typed, &mut faults);
    if let Some(given) = typed.limits.value() {
        for (limit, field) in Limits::with_given(given) {
            if let Some(located) = field.value() {
                count(located, 1..=limit.ceiling, limit.name, &mut faults);
            }
        }
    }
    let look = typed.theme.value().map(|theme| look(theme, &mut faults)).unwrap_or_default();
    found.add(faults.found);
    Site {
        title: typed
            .title
            .or(String::new())
            .filter(|t| !t.is_empty())
            .unwrap_or("Activation functions".into()),
        description: typed.description.or(String::new()).unwrap_or_default(),
        base_url,
        home,
        has_dark_figures: typed.figures.value().and_then(|figures| figures.dark.or(true)).unwrap_or(true),
        allows_html: typed.raw_html.or(false).unwrap_or(false),
        look,
        source: Some(document.source.clone()),
    }
}

fn look(theme: &typed::SiteTheme, faults: &mut Faults<'_>) -> Look {
    let mut font = |field: &Field<Located<String>>| {
        let font = field.value()?;
        // What is no name of a font could end the rule and begin another.
        let is_stray = |c: char| !(c.is_alphanumeric() || " ,-_'\"".contains(c));
        let is_unbalanced = ['\'', '"'].iter().any(|quote| font.value.matches(*quote).count() % 2 == 1);
        if font.value.trim().is_empty() || font.value.contains(is_stray) || is_unbalanced {
            let place = faults.place(&font.span, "not a list of fonts");
            let diagnostic = Diagnostic::error("fonts are names with commas between them", place);
            faults.push(diagnostic.help("write them as CSS does: `Georgia, \"Times New Roman\", serif`"));
            return None;
        }
        Some(font.value.trim().to_owned())
    };
    let (text, code) = (font(&theme.font), font(&theme.code_font));
    let logo =
        theme.logo.value().and_then(|logo| {
            let place = faults.place(&logo.span, "no picture of the folder of static files");
            let parts = logo.value.split('/');
            let is_inside = parts.clone().all(|part| !part.is_empty() && !part.starts_with('.'));
            let extension = logo.value.rsplit_once('.').map_or("", |(_, extension)| extension);
            let is_picture = ["svg", "png", "jpg", "jpeg", "webp", "avif"].contains(&extension);
            if !is_inside || !is_picture {
                let diagnostic = Diagnostic::error("`logo` is the path of a picture", place);
                faults.push(diagnostic.help(
                    "put it into the folder `static`, and name it as `logo.svg` or `pictures/logo.png`",
                ));
                return None;
            }
            Some(Logo { path: logo.value.clone(), place })
        });
    Look { accent: theme.accent.value().copied(), font: text, code_font: code, logo }
}

/// The palette of the site spec, which the activations need before anything else is known of the site.
pub(super) fn palette(documents: &[Document]) -> Palette {
    let site = documents.iter().find_map(|document| match &document.kind {
        Kind::Site(typed) => Some(typed),
        _ => None,
    });
    let figures = site.and_then(|site| site.figures.value());
    figures.and_then(|figures| figures.palette.or(Palette::Accessible)).unwrap_or(Palette::Accessible)
}

fn base_url(typed: &typed::Site, faults: &mut Faults<'_>) -> Option<String> {
    let url: &Located<String> = typed.base_url.value()?;
    match check_base_url(&url.value) {
        Ok(url) => Some(url),
        Err(reason) => {
            let place = faults.place(&url.span, "not an address of a site");
            faults.push(Diagnostic::error(format!("`base_url` {reason}"), place));
            None
        }
    }
}

/// The address with a slash at its end.
///
/// # Errors
///
/// Why it cannot be the address of a site, as the end of a sentence that begins with its name.
pub fn check_base_url(url: &str) -> Result<String, String> {
    let rest = ["https://", "http://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let Some(rest) = rest else { return Err("must begin with https:// or http://".into()) };
    if rest.is_empty() || rest.starts_with('/') {
        return Err("names no host".into());
    }
    if rest.split('/').next().is_some_and(|host| host.contains('@')) {
        return Err("names a user, whom every page would show".into());
    }
    let is_stray = |c: char| c.is_whitespace() || c.is_control() || "<>\"'\\?#".contains(c);
    if let Some(stray) = rest.chars().find(|&c| is_stray(c)) {
        return Err(format!("cannot hold `{}`", stray.escape_default()));
    }
    Ok(format!("{}/", url.trim_end_matches('/')))
}
