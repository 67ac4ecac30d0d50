//! What open pages are told while the site is watched: which files have changed, and what is wrong.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::Site;

/// The folder of addresses that are ours and no files of the site; no id begins with a dot.
pub(super) const FOLDER: &str = ".actfn-site";

/// The site as open pages see it. Clones share one state.
#[derive(Clone)]
pub struct Live {
    /// Tells one run of the program from the next, whose versions begin anew.
    session: Arc<str>,
    state: Arc<watch::Sender<Told>>,
    /// How many listen from each page, by its path.
    open: Arc<Mutex<BTreeMap<String, usize>>>,
}

#[derive(Debug, Default, Clone)]
struct Told {
    /// Counts what was told.
    version: u64,
    /// The version in which each file last changed, by its path in the site.
    changed: BTreeMap<String, u64>,
    /// What is wrong with the specs as they are, each as text.
    problems: Vec<String>,
    /// Pages of a site that is still being made, by path.
    ready: BTreeMap<String, Arc<[u8]>>,
}

/// A page that listens; no longer when this is dropped.
struct Listener {
    open: Arc<Mutex<BTreeMap<String, usize>>>,
    page: String,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.page) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.page);
            }
        }
    }
}

/// One message to a page.
#[derive(Debug, Serialize)]
struct Message<'s> {
    session: &'s str,
    version: u64,
    /// The files that changed since the page was made.
    changed: Vec<&'s str>,
    problems: &'s [String],
}

impl Live {
    /// `session` is anything that the next run of the program will not use again.
    pub fn new(session: &str) -> Self {
        let state = Arc::new(watch::Sender::new(Told::default()));
        Self { session: session.into(), state, open: Arc::default() }
    }

    /// Whether a page is open somewhere.
    pub fn is_open(&self, page: &str) -> bool {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).contains_key(page)
    }

    /// Tells those who look at a page that there is a new one, before the site of which it is a part is there.
    pub fn ready(&self, page: &str, html: &Arc<[u8]>) {
        self.state.send_modify(|state| {
            state.version += 1;
            state.changed.insert(page.to_owned(), state.version);
            state.ready.insert(page.to_owned(), Arc::clone(html));
        });
    }

    /// A page that is there before its site.
    pub(super) fn early(&self, page: &str) -> Option<Arc<[u8]>> {
        self.state.borrow().ready.get(page).cloned()
    }

    fn listen(&self, page: String) -> Listener {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner).entry(page.clone()).or_default() += 1;
        Listener { open: Arc::clone(&self.open), page }
    }

    /// Tells all pages that these files have changed and that nothing is wrong.
    pub fn changed(&self, paths: &[String]) {
        self.state.send_modify(|state| {
            state.version += 1;
            state.changed.extend(paths.iter().map(|path| (path.clone(), state.version)));
            state.problems.clear();
            state.ready.clear();
        });
    }

    /// Tells all pages what is wrong.
    pub fn failed(&self, problems: Vec<String>) {
        self.state.send_modify(|state| {
            state.version += 1;
            state.problems = problems;
            state.ready.clear();
        });
    }

    pub(super) fn version(&self) -> u64 {
        self.state.borrow().version
    }

    /// The page with the script at its end, or before the end of its body. `page` is its file, `version` what was told when
    /// it was read.
    pub(super) fn inject(&self, html: &str, page: &str, version: Option<u64>) -> String {
        let attribute = |text: &str| {
            let escaped = text.replace('&', "&amp;").replace('"', "&quot;");
            escaped.replace('<', "&lt;")
        };
        let script = format!(
            "<script src=\"/{FOLDER}/client.js\" data-session=\"{}\" data-version=\"{}\" data-page=\"{}\" data-content=\"{}\"></script>\n",
            attribute(&self.session),
            version.unwrap_or_default(),
            attribute(page),
            content(html)
        );
        match html.rfind("</body>") {
            Some(at) => format!("{}{script}{}", &html[..at], &html[at..]),
            None => format!("{html}{script}"),
        }
    }
}

