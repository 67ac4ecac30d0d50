//! Templates: those that are built in, and over them an author's own.
//!
//! Every built-in template is there under its name after `built-in/`, and under its plain name where no author's file has that.
//! So an author's `case.html` can extend `built-in/case.html` and say anew only the blocks that it wants otherwise.

use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;
use tera::{Context, ErrorKind, Tera};

use super::TemplateFile;
use crate::diagnostic::{Diagnostic, Place, SourceFile, nearest};

/// Before the names of built-in templates.
const BUILT_IN: &str = "built-in/";

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
    /// The built-in templates, and before them an author's: those of the same names, and further ones that these use.
    ///
    /// # Errors
    ///
    /// Every template that does not parse or uses what there is not, and every file that replaces nothing and that no template
    /// uses.
    pub(super) fn load(overrides: &[TemplateFile]) -> Result<Self, Vec<Diagnostic>> {
        let is_asset = |name: &str| ASSETS.iter().any(|(asset, _)| *asset == name);
        let mut files: Vec<(String, Arc<SourceFile>)> = EMBEDDED
            .iter()
            .map(|&(name, text)| {
                let name = format!("{BUILT_IN}{name}");
                (name.clone(), Arc::new(SourceFile { path: name, text: text.to_owned() }))
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
        tera.set_fallback_prefixes([BUILT_IN]).expect("there are no templates yet");
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
            found.extend(if faults.is_empty() { templates.diagnostics(&error) } else { faults });
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

    /// What is wrong with templates that parse. What they use and is not there, Tera tells as one text of several reports, each
    /// with its place in words.
    fn diagnostics(&self, error: &tera::Error) -> Vec<Diagnostic> {
        let ErrorKind::Msg(reports) = error.kind() else { return vec![self.diagnostic(error)] };
        let lines: Vec<&str> = reports.lines().collect();
        let report = |pair: &[&str]| {
            let message = pair[0].strip_prefix("error: ")?;
            let mut parts = pair[1].trim_start().strip_prefix("--> ")?.rsplitn(3, ':');
            let column: usize = parts.next()?.parse().ok()?;
            let line: usize = parts.next()?.parse().ok()?;
            let file = self.file(parts.next()?)?;
            let place =
                Place { file: Arc::clone(file), span: at(&file.text, line, column), label: String::new() };
            let diagnostic = Diagnostic::error(format!("in a template: {message}"), place);
            let name = message.split('`').nth(1).unwrap_or_default();
            let texts = self.files.iter().map(|(_, file)| file.text.as_str());
            let known: Vec<&str> = if message.starts_with("Block ") {
                texts.filter(|text| *text != file.text).flat_map(|text| declared(text, "block")).collect()
            } else if message.starts_with("Unknown component ") {
                texts.flat_map(|text| declared(text, "component")).collect()
            } else if message.starts_with("Unknown template ") {
                self.files.iter().map(|(name, _)| name.strip_prefix(BUILT_IN).unwrap_or(name)).collect()
            } else {
                Vec::new()
            };
            Some(match nearest(name, known.iter().copied()) {
                Some(name) => diagnostic.help(format!("did you mean `{name}`?")),
                None => diagnostic,
            })
        };
        let found: Vec<Diagnostic> = lines.windows(2).filter_map(report).collect();
        if found.is_empty() { vec![self.diagnostic(error)] } else { found }
    }

    fn file(&self, name: &str) -> Option<&Arc<SourceFile>> {
        self.files.iter().find(|(other, _)| other == name).map(|(_, file)| file)
    }

    /// An error of a template, with its place.
    fn diagnostic(&self, error: &tera::Error) -> Diagnostic {
        let (message, place) = match error.kind() {
            ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
                let file = self.file(report.filename());
                (report.message().to_owned(), file.map(|file| (file, report.span().range.clone())))
            }
            ErrorKind::MissingParent { current, parent } => {
                (format!("there is no template `{parent}` to extend"), self.quote(current, parent))
            }
            ErrorKind::CircularExtend { tpl, inheritance_chain } => {
                let parent = inheritance_chain.first().unwrap_or(tpl);
                (format!("`{tpl}` extends itself"), self.quote(tpl, parent))
            }
            other => (other.to_string(), None),
        };
        let place = place.map(|(file, span)| Place { file: Arc::clone(file), span, label: String::new() });
        let mut diagnostic = Diagnostic::error(format!("in a template: {}", message.trim_end()), place);
        match error.kind() {
            ErrorKind::MissingParent { parent, .. } | ErrorKind::TemplateNotFound(parent) => {
                let plain = self.files.iter().map(|(name, _)| name.strip_prefix(BUILT_IN).unwrap_or(name));
                let names = self.files.iter().map(|(name, _)| name.as_str()).chain(plain);
                diagnostic.help.extend(nearest(parent, names).map(|name| format!("did you mean `{name}`?")));
            }
            ErrorKind::CircularExtend { tpl, .. } if EMBEDDED.iter().any(|(name, _)| name == tpl) => {
                diagnostic
                    .help
                    .push(format!("to change a part of the built-in one, extend `{BUILT_IN}{tpl}`"));
            }
            _ => {}
        }
        diagnostic
    }

    /// Where a template quotes a name.
    fn quote(&self, template: &str, quoted: &str) -> Option<(&Arc<SourceFile>, Range<usize>)> {
        let file = self.file(template)?;
        let start = ['"', '\''].iter().find_map(|quote| file.text.find(&format!("{quote}{quoted}{quote}")));
        Some((file, start.map_or(0..0, |start| start..start + quoted.len() + 2)))
    }
}

/// The character at a line and a column, both from 1 on.
fn at(text: &str, line: usize, column: usize) -> Range<usize> {
    let line_start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = &text[line_start..];
    let mut characters = rest.char_indices().skip(column.saturating_sub(1));
    let start = line_start + characters.next().map_or(rest.len(), |(index, _)| index);
    let end = line_start + characters.next().map_or(rest.len(), |(index, _)| index);
    start..end
}

/// The names of the blocks or components that a template declares, in its order.
fn declared<'t>(text: &'t str, kind: &str) -> Vec<&'t str> {
    let tag = format!("{{% {kind} ");
    let after = text.split(&tag).skip(1);
    after.filter_map(|rest| rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next()).collect()
}

