//! Whatever kills it, and whenever: the last site stands whole, whoever reads sees one site and not two, and the next build
//! ends as a clean one. How many kills there are, `ACTFN_KILLS` says.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::{Choices, Project, tree};

const SITE: &str = "kind: site\nfigures: {dark: false}\n";
const COMMON: &str = "kind: polynomial\nid: line\ncoefficients: [0, 1.5]\n---\nkind: figure\nid: fit\ntype: fit\nsize: [200, 200]\n";
const EXPERIMENT: &str = "kind: experiment\nid: one\ntitle: Number 0\ntarget: line\nactivation: [relu, tanh]\n\
    data: {points: 5}\ntraining: {learning_rate: 0.01, epochs: 10}\nattainable: {budget: 10}\nfigures: [fit]\n";

fn tiny() -> Project {
    Project::new(&[("specs/site.yaml", SITE), ("specs/common.yaml", COMMON), ("specs/one.yaml", EXPERIMENT)])
}

/// One of the versions of the tiny project: they differ in what is trained, and in which pages there are. It comes in one step,
/// so that whoever watches sees no other.
fn choose(project: &Project, version: usize) {
    let text = EXPERIMENT.replace("Number 0", &format!("Number {version}"));
    let text = text.replace("epochs: 10", &format!("epochs: {}", 10 + version));
    let page = format!("---\nkind: page\nid: page{version}\nbody: Page {version}.\n");
    project.write("specs/.one.yaml", &(text + &page));
    std::fs::rename(project.path("specs/.one.yaml"), project.path("specs/one.yaml")).unwrap();
}

type Site = BTreeMap<String, Vec<u8>>;

fn clean_sites() -> [Site; 2] {
    [0, 1].map(|version| {
        let project = tiny();
        choose(&project, version);
        project.build();
        project.site()
    })
}

/// How a run of the program was going when it was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    Build,
    Watch,
}

/// Kills one run some time before it would be done; whether that came in time.
fn kill(project: &Project, version: usize, choices: &mut Choices, usual: Duration, command: Command) -> bool {
    let mut some_time = |limit: Duration| {
        let limit = u64::try_from(limit.as_micros()).unwrap().max(1);
        std::thread::sleep(Duration::from_micros(choices.below(limit)));
    };
    let arguments: &[&str] = match command {
        Command::Build => &["build", "--quiet"],
        Command::Watch => &["watch", "--quiet", "--port", "0"],
    };
    if command == Command::Build {
        choose(project, version);
    }
    let mut child = project.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    some_time(usual);
    if command == Command::Watch {
        // During the first build, or after it.
        choose(project, version);
        some_time(usual);
    }
    // One that is done cannot be killed any more.
    let _ = child.kill();
    child.wait().unwrap().signal() == Some(9)
}

fn kill_again_and_again(seed: u64, kills: usize, clean: &[Site; 2]) -> usize {
    let project = tiny();
    let mut choices = Choices(seed);
    choose(&project, 0);
    project.build();
    let mut usual = Duration::from_millis(100);
    let mut count = 0;
    for attempt in 1.. {
        if count >= kills {
            break;
        }
        assert!(attempt < 20 * kills + 100, "hardly any kill comes in time");
        let version = attempt % 2;
        let command = if attempt % 4 == 0 { Command::Watch } else { Command::Build };
        let is_fresh = choices.below(4) == 0;
        if is_fresh {
            // So that it is killed while it trains and draws, and not only while it publishes.
            let _ = std::fs::remove_dir_all(project.path(".actfn-cache"));
        }
        let before = project.site();
        let is_killed = kill(&project, version, &mut choices, usual, command);
        count += usize::from(is_killed);
        let site = project.site();
        let is_whole = site == before || clean.contains(&site);
        assert!(is_whole, "seed {seed}, attempt {attempt}, {command:?}: a mixture of {:?}", site.keys());
        let start = Instant::now();
        let ran = project.run(&["build", "--json"]);
        if !is_fresh {
            usual = (usual * 3 + start.elapsed() * 5 / 4) / 4;
        }
        assert_eq!(ran.status, 0, "seed {seed}, attempt {attempt}: {}", ran.stderr);
        let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(report["notes"], serde_json::json!([]), "a kill damages nothing that there is to tell of");
        assert!(
            project.site() == clean[version],
            "seed {seed}, attempt {attempt}, {command:?}: not as a clean build"
        );
        let beside = std::fs::read_dir(project.path(".")).unwrap();
        let beside: BTreeSet<String> =
            beside.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(beside, BTreeSet::from([".actfn-cache", "public", "specs"].map(String::from)));
        assert!(tree(&project.path(".actfn-cache")).keys().all(|name| !name.contains(".actfn-site-")));
    }
    count
}

