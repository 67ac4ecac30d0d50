//! What figures are on pages and as files: on light and on dark ground, as SVG, with a passport, a number and a card.

use std::collections::BTreeMap;

use crate::support::small;

type Site = BTreeMap<String, Vec<u8>>;

const CASE: &str = "experiments/small/cubic/tanh";

fn page(site: &Site, path: &str) -> String {
    String::from_utf8(site[path].clone()).unwrap()
}

/// Width, height, and the colours of a PNG.
fn pixels(bytes: &[u8]) -> (u32, u32, Vec<[u8; 3]>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    data.truncate(info.buffer_size());
    (info.width, info.height, data.chunks_exact(3).map(|rgb| [rgb[0], rgb[1], rgb[2]]).collect())
}

/// WCAG's relative luminance.
fn luminance(rgb: [u8; 3]) -> f64 {
    let linear = rgb.map(|channel| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { libm::pow((share + 0.055) / 1.055, 2.4) }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn still_figures_can_be_read_on_light_and_on_dark_ground() {
    let project = small();
    project.edit("specs/small.yaml", "figures: [fit]", "figures: [fit, convergence, comparison, loss_curve]");
    project.build();
    let site = project.site();
    let pairs: Vec<&String> = site.keys().filter(|path| path.ends_with(".dark.png")).collect();
    // Two cases with two still figures each, one that compares, and one of each activation.
    assert_eq!(pairs.len(), 2 * 2 + 1 + 2, "{pairs:?}");
    for dark in pairs {
        let (light, dark) = (pixels(&site[&dark.replace(".dark", "")]), pixels(&site[dark]));
        assert_eq!((light.0, light.1), (dark.0, dark.1));
        for (_, _, picture) in [&light, &dark] {
            // The ground is what there is most of; text and frames stand out from it, and curves have a colour.
            let mut counts: BTreeMap<[u8; 3], usize> = BTreeMap::new();
            for &color in picture {
                *counts.entry(color).or_default() += 1;
            }
            let ground = *counts.iter().max_by_key(|(_, count)| **count).unwrap().0;
            let is_ink = |color: &[u8; 3]| contrast(*color, ground) > 10.0;
            let is_curve = |color: &[u8; 3]| {
                let (low, high) = (color.iter().min().unwrap(), color.iter().max().unwrap());
                high - low > 90 && contrast(*color, ground) >= 2.9
            };
            let count = |test: &dyn Fn(&[u8; 3]) -> bool| picture.iter().filter(|color| test(color)).count();
            assert!(count(&is_ink) > 300, "{}", count(&is_ink));
            assert!(count(&is_curve) > 100, "{}", count(&is_curve));
        }
        assert!(luminance(light.2[0]) > 0.9 && luminance(dark.2[0]) < 0.03);
    }
    let html = page(&site, &format!("{CASE}/index.html"));
    let source =
        r#"<picture><source media="(prefers-color-scheme: dark)" srcset="fit.dark.png"><img src="fit.png""#;
    assert!(html.contains(source), "{html}");
    assert!(html.contains(r#"<img src="convergence.gif""#) && !html.contains("convergence.dark"));
    assert!(!page(&site, "REPORT.md").contains(".dark.png"));
}

#[test]
fn dark_variants_can_be_left_out() {
    let project = small();
    project.write("specs/site.yaml", "kind: site\nfigures: {dark: false}\n");
    project.build();
    let site = project.site();
    assert!(!site.keys().any(|path| path.contains(".dark")));
    assert!(!page(&site, &format!("{CASE}/index.html")).contains("<picture>"));
}

#[test]
fn the_palette_of_the_original_can_be_had() {
    let color = |text: &str| {
        let project = small();
        project.write("specs/site.yaml", text);
        project.build();
        let (.., picture) = pixels(&project.site()[&format!("{CASE}/fit.png")]);
        let count = |color: [u8; 3]| picture.iter().filter(|other| **other == color).count();
        (count([0x00, 0x72, 0xb2]), count([0x1f, 0x77, 0xb4]))
    };
    let (accessible, original) = color("kind: site\n");
    assert!(accessible > 50 && original == 0);
    let (accessible, original) = color("kind: site\nfigures: {palette: original}\n");
    assert!(accessible == 0 && original > 50);
}

#[test]
fn an_svg_is_the_same_picture_without_fonts() {
    let project = small();
    project.edit("specs/fit.yaml", "type: fit", "type: fit\ntitle: Fit <of & all>\nformats: [png, svg]");
    project.write(
        "specs/map.yaml",
        "kind: figure\nid: map\ntype: loss_landscape\nresolution: 9\nformats: [svg, png]\n",
    );
    project.edit("specs/small.yaml", "figures: [fit]", "figures: [fit, map]");
    project.build();
    let site = project.site();
    for name in ["fit", "map"] {
        let text = page(&site, &format!("{CASE}/{name}.svg"));
        let document = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let root = document.root_element();
        let (width, height, _) = pixels(&site[&format!("{CASE}/{name}.png")]);
        assert_eq!(root.attribute("width"), Some(width.to_string().as_str()));
        assert_eq!(root.attribute("height"), Some(height.to_string().as_str()));
        let children = |tag: &str| {
            root.descendants()
                .filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", tag)))
                .collect::<Vec<_>>()
        };
        assert!(children("text").is_empty() && children("script").is_empty());
        // Every letter that is used has its outline.
        for used in children("use") {
            let id = used.attribute("href").unwrap().trim_start_matches('#');
            assert!(root.descendants().any(|node| node.attribute("id") == Some(id)), "{id}");
        }
        assert!(children("use").len() > 40);
        let title = children("title")[0].text().unwrap();
        assert_eq!(title, if name == "fit" { "Fit <of & all>" } else { "map" });
        assert!(children("desc")[0].text().unwrap().contains("tanh"));
        let metadata = children("metadata")[0].text().unwrap();
        assert_eq!(metadata, page(&site, &format!("{CASE}/{name}.png.json")).trim_end());
        // The map's cells are pixels.
        assert_eq!(children("image").len(), if name == "map" { 2 } else { 0 });
    }
    let html = page(&site, &format!("{CASE}/index.html"));
    assert!(html.contains(r#"<a href="fit.svg">SVG</a>"#));
    let first = site[&format!("{CASE}/fit.svg")].clone();
    std::fs::remove_dir_all(project.path(".actfn-cache")).unwrap();
    project.build();
    assert_eq!(project.site()[&format!("{CASE}/fit.svg")], first);
}

#[test]
fn every_figure_says_what_it_was_made_from() {
    let project = small();
    project.edit(
        "specs/small.yaml",
        "figures: [fit]",
        "figures: [fit, convergence, comparison]\ninit: {seed: 7}",
    );
    project.build();
    let site = project.site();
    let figures = site.keys().filter(|path| path.ends_with(".png") || path.ends_with(".gif"));
    for path in figures.filter(|path| !path.ends_with(".dark.png")) {
        let passport: serde_json::Value = serde_json::from_slice(&site[&format!("{path}.json")]).unwrap();
        for file in passport["files"].as_array().unwrap() {
            let folder = path.rsplit_once('/').unwrap().0;
            assert!(site.contains_key(&format!("{folder}/{}", file.as_str().unwrap())), "{path}: {file}");
        }
    }
    let text = page(&site, &format!("{CASE}/fit.png.json"));
    let passport: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(passport["program"], concat!("actfn-site ", env!("CARGO_PKG_VERSION")));
    assert_eq!((&passport["settings"]["width"], &passport["settings"]["type"]), (&300.into(), &"fit".into()));
    assert_eq!((&passport["experiment"], &passport["seed"]), (&"small".into(), &7.into()));
    assert_eq!(passport["files"], serde_json::json!(["fit.png", "fit.dark.png"]));
    assert_eq!(passport["specs"], serde_json::json!(["small.yaml", "cubic.yaml"]));
    let run: serde_json::Value = serde_json::from_slice(&site[&format!("{CASE}/run.json")]).unwrap();
    let case = &passport["cases"][0];
    assert_eq!((&case["case"], &case["run_key"]), (&"cubic/tanh".into(), &run["key"]));
    assert_eq!(case["expression"], "tanh(x)");
    assert_eq!((&case["run"]["epochs"], &case["run"]["learning_rate"]), (&20.into(), &0.01.into()));
    let of_parameters = |tensor: &serde_json::Value| tensor["values"][0].clone();
    let initial: Vec<_> = run["initial_parameters"].as_array().unwrap().iter().map(of_parameters).collect();
    assert_eq!(case["run"]["initial"], serde_json::Value::Array(initial));
    // The pictures say the same.
    for file in ["fit.png", "fit.dark.png"] {
        let reader = png::Decoder::new(std::io::Cursor::new(&site[&format!("{CASE}/{file}")]));
        let reader = reader.read_info().unwrap();
        let texts = reader.info().utf8_text.iter();
        let texts: BTreeMap<String, String> =
            texts.map(|text| (text.keyword.clone(), text.get_text().unwrap())).collect();
        assert_eq!(texts["Title"], "Fit");
        assert_eq!(texts["actfn-site passport"], text.trim_end(), "{file}");
    }
    let gif = &site[&format!("{CASE}/convergence.gif")];
    let key =
        serde_json::from_slice::<serde_json::Value>(&site[&format!("{CASE}/convergence.gif.json")]).unwrap();
    let key = key["key"].as_str().unwrap().to_owned();
    assert!(gif.windows(key.len()).any(|window| window == key.as_bytes()));
    // What only the passport says is written anew without drawing anything.
    project.edit("specs/fit.yaml", "type: fit", "type: fit\ntitle: Another");
    assert_eq!(project.build()["drawn"], 0);
    assert!(page(&project.site(), &format!("{CASE}/fit.png.json")).contains("Another"));
}

#[test]
fn figures_are_numbered_and_referred_to_by_their_numbers() {
    let project = small();
    project.edit(
        "specs/small.yaml",
        "figures: [fit]",
        "figures: [fit, convergence, comparison, matrix]\ndescription: |\n  {{ figure(experiment=\"small\", case=\"cubic/relu\", figure=\"fit\", caption=\"A, b = c\") }}\n\n  See [](figure:small/comparison), <figure:small/matrix>, [](figure:small/cubic/relu/fit) and [it](figure:small/cubic/relu/convergence).",
    );
    project.write(
        "specs/notes.yaml",
        "kind: page\nid: notes\nbody: |\n  [](figure:activations/tanh/activation), [](figure:small/matrix), [](experiment:small)\n",
    );
    project.build();
    let site = project.site();
    let html = page(&site, "experiments/small/index.html");
    for part in [
        r#"<figure id="figure:small~cubic~relu~fit">"#,
        "<strong>Figure 1</strong> A, b = c <a href=",
        r#"<figure class="figure" id="figure:small~matrix">"#,
        "<strong>Figure 2. Losses by target and activation</strong>",
        "<strong>Figure 3. Comparison</strong>",
        r##"See <a href="index.html#figure:small~comparison">Figure 3</a>, <a href="index.html#figure:small~matrix">Figure 2</a>, <a href="#figure:small~cubic~relu~fit">Figure 1</a> and <a href="cubic/relu/index.html#figure:small~cubic~relu~convergence">it</a>."##,
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    let case = page(&site, &format!("{CASE}/index.html"));
    assert!(
        case.contains(r#"id="figure:small~cubic~tanh~convergence""#)
            && case.contains("Figure 2. Convergence")
    );
    let notes = page(&site, "notes/index.html");
    for part in [
        r#"<a href="../activations/tanh/index.html#figure:activations~tanh~activation">Figure 1 of Tanh</a>"#,
        r#"<a href="../experiments/small/index.html#figure:small~matrix">Figure 2 of A small experiment</a>"#,
        r#"<a href="../experiments/small/index.html">A small experiment</a>"#,
    ] {
        assert!(notes.contains(part), "{part}\n{notes}");
    }
    // Cards and previews are no figures with numbers.
    assert!(!page(&site, "index.html").contains("<strong>Figure"));
}

#[test]
fn a_reference_to_a_figure_that_is_not_there_is_explained() {
    let project = small();
    project.write(
        "specs/notes.yaml",
        "kind: page\nid: notes\nbody: |\n  [](figure:small/cubic/tanh/fits) and [x](figur:small/cubic/tanh/fit)\n\n  {{ figure(experiment=\"small\", case=\"cubic/tanh\", figure=\"fit\", capton=\"c\") }}\n",
    );
    let ran = project.run(&["check"]);
    assert_eq!(ran.status, 1);
    insta::assert_snapshot!("figure_references", ran.stderr);
}

#[test]
fn experiments_have_cards_where_the_site_knows_its_address() {
    let project = small();
    project.build();
    assert!(!project.site().keys().any(|path| path.contains("~card")));
    project.write("specs/site.yaml", "kind: site\ntitle: Mine\nbase_url: https://example.org/mine\n");
    project.build();
    let site = project.site();
    let (width, height, picture) = pixels(&site["experiments/small/~card.png"]);
    assert_eq!((width, height), (1200, 630));
    assert!(picture.iter().filter(|color| luminance(**color) < 0.05).count() > 2000);
    for path in ["experiments/small/index.html", "index.html"] {
        let html = page(&site, path);
        for part in [
            r#"<meta property="og:image" content="https://example.org/mine/experiments/small/~card.png">"#,
            r#"<meta property="og:image:width" content="1200">"#,
            r#"<meta name="twitter:card" content="summary_large_image">"#,
        ] {
            assert!(html.contains(part), "{path}: {part}");
        }
    }
    // It shows the title, so that another title is another card.
    project.edit("specs/small.yaml", "A small", "Another small");
    assert_eq!(project.build()["drawn"], 1);
    assert_ne!(project.site()["experiments/small/~card.png"], site["experiments/small/~card.png"]);
}