/// A fault if a file neither replaces a built-in template, nor is named by another, nor has components for all of them.
fn unused(file: &TemplateFile, files: &[(String, Arc<SourceFile>)]) -> Option<Diagnostic> {
    let names = || EMBEDDED.iter().chain(&ASSETS).map(|(name, _)| *name);
    let place = Place { file: Arc::clone(&file.file), span: 0..0, label: String::new() };
    if let Some(name) = file.name.strip_prefix(BUILT_IN) {
        let message = format!("`{}` is the name of what is built in", file.name);
        return Some(Diagnostic::error(message, place).help(format!("`{name}` would replace it")));
    }
    let is_named = |quote: char| {
        let quoted = format!("{quote}{}{quote}", file.name);
        files.iter().any(|(name, other)| *name != file.name && other.text.contains(&quoted))
    };
    let has_components = !declared(&file.file.text, "component").is_empty();
    if names().any(|name| name == file.name) || is_named('"') || is_named('\'') || has_components {
        return None;
    }
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
    fn one_block_can_be_replaced() {
        let base =
            file("base.html", "{% extends 'built-in/base.html' %}{% block footer %}mine{% endblock %}");
        let page = "{% extends 'built-in/page.html' %}{% block content %}<hr>{{ super() }}{% endblock %}";
        let layout = serde_json::json!({
            "site": { "title": "s" }, "nav": [], "breadcrumbs": [], "has_heading": true, "body_html": "<i>b</i>",
            "page": { "title": "t", "description": "", "canonical_url": null, "feed_url": null, "style_url": "c",
                "home_url": "h", "search_url": "s", "site_script_url": "j" },
        });
        let plain = Templates::load(&[]).unwrap().render("page.html", &layout).unwrap();
        let templates = Templates::load(&[base, file("page.html", page)]).unwrap();
        let html = templates.render("page.html", &layout).unwrap();
        let footer =
            |html: &str| html[html.find("</main>").unwrap()..html.find("<script").unwrap()].to_owned();
        assert_eq!(footer(&html), "</main>\nmine\n");
        let rest = html.replace("<hr>", "").replace(&footer(&html), &footer(&plain));
        assert!(html.contains("<hr>") && rest == plain, "{html}");
    }

    #[test]
    fn one_component_can_be_replaced() {
        let mine =
            file("mine.html", "{% component mse(text, value) %}<b>{{ text }}</b>{% endcomponent mse %}");
        let page = file("page.html", "{{ <mse text={'1'} value={2} /> }}{{ <badge badge={b} /> }}");
        let templates = Templates::load(&[mine, page]).unwrap();
        let context = serde_json::json!({ "b": { "weight": "bad", "label": "l" } });
        let html = templates.render("page.html", &context).unwrap();
        assert_eq!(html, "<b>1</b><span class=\"badge bad\">l</span>");
    }

    #[test]
    fn what_a_template_uses_and_is_not_there_has_its_place() {
        let page = "{% extends 'built-in/page.html' %}\n{% block contents %}{% endblock %}";
        let case = "<p>\n{{ <fact facts={x} /> }}";
        let found = Templates::load(&[file("page.html", page), file("case.html", case)]).err().unwrap();
        let places: Vec<(&str, usize)> = found
            .iter()
            .map(|fault| fault.place.as_ref().unwrap())
            .map(|place| (place.file.path.as_str(), place.line_and_column().0))
            .collect();
        assert_eq!(places, [("mine/case.html", 2), ("mine/page.html", 2)]);
        let help: Vec<&[String]> = found.iter().map(|fault| fault.help.as_slice()).collect();
        assert_eq!(help, [["did you mean `facts`?"], ["did you mean `content`?"]]);
    }

    #[test]
    fn a_template_that_extends_itself_is_told_how_to() {
        let mine = file("case.html", "\n{% extends 'case.html' %}");
        let fault = Templates::load(&[mine]).err().unwrap().remove(0);
        assert_eq!(fault.place.unwrap().line_and_column(), (2, 12));
        assert_eq!(fault.help, ["to change a part of the built-in one, extend `built-in/case.html`"]);
        let fault = Templates::load(&[file("built-in/case.html", "")]).err().unwrap().remove(0);
        assert_eq!(fault.help, ["`case.html` would replace it"]);
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
