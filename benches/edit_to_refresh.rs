//! From saving a spec to the refreshed page, as an open page meets it: `cargo bench --bench edit_to_refresh`.
//!
//! A copy of `specs/` is watched. After each save the clock runs until the event stream has told of the page and the page
//! and its figures have been fetched anew.

#![expect(clippy::print_stdout, reason = "its results go to the terminal")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One case as the benchmark's cases are.
const CASE: &str = "\
kind: experiment
id: one
target: cubic_s
activation: tanh
init: {distribution: normal, mean: 0, std: 0.5, seed: 42}
training:
  learning_rate: RATE
  epochs: 1000
  snapshot_every: 25
  schedule: {type: halve_on_rise, every: 250, window: 50, minimum: 1.0e-5}
figures: [fit, convergence]
";

/// The figure whose caption is edited: it stands on the pages of all cases of the benchmark.
const FIGURES: &str = "figures/figures.yaml";

const PAGE: &str = "experiments/one/cubic_s/tanh/";
const EDITS: usize = 20;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("specs"), &folder.path().join("specs"));
    let save = |name: &str, text: &str| std::fs::write(folder.path().join("specs").join(name), text).unwrap();
    save("one.yaml", &CASE.replace("RATE", "0.002"));
    let figures = std::fs::read_to_string(folder.path().join("specs").join(FIGURES)).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_actfn-site"))
        .args(["watch", "--json", "--port", "0", "--jobs", "2"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let serving: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let address =
        serving["url"].as_str().unwrap().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let built = lines.next().unwrap().unwrap();
    assert!(built.contains("\"built\""), "{built}");
    // A full pipe would hold the program up.
    std::thread::spawn(move || lines.for_each(drop));
    let mut events = events(&address);
    events.next();

    let mut times = Vec::new();
    for edit in 0..EDITS {
        let caption = format!("Caption {edit}");
        let start = Instant::now();
        save(FIGURES, &figures.replace("type: fit\n", &format!("type: fit\ncaption: {caption}\n")));
        wait_for(&mut events, "index.html");
        assert!(get(&address, PAGE).contains(&caption));
        times.push(start.elapsed());
        settle();
    }
    report("a caption", &times);

    let mut times = Vec::new();
    for edit in 0..EDITS {
        let rate = format!("0.00{}", 21 + edit);
        let start = Instant::now();
        save("one.yaml", &CASE.replace("RATE", &rate));
        wait_for(&mut events, "index.html");
        assert!(get(&address, PAGE).contains(&rate));
        get(&address, &format!("{PAGE}fit.png"));
        get(&address, &format!("{PAGE}convergence.gif"));
        times.push(start.elapsed());
        settle();
    }
    report("the learning rate of a benchmark case", &times);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Nobody saves again at once.
fn settle() {
    std::thread::sleep(Duration::from_millis(150));
}

fn report(what: &str, times: &[Duration]) {
    let mut sorted = times.to_vec();
    sorted.sort();
    let milliseconds = |time: &Duration| time.as_secs_f64() * 1e3;
    let (median, slowest) = (&sorted[sorted.len() / 2], &sorted[sorted.len() - 1]);
    let (median, slowest) = (milliseconds(median), milliseconds(slowest));
    println!("{what}: median {median:.0} ms, slowest {slowest:.0} ms of {} edits", times.len());
}

fn events(address: &str) -> impl Iterator<Item = serde_json::Value> + use<> {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /.actfn-site/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let lines = BufReader::new(stream).lines().map(Result::unwrap);
    lines.filter_map(|line| Some(serde_json::from_str(line.strip_prefix("data: ")?).unwrap()))
}

fn wait_for(events: &mut impl Iterator<Item = serde_json::Value>, file: &str) {
    let path = format!("{PAGE}{file}");
    while !events.next().unwrap()["changed"].as_array().unwrap().iter().any(|changed| *changed == path) {}
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    String::from_utf8_lossy(&answer).into_owned()
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).into_iter().map(Result::unwrap) {
        let path = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(path).unwrap();
        } else {
            std::fs::copy(entry.path(), path).unwrap();
        }
    }
}
