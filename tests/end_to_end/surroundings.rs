//! Streams that are closed or full, folders that lie in one another, editors that save in their own way, addresses that are
//! none: what surrounds the program, and is not as it expects.

use std::collections::BTreeMap;
use std::process::Command;

use crate::support::{Project, SMALL, small};

/// Runs a line of shell in a project, with the program as `$P`.
fn shell(project: &Project, line: &str) -> (Option<i32>, String) {
    let output = Command::new("sh")
        .args(["-c", line])
        .current_dir(project.path("."))
        .env("P", env!("CARGO_BIN_EXE_actfn-site"))
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&told).into_owned())
}

#[test]
fn closed_streams_stop_nothing() {
    let reference = small();
    reference.build();
    for closed in [">&-", "2>&-", "<&-", ">&- 2>&- <&-"] {
        let project = small();
        let (status, told) = shell(&project, &format!("exec \"$P\" build {closed}"));
        assert_eq!(status, Some(0), "{closed}: {told}");
        assert!(project.site() == reference.site(), "{closed}");
    }
    let project = small();
    for command in ["list", "list cases", "check", "schema", "--help", "completions bash", "cache status"] {
        for line in [format!("exec \"$P\" {command} >&- 2>&- <&-"), format!("\"$P\" {command} | head -c 1")] {
            let (status, told) = shell(&project, &line);
            assert_eq!(status, Some(0), "{line}: {told}");
            assert!(!told.contains("panicked"), "{line}: {told}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_told_is_an_error() {
    let project = small();
    for command in ["build", "build --json", "list", "schema", "check --json", "cache status"] {
        let (status, told) = shell(&project, &format!("exec \"$P\" {command} > /dev/full"));
        assert_eq!(status, Some(1), "{command}: {told}");
        assert!(
            told.contains("error: cannot write the output: No space left on device"),
            "{command}: {told}"
        );
    }
    // Where it can be told to nobody that something was, it was.
    assert_eq!(shell(&project, "exec \"$P\" check 2> /dev/full").0, Some(0));
}

/// The site of a project, but for the downloads of its specs.
fn pages(project: &Project) -> BTreeMap<String, Vec<u8>> {
    let mut site = project.site();
    site.retain(|name, _| name.ends_with(".html"));
    assert!(site.len() > 10);
    site
}

#[test]
fn texts_as_other_editors_save_them_are_the_same() {
    let reference = small();
    reference.build();
    for (name, text) in [
        ("a byte order mark", format!("\u{feff}{SMALL}")),
        ("lines of another system", SMALL.replace('\n', "\r\n")),
        ("no last line", SMALL.trim_end().to_owned()),
        ("blank lines and a document of nothing", format!("\n\n---\n# Nothing.\n---\n{SMALL}...\n")),
    ] {
        let project = small();
        project.write("specs/small.yaml", &text);
        project.write("specs/empty.yaml", "");
        project.write("specs/mark.yaml", "\u{feff}");
        project.build();
        let (found, expected) = (pages(&project), pages(&reference));
        // Places in the specs are told, and move.
        assert!(found.keys().eq(expected.keys()), "{name}");
    }
    // A name in capitals is a name.
    let project = small();
    std::fs::rename(project.path("specs/small.yaml"), project.path("specs/SMALL.YAML")).unwrap();
    project.build();
    assert!(pages(&project).keys().eq(pages(&reference).keys()));
    let project = small();
    let wide = |mark: &[u8]| -> Vec<u8> {
        mark.iter().copied().chain(SMALL.encode_utf16().flat_map(u16::to_le_bytes)).collect()
    };
    for (bytes, part) in
        [(wide(&[0xff, 0xfe]), "not UTF-8 text"), (wide(&[]), "unexpected character: `\\u{0}'")]
    {
        std::fs::write(project.path("specs/small.yaml"), bytes).unwrap();
        let ran = project.run(&["check"]);
        assert!(ran.status == 1 && ran.stderr.contains(part), "{}", ran.stderr);
    }
}

#[test]
fn folders_in_one_another_are_refused_or_kept_apart() {
    let project = small();
    project.write("static/a.txt", "a");
    let before = crate::support::tree(&project.path("."));
    for (arguments, part) in [
        (&["--out", "specs"][..], "cannot be, or hold, specs"),
        (&["--out", "."], "cannot be, or hold, the current folder"),
        (&["--out", "/"], "cannot be, or hold, the current folder"),
        (&["--out", ".."], "cannot be, or hold, the current folder"),
        (&["--out", "static"], "cannot be, or hold, static"),
        (&["--out", "static/public"], "lies in the folder of static files static"),
        (&["--cache", "public"], "cannot be, or hold, public"),
        (&["--cache", "public/cache"], "cannot be, or hold, public/cache"),
        (&["--cache", "static/cache"], "lies in the folder of static files static"),
    ] {
        let ran = project.run(&[&["build"], arguments].concat());
        assert_eq!(ran.status, 1, "{arguments:?}: {}", ran.stdout);
        assert!(ran.stderr.contains(part) && ran.stderr.contains("help: "), "{arguments:?}: {}", ran.stderr);
        assert!(crate::support::tree(&project.path(".")) == before, "{arguments:?}");
    }
    // A site among its specs, and a cache, are no specs.
    project.build();
    for arguments in [&["--out", "specs/public"][..], &["--cache", "specs"], &["--cache", "."]] {
        for _ in 0..2 {
            let ran = project.run(&[&["build", "--json"], arguments].concat());
            assert_eq!(ran.status, 0, "{arguments:?}: {}", ran.stderr);
        }
    }
    assert!(crate::support::tree(&project.path("specs/public")) == project.site());
    assert_eq!(project.run(&["check"]).status, 0);
}

#[test]
fn addresses_that_are_none_are_refused() {
    let project = small();
    for (url, part) in [
        ("example.org", "must begin with https:// or http://"),
        ("javascript:alert(1)", "must begin with https:// or http://"),
        ("https://", "names no host"),
        ("https:///a", "names no host"),
        ("https://exa mple.org", "cannot hold ` `"),
        ("https://example.org/?a", "cannot hold `?`"),
        ("https://example.org/#a", "cannot hold `#`"),
        ("https://example.org/<b>", "cannot hold `<`"),
        ("https://me:secret@example.org/", "names a user"),
    ] {
        let ran = project.run(&["build", "--base-url", url]);
        assert!(ran.status == 2 && ran.stderr.contains(part), "{url}: {}", ran.stderr);
        project.write("specs/site.yaml", &format!("kind: site\nbase_url: \"{url}\"\n"));
        let ran = project.run(&["check"]);
        assert!(ran.status == 1 && ran.stderr.contains(part), "{url}: {}", ran.stderr);
        std::fs::remove_file(project.path("specs/site.yaml")).unwrap();
    }
    let ran = project.run(&["build", "--quiet", "--base-url", "https://example.org/~me/@home"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(project.read("public/sitemap.xml").contains("https://example.org/~me/@home/activations/"));
}
