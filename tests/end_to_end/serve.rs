//! `serve`: the site as GitHub Pages would serve it, and nothing beside it.

use std::net::TcpListener;

use crate::support::{Project, small};
use crate::watch::Running;

fn served() -> (Project, Running) {
    let project = small();
    project.write("static/mine/notes.txt", "0123456789");
    project.build();
    let running = Running::start(&project, &["serve"]);
    (project, running)
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(": ")?;
        found.eq_ignore_ascii_case(name).then_some(value)
    })
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

#[test]
fn files_are_served_as_by_github_pages() {
    let (project, running) = served();
    let index = std::fs::read_to_string(project.path("public/index.html")).unwrap();
    let (status, answer) = running.get("/");
    assert_eq!((status, body(&answer)), (200, index.as_str()), "nothing is added to the page");
    assert_eq!(header(&answer, "content-type"), Some("text/html; charset=utf-8"));
    let site = project.site();
    let style = site.keys().find(|path| path.starts_with("assets/style.")).unwrap();
    let style = format!("/{style}");
    let types = [
        (style.as_str(), "text/css; charset=utf-8"),
        ("/REPORT.md", "text/markdown; charset=utf-8"),
        ("/robots.txt", "text/plain; charset=utf-8"),
        ("/experiments/small/results.json", "application/json; charset=utf-8"),
        ("/experiments/small/results.csv", "text/csv; charset=utf-8"),
        ("/experiments/small/cubic/tanh/fit.png", "image/png"),
    ];
    for (path, expected) in types {
        let (status, answer) = running.get(path);
        assert_eq!((status, header(&answer, "content-type")), (200, Some(expected)), "{path}");
    }
    let (status, answer) = running.get("/experiments/small?x=1");
    assert_eq!((status, header(&answer, "location")), (301, Some("/experiments/small/?x=1")));
    let (status, answer) = running.get("/no/such/page");
    let page = std::fs::read_to_string(project.path("public/404.html")).unwrap();
    assert_eq!((status, body(&answer)), (404, page.as_str()));
    assert_eq!(running.get("/404").0, 200, "a page can be named without its extension");
}