/// A hash of a page but for the name of its style, so that a page that differs in its style alone need not be loaded anew.
fn content(html: &str) -> String {
    const STYLE: &str = "assets/style.";
    let mut hasher = blake3::Hasher::new();
    for part in html.split(STYLE) {
        let is_hex = |byte: u8| byte.is_ascii_hexdigit();
        let name = part.bytes().take_while(|&byte| is_hex(byte)).count();
        hasher.update(&part.as_bytes()[name..]);
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// What a page knows already.
#[derive(Debug, Deserialize)]
pub(super) struct Known {
    #[serde(default)]
    session: String,
    #[serde(default)]
    since: u64,
    /// The file of the page that listens.
    #[serde(default)]
    page: String,
}

/// The stream of messages to one page: at once what it does not know, then whatever changes.
pub(super) async fn events(
    State(site): State<Site>,
    headers: HeaderMap,
    Query(known): Query<Known>,
) -> Response {
    let Some(live) = site.live else { return axum::http::StatusCode::NOT_FOUND.into_response() };
    // A browser that has lost the connection says what it heard last.
    let heard = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let since = if known.session == *live.session { heard.unwrap_or(known.since) } else { 0 };
    let receiver = live.state.subscribe();
    let listener = live.listen(known.page);
    let first = Some((receiver, since, true, listener));
    let messages = stream::unfold((first, live.session), |(listening, session)| async move {
        let (mut receiver, since, is_first, listener) = listening?;
        if !is_first {
            receiver.changed().await.ok()?;
        }
        let (event, version) = {
            let state = receiver.borrow_and_update();
            let message = Message {
                session: &session,
                version: state.version,
                changed: state
                    .changed
                    .iter()
                    .filter(|(_, version)| **version > since)
                    .map(|(path, _)| path.as_str())
                    .collect(),
                problems: &state.problems,
            };
            let event = Event::default().id(state.version.to_string()).retry(Duration::from_millis(500));
            (event.json_data(message).ok()?, state.version)
        };
        Some((Ok::<_, Infallible>(event), (Some((receiver, version, false, listener)), session)))
    });
    Sse::new(messages).keep_alive(KeepAlive::default()).into_response()
}

/// The script.
pub(super) async fn client() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (headers, include_str!("client.js")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_stands_in_the_page_and_cannot_be_left() {
        let live = Live::new("1");
        let html = live.inject("<body><p></p></body></html>", "a\"><script>.html", Some(3));
        assert!(html.contains("data-version=\"3\"") && html.ends_with("</script>\n</body></html>"));
        assert!(!html.contains("\"><script>.html"));
        assert!(live.inject("<p>", "a.html", None).starts_with("<p><script"));
    }

    #[test]
    fn a_page_is_the_same_with_another_style() {
        let page =
            |name: &str, text: &str| format!("<link href=\"../assets/style.{name}.css\"><p>{text}</p>");
        assert_eq!(content(&page("0123456789", "a")), content(&page("abcdef0123", "a")));
        assert_ne!(content(&page("0123456789", "a")), content(&page("0123456789", "b")));
    }

    #[test]
    fn a_page_that_is_looked_at_can_come_before_its_site() {
        let live = Live::new("1");
        let (one, other) = (live.listen("a.html".into()), live.listen("a.html".into()));
        drop(other);
        assert!(live.is_open("a.html") && !live.is_open("b.html"));
        live.ready("a.html", &Arc::from(b"new".as_slice()));
        assert_eq!(live.early("a.html").as_deref(), Some(b"new".as_slice()));
        assert_eq!((live.version(), live.state.borrow().changed["a.html"]), (1, 1));
        live.changed(&["a.html".into()]);
        assert_eq!((live.early("a.html"), live.version()), (None, 2));
        drop(one);
        assert!(!live.is_open("a.html"));
    }

    #[test]
    fn changes_are_counted() {
        let live = Live::new("1");
        live.changed(&["a".into()]);
        live.failed(vec!["wrong".into()]);
        assert_eq!((live.version(), live.state.borrow().problems.len()), (2, 1));
        live.changed(&[]);
        assert!(live.state.borrow().problems.is_empty());
        assert_eq!(live.state.borrow().changed["a"], 1);
    }
}
