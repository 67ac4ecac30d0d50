//! Whatever becomes of the cache and of the lists: it is noticed, told once and mended, and never shown. How many random
//! damages there are, `ACTFN_DAMAGES` says.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use actfn_site::cache::KeyBuilder;
use actfn_site::fs::Stamp;
use serde_json::{Value, json};

use crate::support::{Choices, Project, SMALL, small, tree};

/// A project whose cache has entries of every kind.
fn project() -> Project {
    let project = small();
    project.write("specs/site.yaml", "kind: site\nfigures: {dark: false}\n");
    project.write(
        "specs/small.yaml",
        &SMALL.replace("figures:", "seeds: 3\nattainable: {budget: 10}\nfigures:"),
    );
    project.build();
    project
}

const KINDS: [&str; 7] = ["run", "trials", "attainable", "verdict", "figure", "record", "settled"];

/// The paths of all entries, with those of every kind among them.
fn entries(project: &Project) -> Vec<PathBuf> {
    let root = project.path(".actfn-cache");
    let names = tree(&root).into_keys().filter(|name| name != "lock").collect::<Vec<_>>();
    for kind in KINDS {
        assert!(names.iter().any(|name| name.starts_with(&format!("v1/{kind}/"))), "no {kind}");
    }
    names.iter().map(|name| root.join(name)).collect()
}

/// What can become of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Damage {
    Flipped,
    Cut,
    Emptied,
    Longer,
    /// It is another entry, whole.
    Other,
    /// It is an earlier entry of this key with another payload, and its own hash.
    OtherPayload,
    Folder,
    LinkToNothing,
    /// As good as unreadable, for everybody.
    LinkToItself,
    Pipe,
}

const DAMAGES: [Damage; 10] = [
    Damage::Flipped,
    Damage::Cut,
    Damage::Emptied,
    Damage::Longer,
    Damage::Other,
    Damage::OtherPayload,
    Damage::Folder,
    Damage::LinkToNothing,
    Damage::LinkToItself,
    Damage::Pipe,
];

fn damage(path: &Path, other: &Path, damage: Damage, choices: &mut Choices) {
    let mut bytes = std::fs::read(path).unwrap();
    let at = usize::try_from(choices.below(bytes.len() as u64)).unwrap();
    let bit = choices.below(8);
    std::fs::remove_file(path).unwrap();
    match damage {
        Damage::Flipped => bytes[at] ^= 1 << bit,
        Damage::Cut => bytes.truncate(at),
        Damage::Emptied => bytes.clear(),
        Damage::Longer => bytes.extend_from_slice(&[0; 9][..1 + usize::try_from(bit).unwrap()]),
        Damage::Other => bytes = std::fs::read(other).unwrap(),
        Damage::OtherPayload => {
            let length = bytes.len();
            bytes[40..72].copy_from_slice(blake3::hash(b"other").as_bytes());
            bytes.truncate(length.max(80) - 3);
        }
        Damage::Folder => return std::fs::create_dir(path).unwrap(),
        Damage::LinkToNothing => return symlink("nowhere", path).unwrap(),
        Damage::LinkToItself => return symlink(path.file_name().unwrap(), path).unwrap(),
        Damage::Pipe => {
            assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
            return;
        }
    }
    std::fs::write(path, bytes).unwrap();
}

fn kind_of(path: &Path) -> &str {
    path.parent().unwrap().parent().unwrap().file_name().unwrap().to_str().unwrap()
}

#[test]
fn every_entry_can_be_damaged_in_every_way() {
    let project = project();
    // The second build says what one says that has nothing to do.
    project.build();
    let (site, quiet) = (project.site(), project.build());
    let entries = entries(&project);
    eprintln!("{} entries, each damaged in {} ways", entries.len(), DAMAGES.len());
    let mut choices = Choices(1);
    for (index, path) in entries.iter().enumerate() {
        let other = &entries[(index + 1) % entries.len()];
        for way in DAMAGES {
            let whole = std::fs::read(path).unwrap();
            damage(path, other, way, &mut choices);
            let (kind, name) = (kind_of(path), path.file_name().unwrap().to_str().unwrap());
            let what = format!("{kind} {name} {way:?}");
            let verified = project.run(&["cache", "verify"]);
            assert_eq!(
                (verified.status, verified.stdout.contains(name)),
                (1, true),
                "{what}: {}",
                verified.stdout
            );
            let report = project.build();
            let notes = report["notes"].as_array().unwrap();
            assert!(notes.len() == 1 && notes[0].as_str().unwrap().contains(name), "{what}: {report}");
            assert!(project.site() == site, "{what}");
            if !["record", "settled"].contains(&kind) {
                assert!(std::fs::read(path).unwrap() == whole, "{what}");
            }
            assert_eq!(project.build(), quiet, "{what}");
            assert_eq!(project.run(&["cache", "verify"]).status, 0, "{what}");
        }
    }
}

