//! Templates: those that are built in, and over them an author's own.

use std::sync::Arc;

use serde::Serialize;
use tera::{Context, ErrorKind, Tera};

use super::TemplateFile;
use crate::diagnostic::{Diagnostic, Place, SourceFile, nearest};

/// The built-in templates and assets by name, as they lie in `site_templates/`.
const EMBEDDED: [(&str, &str); 16] = [
    ("404.html", include_str!("../../site_templates/404.html")),
    ("activation.html", include_str!("../../site_templates/activation.html")),
    ("activations.html", include_str!("../../site_templates/activations.html")),
    ("base.html", include_str!("../../site_templates/base.html")),
    ("case.html", include_str!("../../site_templates/case.html")),
    ("components.html", include_str!("../../site_templates/components.html")),
    ("experiment.html", include_str!("../../site_templates/experiment.html")),
    ("feed.xml", include_str!("../../site_templates/feed.xml")),
    ("index.html", include_str!("../../site_templates/index.html")),
    ("list.html", include_str!("../../site_templates/list.html")),
    ("model.html", include_str!("../../site_templates/model.html")),
    ("page.html", include_str!("../../site_templates/page.html")),
    ("player.html", include_str!("../../site_templates/player.html")),
    ("robots.txt", include_str!("../../site_templates/robots.txt")),
    ("sitemap.xml", include_str!("../../site_templates/sitemap.xml")),
    ("target.html", include_str!("../../site_templates/target.html")),
];

/// Files that are copied as they are, and can be replaced like templates.
const ASSETS: [(&str, &str); 4] = [
    ("player.js", include_str!("../../site_templates/player.js")),
    ("site.js", include_str!("../../site_templates/site.js")),
    ("style.css", include_str!("../../site_templates/style.css")),
    ("table.js", include_str!("../../site_templates/table.js")),
];

/// Every template and asset, parsed.
pub(super) struct Templates {
    tera: Tera,
    files: Vec<(String, Arc<SourceFile>)>,
    assets: Vec<(String, String)>,
}

impl Templates {
    /// The built-in templates, with those of the same names replaced, and further ones that these include.
    ///
    /// # Errors
    ///
    /// Every template that does not parse, and every file that replaces nothing and that no template uses.
    pub(super) fn load(overrides: &[TemplateFile]) -> Result<Self, Vec<Diagnostic>> {
        let is_asset = |name: &str| ASSETS.iter().any(|(asset, _)| *asset == name);
        let mut files: Vec<(String, Arc<SourceFile>)> = EMBEDDED
            .iter()
            .map(|&(name, text)| {
                let path = format!("site_templates/{name}");
                (name.to_owned(), Arc::new(SourceFile { path, text: text.to_owned() }))
            })
            .collect();
        let mut assets: Vec<(String, String)> =
            ASSETS.iter().map(|&(name, text)| (name.to_owned(), text.to_owned())).collect();
        for file in overrides {
            if is_asset(&file.name) {
                assets.retain(|(name, _)| *name != file.name);
                assets.push((file.name.clone(), file.file.text.clone()));
            } else {
                files.retain(|(name, _)| *name != file.name);
                files.push((file.name.clone(), Arc::clone(&file.file)));
            }
        }
        let mut tera = Tera::new();
        let unused =
            overrides.iter().filter(|file| !is_asset(&file.name)).filter_map(|file| unused(file, &files));
        let mut found: Vec<Diagnostic> = unused.collect();
        let sources = files.iter().map(|(name, file)| (name.clone(), file.text.clone()));
        let added = tera.add_raw_templates(sources.collect::<Vec<_>>());
        let templates = Self { tera, files, assets };
        if let Err(error) = added {
            // Of several that do not parse, Tera names one.
            let alone = templates.files.iter().filter_map(|(name, file)| {
                let error = Tera::new().add_raw_template(name, &file.text).err()?;
                matches!(error.kind(), ErrorKind::SyntaxError(_)).then(|| templates.diagnostic(&error))
            });
            let faults: Vec<Diagnostic> = alone.collect();
            found.extend(if faults.is_empty() { vec![templates.diagnostic(&error)] } else { faults });
        }
        if found.is_empty() { Ok(templates) } else { Err(found) }
    }

    /// The text of an asset.
    pub(super) fn asset(&self, name: &str) -> &str {
        self.assets.iter().find(|(asset, _)| asset == name).map_or("", |(_, text)| text)
    }

    /// Renders a template.
    pub(super) fn render(&self, name: &str, context: &impl Serialize) -> Result<String, Box<Diagnostic>> {
        let context = Context::from_serialize(context)
            .map_err(|error| Box::new(Diagnostic::error(format!("the context of {name}: {error}"), None)))?;
        self.tera.render(name, &context).map_err(|error| Box::new(self.diagnostic(&error)))
    }

