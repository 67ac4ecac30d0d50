//! Requests that were meant for another host are refused: a page of a foreign name that has been made to point to this
//! machine (DNS rebinding) could otherwise read what is served here.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Site;

/// Answers 421 to what names a host that is neither an address, nor `localhost`, nor the one that the user named, and 400 to
/// what names none or several (RFC 9112, 3.2). An address cannot be rebound: a browser that names one has been told to go there.
pub(super) async fn refuse_foreign(State(site): State<Site>, request: Request, next: Next) -> Response {
    let mut headers = request.headers().get_all(header::HOST).iter();
    let header = headers.next().and_then(|host| host.to_str().ok());
    if headers.next().is_some() {
        return (StatusCode::BAD_REQUEST, "The request names several hosts.\n").into_response();
    }
    let named = request.uri().authority().map(|authority| authority.as_str()).or(header);
    match named {
        Some(named) if is_own(named, &site.host) => next.run(request).await,
        Some(_) => (StatusCode::MISDIRECTED_REQUEST, "This is not the host that the request names.\n")
            .into_response(),
        None => (StatusCode::BAD_REQUEST, "The request names no host.\n").into_response(),
    }
}

fn is_own(named: &str, own: &str) -> bool {
    if let Some(rest) = named.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else { return false };
        return address.parse::<Ipv6Addr>().is_ok() && is_port(port.strip_prefix(':'), port);
    }
    let (name, port) = match named.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (named, None),
    };
    let name = name.to_ascii_lowercase();
    let is_local = name == "localhost" || name.ends_with(".localhost");
    let is_known = is_local || name.parse::<Ipv4Addr>().is_ok() || name == own.to_ascii_lowercase();
    is_known && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// Whether what follows an address in brackets is nothing, or a colon and a port.
fn is_port(port: Option<&str>, rest: &str) -> bool {
    rest.is_empty() || port.is_some_and(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn only_this_machine_is_meant() {
        for own in [
            "localhost",
            "LOCALHOST:4000",
            "site.localhost:1",
            "127.0.0.1:4000",
            "192.168.1.5",
            "[::1]:4000",
            "[::1]",
            "my.box:80",
        ] {
            assert!(is_own(own, "my.box"), "{own}");
        }
        for foreign in [
            "evil.example",
            "evil.example:4000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "localhost:port",
            "[evil]",
            "[::1",
            "[::1]x",
            "",
            "evil.example:localhost",
            "localhost@evil.example",
        ] {
            assert!(!is_own(foreign, "my.box"), "{foreign}");
        }
    }
}
