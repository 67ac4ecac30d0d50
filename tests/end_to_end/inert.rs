//! Whatever authors write into titles and texts, it is text: nothing of it runs in a page.

use std::collections::BTreeMap;

use crate::support::{Project, Ran};

#[path = "../fuzz/entries.rs"]
#[allow(dead_code, reason = "only what looks at pages is needed here")]
mod entries;

/// What runs where it is taken for what it is not, quoted for YAML.
const HOSTILE: &str = r#"\"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}{% raw %}${alert(3)}</title></textarea>'"#;

/// Every kind of spec with hostile titles and texts; `BODY` stands for a text.
const SPECS: &str = r##"kind: site
title: "HOSTILE site"
description: "HOSTILE"
base_url: https://example.org/
---
kind: target
id: t
title: "HOSTILE target"
expression: x
explanation: |
  BODY
---
kind: activation
id: a
title: "HOSTILE activation"
symbol: "\\href{javascript:alert(1)}{\\text{<script>alert(1)</script>}}"
expression: tanh(k * x)
parameters: {k: 1}
description: |
  BODY
references:
  - {title: "HOSTILE", url: "https://example.org/\"onmouseover=alert(1)//"}
---
kind: model
id: m
title: "HOSTILE model"
type: mlp
hidden_sizes: [2]
description: |
  BODY
---
kind: figure
id: fit
type: fit
size: [240, 200]
formats: [png, svg]
title: "HOSTILE figure"
caption: |
  BODY
---
kind: experiment
id: e
date: 2026-01-31
title: "HOSTILE experiment"
target: t
activation: [a, tanh]
model: [m, single_neuron]
training: {learning_rate: 0.01, epochs: 20}
figures: [fit]
description: |
  BODY
---
kind: page
id: p
title: "HOSTILE page"
body: |
  BODY

  {{ figure(experiment="e", case="t/a/m", figure="fit", caption="<script>alert(1)</script>") }}
"##;

/// HTML that runs, in all the places where Markdown has HTML, and what takes part in other texts of a report.
const BODY: &str = r#"A <b onclick="alert(1)">word</b> &lt;script&gt; `<script>` $a<b$ $\text{<script>alert(1)</script>}$ <!-- c -->

<script>alert(1)</script>

<div><iframe src="https://example.org"></iframe>

# A heading {#id .class onclick=alert(1)}

| a | <img src=x onerror=alert(1)> |
|--|--|
| <svg onload=alert(1)> | b |

> <style>*{display:none}</style>

- <details open ontoggle=alert(1)>

[e-1] [t-1] [a-1] [m-1] [p-1] [-1]

[1]: javascript://%0aalert(1)
[e-1]: https://example.org

![a picture" onerror="alert(1)](x.png "a title\" onerror=\"alert(1)") [a](b "c\" onclick=\"alert(1)")

<pre>

text <b>"#;

fn specs() -> String {
    SPECS.replace("HOSTILE", HOSTILE).replace("  BODY", &format!("  {}", BODY.replace('\n', "\n  ")))
}

