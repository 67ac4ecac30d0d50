//! A site that is watched, and how long it takes from a save to the refreshed page.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// More than any build takes.
const LONGEST: Duration = Duration::from_secs(600);

pub(crate) struct Watched {
    pub(crate) child: Child,
    address: String,
    /// What the program says of its builds.
    told: Receiver<String>,
}

impl Watched {
    /// Watches a folder; its site is up to date when this returns.
    pub(crate) fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_actfn-site"))
            .args(["watch", "--json", "--port", "0", "--jobs", "2"])
            .current_dir(folder)
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
        let (sender, told) = channel();
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(sender.send(line))));
        // Nobody saves at once.
        std::thread::sleep(Duration::from_millis(500));
        Self { child, address, told }
    }

    /// The time from saving a text to the page that has something new in it, as an open page meets it: until the event stream
    /// has told of the page, and the page and its figures have been fetched anew.
    pub(crate) fn edit(&self, file: &Path, text: &str, page: &str, new: &str, figures: &[&str]) -> Duration {
        let mut events = self.events(page);
        events.next();
        let start = Instant::now();
        std::fs::write(file, text).unwrap();
        while !events.next().unwrap()["changed"].as_array().unwrap().iter().any(|changed| *changed == page) {}
        assert!(self.get(page).contains(new));
        figures.iter().for_each(|figure| drop(self.get(figure)));
        let time = start.elapsed();
        self.settle();
        time
    }

    /// Waits until the site is built, which a long build is only some time after the answer, and nothing is done any more.
    fn settle(&self) {
        let told = self.told.recv_timeout(LONGEST).unwrap();
        assert!(told.contains("\"built\""), "{told}");
        let busy = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
            let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
            fields.get(11).and_then(|ticks| ticks.parse::<u64>().ok()).unwrap_or_default()
        };
        loop {
            let before = busy();
            std::thread::sleep(Duration::from_millis(150));
            if busy() == before {
                break;
            }
        }
    }

    fn events(&self, page: &str) -> impl Iterator<Item = serde_json::Value> + use<> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET /.actfn-site/events?page={page} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let lines = BufReader::new(stream).lines().map(Result::unwrap);
        lines.filter_map(|line| Some(serde_json::from_str(line.strip_prefix("data: ")?).unwrap()))
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET /{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"));
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The median and the longest, in milliseconds.
pub(crate) fn summary(times: &[Duration]) -> (f64, f64) {
    let mut sorted = times.to_vec();
    sorted.sort();
    let milliseconds = |time: &Duration| time.as_secs_f64() * 1e3;
    (milliseconds(&sorted[sorted.len() / 2]), milliseconds(&sorted[sorted.len() - 1]))
}