#[test]
fn parts_of_a_file_can_be_asked_for() {
    let (_project, running) = served();
    let ranged = |range: &str| {
        let host = &running.address;
        running.raw(&format!(
            "GET /mine/notes.txt HTTP/1.1\r\nHost: {host}\r\nRange: {range}\r\nConnection: close\r\n\r\n"
        ))
    };
    let (status, answer) = ranged("bytes=2-4");
    assert_eq!((status, body(&answer), header(&answer, "content-range")), (206, "234", Some("bytes 2-4/10")));
    assert_eq!(body(&ranged("bytes=-3").1), "789");
    assert_eq!(ranged("bytes=20-30").0, 416);
    // Other units, and several parts, are answered by the whole file.
    for range in ["lines=2-4", "bytes=0-1,3-4", "bytes=-", "bytes", "nonsense"] {
        let (status, answer) = ranged(range);
        assert_eq!((status, body(&answer)), (200, "0123456789"), "{range}");
    }
    let host = &running.address;
    let (status, answer) =
        running.raw(&format!("HEAD /mine/notes.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    assert_eq!((status, header(&answer, "content-length"), body(&answer)), (200, Some("10"), ""));
    let etag = header(&answer, "etag").unwrap();
    let again = format!(
        "GET /mine/notes.txt HTTP/1.1\r\nHost: {host}\r\nIf-None-Match: {etag}\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(running.raw(&again).0, 304);
}

#[test]
fn nothing_outside_the_site_is_reachable() {
    let (project, running) = served();
    project.write("secret.txt", "secret");
    #[cfg(unix)]
    std::os::unix::fs::symlink("../secret.txt", project.path("public/leak.txt")).unwrap();
    let hostile = [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/experiments/../../secret.txt",
        "/..%5csecret.txt",
        "//secret.txt",
        "/leak.txt",
        "/%00",
        "/%ff%fe",
        "/%",
        "/.actfn-site/events",
        "/.manifest.b3/",
    ];
    for path in hostile {
        let (status, answer) = running.get(path);
        assert!((400..500).contains(&status) && !answer.contains("secret\n"), "{path}: {answer}");
        assert_ne!(body(&answer), "secret", "{path}");
    }
    let host = &running.address;
    let absolute =
        format!("GET http://{host}/../secret.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    assert_eq!(running.raw(&absolute).0, 400);
    for request in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let request =
            format!("{request} / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        assert_eq!(running.raw(&request).0, 405);
    }
    let long = format!("GET /{} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", "a".repeat(100_000));
    assert!((400..500).contains(&running.raw(&long).0));
    assert_eq!(running.raw("nonsense\r\n\r\n").0, 400);
    assert_eq!(running.get("/").0, 200, "it is still there");
}

#[test]
fn requests_for_other_hosts_are_refused() {
    let (_project, running) = served();
    let asked =
        |host: &str| running.raw(&format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).0;
    assert_eq!(asked("evil.example"), 421);
    assert_eq!(asked("evil.example:4000"), 421);
    assert_eq!(asked("localhost:1"), 200);
    assert_eq!(asked("[::1]:1"), 200);
    assert_eq!(running.raw("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").0, 400);
    let several = "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(running.raw(several).0, 400);
    let foreign = "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(running.raw(foreign).0, 421);
}

#[test]
fn a_port_in_use_is_named_or_passed_over() {
    let project = small();
    project.build();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for command in ["serve", "watch"] {
        let ran = project.run(&[command, "--port", &port]);
        assert_eq!(ran.status, 1);
        assert!(ran.stderr.contains(&format!("port {port} of 127.0.0.1 is in use")), "{}", ran.stderr);
        assert!(ran.stderr.contains("--port"), "{}", ran.stderr);
    }
    assert_eq!(project.run(&["serve", "--port", "many"]).status, 2);
    let ran = project.run(&["serve", "--host", "no.such.host.invalid"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("no.such.host.invalid"), "{}", ran.stderr);
}

#[test]
fn without_a_site_it_says_how_to_make_one() {
    let project = small();
    let ran = project.run(&["serve"]);
    assert_eq!(ran.status, 1);
    assert!(
        ran.stderr.contains("there is no site in public") && ran.stderr.contains("build"),
        "{}",
        ran.stderr
    );
}

#[test]
fn hostile_requests_are_answered_and_the_server_stays() {
    let (project, running) = served();
    project.write("secret.txt", "secret");
    let host = &running.address;
    let head = format!("Host: {host}\r\nConnection: close\r\n\r\n");
    let mut refused = 0;
    let mut refuse = |request: &str| {
        let (status, answer) = running.raw(request);
        let shown: String = request.chars().take(80).collect();
        assert!((400..500).contains(&status), "{shown:?}: {status} {:.300}", answer);
        assert_ne!(body(&answer), "secret", "{shown:?}");
        refused += 1;
    };
    let ways_up = [
        "..",
        "%2e%2e",
        "%2E.",
        ".%2e",
        "..%00",
        "%252e%252e",
        "%25%32%65%25%32%65",
        "..%c0%af",
        "%c0%ae%c0%ae",
        "..%5c",
        "..\\",
        "%2e%2e%2f",
        "%2e%2e%5c",
        "....//",
        "..;",
        "%uff0e%uff0e",
        "%e3%80%82%e3%80%82",
        "..%ef%bc%8f",
    ];
    for up in ways_up {
        for path in [
            format!("/{up}/secret.txt"),
            format!("/experiments/{up}/{up}/secret.txt"),
            format!("/{up}{up}secret.txt"),
            format!("/{up}/{up}/{up}/{up}/{up}/etc/passwd"),
        ] {
            refuse(&format!("GET {path} HTTP/1.1\r\n{head}"));
        }
    }
    let absolute = project.path("secret.txt").to_str().unwrap().to_owned();
    for path in [
        &absolute,
        &format!("/{absolute}"),
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/%2f/etc/passwd",
        "/C:/Windows/win.ini",
        "/%5c%5chost%5cshare",
        "/file:///etc/passwd",
        "/index.html%00.png",
        "/index.html/",
        "/index.html/..",
        "/./index.html",
        "/%",
        "/%zz",
        "/\u{7f}",
        "/con",
        "/~root",
        "/.git/config",
    ] {
        refuse(&format!("GET {path} HTTP/1.1\r\n{head}"));
    }
    for request in [
        format!("GET /{} HTTP/1.1\r\n{head}", "a".repeat(1_000_000)),
        format!("GET /{} HTTP/1.1\r\n{head}", "a/".repeat(20_000)),
        format!("GET /{} HTTP/1.1\r\n{head}", "%2e%2e%2f".repeat(5_000)),
        format!("GET / HTTP/1.1\r\nX: {}\r\n{head}", "x".repeat(1_000_000)),
        format!("GET / HTTP/1.1\r\n{}{head}", "X: y\r\n".repeat(10_000)),
        format!("GET http://{host}/%2e%2e/secret.txt HTTP/1.1\r\n{head}"),
        format!("GET secret.txt HTTP/1.1\r\n{head}"),
        format!("GET  HTTP/1.1\r\n{head}"),
        format!("GET / HTTP/9.9\r\n{head}"),
        format!("GET / HTCPCP/1.0\r\n{head}"),
        format!("G\u{1}T / HTTP/1.1\r\n{head}"),
        format!("GET / HTTP/1.1\r\nHost {host}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n: x\r\n{head}"),
        format!("GET / HTTP/1.1\r\nA\0B: x\r\n{head}"),
        format!("POST / HTTP/1.1\r\nContent-Length: -1\r\n{head}"),
        format!("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n{head}"),
        format!("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n{head}"),
        format!("CONNECT {host} HTTP/1.1\r\n{head}"),
        format!("TRACE / HTTP/1.1\r\n{head}"),
        format!("DELETE /index.html HTTP/1.1\r\n{head}"),
        format!("PUT /index.html HTTP/1.1\r\nContent-Length: 1\r\n{head}x"),
        "\r\n\r\n\0\0\0\0".into(),
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}".into(),
        "SSH-2.0-OpenSSH_9.6\r\n\r\n".into(),
    ] {
        refuse(&request);
    }
    assert!(refused > 110, "{refused}");
    // Ranges that make no sense are answered by the whole file, or not at all.
    for range in
        ["bytes=9999999999999999999999-", "bytes=5-2", "bytes=-0", "bytes=0-0,".repeat(5_000).as_str()]
    {
        let request = format!(
            "GET /mine/notes.txt HTTP/1.1\r\nHost: {host}\r\nRange: {range}\r\nConnection: close\r\n\r\n"
        );
        assert!([200, 206, 416, 431].contains(&running.raw(&request).0), "{range:.40}");
    }
    // Who begins and never ends holds up nobody else.
    let waiting: Vec<_> = (0..200)
        .map(|_| {
            let mut stream = std::net::TcpStream::connect(host).unwrap();
            std::io::Write::write_all(&mut stream, b"GET / HTTP/1.1\r\nHost: loc").unwrap();
            stream
        })
        .collect();
    assert_eq!(running.get("/").0, 200, "it is still there");
    drop(waiting);
    assert_eq!(running.get("/").0, 200, "it is still there");
    assert_eq!(project.read("secret.txt"), "secret");
}