#[test]
fn it_can_be_killed_at_any_moment() {
    let kills: usize = std::env::var("ACTFN_KILLS").ok().and_then(|it| it.parse().ok()).unwrap_or(300);
    let clean = clean_sites();
    let workers: usize = 2;
    let count: usize = std::thread::scope(|scope| {
        let clean = &clean;
        let threads = (0..workers).map(|seed| {
            scope.spawn(move || kill_again_and_again(seed as u64, kills.div_ceil(workers), clean))
        });
        threads.collect::<Vec<_>>().into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(count >= kills);
    eprintln!("{count} kills");
}

#[test]
fn a_reader_sees_one_site_and_not_two() {
    let project = tiny();
    choose(&project, 0);
    project.build();
    let (is_over, root) = (AtomicBool::new(false), project.path("public"));
    let list = || std::fs::read_to_string(root.join(".manifest.b3"));
    let views = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut views = BTreeMap::new();
            while !is_over.load(Ordering::Relaxed) {
                // At any time there is a site.
                let before = list().unwrap();
                let mut wrong = Vec::new();
                for line in before.lines() {
                    let (hash, name) = line.split_once("  ").unwrap();
                    let bytes = std::fs::read(root.join(name));
                    if bytes.is_ok_and(|bytes| blake3::hash(&bytes).to_string() != hash) {
                        wrong.push(name.to_owned());
                    } else if !root.join(name).exists() {
                        wrong.push(format!("{name}, which is missing"));
                    }
                }
                // The site may have been exchanged while it was read; if it was not, what was read is of one.
                if list().unwrap() == before {
                    assert_eq!(wrong, Vec::<String>::new());
                    *views.entry(before).or_insert(0) += 1;
                }
            }
            views
        });
        for version in 1..16 {
            choose(&project, version % 2);
            // No version comes twice, so that a list that is the same is of the same site.
            project.edit(
                "specs/one.yaml",
                "target: line",
                &format!("target: line\ndescription: Text {version}."),
            );
            project.build();
        }
        is_over.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    let count: usize = views.values().sum();
    assert!(views.len() > 3 && count > 15, "{} sites were seen {count} times", views.len());
}

#[test]
fn what_was_interrupted_ends_as_if_it_had_not_been() {
    let rates: Vec<String> = (1..=12).map(|step| format!("{step}.0e-4")).collect();
    let many = EXPERIMENT.replace("0.01, epochs: 10", &format!("[{}], epochs: 2000", rates.join(", ")));
    let whole = tiny();
    whole.write("specs/one.yaml", &many);
    let start = Instant::now();
    let report = whole.build();
    let usual = start.elapsed();
    let (site, cache) = (whole.site(), entries(&whole));
    assert_eq!(report["trained"], 24);
    let project = tiny();
    project.write("specs/one.yaml", &many);
    let mut kept = BTreeSet::new();
    for part in 1..6 {
        let mut child =
            project.command(&["build"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(usual * part / 10);
        if part % 2 == 0 {
            let _ = child.kill();
        } else {
            let pid = child.id().to_string();
            let _ = std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
        }
        child.wait().unwrap();
        let now = entries(&project);
        for (name, bytes) in &now {
            assert!(cache.get(name) == Some(bytes), "{name} is not what an uninterrupted build stores");
        }
        let now: BTreeSet<String> = now.into_keys().collect();
        assert!(kept.is_subset(&now), "what was there has gone");
        kept = now;
    }
    let runs = kept.iter().filter(|name| name.starts_with("v1/run/")).count() as u64;
    assert!(runs > 0, "nothing was kept");
    let report = project.build();
    assert_eq!(report["trained"], 24 - runs, "what was kept is not made again");
    assert!(project.site() == site);
    assert!(entries(&project) == cache);
}

/// The entries of the cache that depend on nothing but the specs.
fn entries(project: &Project) -> Site {
    let folder = project.path(".actfn-cache");
    let all = if folder.exists() { tree(&folder) } else { Site::new() };
    let is_of_time = |name: &str| {
        ["lock", "v1/record/", "v1/settled/", "v1/unfinished/"].iter().any(|part| name.starts_with(part))
    };
    all.into_iter().filter(|(name, _)| !is_of_time(name)).collect()
}
