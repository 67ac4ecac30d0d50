//! How the time of a build, its memory and the answer to an edit grow with the cases: `cargo bench --bench scale`.
//!
//! Builds experiments of 1,000, 3,000 and 10,000 cases, with a fit of each and without figures, and prints the time per case,
//! the peak of resident memory, how many pages a second are written once everything is trained and drawn, and how long a
//! watched site takes from a saved caption to the refreshed page. `-- 1000` builds that many cases only, and `-- keep DIR 1000`
//! leaves the specs and the site in a folder.

#![expect(clippy::print_stdout, reason = "its results go to the terminal")]

#[path = "support/cases.rs"]
mod cases;
#[path = "support/watched.rs"]
mod watched;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use watched::Watched;

const EDITS: usize = 10;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench").peekable();
    let kept = arguments.next_if(|argument| argument == "keep").and_then(|_| arguments.next());
    let counts: Vec<usize> = arguments.filter_map(|argument| argument.parse().ok()).collect();
    let counts = if counts.is_empty() { vec![1000, 3000, 10_000] } else { counts };
    for has_fits in [true, false] {
        for &count in &counts {
            let folder = tempfile::tempdir().unwrap();
            let path = kept.as_ref().map_or_else(
                || folder.path().to_owned(),
                |kept| PathBuf::from(kept).join(format!("{count}{}", if has_fits { "-fits" } else { "" })),
            );
            measure(&path, count, has_fits);
        }
    }
}

fn measure(folder: &Path, cases: usize, has_fits: bool) {
    cases::write(folder, cases, has_fits);
    let what = if has_fits { "with fits" } else { "without figures" };
    let first = build(folder);
    std::fs::remove_dir_all(folder.join("public")).unwrap();
    let again = build(folder);
    let files = walkdir::WalkDir::new(folder.join("public")).into_iter().map(Result::unwrap);
    let mut pages = 0_u32;
    for entry in files.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "html")) {
        pages += u32::from(entry.file_type().is_file());
    }
    #[expect(clippy::cast_precision_loss, reason = "some thousands of cases")]
    let per_case = first.time.as_secs_f64() * 1e3 / cases as f64;
    println!(
        "{cases} cases {what}: {:.1} s from nothing ({per_case:.2} ms a case), at most {} MB resident; {pages} pages in {:.1} s when \
         all is trained and drawn ({:.0} pages a second), at most {} MB",
        first.time.as_secs_f64(),
        first.peak / 1000,
        again.time.as_secs_f64(),
        f64::from(pages) / again.time.as_secs_f64(),
        again.peak / 1000,
    );
    edits(folder, has_fits);
}

/// How long a build took, and the most memory that it had at once, in kB.
struct Built {
    time: Duration,
    peak: u64,
}

fn build(folder: &Path) -> Built {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_actfn-site"))
        .args(["build", "--quiet", "--jobs", "2"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut most = 0;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        most = peak(&child).unwrap_or(most);
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(status.success());
    Built { time: start.elapsed(), peak: most }
}

/// The peak of a process's resident memory in kB, where the system tells.
fn peak(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Edits the captions of figures while the site is watched: of one that stands on the experiment's page, of one that another,
/// small experiment has, and of the fit, which stands on the pages of all cases.
fn edits(folder: &Path, has_fits: bool) {
    let watched = Watched::start(folder);
    let small = "experiments/small/target_0/tanh/index.html";
    let large = "experiments/scale/target_0/tanh/learning_rate-0.01/index.html";
    let mut texts = vec![("small_fit", "of a small experiment beside it", small)];
    if has_fits {
        texts.push(("across", "of a figure across cases", "experiments/scale/index.html"));
        texts.push(("fit", "of the fits of all cases", large));
    }
    for (figure, what, page) in texts {
        let mut times = Vec::new();
        for edit in 0..EDITS {
            let caption = format!("Caption {edit}");
            let text = cases::FIGURES
                .replace(&format!("id: {figure}\n"), &format!("id: {figure}\ncaption: {caption}\n"));
            times.push(watched.edit(&folder.join("specs/figures.yaml"), &text, page, &caption, &[]));
        }
        let (median, slowest) = watched::summary(&times);
        println!("    a caption {what}: median {median:.0} ms, slowest {slowest:.0} ms of {EDITS} edits");
    }
    println!("    watching had at most {} MB resident", peak(&watched.child).unwrap_or_default() / 1000);
}
