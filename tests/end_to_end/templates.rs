//! Templates of one's own: a part of a page or all of it, and that `site_templates/README.md` says what is true.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::support::{Project, small};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/site_templates");

/// Turns what a template sees into JSON: its names are kept, of its values only the kinds.
const SHAPE: &str = "\
{% component shape(value) %}{% if value is map %}{ \
{% for key, inner in value %}{% if not loop.first %},{% endif %}\"{{ key }}\":{{ <shape value={inner} /> }}{% endfor %}}\
{% elif value is array %}[\
{% for inner in value %}{% if not loop.first %},{% endif %}{{ <shape value={inner} /> }}{% endfor %}]\
{% elif value is string %}\"\"{% elif value is number %}0{% elif value is bool %}true{% else %}null{% endif %}\
{% endcomponent shape %}";

/// A template or a kind of value, as the README describes it.
#[derive(Default)]
struct Described {
    /// Each with what it holds.
    fields: BTreeMap<String, String>,
    blocks: BTreeSet<String>,
}

/// What the README has under each heading.
fn described() -> BTreeMap<String, Described> {
    let readme = std::fs::read_to_string(Path::new(FOLDER).join("README.md")).unwrap();
    let mut all: BTreeMap<String, Described> = BTreeMap::new();
    let mut heading = String::new();
    for line in readme.lines() {
        if let Some(title) = line.strip_prefix("### ").or_else(|| line.strip_prefix("## ")) {
            heading = title.replace('`', "");
        } else if let Some(row) = line.strip_prefix("| `") {
            let mut cells = row.split(" | ");
            let (name, kind) = (cells.next().unwrap().trim_end_matches('`'), cells.next().unwrap());
            assert!(cells.next().is_some_and(|meaning| meaning.len() > 4), "{line}");
            all.entry(heading.clone()).or_default().fields.insert(name.to_owned(), kind.to_owned());
        } else if let Some(blocks) = line.strip_prefix("Blocks: ") {
            let blocks = blocks.split(", ").map(|block| block.trim_matches('`').to_owned()).collect();
            all.entry(heading.clone()).or_default().blocks = blocks;
        }
    }
    all
}

/// The built-in templates by name.
fn built_in() -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    let templates =
        entries.filter(|path| matches!(path.extension().unwrap().to_str().unwrap(), "html" | "xml" | "txt"));
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    templates.map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())).collect()
}

/// What stands between a tag's name and its end, wherever a template has the tag.
fn tags<'t>(text: &'t str, tag: &str) -> Vec<&'t str> {
    let start = format!("{{% {tag} ");
    text.split(&start).skip(1).map(|rest| rest.split(" %}").next().unwrap()).collect()
}

/// How a value differs from what is said of it.
fn compare(
    all: &BTreeMap<String, Described>,
    seen: &mut BTreeSet<String>,
    at: &str,
    kind: &str,
    value: &Value,
) -> Vec<String> {
    let wrong = || vec![format!("{at} is said to be {kind}, and is {value}")];
    if let Some(kind) = kind.strip_suffix(" or none") {
        return if value.is_null() { Vec::new() } else { compare(all, seen, at, kind, value) };
    }
    if let Some(kind) = kind.strip_prefix("list of ") {
        let Some(list) = value.as_array() else { return wrong() };
        return list.iter().flat_map(|one| compare(all, seen, at, kind, one)).collect();
    }
    if let Some((name, anchor)) = kind.strip_prefix('[').and_then(|rest| rest.split_once("](#")) {
        assert_eq!(anchor.trim_end_matches(')'), name.replace(' ', "-"));
        seen.insert(name.to_owned());
        return compare_fields(all, seen, at, &all[name].fields, value);
    }
    let is_right = match kind {
        "text" | "HTML" => value.is_string(),
        "number" => value.is_number(),
        "flag" => value.is_boolean(),
        _ => false,
    };
    if is_right { Vec::new() } else { wrong() }
}

fn compare_fields(
    all: &BTreeMap<String, Described>,
    seen: &mut BTreeSet<String>,
    at: &str,
    fields: &BTreeMap<String, String>,
    value: &Value,
) -> Vec<String> {
    let Some(object) = value.as_object() else { return vec![format!("{at} has no fields")] };
    let untold = object.keys().filter(|name| !fields.contains_key(*name));
    let mut wrong: Vec<String> = untold.map(|name| format!("{at}.{name} is not described")).collect();
    for (name, kind) in fields {
        match object.get(name) {
            Some(value) => wrong.extend(compare(all, seen, &format!("{at}.{name}"), kind, value)),
            None => wrong.push(format!("{at}.{name} is described, and not there")),
        }
    }
    wrong
}