#[test]
fn thousands_of_random_damages_are_seen() {
    let wanted = std::env::var("ACTFN_DAMAGES").ok().and_then(|it| it.parse().ok()).unwrap_or(3000);
    let project = project();
    let (site, entries) = (project.site(), entries(&project));
    let mut choices = Choices(7);
    let (mut count, mut builds) = (0, 0);
    for round in 0.. {
        if count >= wanted {
            eprintln!(
                "{count} damages of {} entries in {round} rounds, {builds} of them built",
                entries.len()
            );
            break;
        }
        let whole: Vec<Vec<u8>> = entries.iter().map(|path| std::fs::read(path).unwrap()).collect();
        let mut damaged = BTreeSet::new();
        for (index, path) in entries.iter().enumerate() {
            if choices.below(8) == 0 {
                continue;
            }
            let way = DAMAGES[usize::try_from(choices.below(6)).unwrap()];
            let other = project.path("other");
            std::fs::write(&other, &whole[(index + 1) % whole.len()]).unwrap();
            damage(path, &other, way, &mut choices);
            damaged.insert(path.strip_prefix(project.path(".")).unwrap().to_str().unwrap().to_owned());
        }
        count += damaged.len();
        let verified: Value =
            serde_json::from_str(&project.run(&["cache", "verify", "--json"]).stdout).unwrap();
        let found = verified["damaged"].as_array().unwrap().iter();
        let found: BTreeSet<String> = found.map(|path| path.as_str().unwrap().to_owned()).collect();
        assert_eq!(found, damaged, "round {round}");
        if round % 4 == 0 {
            builds += 1;
            let report = project.build();
            assert_eq!(report["notes"].as_array().unwrap().len(), damaged.len(), "round {round}: {report}");
            assert!(project.site() == site, "round {round}");
        } else {
            for (path, bytes) in entries.iter().zip(whole) {
                std::fs::write(path, bytes).unwrap();
            }
        }
    }
}

/// Writes the stamps that there are into what the cache remembers of a settled site, as if nothing had happened to any file: what
/// a disk does that gives other bytes than it was given.
fn hide(project: &Project) {
    let settled = entries(project).into_iter().find(|path| kind_of(path) == "settled").unwrap();
    let bytes = std::fs::read(&settled).unwrap();
    let mut value: Value = serde_json::from_slice(&bytes[72..]).unwrap();
    let files =
        [("outputs", "public"), ("entries", ".actfn-cache")].into_iter().flat_map(|(list, folder)| {
            let names = value["files"][list].as_array().unwrap().iter();
            names.map(move |name| project.path(folder).join(name.as_str().unwrap()))
        });
    let stamps: Vec<[u8; 56]> = files.map(|path| Stamp::of(&path).unwrap().bytes()).collect();
    let mut key = KeyBuilder::new("stamps", 4);
    value["stamps"] = json!(key.bytes("stamps", &stamps.concat()).finish());
    let payload = serde_json::to_vec(&value).unwrap();
    let hash = blake3::hash(&payload);
    std::fs::write(&settled, [&bytes[..40], hash.as_bytes(), &payload].concat()).unwrap();
}

#[test]
fn what_leaves_no_mark_is_seen_by_verify() {
    let project = project();
    project.build();
    let (site, quiet) = (project.site(), project.build());
    let verify = || -> Value {
        let ran = project.run(&["build", "--verify", "--json"]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    };
    let flip = |path: &Path| {
        let mut bytes = std::fs::read(path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(path, bytes).unwrap();
    };
    // With its mark, a change of a file of the site is seen by any build.
    let page = project.path("public/index.html");
    flip(&page);
    assert_eq!(project.build()["files_written"], 1);
    assert_eq!(project.build(), quiet);
    // Without, only by one that looks.
    flip(&page);
    hide(&project);
    assert_eq!(project.build(), quiet);
    assert!(project.site() != site);
    assert_eq!(verify()["files_written"], 1);
    assert!(project.site() == site);
    assert_eq!(project.build(), quiet);
    let figure = entries(&project).into_iter().find(|path| kind_of(path) == "figure").unwrap();
    let key = figure.file_name().unwrap().to_str().unwrap().to_owned();
    flip(&figure);
    hide(&project);
    assert_eq!(project.build(), quiet);
    let notes = verify()["notes"].clone();
    assert!(notes.as_array().unwrap().len() == 1 && notes[0].as_str().unwrap().contains(&key), "{notes}");
    assert_eq!(verify()["notes"], json!([]));
    assert!(project.site() == site);
}

#[test]
fn a_damaged_list_of_what_was_written_is_mended_or_harms_nothing() {
    let project = project();
    let (site, list) = (project.site(), project.path("public/.manifest.b3"));
    let whole = std::fs::read(&list).unwrap();
    let mut choices = Choices(3);
    for round in 0..40 {
        let mut bytes = whole.clone();
        let at = usize::try_from(choices.below(bytes.len() as u64)).unwrap();
        match round % 3 {
            0 => bytes[at] ^= 1 << choices.below(7),
            1 => bytes.truncate(at),
            _ => bytes.extend_from_slice(b"nonsense\n"),
        }
        std::fs::write(&list, bytes).unwrap();
        let report = project.build();
        let notes = report["notes"].as_array().unwrap();
        let is_told = notes.len() == 1 && notes[0].as_str().unwrap().contains(".manifest.b3");
        assert!(is_told, "round {round}, at {at}: {report}");
        assert!(project.site() == site, "round {round}, at {at}");
        assert_eq!(project.build()["notes"], json!([]), "round {round}, at {at}");
    }
    // Where pages change as well, nobody knows any more whose they are.
    std::fs::write(&list, &whole[..whole.len() / 2 - 10]).unwrap();
    project.edit("specs/small.yaml", "A small experiment", "Another title");
    let before = project.site();
    let ran = project.run(&["build"]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.stderr.contains("in the way: the list of what actfn-site wrote") && ran.stderr.contains("help"),
        "{}",
        ran.stderr
    );
    assert!(project.site() == before);
    std::fs::remove_dir_all(project.path("public")).unwrap();
    project.build();
}
