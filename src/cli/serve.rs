//! `actfn-site serve`.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use super::arguments::Serving;
use super::{Error, Output, interrupt};
use crate::build::Options;
use crate::serve::{Port, Server};

/// How often the wish to stop is looked at.
const PATIENCE: Duration = Duration::from_millis(50);

pub(super) fn run(options: &Options, serving: &Serving, output: &mut Output) -> Result<ExitCode, Error> {
    if !options.out.is_dir() {
        return Err(Error::NothingToServe(options.out.clone()));
    }
    let stop = interrupt::on_interrupt();
    let (server, url) = bind(serving)?;
    let _running = server.run(options.out.clone(), None)?;
    if output.json {
        output.event(&serde_json::json!({ "event": "serving", "url": url }))?;
    } else {
        output.line(&format!("serving {} at {url} (Ctrl-C stops)", options.out.display()))?;
    }
    open(serving, &url, output);
    while !stop.is_set() {
        thread::sleep(PATIENCE);
    }
    Ok(ExitCode::SUCCESS)
}

/// A server at the place that the arguments name, and its address.
pub(super) fn bind(serving: &Serving) -> Result<(Server, String), Error> {
    let port = serving.port.map_or(Port::Usual, Port::Exactly);
    let server = Server::bind(&serving.host, port)?;
    let url = server.url()?;
    Ok((server, url))
}

/// Opens the browser if it is asked for; a machine without one is no reason to stop.
pub(super) fn open(serving: &Serving, url: &str, output: &mut Output) {
    if serving.open
        && let Err(error) = open::that_detached(url)
    {
        output.note(&format!("note: no browser could be opened: {error}"));
    }
}
