//! Images of the Docker daemon of this machine (or Podman's service): asked for on its socket as
//! an archive (Docker Engine API, `GET /images/{name}/get`).

use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;
use seawall_telemetry::chain;

use crate::slice::Slice;
use crate::{Limits, SourceError};

/// Between two bytes; a daemon packs a large image before it sends the first.
const SILENCE: Duration = Duration::from_mins(5);
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'/')
    .remove(b':')
    .remove(b'@');

/// Where the daemon listens: `DOCKER_HOST` if it names a socket, or where Docker's is.
pub fn socket() -> PathBuf {
    std::env::var("DOCKER_HOST")
        .ok()
        .and_then(|host| host.strip_prefix("unix://").map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("/var/run/docker.sock"))
}

/// Fetches an image's archive.
pub(crate) async fn fetch(
    socket: &Path,
    name: &str,
    limits: &Limits,
) -> Result<Slice, SourceError> {
    let failed = |error: reqwest::Error| {
        SourceError::Daemon(format!(
            "the daemon at {}: {}",
            socket.display(),
            chain(&error.without_url())
        ))
    };
    let client = reqwest::Client::builder()
        .unix_socket(socket)
        .read_timeout(SILENCE)
        .build()
        .map_err(failed)?;
    let name = utf8_percent_encode(name, SEGMENT);
    let mut answer = client
        .get(format!("http://daemon/images/{name}/get"))
        .send()
        .await
        .map_err(failed)?;
    match answer.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => {
            return Err(SourceError::Absent(format!(
                "the daemon has no image {name}"
            )));
        }
        status => {
            return Err(SourceError::Daemon(format!(
                "the daemon does not give {name}: {status}"
            )));
        }
    }
    let unwritten = || SourceError::read("a temporary file");
    let mut file = tempfile::tempfile().map_err(unwritten())?;
    let mut total = 0_u64;
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        total += chunk.len() as u64;
        if total > limits.unpacked_bytes {
            return Err(SourceError::Refused(format!(
                "{name} has more than {} bytes",
                limits.unpacked_bytes
            )));
        }
        file.write_all(&chunk).map_err(unwritten())?;
    }
    file.rewind().map_err(unwritten())?;
    Slice::whole(file).map_err(unwritten())
}