    /// An error of a template, with its place.
    fn diagnostic(&self, error: &tera::Error) -> Diagnostic {
        let (message, report) = match error.kind() {
            ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
                (report.message().to_owned(), Some(report))
            }
            other => (other.to_string(), None),
        };
        let place = report.and_then(|report| {
            let (_, file) = self.files.iter().find(|(name, _)| name == report.filename())?;
            Some(Place { file: Arc::clone(file), span: report.span().range.clone(), label: String::new() })
        });
        let mut diagnostic = Diagnostic::error(format!("in a template: {}", message.trim_end()), place);
        if let ErrorKind::MissingParent { parent, .. } | ErrorKind::TemplateNotFound(parent) = error.kind() {
            let names = self.files.iter().map(|(name, _)| name.as_str());
            diagnostic.help.extend(nearest(parent, names).map(|name| format!("did you mean `{name}`?")));
        }
        diagnostic
    }
}

/// A fault if a file neither replaces a built-in template, nor is named by another, nor has components for all of them.
fn unused(file: &TemplateFile, files: &[(String, Arc<SourceFile>)]) -> Option<Diagnostic> {
    let names = || EMBEDDED.iter().chain(&ASSETS).map(|(name, _)| *name);
    let is_named = |quote: char| {
        let quoted = format!("{quote}{}{quote}", file.name);
        files.iter().any(|(name, other)| *name != file.name && other.text.contains(&quoted))
    };
    let has_components = file.file.text.contains("component");
    if names().any(|name| name == file.name) || is_named('"') || is_named('\'') || has_components {
        return None;
    }
    let place = Place { file: Arc::clone(&file.file), span: 0..0, label: String::new() };
    let diagnostic = Diagnostic::error(
        format!("the template `{}` replaces none that is built in, and no other uses it", file.name),
        place,
    );
    Some(match nearest(&file.name, names()) {
        Some(name) => diagnostic.help(format!("did you mean `{name}`?")),
        None => diagnostic.help(format!("there is {}", names().collect::<Vec<_>>().join(", "))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> TemplateFile {
        let file = SourceFile { path: format!("mine/{name}"), text: text.into() };
        TemplateFile { name: name.into(), file: Arc::new(file) }
    }

    #[test]
    fn faults_point_into_the_template() {
        let error = Templates::load(&[file("page.html", "a\n{% if x %}b")]).err().unwrap().remove(0);
        let place = error.place.unwrap();
        assert_eq!(place.file.path, "mine/page.html");
        let templates = Templates::load(&[file("page.html", "<p>\n{{ page.titel }}")]).unwrap();
        let context = serde_json::json!({ "page": { "title": "t" } });
        let place = templates.render("page.html", &context).unwrap_err().place.unwrap();
        assert_eq!(place.line_and_column().0, 2);
    }

    #[test]
    fn every_fault_is_told() {
        let files = [file("page.html", "{% if %}"), file("case.html", "{{ x"), file("cases.html", "<p>")];
        let found = Templates::load(&files).err().unwrap();
        let paths: Vec<&str> =
            found.iter().map(|fault| fault.place.as_ref().unwrap().file.path.as_str()).collect();
        assert_eq!(paths, ["mine/cases.html", "mine/page.html", "mine/case.html"]);
        assert_eq!(found[0].help, ["did you mean `case.html`?"]);
    }

    #[test]
    fn further_templates_can_be_used() {
        let page = "{% include 'part.html' %}{{ <mine /> }}";
        let mine = "{% component mine() %}m{% endcomponent mine %}";
        let files = [file("page.html", page), file("part.html", "p"), file("mine.html", mine)];
        let templates = Templates::load(&files).unwrap();
        assert_eq!(templates.render("page.html", &serde_json::json!({})).unwrap(), "pm");
        let missing = Templates::load(&[file("page.html", "{% extends 'bse.html' %}")]).err().unwrap();
        assert_eq!(missing[0].help, ["did you mean `base.html`?"]);
    }

    #[test]
    fn one_template_can_be_replaced() {
        let templates = Templates::load(&[file("robots.txt", "mine"), file("style.css", "p {}")]).unwrap();
        assert_eq!(templates.render("robots.txt", &serde_json::json!({})).unwrap(), "mine");
        assert_eq!(templates.asset("style.css"), "p {}");
    }

    #[test]
    fn text_is_escaped() {
        let templates = Templates::load(&[file("page.html", "<b title=\"{{ t }}\">{{ t }}</b>")]).unwrap();
        let html = templates.render("page.html", &serde_json::json!({ "t": "<script>\"'&" })).unwrap();
        assert!(!html.contains("<script>") && !html.contains("\"\"'"), "{html}");
    }
}
