//! Whatever authors, editors and version control do to the files of a watched site, in any order, it ends as a clean build makes it.

use std::time::Duration;

use crate::support::{CUBIC, Choices, FIT, Project, SMALL, small};
use crate::watch::{Running, clean, expect_clean_site};

/// Something that authors, editors and version control do to files; what was done, in a word.
fn edit(project: &Project, choices: &mut Choices) -> &'static str {
    let path = |name: &str| project.path(name);
    let number = choices.below(100);
    let extra = format!("kind: page\nid: extra{number}\nbody: Text {number}, see experiment:small.\n");
    match choices.below(14) {
        0 => project.write("specs/small.yaml", &SMALL.replace("0.01", &format!("0.0{}", number + 1))),
        1 => project
            .write("specs/small.yaml", &SMALL.replace("tanh", if number < 50 { "sine" } else { "elu" })),
        2 => project.write("specs/pages/extra.yaml", &extra),
        3 => {
            let _ = std::fs::remove_file(path("specs/pages/extra.yaml"));
            return "a deleted file";
        }
        4 => {
            // As many editors save.
            project.write("specs/.fit.yaml.tmp", &format!("{FIT}caption: Caption {number}\n"));
            std::fs::rename(path("specs/.fit.yaml.tmp"), path("specs/fit.yaml")).unwrap();
            return "a save by renaming";
        }
        5 => {
            let (from, to) = if path("specs/cubic.yaml").exists() {
                ("specs/cubic.yaml", "specs/a/b/cubic.yml")
            } else {
                ("specs/a/b/cubic.yml", "specs/cubic.yaml")
            };
            if path(from).exists() {
                std::fs::create_dir_all(path("specs/a/b")).unwrap();
                std::fs::rename(path(from), path(to)).unwrap();
            }
            return "a renamed file";
        }
        6 => {
            // A folder with files in it appears at once.
            project.write("aside/more/deep.yaml", &extra.replace("extra", "deep"));
            let _ = std::fs::remove_dir_all(path("specs/more"));
            std::fs::rename(path("aside/more"), path("specs/more")).unwrap();
            return "a folder moved in";
        }
        7 => {
            let _ = std::fs::remove_dir_all(path("aside"));
            std::fs::create_dir_all(path("aside")).unwrap();
            let _ = std::fs::rename(path("specs/more"), path("aside/gone"));
            return "a folder moved out";
        }
        8 => {
            // As when another branch is checked out: everything is made anew.
            let old = path("old");
            let _ = std::fs::remove_dir_all(&old);
            std::fs::rename(path("specs"), &old).unwrap();
            project.write("specs/fit.yaml", FIT);
            project.write("specs/small.yaml", SMALL);
            project.write("specs/x/y/cubic.yaml", &CUBIC.replace("0.4", &format!("0.{number}1")));
            return "a folder made anew";
        }
        9 => {
            // Some editors empty a file before they write it.
            let file = path("specs/fit.yaml");
            std::fs::write(&file, "").unwrap();
            std::thread::sleep(Duration::from_millis(60));
            std::fs::write(&file, format!("{FIT}title: Title {number}\n")).unwrap();
            return "a save in two steps";
        }
        10 => {
            project.write("site_templates/robots.txt", &format!("# {number}\n"));
            return "a template";
        }
        11 => {
            let _ = std::fs::remove_dir_all(path("site_templates"));
            return "templates deleted";
        }
        12 => {
            project.write("static/deep/file.txt", &number.to_string());
            return "a static file";
        }
        _ => {
            let _ = std::fs::remove_dir_all(path("static/deep"));
            return "static files deleted";
        }
    }
    "a save"
}

fn random_edits(arguments: &[&str], seeds: std::ops::Range<u64>, edits: usize) {
    for seed in seeds {
        let project = small();
        let running = Running::start(&project, arguments);
        running.next("built");
        let mut choices = Choices(seed);
        let mut done = vec![format!("seed {seed}")];
        for _ in 0..edits {
            // Several at once, as far as the watcher is concerned, or one by one.
            for _ in 0..=choices.below(3) {
                done.push(edit(&project, &mut choices).to_owned());
            }
            if clean(&project).is_some() {
                expect_clean_site(&project, &done.join(", "));
            }
        }
    }
}

#[test]
fn any_edits_end_as_a_clean_build() {
    let sequences = std::env::var("WATCH_SEQUENCES").ok().and_then(|it| it.parse().ok()).unwrap_or(4);
    random_edits(&["watch"], 0..sequences, 8);
}

#[test]
fn polling_sees_the_same() {
    random_edits(&["watch", "--poll"], 100..101, 6);
}
