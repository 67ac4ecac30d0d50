//! `watch`: whatever happens to the files, the site ends as a clean build makes it, and open pages know.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{CUBIC, FIT, Project, SMALL, small, tree};

const PATIENCE: Duration = Duration::from_secs(30);

/// A running `watch` or `serve`.
pub(crate) struct Running {
    child: Child,
    events: Receiver<Value>,
    /// `127.0.0.1:4000`.
    pub(crate) address: String,
}

impl Running {
    pub(crate) fn start(project: &Project, arguments: &[&str]) -> Self {
        let arguments = [arguments, &["--json", "--port", "0"]].concat();
        let mut child =
            project.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, events) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(serde_json::from_str(&line).unwrap()).is_err() {
                    break;
                }
            }
        });
        let mut running = Self { child, events, address: String::new() };
        let serving = running.next("serving");
        let url = serving["url"].as_str().unwrap();
        running.address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        running
    }

    /// Waits for the next event of a kind and passes over others.
    #[track_caller]
    pub(crate) fn next(&self, kind: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let event = self.events.recv_timeout(left).unwrap_or_else(|_| panic!("no event {kind}"));
            if event["event"] == kind {
                return event;
            }
        }
    }

    /// Sends a request as it stands, and returns the status and everything that was answered.
    pub(crate) fn raw(&self, request: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        (status, answer)
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.raw(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address))
    }

    /// The next messages of the event stream, as a page gets them that was made at `since`.
    fn messages(&self, session: &str, since: u64) -> impl Iterator<Item = Value> + use<> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let path = format!("/.actfn-site/events?session={session}&since={since}");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        lines.filter_map(|line| Some(serde_json::from_str(line.strip_prefix("data: ")?).unwrap()))
    }

    /// The session and version that a page carries.
    fn page(&self, path: &str) -> (String, u64, String) {
        let (_, html) = self.get(path);
        let attribute = |name: &str| {
            let (_, rest) = html.split_once(&format!("data-{name}=\"")).unwrap_or_else(|| panic!("{html}"));
            rest.split('"').next().unwrap().to_owned()
        };
        (attribute("session"), attribute("version").parse().unwrap(), html)
    }

    #[cfg(unix)]
    fn interrupt(&self) {
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a clean build makes of a project's files, or `None` if they are wrong.
pub(crate) fn clean(project: &Project) -> Option<std::collections::BTreeMap<String, Vec<u8>>> {
    let folder = tempfile::tempdir().unwrap();
    let (out, cache) = (folder.path().join("public"), folder.path().join("cache"));
    let arguments = ["build", "--quiet", "--out", out.to_str().unwrap(), "--cache", cache.to_str().unwrap()];
    let ran = project.run(&arguments);
    (ran.status == 0).then(|| tree(&out))
}

/// Waits until the site is what a clean build makes of the files as they are now.
#[track_caller]
pub(crate) fn expect_clean_site(project: &Project, after: &str) {
    let expected = clean(project).unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        // The output folder is exchanged in one step, but reading it takes several.
        let found = std::panic::catch_unwind(|| project.site()).unwrap_or_default();
        if found == expected {
            return;
        }
        let differing: Vec<&String> = expected
            .keys()
            .chain(found.keys())
            .filter(|name| expected.get(*name) != found.get(*name))
            .collect();
        assert!(Instant::now() < deadline, "after {after}: {differing:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_save_rebuilds_what_it_touches_and_pages_are_told() {
    let project = small();
    let running = Running::start(&project, &["watch"]);
    assert_eq!(running.next("built")["summary"]["trained"], 2);
    let (session, version, _) = running.page("/experiments/small/cubic/tanh/");
    let mut messages = running.messages(&session, version);
    assert_eq!(messages.next().unwrap()["changed"], serde_json::json!([]));

    project.edit("specs/fit.yaml", "type: fit", "type: fit\ncaption: A new caption");
    let built = running.next("built");
    assert_eq!(built["inputs"], serde_json::json!(["specs/fit.yaml"]));
    assert_eq!((&built["summary"]["trained"], &built["summary"]["drawn"]), (&0.into(), &0.into()));
    let told = messages.next().unwrap();
    let changed: Vec<&str> =
        told["changed"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert!(changed.contains(&"experiments/small/cubic/tanh/index.html"), "{changed:?}");
    assert!(!changed.iter().any(|path| path.ends_with(".png") || path.ends_with(".css")), "{changed:?}");
    assert!(running.get("/experiments/small/cubic/tanh/").1.contains("A new caption"));

    project.write("specs/relu.yaml", "kind: activation\nid: relu\ncolor: \"#123456\"\n");
    let built = running.next("built");
    // Its fit and its own picture, each on light and on dark ground.
    assert_eq!((&built["summary"]["trained"], &built["summary"]["drawn"]), (&0.into(), &4.into()));
    let told = messages.next().unwrap();
    assert!(told["changed"].to_string().contains("small/cubic/relu/fit.png"), "{told}");
    assert!(!told["changed"].to_string().contains("small/cubic/tanh/fit.png"), "{told}");
    // A page that was made earlier hears of everything since.
    let late = running.messages(&session, version).next().unwrap();
    assert!(late["changed"].to_string().contains("small/cubic/tanh/index.html"), "{late}");
    expect_clean_site(&project, "two edits");
}

#[test]
fn an_error_is_shown_over_the_last_site_until_it_is_mended() {
    let project = small();
    let running = Running::start(&project, &["watch"]);
    running.next("built");
    let before = project.site();
    let (session, version, _) = running.page("/");
    let mut messages = running.messages(&session, version);
    messages.next();
    project.edit_at_once("specs/small.yaml", "target: cubic", "target: cubik # <script>");
    let failed = running.next("failed");
    assert_eq!(failed["diagnostics"][0]["line"], 4);
    let told = messages.next().unwrap();
    let problem = told["problems"][0].as_str().unwrap();
    assert!(
        problem.contains("there is no target `cubik`") && problem.contains("did you mean `cubic`?"),
        "{problem}"
    );
    assert!(!problem.contains('\u{1b}'));
    assert_eq!(project.site(), before);
    assert_eq!(running.get("/").0, 200);
    project.edit("specs/small.yaml", "target: cubik # <script>", "target: cubic");
    running.next("built");
    let told = messages.next().unwrap();
    assert_eq!((&told["problems"], &told["changed"]), (&serde_json::json!([]), &serde_json::json!([])));
}

#[test]
fn nothing_is_built_without_a_change() {
    let project = small();
    let running = Running::start(&project, &["watch"]);
    running.next("built");
    // Reading, touching and saving the same again are no changes, and neither is what the build wrote.
    project.write("specs/small.yaml", SMALL);
    std::fs::File::options().append(true).open(project.path("specs/fit.yaml")).unwrap();
    project.write("specs/.small.yaml.swp", "swap");
    project.write("specs/notes.txt", "notes");
    project.write("public/CNAME", "example.org");
    // As Emacs locks a file that is being edited.
    #[cfg(unix)]
    std::os::unix::fs::symlink("me@here.1234:5678", project.path("specs/.#small.yaml")).unwrap();
    assert!(running.events.recv_timeout(Duration::from_millis(1500)).is_err());
}

#[test]
fn it_begins_with_whatever_there_is() {
    let project = Project::new(&[]);
    let running = Running::start(&project, &["watch"]);
    assert!(running.next("failed")["diagnostics"][0]["message"].as_str().unwrap().contains("specs"));
    let (status, page) = running.get("/");
    assert_eq!(status, 503);
    assert!(page.contains("Not built yet") && page.contains("client.js"));
    project.write("specs/small.yaml", SMALL);
    project.write("specs/cubic.yaml", CUBIC);
    project.write("specs/fit.yaml", FIT);
    running.next("built");
    expect_clean_site(&project, "the first specs");
    // Another run has another session, and tells pages of the last one everything.
    let message = running.messages("other", 5).next().unwrap();
    assert_ne!(message["session"], "other");
}

#[test]
fn a_removed_spec_takes_its_pages_and_nothing_else() {
    let project = small();
    project.write("specs/note.yaml", "kind: page\nbody: A note.\n");
    let running = Running::start(&project, &["watch"]);
    running.next("built");
    project.write("public/note/mine.txt", "mine");
    assert!(project.path("public/note/index.html").exists());
    std::fs::remove_file(project.path("specs/note.yaml")).unwrap();
    let built = running.next("built");
    assert_eq!(built["summary"]["files_removed"], 1);
    assert!(!project.path("public/note/index.html").exists());
    assert!(project.path("public/note/mine.txt").exists());
    assert_eq!(running.get("/note/").0, 404);
}

#[test]
fn what_stands_in_the_way_is_no_matter_once_it_is_gone() {
    let project = small();
    project.write("public/note/index.html", "mine");
    project.write("specs/note.yaml", "kind: page\nbody: A note.\n");
    let running = Running::start(&project, &["watch"]);
    let failed = running.next("failed");
    assert!(failed["diagnostics"][0]["message"].as_str().unwrap().contains("is in the way"), "{failed}");
    // It is tried again, and not told of again.
    assert!(running.events.recv_timeout(Duration::from_millis(2500)).is_err());
    assert_eq!(std::fs::read_to_string(project.path("public/note/index.html")).unwrap(), "mine");
    std::fs::remove_file(project.path("public/note/index.html")).unwrap();
    running.next("built");
    expect_clean_site(&project, "the removal of a file in the way");
}

#[test]
fn a_site_that_is_removed_is_made_again() {
    let project = small();
    let running = Running::start(&project, &["watch"]);
    running.next("built");
    // It is seen when something is looked at.
    project.write("specs/notes.txt", "notes");
    std::thread::sleep(Duration::from_millis(500));
    std::fs::remove_dir_all(project.path("public")).unwrap();
    running.next("built");
    expect_clean_site(&project, "the removal of the site");
    assert_eq!(running.get("/").0, 200);
}

/// Runs with a limit of the system on watched folders; `None` where no such limit can be set.
#[cfg(target_os = "linux")]
fn limited(project: &Project, folders: usize) -> Option<std::process::Command> {
    let limit = format!("echo {folders} > /proc/sys/user/max_inotify_watches");
    let in_namespace = |script: &str| {
        let mut command = std::process::Command::new("unshare");
        command.args(["--user", "--map-root-user", "sh", "-c", script]).current_dir(project.path("."));
        command
    };
    let is_possible = in_namespace(&limit).output().is_ok_and(|output| output.status.success());
    let program = env!("CARGO_BIN_EXE_actfn-site");
    is_possible.then(|| in_namespace(&format!("{limit} && exec {program} watch --json --port 0")))
}

#[cfg(target_os = "linux")]
#[test]
fn a_limit_of_the_system_is_said_and_got_around() {
    // At once, and when a folder comes to be: the limit is for the folder of specs and the one around it.
    for folders in [1, 2] {
        let project = small();
        let Some(mut command) = limited(&project, folders) else { return };
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.nth(1).unwrap().contains("\"built\""));
        project.write("specs/more/note.yaml", "kind: page\nbody: A note.\n");
        assert!(lines.next().unwrap().contains("specs/more/note.yaml"));
        project.edit("specs/more/note.yaml", "A note", "Another note");
        let start = Instant::now();
        assert!(lines.next().unwrap().contains("specs/more/note.yaml"));
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        child.kill().unwrap();
        child.wait().unwrap();
        let mut text = String::new();
        child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text.matches("the limit of watched folders is reached").count(), 1, "{text}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_cleanly() {
    let project = small();
    let mut running = Running::start(&project, &["watch"]);
    running.next("built");
    let _stream = running.messages("x", 0).next();
    let start = Instant::now();
    running.interrupt();
    assert!(running.child.wait().unwrap().success());
    assert!(start.elapsed() < Duration::from_secs(2));
    assert!(leftovers(&project.path(".")).is_empty());
}

#[cfg(unix)]
#[test]
fn an_interrupted_build_leaves_the_last_site_and_no_debris() {
    let project = small();
    project.build();
    let before = project.site();
    let many: Vec<String> = (1..=200).map(|step| format!("{}.0e-5", step)).collect();
    let slow = SMALL.replace("0.01, epochs: 20", &format!("[{}], epochs: 3000", many.join(", ")));
    project.write("specs/small.yaml", &slow);
    let mut child =
        project.command(&["build"]).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let status = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{text}");
    assert!(text.contains("stopped"), "{text}");
    assert_eq!(project.site(), before);
    assert!(leftovers(&project.path(".")).is_empty());
    // What was trained before the interrupt is not trained again.
    project.write("specs/small.yaml", SMALL);
    project.build();
}

#[cfg(unix)]
#[test]
fn a_step_that_takes_long_does_not_hold_an_interrupt_up() {
    let project = small();
    project.write("specs/small.yaml", &SMALL.replace("epochs: 20, snapshot_every: 5", "epochs: 10000000"));
    let mut child = project.command(&["build"]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let status =
        std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{text}");
    assert!(text.contains("stopped"), "{text}");
}

/// Temporary files and folders.
fn leftovers(folder: &Path) -> Vec<String> {
    let is_ours = |name: &String| name.contains("actfn-site-") && !name.starts_with("public/");
    tree(folder).into_keys().filter(is_ours).collect()
}

#[test]
fn it_ends_with_its_reader() {
    let project = small();
    let mut child = project
        .command(&["watch", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.starts_with("serving public at http://127.0.0.1:"), "{line}");
    drop(stdout);
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_terminal_gets_one_line_a_rebuild() {
    let project = small();
    let mut child = project
        .command(&["watch", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.next();
    let without_time = |line: String| line.rsplit_once(", ").unwrap().0.to_owned();
    let first = without_time(lines.next().unwrap());
    assert!(first.starts_with("first build: 2 cases trained, 8 figures drawn, "), "{first}");
    project.edit("specs/small.yaml", "epochs: 20", "epochs: 30");
    let line = without_time(lines.next().unwrap());
    assert!(line.starts_with("specs/small.yaml: 2 cases trained, 4 figures drawn, "), "{line}");
    project.edit("specs/small.yaml", "epochs: 30", "epochs: many");
    assert_eq!(lines.next().unwrap(), "specs/small.yaml: 1 error, the site stays as it was");
    // Also of what cannot be read, and of what is no spec, it says which file it was.
    std::fs::write(project.path("specs/small.yaml"), b"\xff").unwrap();
    assert_eq!(lines.next().unwrap(), "specs/small.yaml: 1 error, the site stays as it was");
    project.write("static/notes.txt", "notes");
    assert_eq!(lines.next().unwrap(), "static/notes.txt: 1 error, the site stays as it was");
    project.write("specs/small.yaml", SMALL);
    let line = lines.next().unwrap();
    assert!(line.starts_with("specs/small.yaml: ") && line.contains(" written, "), "{line}");
    child.kill().unwrap();
    child.wait().unwrap();
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(text.contains("expected a whole number that is not negative"), "{text}");
}

/// Reads one answer of a connection that stays open: the status, and the body as long as it says.
fn answer(stream: &mut BufReader<TcpStream>) -> (u16, Vec<u8>) {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap();
        assert!(!name.eq_ignore_ascii_case("transfer-encoding"), "{line}");
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (status, body)
}

#[test]
fn ten_thousand_requests_while_it_is_rebuilt_lose_nothing() {
    const CONNECTIONS: usize = 100;
    const REQUESTS: usize = 100;
    let project = small();
    project.write("static/mine/notes.txt", &"0123456789".repeat(10_000));
    let running = Running::start(&project, &["watch"]);
    running.next("built");
    let paths = [
        "/",
        "/experiments/small/",
        "/experiments/small/cubic/tanh/",
        "/mine/notes.txt",
        "/experiments/small/cubic/tanh/fit.png",
    ];
    let address = &running.address;
    let asking = std::sync::atomic::AtomicUsize::new(CONNECTIONS);
    let rebuilt = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..CONNECTIONS)
            .map(|connection| {
                let asking = &asking;
                scope.spawn(move || {
                    let mut stream = TcpStream::connect(address).unwrap();
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                    let mut answers = BufReader::new(stream.try_clone().unwrap());
                    for request in 0..REQUESTS {
                        let path = paths[(connection + request) % paths.len()];
                        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
                        let (status, body) = answer(&mut answers);
                        assert_eq!(status, 200, "{path}, request {request} of connection {connection}");
                        let is_whole = match path {
                            "/mine/notes.txt" => body == "0123456789".repeat(10_000).as_bytes(),
                            path if path.ends_with(".png") => {
                                body.starts_with(b"\x89PNG") && body.ends_with(b"IEND\xaeB`\x82")
                            }
                            _ => {
                                body.starts_with(b"<!DOCTYPE html>")
                                    && body.trim_ascii_end().ends_with(b"</html>")
                            }
                        };
                        assert!(is_whole, "{path}: {} bytes", body.len());
                    }
                    asking.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
                })
            })
            .collect();
        // Captions, colours and static files change all the while.
        let mut edits = 0;
        while asked.iter().any(|thread| !thread.is_finished()) {
            edits += 1;
            project.write("specs/fit.yaml", &format!("{FIT}caption: Caption {edits}\n"));
            if edits % 3 == 0 {
                project.write(
                    "specs/tanh.yaml",
                    &format!("kind: activation\nid: tanh\ncolor: \"#1234{:02x}\"\n", edits % 256),
                );
            }
            std::thread::sleep(Duration::from_millis(60));
        }
        for thread in asked {
            thread.join().unwrap();
        }
        edits
    });
    assert_eq!(asking.load(std::sync::atomic::Ordering::Relaxed), 0, "every connection had all its answers");
    assert!(rebuilt > 3, "{rebuilt}");
    expect_clean_site(&project, "ten thousand requests");
}
