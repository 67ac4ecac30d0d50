//! Templates and static files of somebody else's: nothing outside of their folders can be read through them.

use crate::support::{Project, small};

const SECRET: &str = "the secret of this machine";

fn refused(template: &str, expected: &str) {
    let project = small();
    project.write("secret.html", SECRET);
    project.write("site_templates/page.html", template);
    project.write("specs/page.yaml", "kind: page\nid: p\nbody: text\n");
    let ran = project.run(&["build"]);
    assert_eq!(ran.status, 1, "{template}: {}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(expected), "{template}: {}", ran.stderr);
    assert!(!ran.stderr.contains(SECRET) && !project.path("public").exists(), "{template}");
}

#[test]
fn templates_name_only_templates() {
    let outside = small();
    outside.write("secret.html", SECRET);
    let absolute = outside.path("secret.html").to_str().unwrap().to_owned();
    let names = [
        "../secret.html",
        "../../etc/passwd",
        "../../../../../../../../etc/passwd",
        "/etc/passwd",
        "file:///etc/passwd",
        "./../secret.html",
        "built-in/../../secret.html",
        "..\\secret.html",
        "secret.html",
        "%2e%2e/secret.html",
        &absolute,
    ];
    for name in names {
        refused(&format!("{{% include \"{name}\" %}}"), "in a template");
        refused(&format!("{{% extends \"{name}\" %}}"), "in a template");
    }
    // There is no function that reads a file, the environment or the web.
    for call in [
        "load_data(path=\"../secret.html\")",
        "read_file(path=\"/etc/passwd\")",
        "get_env(name=\"HOME\")",
        "get_url(path=\"x\")",
        "now()",
        "get_random(start=0, end=9)",
    ] {
        refused(&format!("{{{{ {call} }}}}"), "in a template");
    }
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_templates_and_static_files_out() {
    use std::os::unix::fs::symlink;
    let outside = small();
    outside.write("private/secret.html", SECRET);
    let away = |path: &str| outside.path(path);
    for (target, link) in [
        (away("private/secret.html"), "site_templates/page.html"),
        (away("private/secret.html"), "site_templates/deep/down/part.html"),
        (away("private"), "site_templates/folder"),
        (away("private"), "static/folder"),
        (away("private/secret.html"), "static/notes.html"),
        ("../specs/fit.yaml".into(), "static/fit.yaml"),
        ("/etc/hostname".into(), "static/hostname"),
        ("/".into(), "static/root"),
        ("/proc/self".into(), "static/self"),
    ] {
        let project = small();
        let path = project.path(link);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(&target, &path).unwrap();
        let ran = project.run(&["build"]);
        assert_eq!(ran.status, 1, "{link}: {}", ran.stderr);
        assert!(ran.stderr.contains("leads out of"), "{link}: {}", ran.stderr);
        assert!(!project.path("public").exists());
    }
    // One that stays inside is as good as the file.
    let project = small();
    project.write("static/a.txt", "a");
    symlink("a.txt", project.path("static/b.txt")).unwrap();
    project.build();
    assert_eq!(project.read("public/b.txt"), "a");
    // And a whole folder may lie elsewhere, if its owner says so.
    let project = small();
    symlink(away("private"), project.path("static")).unwrap();
    project.build();
    assert_eq!(project.read("public/secret.html"), SECRET);
}

#[test]
fn templates_without_end_are_refused() {
    for template in [
        "{% include 'page.html' %}",
        "{% component a() %}{{ <a /> }}{% endcomponent a %}{{ <a /> }}",
        "{% for i in range(end=100000000000) %}{% endfor %}",
        "{% for i in [1",
        &"(".repeat(100_000),
        &format!("{{{{ {}1{} }}}}", "(".repeat(20_000), ")".repeat(20_000)),
        &format!("{{{{ {}1 }}}}", "-".repeat(20_000)),
        &format!("{{{{ {}1 }}}}", "not ".repeat(20_000)),
        &"{% if true %}".repeat(20_000),
        &format!("{}{}", "{% if true %}".repeat(20_000), "{% endif %}".repeat(20_000)),
        &format!("{{{{ {}{} }}}}", "[".repeat(20_000), "]".repeat(20_000)),
    ] {
        let project = Project::new(&[("specs/page.yaml", "kind: page\nid: p\nbody: text\n")]);
        project.write("site_templates/page.html", template);
        let ran = project.run(&["check"]);
        let shown: String = template.chars().take(60).collect();
        assert!(ran.status == 1 || ran.status == 0, "{shown}: {} {}", ran.status, ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{shown}: {}", ran.stderr);
    }
}