fn built(specs: &str) -> (Ran, BTreeMap<String, Vec<u8>>) {
    let project = Project::new(&[("specs/a.yaml", specs)]);
    let ran = project.run(&["build"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let site = project.site();
    (ran, site)
}

#[test]
fn no_title_and_no_text_runs_in_a_page() {
    let (ran, site) = built(&specs());
    let mut pages = 0;
    for (path, bytes) in &site {
        let text = String::from_utf8_lossy(bytes);
        if path.ends_with(".html") {
            entries::assert_inert(path, &text);
            pages += 1;
        } else if path.ends_with(".svg") || path.ends_with(".xml") {
            let document =
                roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
            for element in document.descendants().filter(roxmltree::Node::is_element) {
                assert!(!["script", "foreignObject", "a"].contains(&element.tag_name().name()), "{path}");
                assert!(!element.attributes().any(|attribute| attribute.name().starts_with("on")), "{path}");
            }
        } else if path.starts_with("assets/") && path.ends_with(".js") {
            assert!(!text.contains("</script"), "{path}");
        }
    }
    assert!(pages > 12, "{pages}");
    // Template syntax is text like other text.
    let page = String::from_utf8_lossy(&site["p/index.html"]);
    assert!(page.contains("{{ 7*7 }}{% raw %}") && !page.contains("49"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "what is written is shown");
    // One warning names the place and the setting.
    assert!(ran.stderr.contains("this is HTML, which is shown as it is written"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--> specs/a.yaml:11:5"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`raw_html: true` in the `site` spec"), "{}", ran.stderr);
}

#[test]
fn html_is_html_where_the_site_allows_it() {
    let page = "kind: page\nid: p\nbody: |\n  A <em class=\"x\">word</em>.\n\n  <div id=\"mine\">*a*</div>\n";
    let project = Project::new(&[("specs/p.yaml", page)]);
    let strict = project.run(&["build", "--strict"]);
    assert_eq!(strict.status, 1);
    assert!(strict.stderr.contains("--> specs/p.yaml:4:5") && strict.stderr.contains("--> specs/p.yaml:6:3"));
    project.build();
    let html = project.read("public/p/index.html");
    assert!(html.contains("<p>A &lt;em class=\"x\"&gt;word&lt;/em&gt;.</p>"), "{html}");
    assert!(html.contains("<p>&lt;div id=\"mine\"&gt;*a*&lt;/div&gt;"), "{html}");
    project.write("specs/site.yaml", "kind: site\nraw_html: true\n");
    let ran = project.run(&["build", "--strict"]);
    assert_eq!((ran.status, ran.stderr.contains("HTML")), (0, false), "{}", ran.stderr);
    let html = project.read("public/p/index.html");
    assert!(html.contains("<p>A <em class=\"x\">word</em>.</p>\n<div id=\"mine\">*a*</div>"), "{html}");
    // And it is the pages' alone: nothing is trained or drawn for it, and all of it goes back.
    project.write("specs/site.yaml", "kind: site\nraw_html: false\n");
    project.build();
    assert!(!project.read("public/p/index.html").contains("<em"));
}

#[test]
fn links_that_run_are_refused() {
    let addresses = [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "jAvAsCrIpT:alert(1)",
        "javascript&colon;alert(1)",
        "&#106;avascript:alert(1)",
        "&#x6A;avascript:alert(1)",
        "java&#9;script:alert(1)",
        "java&#10;script:alert(1)",
        "java&#13;script:alert(1)",
        "&#32;javascript:alert(1)",
        "&#1;javascript:alert(1)",
        "&#160;javascript:alert(1)",
        "javascript&#9;:alert(1)",
        "<javascript: alert(1)>",
        "javascript://example.org/%0aalert(1)",
        "vbscript:msgbox(1)",
        "VBSCRIPT:msgbox(1)",
        "data:text/html,<script>alert(1)</script>",
        "data&colon;text/html;base64,PHNjcmlwdD4=",
        "DATA:image/svg+xml,<svg/onload=alert(1)>",
        "file:///etc/passwd",
        "blob:https://example.org/1",
        "filesystem:https://example.org/1",
        "view-source:https://example.org",
        "x-unknown:1",
    ];
    let ways: [&dyn Fn(&str) -> String; 4] = [
        &|address| format!("[a]({address})"),
        &|address| format!("![a]({address})"),
        &|address| format!("[a]\n\n  [a]: {address}"),
        &|address| format!("[]({address})"),
    ];
    let mut refused = 0;
    for address in addresses {
        for way in ways {
            let text = way(address);
            let project =
                Project::new(&[("specs/p.yaml", &format!("kind: page\nid: p\nbody: |\n  {text}\n"))]);
            let ran = project.run(&["build"]);
            if ran.status == 0 {
                // It was no link after all: then there is none.
                let html = project.read("public/p/index.html");
                entries::assert_inert("p/index.html", &html);
                assert!(!html.contains("<a href=\"java") && html.contains("script"), "{text}: {html}");
            } else {
                assert!(
                    ran.stderr.contains("links cannot begin with")
                        && ran.stderr.contains("--> specs/p.yaml:"),
                    "{text}: {}",
                    ran.stderr
                );
                refused += 1;
            }
        }
    }
    assert!(refused > 80, "{refused}");
    // In angle brackets alone it is a link too.
    let project = Project::new(&[("specs/p.yaml", "kind: page\nid: p\nbody: <javascript:alert(1)>\n")]);
    assert_eq!(project.run(&["build"]).status, 1);
    // A relative address with a colon in it is no scheme.
    let page = "kind: page\nid: p\nbody: \"[a](/javascript:alert) [b](./javascript:alert) [c](?javascript:alert)\"\n";
    let (_, site) = built(page);
    entries::assert_inert("p/index.html", &String::from_utf8_lossy(&site["p/index.html"]));
}
