//! How fast pages are rendered and written: `cargo bench --bench pages`.
//!
//! The site of 10,000 cases without figures, all of which are trained before, is written to a new folder; beside it, in the same
//! run, the same pages by what stands below: pages of the same size with the same contents, which are given as Markdown that is
//! HTML already, through a template of nothing but their frame. That is done with tera and pulldown-cmark in one process without
//! a program around them, which is a floor for all programs that are made of them, and by Zola, if `ZOLA` names its command:
//! `ZOLA="zola" cargo bench --bench pages`. Times are those of processors, so that it matters little what else they do.

#![expect(clippy::print_stdout, reason = "its results go to the terminal")]

#[path = "support/cases.rs"]
mod cases;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rayon::prelude::*;
use walkdir::WalkDir;

const CASES: usize = 10_000;
const ROUNDS: usize = 3;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let (own, plain) = (folder.path().join("own"), folder.path().join("plain"));
    cases::write(&own, CASES, false);
    build(&own, "public");
    let pages = convert(&own.join("public"), &plain);
    let zola = std::env::var("ZOLA").ok();
    let (mut ours, mut floor, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // Always to a folder that was never there: file systems remember for a while what was removed.
        let out = format!("round{round}");
        ours.push(build(&own, &out));
        floor.push(of_this(|| bare(&plain, &plain.join(format!("bare{round}")))));
        if let Some(zola) = &zola {
            let mut words = zola.split_whitespace();
            let mut command = Command::new(words.next().unwrap());
            command.args(words).args(["build", "--output-dir", &out]).current_dir(&plain);
            theirs.push(of(&mut command));
        }
    }
    println!("{} pages of {:.1} kB:", pages.count, pages.bytes / 1e3 / pages.count as f64);
    report("actfn-site, with a run.json beside each page and all tables", &ours, pages.count);
    report("tera and pulldown-cmark alone", &floor, pages.count);
    if zola.is_some() {
        report("Zola", &theirs, pages.count);
    }
}

fn report(what: &str, times: &[Duration], pages: usize) {
    let best = times.iter().min().unwrap().as_secs_f64();
    println!("    {what}: {best:.1} s of processors, {:.0} pages a second", pages as f64 / best);
}

fn build(folder: &Path, out: &str) -> Duration {
    let mut command = Command::new(env!("CARGO_BIN_EXE_actfn-site"));
    of(command.args(["build", "--quiet", "--jobs", "2", "--out", out]).current_dir(folder))
}

/// The time of processors that a command takes.
fn of(command: &mut Command) -> Duration {
    let before = taken("self", 13);
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}");
    taken("self", 13).saturating_sub(before)
}

fn of_this(work: impl FnOnce()) -> Duration {
    let before = taken("self", 11);
    work();
    taken("self", 11).saturating_sub(before)
}

/// The time of processors, for programs and in the kernel, that a process has taken (11), or those that it has waited for (13).
fn taken(process: &str, first: usize) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("Linux tells it");
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    let hundredths: u64 = fields.skip(first).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(10 * hundredths)
}

struct Pages {
    count: usize,
    bytes: f64,
}

/// Makes of every page what Zola makes it of: its main part as a text, and the rest of one of them as the template of all.
fn convert(site: &Path, to: &Path) -> Pages {
    for name in ["content", "templates"] {
        std::fs::create_dir_all(to.join(name)).unwrap();
    }
    let mut pages = Pages { count: 0, bytes: 0.0 };
    for path in html(site) {
        let text = std::fs::read_to_string(&path).unwrap();
        let Some((head, rest)) = text.split_once("<main") else { continue };
        let (attributes, rest) = rest.split_once('>').unwrap();
        let (main, tail) = rest.split_once("</main>").unwrap();
        // An empty line would end the HTML, and an indented one begin code.
        let lines = main.lines().map(str::trim_start).filter(|line| !line.is_empty());
        let body = lines.collect::<Vec<_>>().join("\n");
        let page = format!("+++\ntitle = \"Page {}\"\n+++\n<div>\n{body}\n</div>\n", pages.count);
        std::fs::write(to.join(format!("content/p{}.md", pages.count)), page).unwrap();
        if pages.count == 0 {
            let template = format!("{head}<main{attributes}>{{{{ page.content | safe }}}}</main>{tail}");
            std::fs::write(to.join("templates/page.html"), template).unwrap();
        }
        pages.count += 1;
        pages.bytes += text.len() as f64;
    }
    for name in ["index", "section"] {
        std::fs::write(to.join(format!("templates/{name}.html")), "{{ section.title }}").unwrap();
    }
    std::fs::write(to.join("config.toml"), "base_url = \"https://example.org\"\n").unwrap();
    pages
}

fn html(folder: &Path) -> Vec<PathBuf> {
    let files = WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path);
    files.filter(|path| path.extension().is_some_and(|extension| extension == "html")).collect()
}

/// The pages by tera and pulldown-cmark, on two threads.
fn bare(site: &Path, out: &Path) {
    let mut tera = tera::Tera::new();
    let template = std::fs::read_to_string(site.join("templates/page.html")).unwrap();
    tera.add_raw_template("page.html", &template).unwrap();
    let texts: Vec<PathBuf> =
        std::fs::read_dir(site.join("content")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let write = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let body = text.splitn(3, "+++\n").nth(2).unwrap();
        let mut content = String::new();
        pulldown_cmark::html::push_html(&mut content, pulldown_cmark::Parser::new(body));
        let mut context = tera::Context::new();
        context.insert("page", &serde_json::json!({ "content": content }));
        let folder = out.join(path.file_stem().unwrap());
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("index.html"), tera.render("page.html", &context).unwrap()).unwrap();
    };
    pool.install(|| texts.par_iter().for_each(write));
}
