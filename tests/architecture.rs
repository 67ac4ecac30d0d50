//! The house keeps its order: modules import only what stands before them, every file says what it is for.

use std::path::Path;

use walkdir::WalkDir;

/// The order of the modules; each may use those before it.
const ORDER: [&str; 23] = [
    "diagnostic",
    "fs",
    "number",
    "color",
    "cache",
    "lanes",
    "function",
    "property",
    "spec",
    "plan",
    "train",
    "attain",
    "finding",
    "verdict",
    "figure",
    "site",
    "publish",
    "build",
    "why",
    "scaffold",
    "serve",
    "watch",
    "cli",
];

#[test]
fn imports_go_one_way() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut imports = 0;
    for entry in WalkDir::new(&source).into_iter().map(Result::unwrap) {
        let relative = entry.path().strip_prefix(&source).unwrap();
        if entry.path().extension().is_none_or(|extension| extension != "rs") || relative.parent().is_none() {
            continue;
        }
        let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = first.trim_end_matches(".rs");
        let Some(place) = ORDER.iter().position(|other| *other == module) else {
            assert!(["lib", "main"].contains(&module), "{module} has no place in the order");
            continue;
        };
        let text = std::fs::read_to_string(entry.path()).unwrap();
        // What proves a module may look at all that follows from it.
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        for used in code.flat_map(|line| line.split("crate::").skip(1)) {
            let name: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if let Some(other) = ORDER.iter().position(|other| *other == name) {
                assert!(
                    other <= place,
                    "{}: `{module}` uses `{name}`, which comes later",
                    relative.display()
                );
                imports += 1;
            }
        }
    }
    assert!(imports > 50);
}

#[test]
fn every_file_says_what_it_is_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in WalkDir::new(root.join("src")).into_iter().map(Result::unwrap) {
        let is_code = entry.path().extension().is_some_and(|extension| extension == "rs");
        // A module's tests are part of it.
        if is_code && entry.file_name() != "tests.rs" {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            assert!(text.starts_with("//! "), "{}", entry.path().display());
        }
    }
}

/// What changes something on a disk.
const CHANGES: [&str; 12] = [
    "fs::write(",
    "fs::rename(",
    "fs::copy(",
    "fs::hard_link(",
    "fs::create_dir",
    "fs::remove_",
    "fs::set_permissions(",
    "fs::symlink(",
    "File::create",
    "File::options(",
    "OpenOptions",
    "renameat",
];

#[test]
fn one_file_changes_what_is_on_a_disk() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut changing = Vec::new();
    for entry in WalkDir::new(&source).into_iter().map(Result::unwrap) {
        let name = entry.path().strip_prefix(&source).unwrap().to_str().unwrap().replace('\\', "/");
        let are_tests = ["build/tests.rs", "build/trouble.rs", "publish/tests.rs"].contains(&name.as_str());
        if !name.ends_with(".rs") || are_tests {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let code = code.split("#[cfg(all(test, unix))]\nmod tests {").next().unwrap_or_default();
        if CHANGES.iter().any(|change| code.contains(change)) {
            changing.push(name);
        }
    }
    // Its trials stop a build at each of these changes; one that is made elsewhere would be left out.
    assert_eq!(changing, ["fs/change/mod.rs"]);
}
