//! Several at once, and folders that are not as they should be: full, read-only, gone, or with things in them that nobody
//! expects. Everything waits, works, or fails with a sentence; nothing panics and nothing is left half done.

use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Project, Ran, SMALL, small, tree};
use crate::watch::{Running, expect_clean_site};

/// A run that ended badly, as it should, or well; never by a panic or a signal.
#[track_caller]
fn expect(ran: &Ran, status: i32, part: &str) {
    let text = format!("{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.status, status, "{text}");
    assert!(text.contains(part) && !text.contains("panicked"), "not {part:?} but {text}");
}

fn waited(mut children: Vec<std::process::Child>) {
    for child in &mut children {
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

fn without_staging(project: &Project) {
    let left = std::fs::read_dir(project.path(".")).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains("actfn-site-")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn builds_at_once_wait_for_each_other() {
    let reference = small();
    reference.build();
    let quiet = |project: &Project, more: &[&str]| {
        project
            .command(&[&["build", "--quiet", "--jobs", "1"], more].concat())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    // With one cache, and with one each.
    for caches in [["a"; 4], ["a", "b", "c", "d"]] {
        let project = small();
        waited(caches.iter().map(|cache| quiet(&project, &["--cache", cache])).collect());
        assert!(project.site() == reference.site());
        without_staging(&project);
        // Of specs that differ, to one folder: one of both sites, and nothing of the other.
        project.write("other/small.yaml", &SMALL.replace("A small", "Another"));
        project.write("other/more.yaml", &project.read("specs/cubic.yaml"));
        project.write("other/fit.yaml", &project.read("specs/fit.yaml"));
        project.write("other/page.yaml", "kind: page\nbody: Only here.\n");
        let build_other = ["build", "--quiet", "--specs", "other", "--out", "aside"];
        assert_eq!(project.run(&build_other).status, 0);
        let other = tree(&project.path("aside"));
        for _ in 0..6 {
            let specs = ["specs", "other", "specs", "other"].iter().zip(caches);
            waited(
                specs.map(|(specs, cache)| quiet(&project, &["--specs", specs, "--cache", cache])).collect(),
            );
            let site = project.site();
            assert!(site == reference.site() || site == other, "a mixture: {:?}", site.keys());
            without_staging(&project);
            // And each of them knows afterwards whether that is its own.
            waited(vec![quiet(&project, &[])]);
            assert!(project.site() == reference.site());
        }
    }
}

#[test]
fn watching_and_building_at_once_ends_clean() {
    let project = small();
    let first = Running::start(&project, &["watch"]);
    let second = Running::start(&project, &["watch"]);
    for round in 0..8 {
        project.write("specs/small.yaml", &SMALL.replace("epochs: 20", &format!("epochs: {}", 21 + round)));
        let builds = ["a", "a", "b"].map(|cache| {
            std::thread::sleep(Duration::from_millis(round * 7));
            project.command(&["build", "--quiet", "--cache", cache]).stdout(Stdio::null()).spawn().unwrap()
        });
        waited(builds.into());
    }
    expect_clean_site(&project, "builds beside two that watch");
    drop((first, second));
    waited(vec![project.command(&["build", "--quiet"]).spawn().unwrap()]);
    without_staging(&project);
}

#[test]
fn a_cache_that_cannot_be_used_is_a_note() {
    let reference = small();
    reference.build();
    for in_the_way in [".actfn-cache", ".actfn-cache/v1", ".actfn-cache/v1/run", ".actfn-cache/v1/unfinished"]
    {
        let project = small();
        project.write(in_the_way, "mine");
        for _ in 0..2 {
            let report = project.build();
            let notes = report["notes"].as_array().unwrap();
            assert!(
                notes.len() == 1 && notes[0].as_str().unwrap().contains("the cache cannot be written"),
                "{report}"
            );
            assert!(project.site() == reference.site());
        }
        assert_eq!(project.read(in_the_way), "mine");
    }
    let project = small();
    std::fs::create_dir_all(project.path(".actfn-cache/lock")).unwrap();
    let ran = project.run(&["build"]);
    expect(&ran, 0, "the cache cannot be written: cannot open .actfn-cache/lock");
    expect(&project.run(&["cache", "gc"]), 1, "cannot open .actfn-cache/lock");
}

#[test]
fn an_output_folder_that_cannot_be_used_is_an_error() {
    let project = small();
    project.write("file", "mine");
    expect(&project.run(&["build", "--out", "file"]), 1, "there is a file of that name");
    expect(&project.run(&["build", "--out", "file/public"]), 1, "cannot create file: ");
    symlink("nowhere", project.path("link")).unwrap();
    expect(&project.run(&["build", "--out", "link"]), 1, "there is a link that leads to no folder");
    project.write("public/experiments", "mine");
    expect(&project.run(&["build"]), 1, "public/experiments is in the way");
    assert_eq!((project.site().len(), project.read("file")), (1, "mine".into()));
    std::fs::remove_file(project.path("public/experiments")).unwrap();
    project.build();
    std::fs::remove_file(project.path("public/index.html")).unwrap();
    project.write("public/index.html/mine", "mine");
    let before = project.site();
    expect(&project.run(&["build"]), 1, "public/index.html is in the way");
    assert!(project.site() == before);
    without_staging(&project);
    let long = "a".repeat(250);
    expect(&project.run(&["build", "--out", &long]), 0, &long);
}

/// Runs a script in which file systems can be mounted, in a namespace of its own; where that is not allowed, says so past all
/// that captures output, and fails if `ACTFN_MOUNTS=required` asks for it.
#[expect(clippy::explicit_write, reason = "tests that pass show nothing that is printed")]
fn mounted(project: &Project, script: &str) -> Option<Ran> {
    let run = |namespaces: &[&str], script: &str| {
        let mut command = Command::new("unshare");
        command.args(namespaces).args(["--mount", "sh", "-euc", script]);
        command.current_dir(project.path(".")).env("PROGRAM", env!("CARGO_BIN_EXE_actfn-site"));
        command.output()
    };
    let can_mount = |namespaces: &&&[&str]| {
        let tried = run(namespaces, "mkdir -p try && mount -t tmpfs none try");
        let _ = std::fs::remove_dir(project.path("try"));
        tried.is_ok_and(|output| output.status.success())
    };
    // Where users may not have namespaces, root can do without.
    let namespaces: [&[&str]; 2] = [&["--user", "--map-root-user"], &[]];
    let Some(namespaces) = namespaces.iter().find(can_mount) else {
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        writeln!(std::io::stderr(), "\nNOT TRIED, since nothing can be mounted here: {test}\n").unwrap();
        assert_ne!(std::env::var("ACTFN_MOUNTS").as_deref(), Ok("required"), "nothing can be mounted here");
        return None;
    };
    let output = run(namespaces, script).unwrap();
    Some(Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    })
}

#[test]
fn a_read_only_cache_is_read() {
    let project = small();
    project.build();
    let script = "mount --bind .actfn-cache .actfn-cache; mount -o remount,ro,bind .actfn-cache
        sed -i s/A.small.experiment/Another/ specs/small.yaml
        exec \"$PROGRAM\" build --json";
    let Some(ran) = mounted(&project, script) else { return };
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&report["trained"], &report["reused_runs"]), (&0.into(), &2.into()));
    let notes = report["notes"].as_array().unwrap();
    assert!(notes.len() == 1 && notes[0].as_str().unwrap().contains("Read-only"), "{report}");
    assert!(project.read("public/experiments/small/index.html").contains("Another"));
}

#[test]
fn a_read_only_or_full_output_folder_keeps_its_site() {
    let project = small();
    project.build();
    let before = project.site();
    project.edit("specs/small.yaml", "epochs: 20", "epochs: 30");
    let read_only = "mount --bind public public; mount -o remount,ro,bind public; exec \"$PROGRAM\" build";
    if let Some(ran) = mounted(&project, read_only) {
        expect(&ran, 1, "Read-only file system");
        assert!(project.site() == before);
    }
    // Room for the old site and a part of the new one: beside the output folder, and in one that is a mount.
    for (mount, folder) in [("disk", "disk/public"), ("disk/public", "disk/public")] {
        let script = format!(
            "mkdir -p {folder}; mount -t tmpfs -o size=1m none {mount}; mkdir -p {folder}
            cp -a public/. {folder}/
            head -c 10m /dev/zero > {mount}/ballast 2> /dev/null || true
            truncate -s -60000 {mount}/ballast
            status=0; \"$PROGRAM\" build --out {folder} || status=$?
            rm {mount}/ballast
            diff -r public {folder}
            \"$PROGRAM\" build --quiet --out {folder}; \"$PROGRAM\" build --quiet --out clean
            diff -r clean {folder}; ls -A disk
            exit $status"
        );
        let Some(ran) = mounted(&project, &script) else { return };
        expect(&ran, 1, "No space left on device");
        assert!(
            ran.stderr.matches("error: ").count() == 1 && ran.stdout.lines().last() == Some("public"),
            "{}{}",
            ran.stdout,
            ran.stderr
        );
        let _ = std::fs::remove_dir_all(project.path("clean"));
    }
}

#[track_caller]
fn expect_code(output: &std::process::Output, code: i32, what: &str) {
    assert_eq!(output.status.code(), Some(code), "{what}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The site, with what somebody has put into it.
fn expected(name: &str, way: &str, reference: &Project) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut site = reference.site();
    if let ("file", Some(name)) = (way, name.strip_prefix("public/").filter(|name| !name.ends_with(".b3"))) {
        site.insert(name.to_owned(), b"somebody's".to_vec());
    }
    site
}

/// Where the program looks for what it left itself, there may be anything: it is not followed, and not waited for.
#[test]
fn what_lies_at_names_of_ours_is_neither_followed_nor_waited_for() {
    let reference = small();
    reference.build();
    let pipe = |path: &std::path::Path| {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    for name in [
        ".public.actfn-site-staging",
        ".public.actfn-site-whole",
        "public/.actfn-site-staging",
        ".actfn-cache/v1/unfinished",
        "public/.manifest.b3",
        ".actfn-cache/lock",
    ] {
        for way in ["link", "file", "pipe"] {
            let project = small();
            project.write("mine/folder/file", "mine");
            if !name.starts_with(".public") {
                project.build();
            }
            let path = project.path(name);
            let _ = std::fs::remove_file(&path);
            let _ = std::fs::remove_dir_all(&path);
            match way {
                "link" => symlink(project.path("mine"), &path).unwrap(),
                "file" => std::fs::write(&path, "somebody's").unwrap(),
                _ => pipe(&path),
            }
            let what = format!("{name}, a {way}");
            let output = Command::new("timeout")
                .args(["20", env!("CARGO_BIN_EXE_actfn-site"), "build", "--verify"])
                .current_dir(project.path("."))
                .output()
                .unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            // Beside the site there is no other place to lay it out; all else is done without.
            if name.starts_with(".public") {
                expect_code(&output, 1, &what);
                assert!(told.contains(name) || told.contains("cannot write .public"), "{what}: {told}");
                assert!(!project.path("public").exists(), "{what}");
            } else {
                expect_code(&output, 0, &what);
                assert!(project.site() == expected(name, way, &reference), "{what}");
            }
            let is_ours = name.ends_with(".b3");
            assert!(is_ours || path.symlink_metadata().is_ok_and(|it| !it.is_dir()), "{what}: it is gone");
            assert_eq!(tree(&project.path("mine")).keys().collect::<Vec<_>>(), ["folder/file"], "{what}");
            assert_eq!(project.read("mine/folder/file"), "mine", "{what}");
        }
    }
    // What was a page, and is somebody's now.
    let project = small();
    project.write("specs/old.yaml", "kind: page\nbody: Text.\n");
    project.build();
    std::fs::remove_file(project.path("specs/old.yaml")).unwrap();
    std::fs::remove_file(project.path("public/old/index.html")).unwrap();
    pipe(&project.path("public/old/index.html"));
    let output = Command::new("timeout")
        .args(["20", env!("CARGO_BIN_EXE_actfn-site"), "build"])
        .current_dir(project.path("."))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && told.contains("old/index.html is no longer part of the site"),
        "{told}"
    );
}

#[test]
fn files_that_cannot_be_finished_leave_the_last_site() {
    // Files cannot become longer than 20 blocks: a full disk, as far as they are concerned.
    let project = small();
    project.build();
    let before = project.site();
    project.edit("specs/small.yaml", "epochs: 20", "epochs: 30");
    project.edit("specs/fit.yaml", "[300, 200]", "[900, 600]");
    let script = "trap '' XFSZ; ulimit -f 20; exec \"$PROGRAM\" build";
    let mut shell = Command::new("sh");
    shell
        .args(["-c", script])
        .current_dir(project.path("."))
        .env("PROGRAM", env!("CARGO_BIN_EXE_actfn-site"));
    let output = shell.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("error: cannot write") && text.contains("File too large"), "{text}");
    assert!(project.site() == before);
    without_staging(&project);
    project.build();
    expect_clean_site(&project, "files that could not be finished");
}

#[test]
fn what_vanishes_meanwhile_is_made_again_or_missed() {
    let project = small();
    let gone = project.path("gone");
    std::fs::create_dir(&gone).unwrap();
    let script = "cd gone && rmdir ../gone && exec \"$PROGRAM\" build";
    let mut shell = Command::new("sh");
    shell
        .args(["-c", script])
        .current_dir(project.path("."))
        .env("PROGRAM", env!("CARGO_BIN_EXE_actfn-site"));
    let output = shell.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(1) && text.contains("the current folder has been removed"),
        "{text}"
    );
    project.build();
    let specs = tree(&project.path("specs"));
    for round in 0..12 {
        project.edit("specs/small.yaml", "epochs: 2", "epochs: 20");
        let _ = std::fs::remove_dir_all(project.path(".actfn-cache"));
        let child = project.command(&["build"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(round * 18));
        let folder = ["specs", ".actfn-cache", "public"][usize::try_from(round % 3).unwrap()];
        // While the program writes there, removing it may fail, which is as good.
        let _ = std::fs::remove_dir_all(project.path(folder));
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        let is_sentence = output.status.code() == Some(1) && text.contains("error: ");
        assert!((output.status.success() || is_sentence) && !text.contains("panicked"), "{text}");
        for (name, bytes) in &specs {
            project.write(&format!("specs/{name}"), std::str::from_utf8(bytes).unwrap());
        }
        project.build();
        expect_clean_site(&project, folder);
    }
}

#[test]
fn whatever_lies_among_the_specs_is_told() {
    let check = |prepare: &dyn Fn(&Project), part: &str| {
        let project = small();
        prepare(&project);
        expect(&project.run(&["check"]), 1, part);
        assert!(!project.path("public").exists());
    };
    let named = |project: &Project, bytes: &[u8]| {
        let path = project.path("specs").join(std::ffi::OsStr::from_bytes(bytes));
        std::fs::write(path, "kind: page\nbody: Text.\n").unwrap();
    };
    check(&|project| symlink(".", project.path("specs/again")).unwrap(), "specs/again points to an ancestor");
    check(
        &|project| {
            symlink("b.yaml", project.path("specs/a.yaml")).unwrap();
            symlink("a.yaml", project.path("specs/b.yaml")).unwrap();
        },
        "cannot read specs/b.yaml: Too many levels of symbolic links",
    );
    check(&|project| symlink("nowhere", project.path("specs/a.yaml")).unwrap(), "cannot read specs/a.yaml");
    check(&|project| symlink("/dev/zero", project.path("specs/a.yaml")).unwrap(), "it is no plain file");
    check(
        &|project| {
            let pipe = project.path("specs/a.yaml");
            assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
        },
        "cannot read specs/a.yaml: it is no plain file",
    );
    check(&|project| named(project, b"a\xff.yaml"), "is not valid Unicode");
    check(
        &|project| std::fs::write(project.path("specs/a.yaml"), b"kind: \xff").unwrap(),
        "it is not UTF-8 text (line 1)",
    );
    check(
        &|project| symlink("fit.yaml", project.path("specs/again.yaml")).unwrap(),
        "there are two figures `fit`",
    );
    // What is no spec is nobody's business.
    let project = small();
    named(&project, b"a\xff.txt");
    symlink("nowhere", project.path("specs/notes.txt")).unwrap();
    expect(&project.run(&["check"]), 0, "no errors");
}

#[test]
fn ids_that_some_system_cannot_hold_are_refused() {
    let long = "a".repeat(300);
    for (id, part) in [
        ("..", "must begin with a letter or a digit"),
        (".", "must begin with a letter or a digit"),
        ("a/b", "not `/`"),
        ("a\\\\b", "not `\\\\`"),
        ("/etc/passwd", "not `/`"),
        ("a b", "not ` `"),
        ("", "it is empty"),
        ("\u{1f600}", "not `\u{1f600}`"),
        ("\u{e9}", "not `\u{e9}`"),
        (&long, "longer than 100 characters"),
        ("con", "Windows keeps that name"),
        ("NUL", "Windows keeps that name"),
        ("aux.old", "Windows keeps that name"),
        ("Lpt1", "Windows keeps that name"),
        ("Tanh", "differs only in case from the built-in activation `tanh`"),
    ] {
        let project = small();
        project.write("specs/mine.yaml", &format!("kind: activation\nid: \"{id}\"\nexpression: x^2\n"));
        expect(&project.run(&["check"]), 1, part);
    }
    for (text, part) in [
        ("kind: figure\nid: Fit\ntype: fit\n", "differs only in case from the built-in figure `fit`"),
        ("kind: model\nid: Single_Neuron\ntype: single_neuron\n", "built-in model `single_neuron`"),
        ("kind: polynomial\nid: CUBIC\ncoefficients: [1]\n", "differ only in case"),
    ] {
        let project = small();
        project.write("specs/mine.yaml", text);
        expect(&project.run(&["check"]), 1, part);
    }
    let project = small();
    project.write("specs/mine.yaml", "kind: activation\nid: console.2_-a\nexpression: x^2\n");
    expect(&project.run(&["check"]), 0, "no errors");
}

#[test]
fn static_files_of_any_name_come_and_go() {
    let project = small();
    for name in ["line\nbreak.txt", "back\\slash.txt", "tail\r", "\u{1f600}/\u{e9} b.txt", "con"] {
        project.write(&format!("static/{name}"), name);
    }
    project.build();
    assert_eq!(project.read("public/line\nbreak.txt"), "line\nbreak.txt");
    let ran = project.run(&["build", "--verify", "--json"]);
    assert!(
        ran.stdout.contains("\"files_written\": 0") || ran.stdout.contains("\"files_written\":0"),
        "{}",
        ran.stdout
    );
    std::fs::remove_dir_all(project.path("static")).unwrap();
    assert_eq!(project.build()["files_removed"], 5);
    for (names, part) in [
        (&["Index.html"][..], "static/Index.html is in the way"),
        (&["ASSETS"], "static/ASSETS is in the way"),
        (&["robots.TXT/a"], "is in the way"),
        (&["a.txt", "A.txt"], "differ only in case"),
    ] {
        let _ = std::fs::remove_dir_all(project.path("static"));
        for name in names {
            project.write(&format!("static/{name}"), "mine");
        }
        expect(&project.run(&["build"]), 1, part);
    }
    let _ = std::fs::remove_dir_all(project.path("static"));
    std::fs::create_dir(project.path("static")).unwrap();
    symlink("..", project.path("static/up")).unwrap();
    expect(&project.run(&["build"]), 1, "link that leads out of static");
}
