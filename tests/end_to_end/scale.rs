//! Experiments of a thousand cases: no page is long, and none is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::crawl::{Mount, attributes, check_page, crawl, links_of_reports};
use crate::support::Project;

/// The most that a page may load before anybody scrolls, in bytes.
const AT_FIRST: usize = 2_000_000;

const ACTIVATIONS: [&str; 40] = [
    "tanh",
    "relu",
    "sigmoid",
    "leaky_relu",
    "sine",
    "identity",
    "gaussian",
    "tanhshrink",
    "softshrink",
    "hardshrink",
    "lisht",
    "snake",
    "gcu",
    "relu6",
    "smelu",
    "absolute",
    "elu",
    "selu",
    "celu",
    "isrlu",
    "hardswish",
    "softsign",
    "arctan",
    "erf",
    "isru",
    "hardtanh",
    "hard_sigmoid",
    "heaviside",
    "softplus",
    "squareplus",
    "silu",
    "quick_gelu",
    "gelu",
    "gelu_tanh",
    "mish",
    "tanh_exp",
    "elish",
    "bent_identity",
    "log_sigmoid",
    "lecun_tanh",
];

fn experiment(id: &str, targets: usize, rates: &str, more: &str) -> String {
    let targets: Vec<String> = (0..targets).map(|index| format!("t{index}")).collect();
    format!(
        "---\nkind: experiment\nid: {id}\ntitle: Experiment {id}\ntarget: [{}]\nactivation: [{}]\ndata: {{points: 9}}\n\
         attainable: {{budget: 0}}\ntraining: {{learning_rate: {rates}, epochs: 3, snapshot_every: 1}}\n{more}\n",
        targets.join(", "),
        ACTIVATIONS.join(", ")
    )
}

/// One of 1,000 cases on 25 targets, one of 400 on a single target, and one of 640 without pages of cases.
fn project() -> Project {
    let mut text = "kind: site\ntitle: Large\n".to_owned();
    for index in 0..25 {
        let _ =
            writeln!(text, "---\nkind: polynomial\nid: t{index}\ntitle: Target {index}\nroots: [0, {index}]");
        let _ = writeln!(text, "explanation: {}", "Much is said of it. ".repeat(300));
    }
    text.push_str(&experiment("many", 25, "0.01", ""));
    text.push_str(&experiment("one", 1, "[0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1]", ""));
    text.push_str(&experiment("small", 16, "0.01", "case_pages: false"));
    Project::new(&[("specs/all.yaml", &text)])
}

/// What a page loads at first: itself, its style and scripts, and the pictures that do not wait until they are seen.
fn at_first(site: &BTreeMap<String, Vec<u8>>, page: &str) -> usize {
    let html = std::str::from_utf8(&site[page]).unwrap();
    let folder: Vec<&str> = page.split('/').rev().skip(1).collect();
    let mut needed = BTreeSet::new();
    for tag in html.split('<').map(|rest| rest.split('>').next().unwrap()) {
        let name = if tag.starts_with("link rel=\"stylesheet\"") { "href" } else { "src" };
        let is_needed = tag.starts_with("link rel=\"stylesheet\"")
            || tag.starts_with("script src")
            || (tag.starts_with("img ") && !tag.contains("loading=\"lazy\""));
        needed.extend(attributes(tag, &[name]).into_iter().filter(|_| is_needed));
    }
    let file = |address: &&str| {
        let up = address.matches("../").count();
        let folders: Vec<&str> = folder[up..].iter().rev().copied().collect();
        [&folders[..], &[address.trim_start_matches("../")]].concat().join("/")
    };
    html.len() + needed.iter().map(|address| site[&file(address)].len()).sum::<usize>()
}

#[test]
fn a_thousand_cases_stand_on_sheets_that_lead_to_one_another() {
    let project = project();
    let built = project.run(&["build", "--quiet", "--base-url", "https://example.org/x"]);
    assert_eq!(built.status, 0, "{}", built.stderr);
    let site = project.site();
    for mount in [Mount::Server("/a/b/"), Mount::Files] {
        assert!(crawl(&site, mount) > 10_000);
    }
    assert!(links_of_reports(&site) > 2000);
    for page in site.keys().filter(|path| path.ends_with(".html")) {
        let bytes = at_first(&site, page);
        assert!(bytes < AT_FIRST / 2, "{page} loads {bytes} bytes at first");
    }
    let text = |path: &str| std::str::from_utf8(&site[path]).unwrap();
    let report = ["report/index.html", "report/page~2/index.html", "report/page~3/index.html"];
    report.iter().filter(|path| site.contains_key(**path)).for_each(|path| check_page(path, text(path)));
    assert!(site.contains_key(report[1]), "the report is long");
    // From sheet to sheet by their own links, over all of the cases.
    for (first, most, sheets) in [
        ("experiments/many/index.html", 1000, 4),
        ("experiments/one/index.html", 400, 2),
        ("experiments/small/index.html", 640, 2),
        ("models/single_neuron/index.html", 1400, 5),
        ("targets/t0/index.html", 440, 2),
    ] {
        let mut page = first.to_owned();
        let (mut found, mut count) = (BTreeSet::new(), 0);
        loop {
            count += 1;
            let html = text(&page);
            check_page(&page, html);
            let rows = html.split("data-words=\"").skip(1).map(|rest| rest.split("</tr>").next().unwrap());
            for row in rows {
                let address = if first.contains("small") {
                    row.split('"').next().unwrap().to_owned() + &found.len().to_string()
                } else {
                    let address = row.split("<th scope=\"row\">").nth(1).unwrap();
                    attributes(address, &["href"])[0].trim_start_matches("../").to_owned()
                };
                assert!(found.insert(address), "{page}: a case stands there twice");
            }
            let Some((head, _)) = html.split_once("\">Next →</a>") else { break };
            let address = head.rsplit("href=\"").next().unwrap();
            page = if count == 1 {
                first.replace("index.html", address)
            } else {
                first.replace("index.html", address.trim_start_matches("../"))
            };
        }
        assert_eq!((found.len(), count), (most, sheets), "{first}");
    }
    let second = text("experiments/many/page~2/index.html");
    assert!(second.contains("<h1>Experiment many, page 2</h1>"), "{second:.3000}");
    assert!(text("experiments/one/page~2/index.html").contains("<small>301 to 400 of 400</small>"));
    assert!(text("sitemap.xml").contains("<loc>https://example.org/x/experiments/many/page~2/</loc>"));
    assert!(text("search.js").contains("\"page~2/#\""), "{:.3000}", text("search.js"));
    let why = project.run(&["why", "public/experiments/many/page~2/index.html"]);
    assert!(why.status == 0 && why.stdout.contains("all.yaml"), "{}{}", why.stdout, why.stderr);
}