#[test]
fn what_templates_see_is_described() {
    let all = described();
    let project = Project::with_specs_of("tests/fixtures/templates");
    project.write("site_templates/shape.html", SHAPE);
    let makes_pages =
        |name: &&String| !["base.html", "components.html", "player.html"].contains(&name.as_str());
    let names: BTreeSet<String> = built_in().keys().filter(makes_pages).cloned().collect();
    for name in &names {
        let text =
            format!("{{\"template\":\"{name}\",\"context\":{{{{ <shape value={{__tera_context}} /> }}}}}}");
        project.write(&format!("site_templates/{name}"), &text);
    }
    // More than fit on one sheet of their list.
    let targets = (0..151).map(|index| format!("---\nkind: polynomial\nid: p{index}\nroots: [{index}]\n"));
    project.write("specs/many.yaml", &targets.collect::<String>());
    project.build();
    let (mut seen, mut wrong, mut rendered) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for bytes in project.site().values() {
        let Ok(page) = serde_json::from_slice::<Value>(bytes) else { continue };
        let Some(template) = page.get("template").and_then(Value::as_str) else { continue };
        let mut fields = all[template].fields.clone();
        if template.ends_with(".html") {
            fields.extend(all["What every page sees"].fields.clone());
        }
        wrong.extend(compare_fields(&all, &mut seen, template, &fields, &page["context"]));
        rendered.insert(template.to_owned());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(rendered, names);
    let shapes: BTreeSet<String> =
        all.keys().filter(|name| !name.contains('.') && *name != "What every page sees").cloned().collect();
    assert_eq!(seen, shapes, "each is somewhere in the project");
}

#[test]
fn blocks_and_components_are_described() {
    let all = described();
    let readme = std::fs::read_to_string(Path::new(FOLDER).join("README.md")).unwrap();
    let mut components = BTreeSet::new();
    for (name, text) in built_in() {
        let blocks: BTreeSet<String> = tags(&text, "block").into_iter().map(str::to_owned).collect();
        let told = all.get(&name).map(|described| described.blocks.clone()).unwrap_or_default();
        assert_eq!(told, blocks, "{name}");
        components.extend(tags(&text, "component").into_iter().map(|head| {
            let (component, arguments) = head.trim_end_matches(')').split_once('(').unwrap();
            let names = arguments.split(", ").map(|argument| argument.split(" = ").next().unwrap());
            format!("{component}({})", names.collect::<Vec<_>>().join(", "))
        }));
    }
    let told = readme.lines().filter_map(|line| line.strip_prefix("- `")?.split('`').next());
    assert_eq!(told.map(str::to_owned).collect::<BTreeSet<_>>(), components);
}

#[test]
fn every_block_can_be_said_anew() {
    let project = Project::with_specs_of("tests/fixtures/templates");
    project.build();
    let plain = project.site();
    for (name, text) in built_in() {
        let blocks: BTreeSet<&str> = tags(&text, "block").into_iter().collect();
        if blocks.is_empty() {
            continue;
        }
        let anew = |block: &&str| format!("{{% block {block} %}}{{{{ super() }}}}{{% endblock %}}");
        let blocks: String = blocks.iter().map(anew).collect();
        project.write(
            &format!("site_templates/{name}"),
            &format!("{{% extends \"built-in/{name}\" %}}{blocks}"),
        );
    }
    project.build();
    let site = project.site();
    for (path, bytes) in &plain {
        assert!(path.starts_with('.') || site.get(path) == Some(bytes), "{path} differs");
    }
}

#[test]
fn a_part_of_a_page_is_replaced_and_nothing_else() {
    let project = small();
    project.build();
    let plain = project.site();
    project.write(
        "site_templates/base.html",
        "{% extends \"built-in/base.html\" %}\n{% block head %}<meta name=\"mine\">{% endblock head %}\n\
         {% block footer %}<footer>mine</footer>{% endblock footer %}\n",
    );
    project.write(
        "site_templates/case.html",
        "{% extends \"built-in/case.html\" %}\n{% block training %}<p>{{ key }}</p>{% endblock training %}\n",
    );
    project.write("site_templates/README.md", "{% what is no template %}");
    project.build();
    let site = project.site();
    let text = |site: &BTreeMap<String, Vec<u8>>, path: &str| String::from_utf8(site[path].clone()).unwrap();
    // What stands between two marks, replaced.
    let replaced = |text: &str, from: &str, to: &str, new: &str| {
        let start = text.find(from).unwrap();
        let end = start + text[start..].find(to).unwrap() + to.len();
        format!("{}{new}{}", &text[..start], &text[end..])
    };
    let framed = |path: &str| {
        let page = text(&plain, path).replacen("\n</head>", "<meta name=\"mine\">\n</head>", 1);
        replaced(&page, "<footer class=\"site-footer\">", "</footer>", "<footer>mine</footer>")
    };
    assert_eq!(text(&site, "index.html"), framed("index.html"));
    let path = "experiments/small/cubic/tanh/index.html";
    let run: Value = serde_json::from_slice(&site["experiments/small/cubic/tanh/run.json"]).unwrap();
    let key = format!("<p>{}</p>", run["key"].as_str().unwrap());
    let expected = replaced(&framed(path), "<section aria-labelledby=\"part:training\">", "</section>", &key);
    assert_eq!(text(&site, path), expected);
    project.write(
        "site_templates/case.html",
        "{% extends \"built-in/case.html\" %}\n{% block training %}{{ kee }}{% endblock training %}\n",
    );
    let stderr = project.run(&["check"]).stderr;
    assert!(stderr.contains("site_templates/case.html:2:24"), "{stderr}");
    project.edit("site_templates/case.html", "block training", "block trainings");
    let stderr = project.run(&["check"]).stderr;
    assert!(stderr.contains("site_templates/case.html:2:10") && stderr.contains("`training`"), "{stderr}");
}
