//! What a build may and may not do to what was there, and that its bytes depend on nothing but the specs.

use std::time::Duration;

use crate::support::{Project, small};

#[test]
fn threads_and_places_do_not_change_a_byte() {
    let build = |arguments: &[&str]| {
        let project = Project::with_specs_of("tests/fixtures/acceptance");
        let mut command = project.command(&["build", "--quiet"]);
        command.args(arguments).env("LC_ALL", "tr_TR.UTF-8").env("TZ", "Asia/Tokyo");
        assert!(command.status().unwrap().success());
        project.site()
    };
    let (one, eight) = (build(&["--jobs", "1"]), build(&["--jobs", "8"]));
    for (path, bytes) in &one {
        assert!(eight.get(path) == Some(bytes), "{path} differs");
    }
    assert_eq!(one.len(), eight.len());
}

#[test]
fn a_build_that_fails_leaves_the_last_site() {
    let project = small();
    project.build();
    let before = project.site();
    project.edit("specs/small.yaml", "target: cubic", "target: cubc");
    let ran = project.run(&["build"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("did you mean `cubic`?"), "{}", ran.stderr);
    assert_eq!(project.site(), before);
}

#[test]
fn a_build_that_is_killed_leaves_a_whole_site() {
    let project = small();
    project.build();
    let before = project.site();
    project.edit("specs/small.yaml", "A small experiment", "Another title");
    project.edit("specs/small.yaml", "epochs: 20", "epochs: 21");
    let after = {
        let other = small();
        other.edit("specs/small.yaml", "A small experiment", "Another title");
        other.edit("specs/small.yaml", "epochs: 20", "epochs: 21");
        other.build();
        other.site()
    };
    for delay in (0..40).map(|step| Duration::from_millis(step * 2)) {
        let mut child = project.command(&["build", "--quiet"]).spawn().unwrap();
        std::thread::sleep(delay);
        // A build that is done already cannot be killed any more.
        let _ = child.kill();
        child.wait().unwrap();
        let site = project.site();
        assert!(site == before || site == after, "a mixture after {delay:?}");
    }
    project.build();
    assert_eq!(project.site(), after);
    let beside: Vec<_> =
        std::fs::read_dir(project.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!beside.iter().any(|name| name.to_string_lossy().contains("staging")), "{beside:?}");
}

#[test]
fn a_removed_spec_takes_its_pages_and_nothing_else() {
    let project = small();
    project.write("specs/second.yaml", &crate::support::SMALL.replace("id: small", "id: second"));
    project.build();
    project.write("public/CNAME", "example.org\n");
    project.write("public/experiments/second/notes.txt", "mine\n");
    std::fs::remove_file(project.path("specs/second.yaml")).unwrap();
    project.build();
    let site = project.site();
    assert!(site.contains_key("CNAME") && site.contains_key("experiments/second/notes.txt"));
    let left: Vec<&String> = site.keys().filter(|path| path.starts_with("experiments/second/")).collect();
    assert_eq!(left, ["experiments/second/notes.txt"]);
}

#[test]
fn a_file_of_somebody_else_is_in_the_way() {
    let project = small();
    project.write("public/index.html", "mine");
    let ran = project.run(&["build"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("was not written by actfn-site"), "{}", ran.stderr);
    assert_eq!(project.site().len(), 1);
}

#[test]
fn the_output_cannot_swallow_what_it_is_made_from() {
    let project = small();
    for (out, held) in [(".", "the current folder"), ("specs", "specs"), ("specs/..", "the current folder")] {
        let ran = project.run(&["build", "--out", out]);
        assert_eq!(ran.status, 1);
        assert!(ran.stderr.contains(held) && ran.stderr.contains("--out"), "{}", ran.stderr);
    }
    assert!(project.path("specs/small.yaml").exists() && !project.path("index.html").exists());
}

#[test]
fn a_base_url_is_used_where_it_must_be_and_nowhere_else() {
    let project = small();
    let with = ["build", "--quiet", "--base-url", "https://example.org/some/where"];
    assert_eq!(project.run(&with).status, 0);
    let site = project.site();
    let text = |path: &str| String::from_utf8(site[path].clone()).unwrap();
    assert!(
        text("sitemap.xml")
            .contains("<loc>https://example.org/some/where/experiments/small/cubic/tanh/</loc>")
    );
    assert!(text("robots.txt").contains("Sitemap: https://example.org/some/where/sitemap.xml"));
    let not_found = text("404.html");
    assert!(not_found.contains("href=\"index.html\"") && not_found.contains("let base = \"/some/where/\""));
    let page = text("experiments/small/index.html");
    assert!(page.contains("rel=\"canonical\" href=\"https://example.org/some/where/experiments/small/\""));
    assert!(
        page.contains("og:image\" content=\"https://example.org/some/where/experiments/small/~card.png"),
        "{page}"
    );
    let head = page.find("</head>").unwrap();
    assert!(!page[head..].contains("https://example.org"), "only metadata knows the address");
    project.run(&["build", "--quiet"]);
    assert!(!project.site().contains_key("sitemap.xml"));
}

#[test]
fn a_diverged_run_is_shown_and_explained() {
    let project = small();
    project.edit("specs/small.yaml", "learning_rate: 0.01", "learning_rate: 100");
    project.edit(
        "specs/small.yaml",
        "[fit]",
        "[fit, convergence, trajectories, loss_landscape, loss_curve, comparison]",
    );
    project.edit("specs/small.yaml", "epochs: 20", "epochs: 400");
    let summary = project.build();
    assert!(summary["diverged"].as_u64().unwrap() >= 1, "{summary}");
    let site = project.site();
    let page = String::from_utf8(site["experiments/small/cubic/tanh/index.html"].clone()).unwrap();
    assert!(page.contains("Training diverged"), "{page}");
    let csv = String::from_utf8(site["experiments/small/results.csv"].clone()).unwrap();
    assert!(csv.contains("diverged") && !csv.contains("NaN") && !csv.contains("inf"), "{csv}");
}

#[test]
fn an_activation_without_a_value_is_a_result_too() {
    let project = small();
    project.write("specs/log.yaml", "kind: activation\nid: logarithm\nexpression: log(x)\n");
    project.edit("specs/small.yaml", "[tanh, relu]", "[logarithm]");
    project.edit(
        "specs/small.yaml",
        "[fit]",
        "[fit, convergence, trajectories, loss_landscape, loss_curve, comparison, activation]",
    );
    project.build();
    let page =
        String::from_utf8(project.site()["experiments/small/cubic/logarithm/index.html"].clone()).unwrap();
    assert!(page.contains("not a finite number"), "{page}");
}

#[test]
fn a_page_looks_as_it_did() {
    let project = small();
    project.build();
    let page = String::from_utf8(project.site()["experiments/small/cubic/tanh/index.html"].clone()).unwrap();
    // Names that change with every edit of a style or a script say nothing here.
    let mut plain = page.clone();
    for path in project.site().into_keys().filter(|path| path.starts_with("assets/")) {
        let mut parts = path.split('.');
        let (stem, extension) = (parts.next().unwrap(), parts.next_back().unwrap());
        plain = plain.replace(&path, &format!("{stem}.HASH.{extension}"));
    }
    insta::assert_snapshot!("case_page", plain);
    insta::assert_snapshot!("report", String::from_utf8(project.site()["REPORT.md"].clone()).unwrap());
}

#[test]
fn an_author_chooses_how_pages_look() {
    let project = small();
    let theme = "theme: {accent: \"#ffcc00\", font: \"Georgia, serif\", logo: pictures/logo.svg}";
    project.write("specs/site.yaml", &format!("kind: site\ntitle: Mine\n{theme}\n"));
    let missing = project.run(&["build"]);
    assert_eq!(missing.status, 1);
    insta::assert_snapshot!("no_logo", missing.stderr);
    assert_eq!(project.run(&["check"]).stderr, missing.stderr);
    project.write("static/pictures/logo.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    project.build();
    let page = project.read("public/experiments/small/index.html");
    assert!(page.contains("<img class=\"logo\" src=\"../../pictures/logo.svg\" alt=\"\""), "{page}");
    let site = project.site();
    let style = site.keys().find(|name| name.starts_with("assets/style.")).unwrap();
    assert!(page.contains(&format!("../../{style}")));
    let css = String::from_utf8(site[style].clone()).unwrap();
    assert!(css.contains("font-family: Georgia, serif;"));
    // Yellow cannot be read on white: there it is darker, on dark ground it is itself.
    assert_eq!(css.matches("--accent: #ffcc00;").count(), 1, "{css}");
    let not_found = project.read("public/404.html");
    assert!(not_found.contains("Georgia, serif"), "the page at any address has it too");
    project.write(
        "specs/site.yaml",
        "kind: site\ntheme: {font: \"x; } body { display: none\", logo: ../x.svg}\n",
    );
    insta::assert_snapshot!("unsound_theme", project.run(&["check"]).stderr);
}
