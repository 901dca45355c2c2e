//! Where bytes come from: a web server, a file, or nowhere when a build must not ask the network.
//! Nothing that is fetched is trusted: whoever asked checks it. For what was fetched before, see
//! `cache.rs`.

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use bytes::Bytes;

/// Gives the bytes at an address. One value serves several threads.
pub trait Fetch: Sync {
    /// The content at an address (`http`, `https` or `file`), of `limit` bytes at most.
    fn fetch(&self, url: &str, limit: u64) -> Result<Bytes, FetchError>;
}

/// Why nothing was fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address leads to nothing.
    #[error("{url} does not exist")]
    NotFound {
        /// The address.
        url: String,
    },
    /// There is more than there may be.
    #[error("{url} has more than the {limit} bytes that it may have")]
    TooLarge {
        /// The address.
        url: String,
        /// The limit.
        limit: u64,
    },
    /// The network is not asked, and the bytes are not here.
    #[error("{url} was not fetched before, and the network may not be asked")]
    Offline {
        /// The address.
        url: String,
    },
    /// The server or the disk did not give it.
    #[error("cannot fetch {url}: {reason}")]
    Failed {
        /// The address.
        url: String,
        /// Why.
        reason: String,
    },
}

/// Refuses every address: for a build that must do with what it has.
pub struct Offline;

impl Fetch for Offline {
    fn fetch(&self, url: &str, limit: u64) -> Result<Bytes, FetchError> {
        if let Some(path) = url.strip_prefix("file://") {
            return from_file(url, path, limit);
        }
        Err(FetchError::Offline {
            url: url.to_owned(),
        })
    }
}

/// Asks web servers, and reads files. Make and use it outside of an asynchronous runtime: it blocks.
pub struct Fetcher {
    client: reqwest::blocking::Client,
}

/// How often an address is asked when a server does not answer as it should.
const TRIES: u32 = 3;

impl Fetcher {
    /// A fetcher with deadlines: ten seconds to connect, five minutes for a file.
    pub fn new() -> Result<Self, FetchError> {
        let client = reqwest::blocking::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_mins(5))
            .user_agent(concat!("seawall/", env!("CARGO_PKG_VERSION")))
            .build();
        client
            .map(|client| Self { client })
            .map_err(|error| FetchError::Failed {
                url: "any address".to_owned(),
                reason: error.to_string(),
            })
    }

    fn once(&self, url: &str, limit: u64) -> Result<Bytes, FetchError> {
        let failed = |reason: String| FetchError::Failed {
            url: url.to_owned(),
            reason,
        };
        let response = self
            .client
            .get(url)
            .send()
            .map_err(|error| failed(error.without_url().to_string()))?;
        let status = response.status();
        if status == reqwest::StatusCode::NOT_FOUND {
            return Err(FetchError::NotFound {
                url: url.to_owned(),
            });
        }
        if !status.is_success() {
            return Err(failed(format!("the server answers {status}")));
        }
        limited(response, url, limit)
    }
}

impl Fetch for Fetcher {
    fn fetch(&self, url: &str, limit: u64) -> Result<Bytes, FetchError> {
        if let Some(path) = url.strip_prefix("file://") {
            return from_file(url, path, limit);
        }
        let mut tries = 1;
        loop {
            match self.once(url, limit) {
                Err(FetchError::Failed { .. }) if tries < TRIES => tries += 1,
                answer => return answer,
            }
        }
    }
}

fn from_file(url: &str, path: &str, limit: u64) -> Result<Bytes, FetchError> {
    match File::open(path) {
        Ok(file) => limited(file, url, limit),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(FetchError::NotFound {
            url: url.to_owned(),
        }),
        Err(error) => Err(FetchError::Failed {
            url: url.to_owned(),
            reason: error.to_string(),
        }),
    }
}

fn limited(reader: impl Read, url: &str, limit: u64) -> Result<Bytes, FetchError> {
    let mut content = Vec::new();
    reader
        .take(limit.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(|error| FetchError::Failed {
            url: url.to_owned(),
            reason: error.to_string(),
        })?;
    if content.len() as u64 > limit {
        return Err(FetchError::TooLarge {
            url: url.to_owned(),
            limit,
        });
    }
    Ok(content.into())
}
