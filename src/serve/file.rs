//! Requests → files of the output folder: a folder is its `index.html`, what is missing is `404.html`, and nothing outside
//! the folder can be reached.

use std::io;
use std::path::{Path, PathBuf};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use percent_encoding::percent_decode_str;
use tower_http::services::ServeFile;

use super::{Site, live};

/// What a path of the site leads to.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// A file inside the folder, links resolved.
    File(PathBuf),
    /// A folder that was named without a slash at its end.
    Folder,
    Nothing,
}

/// Shown while there is no site at all.
const UNBUILT: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Not built yet</title>\n\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
    <meta name=\"color-scheme\" content=\"light dark\">\n\
    <body style=\"font: 1.1rem/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 36rem; padding: 0 1rem\">\n\
    <h1>Not built yet</h1>\n<p>The site will appear here as soon as it has been built.</p>\n</body>\n</html>\n";

/// What a request may ask for but the whole file.
const CONDITIONS: [HeaderName; 6] = [
    header::RANGE,
    header::IF_RANGE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
];

/// Answers a request for a file.
pub(super) async fn answer(State(site): State<Site>, mut request: Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let allow = [(header::ALLOW, "GET, HEAD")];
        return (StatusCode::METHOD_NOT_ALLOWED, allow, "This server only serves files.\n").into_response();
    }
    // Before the file is read, so that a change in between is told of once too often and not once too little.
    let version = site.live.as_ref().map(live::Live::version);
    let Ok(root) = site.folder.canonicalize() else {
        let page = site
            .live
            .as_ref()
            .map_or_else(|| UNBUILT.into(), |live| live.inject(UNBUILT, "index.html", version));
        return finished((StatusCode::SERVICE_UNAVAILABLE, Html(page)).into_response());
    };
    let Some(name) = decoded(request.uri()) else {
        return finished((StatusCode::BAD_REQUEST, "This is no path of a site.\n").into_response());
    };
    let (status, path) = match find(&root, &name) {
        Found::File(path) => (None, path),
        Found::Folder => return redirect(request.uri()),
        Found::Nothing => match find(&root, "404.html") {
            Found::File(path) => (Some(StatusCode::NOT_FOUND), path),
            _ => {
                return finished(
                    (StatusCode::NOT_FOUND, "There is nothing at this address.\n").into_response(),
                );
            }
        },
    };
    let is_page = path.extension().is_some_and(|extension| extension == "html");
    if status.is_some() || (is_page && site.live.is_some()) {
        // A page that is changed on its way has no ranges, and one that stands for another no date.
        for name in CONDITIONS {
            request.headers_mut().remove(name);
        }
    }
    let range = request.headers().get(header::RANGE).and_then(|range| range.to_str().ok());
    if !range.is_some_and(is_one_part) {
        // What is not understood is not there, and several parts at once may be answered by the whole.
        request.headers_mut().remove(header::RANGE);
    }
    let mut response = match ServeFile::new(&path).try_call(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => return finished(unreadable(&error)),
    };
    if let Some(live) = site.live.as_ref().filter(|_| is_page) {
        let shown = path.strip_prefix(&root).ok().and_then(crate::fs::slashed).unwrap_or_default();
        response = match with_script(response, live, &shown, version).await {
            Ok(response) => response,
            Err(error) => return finished(unreadable(&io::Error::other(error))),
        };
    }
    if let Some(status) = status {
        *response.status_mut() = status;
    }
    finished(response)
}

/// The path of a request without the slash at its start; `None` for one that no file of a site can have.
fn decoded(uri: &Uri) -> Option<String> {
    let path = percent_decode_str(uri.path()).decode_utf8().ok()?;
    let name = path.strip_prefix('/')?;
    let is_sound = |part: &str| part != ".." && part != "." && !part.contains(['\\', '\0']);
    let parts: Vec<&str> = name.split('/').collect();
    let (_, folders) = parts.split_last()?;
    (parts.iter().all(|part| is_sound(part)) && folders.iter().all(|part| !part.is_empty()))
        .then(|| name.to_owned())
}

