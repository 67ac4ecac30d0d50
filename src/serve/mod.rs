//! The output folder over HTTP, as GitHub Pages would serve it, to this machine only unless told otherwise.
//!
//! While watching, pages carry a script (`client.js`) that listens to [`Live`] and shows what has changed.

mod file;
mod host;
mod live;

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, TcpListener, ToSocketAddrs};
use std::path::PathBuf;
use std::thread;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use tokio::sync::oneshot;

pub use live::Live;

/// Where the site is first tried to be served.
pub const USUAL_PORT: u16 = 4000;
/// How many ports after it are tried.
const FURTHER_PORTS: u16 = 100;

/// Which port to serve at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// This one; 0 lets the system choose.
    Exactly(u16),
    /// [`USUAL_PORT`], or the next one that is free.
    Usual,
}

/// Why the site cannot be served.
#[derive(Debug)]
pub enum ServeError {
    /// Another program listens there.
    InUse {
        host: String,
        port: u16,
    },
    /// None of the usual ports is free.
    AllInUse {
        host: String,
    },
    /// The name or address is not one of this machine.
    Host {
        host: String,
        error: io::Error,
    },
    Start(io::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { host, port } => write!(f, "port {port} of {host} is in use by another program"),
            Self::AllInUse { host } => {
                write!(f, "the ports {USUAL_PORT} to {} of {host} are all in use", USUAL_PORT + FURTHER_PORTS)
            }
            Self::Host { host, error } => write!(f, "cannot serve at {host}: {error}"),
            Self::Start(error) => write!(f, "cannot start the server: {error}"),
        }
    }
}

/// What is served.
#[derive(Clone)]
pub(crate) struct Site {
    folder: PathBuf,
    /// The name that `--host` gave, allowed in requests beside addresses and `localhost`.
    host: String,
    live: Option<Live>,
}

/// A server that has its port, and does not answer yet.
pub struct Server {
    listener: TcpListener,
    host: String,
}

/// A server that answers until it is dropped.
pub struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    /// Takes a port of a host (a name or an address of this machine).
    pub fn bind(host: &str, port: Port) -> Result<Self, ServeError> {
        let fault = |error| ServeError::Host { host: host.to_owned(), error };
        let resolve = |port| (host.trim_matches(['[', ']']), port).to_socket_addrs();
        let candidates = match port {
            Port::Exactly(port) => port..=port,
            Port::Usual => USUAL_PORT..=USUAL_PORT + FURTHER_PORTS,
        };
        for port in candidates {
            let addresses: Vec<_> = resolve(port).map_err(fault)?.collect();
            match TcpListener::bind(addresses.as_slice()) {
                Ok(listener) => return Ok(Self { listener, host: host.to_owned() }),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(fault(error)),
            }
        }
        let host = host.to_owned();
        Err(match port {
            Port::Exactly(port) => ServeError::InUse { host, port },
            Port::Usual => ServeError::AllInUse { host },
        })
    }

    /// The address of the home page, as this machine's browser reaches it.
    pub fn url(&self) -> Result<String, ServeError> {
        let address = self.listener.local_addr().map_err(ServeError::Start)?;
        let ip = match address.ip() {
            ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            ip => ip,
        };
        let host = match ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        Ok(format!("http://{host}:{}/", address.port()))
    }

    /// Begins to answer, on a thread of its own.
    pub fn run(self, folder: PathBuf, live: Option<Live>) -> Result<Running, ServeError> {
        let site = Site { folder, host: self.host, live };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(ServeError::Start)?;
        self.listener.set_nonblocking(true).map_err(ServeError::Start)?;
        let (stop, stopped) = oneshot::channel();
        let listener = self.listener;
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                // The runtime has been there to register the listener with since it was built; this cannot fail for another
                // reason than that the system is out of resources, and then there is no server.
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                let serving = axum::serve(listener, router(site)).into_future();
                tokio::select! {
                    _ = serving => {}
                    _ = stopped => {}
                }
            });
            // Event streams never end by themselves.
            runtime.shutdown_background();
        });
        Ok(Running { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // If the thread has ended already there is nobody to tell.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(thread::JoinHandle::join);
    }
}

fn router(site: Site) -> Router {
    let mut router = Router::new();
    if site.live.is_some() {
        router = router
            .route(&format!("/{}/events", live::FOLDER), get(live::events))
            .route(&format!("/{}/client.js", live::FOLDER), get(live::client));
    }
    router
        .fallback(file::answer)
        .layer(from_fn_with_state(site.clone(), host::refuse_foreign))
        .with_state(site)
}