/// Finds what a path leads to. `root` has its links resolved; a link that leads out of it leads to nothing.
fn find(root: &Path, name: &str) -> Found {
    let inside = |path: PathBuf| path.canonicalize().ok().filter(|path| path.starts_with(root));
    let file = |path: PathBuf| inside(path).filter(|path| path.is_file());
    if name.is_empty() || name.ends_with('/') {
        return file(root.join(name).join("index.html")).map_or(Found::Nothing, Found::File);
    }
    match inside(root.join(name)) {
        Some(path) if path.is_file() => Found::File(path),
        Some(path) if path.is_dir() => Found::Folder,
        // As GitHub Pages does: `/about` is `about.html`.
        _ => file(root.join(format!("{name}.html"))).map_or(Found::Nothing, Found::File),
    }
}

/// Whether a range is one of bytes, and only one.
fn is_one_part(range: &str) -> bool {
    let part = range.trim().strip_prefix("bytes=").and_then(|part| part.trim().split_once('-'));
    part.is_some_and(|(first, last)| {
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        is_number(first) && is_number(last) && !(first.is_empty() && last.is_empty())
    })
}

fn redirect(uri: &Uri) -> Response {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = format!("{}/{query}", uri.path());
    (
        StatusCode::MOVED_PERMANENTLY,
        [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".into())],
    )
        .into_response()
}

fn unreadable(error: &io::Error) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("The file cannot be read: {error}\n")).into_response()
}

/// The page with the script that listens for changes.
async fn with_script(
    response: Response,
    live: &live::Live,
    page: &str,
    version: Option<u64>,
) -> Result<Response, axum::Error> {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await?;
    let early = live.early(page);
    let html = live.inject(&String::from_utf8_lossy(early.as_deref().unwrap_or(&bytes)), page, version);
    for name in [header::CONTENT_LENGTH, header::ACCEPT_RANGES, header::ETAG, header::LAST_MODIFIED] {
        parts.headers.remove(name);
    }
    Ok(Response::from_parts(parts, Body::from(html)))
}

/// Adds what every answer carries: the encoding of texts, and that whoever kept a copy has to ask whether it is still right.
fn finished(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_text = content_type.starts_with("text/")
        || ["application/json", "application/xml", "text/xml", "application/javascript", "image/svg+xml"]
            .contains(&content_type);
    if is_text
        && !content_type.contains("charset")
        && let Ok(value) = HeaderValue::from_str(&format!("{content_type}; charset=utf-8"))
    {
        headers.insert(header::CONTENT_TYPE, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_site() {
        let name = |path: &str| decoded(&path.parse().unwrap());
        assert_eq!(name("/"), Some(String::new()));
        assert_eq!(name("/a/b%20c.png?x=1"), Some("a/b c.png".into()));
        assert_eq!(name("/a/"), Some("a/".into()));
        let unsound = [
            "/../x",
            "/a/../../x",
            "/%2e%2e/x",
            "/a/%2e%2e%2f%2e%2e/x",
            "/..%5cx",
            "//x",
            "/a//b",
            "/%00",
            "/%ff",
        ];
        for path in unsound {
            assert_eq!(name(path), None, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_nowhere_outside() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("public");
        std::fs::create_dir_all(root.join("sub")).unwrap();
        std::fs::write(root.join("sub/index.html"), "i").unwrap();
        std::fs::write(root.join("about.html"), "a").unwrap();
        std::fs::write(folder.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink("../secret", root.join("leak")).unwrap();
        std::os::unix::fs::symlink("..", root.join("up")).unwrap();
        std::os::unix::fs::symlink("sub/index.html", root.join("alias.html")).unwrap();
        assert_eq!(find(&root, "leak"), Found::Nothing);
        assert_eq!(find(&root, "up/secret"), Found::Nothing);
        assert_eq!(find(&root, "up"), Found::Nothing);
        assert_eq!(find(&root, "sub"), Found::Folder);
        assert_eq!(find(&root, "sub/"), Found::File(root.join("sub/index.html")));
        assert_eq!(find(&root, "alias.html"), Found::File(root.join("sub/index.html")));
        assert_eq!(find(&root, "about"), Found::File(root.join("about.html")));
        assert_eq!(find(&root, ""), Found::Nothing);
    }
}
