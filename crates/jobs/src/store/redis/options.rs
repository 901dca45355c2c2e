//! Where a Redis is and what is kept there. How it is talked to is `connection`.

use std::fmt;
use std::time::Duration;

use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{ConnectionAddr, IntoConnectionInfo as _, TlsMode};
use url::Url;

use crate::store::Retention;
use crate::{Clock, StoreError};

/// How a store on Redis is opened.
#[derive(Clone)]
pub struct RedisOptions {
    /// `redis://`, `rediss://` (TLS), `unix://`, `redis+sentinel://user:password@host:port,host:port/name/database`
    /// or `rediss+sentinel://…`; what has no scheme is `redis://`. May hold a password.
    pub url: String,
    /// What all keys begin with, in braces: `{namespace}:`.
    pub namespace: String,
    /// Whose time it goes by.
    pub clock: Clock,
    /// For how long Redis itself keeps jobs once they are final. Sweeping can only be earlier.
    pub retention: Retention,
    /// For how long people can see what a worker is at if it says nothing any more (Harbor's
    /// `MAX_JOB_DURATION_SECONDS`).
    pub observed: Duration,
}

impl RedisOptions {
    /// The store under this namespace at this URL, kept as Harbor keeps it.
    pub fn new(url: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            namespace: namespace.into(),
            clock: Clock::Store,
            retention: Retention::default(),
            observed: Duration::from_hours(24),
        }
    }

    /// `{namespace}:`.
    pub(super) fn prefix(&self) -> Result<String, StoreError> {
        let name = self.namespace.trim();
        let name = name.strip_suffix(':').unwrap_or(name);
        let name = name
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
            .unwrap_or(name);
        if name.is_empty() || name.contains(['{', '}', '*', '?', '[', '\\', '\n', '\0']) {
            return Err(StoreError::Invalid(
                "the namespace of Redis' keys is a word without brackets, * and ?".to_owned(),
            ));
        }
        Ok(format!("{{{name}}}:"))
    }
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("namespace", &self.namespace)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

/// A server, or the sentinels that know which one it is.
pub(super) enum Server {
    /// One server.
    Direct(Box<redis::Client>),
    /// Asked anew for each connection.
    Sentinel(Box<tokio::sync::Mutex<SentinelClient>>),
}

impl Server {
    /// Reads a URL; the error never quotes it.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let url = url.trim();
        let url = if url.contains("://") {
            url.to_owned()
        } else {
            format!("redis://{url}")
        };
        match url.split_once("://") {
            Some(("redis+sentinel", rest)) => sentinel(rest, false),
            Some(("rediss+sentinel", rest)) => sentinel(rest, true),
            _ => {
                // Harbor's own parameters, such as idle_timeout_seconds, say nothing here.
                let plain = url.split('?').next().unwrap_or_default();
                let plain = if url.starts_with("unix:") {
                    url.as_str()
                } else {
                    plain
                };
                let info = plain.into_connection_info().map_err(invalid)?;
                let client = redis::Client::open(info).map_err(invalid)?;
                Ok(Self::Direct(Box::new(client)))
            }
        }
    }
}

fn invalid(error: impl fmt::Display) -> StoreError {
    StoreError::Invalid(format!("the URL of Redis: {error}"))
}

/// `user:password@host:port,host:port/name/database?…`
fn sentinel(rest: &str, tls: bool) -> Result<Server, StoreError> {
    let rest = rest.split('?').next().unwrap_or_default();
    let (user, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
    let mut parts = rest.split('/');
    let hosts = parts.next().unwrap_or_default();
    let name = parts
        .next()
        .filter(|name| !name.is_empty())
        .ok_or_else(|| invalid("the name of the master is missing after the sentinels"))?;
    let addresses = hosts
        .split(',')
        .map(|host| address(host, tls))
        .collect::<Result<Vec<_>, _>>()?;
    let mut builder =
        SentinelClientBuilder::new(addresses, name, SentinelServerType::Master).map_err(invalid)?;
    if tls {
        builder = builder
            .set_client_to_redis_tls_mode(TlsMode::Secure)
            .set_client_to_sentinel_tls_mode(TlsMode::Secure);
    }
    if let Some(database) = parts.next().filter(|database| !database.is_empty()) {
        let database = database.parse().map_err(invalid)?;
        builder = builder.set_client_to_redis_db(database);
    }
    if !user.is_empty() {
        // Reads the percent signs as a URL's.
        let user = Url::parse(&format!("redis://{user}@host")).map_err(invalid)?;
        let decoded = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8_lossy()
                .into_owned()
        };
        if !user.username().is_empty() {
            builder = builder.set_client_to_redis_username(decoded(user.username()));
        }
        if let Some(password) = user.password() {
            builder = builder.set_client_to_redis_password(decoded(password));
        }
    }
    let client = builder.build().map_err(invalid)?;
    Ok(Server::Sentinel(Box::new(tokio::sync::Mutex::new(client))))
}

fn address(host: &str, tls: bool) -> Result<ConnectionAddr, StoreError> {
    let url =
        Url::parse(&format!("redis://{host}")).map_err(|_| invalid("a sentinel is host:port"))?;
    let name = url
        .host_str()
        .ok_or_else(|| invalid("a sentinel is host:port"))?
        .trim_matches(['[', ']'])
        .to_owned();
    let port = url.port().unwrap_or(26379);
    Ok(if tls {
        ConnectionAddr::TcpTls {
            host: name,
            port,
            insecure: false,
            tls_params: None,
        }
    } else {
        ConnectionAddr::Tcp(name, port)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_as_harbor_writes_them_are_read() {
        for url in [
            "localhost:6379",
            "redis://localhost:6379/1?idle_timeout_seconds=30",
            "redis://:p%40ss@localhost:6379",
            "rediss://user:password@redis.example:6380/2",
            "unix:///run/redis.sock",
        ] {
            assert!(
                matches!(Server::parse(url), Ok(Server::Direct(_))),
                "{url}: {:?}",
                Server::parse(url).err()
            );
        }
        for url in [
            "redis+sentinel://one:26379,two:26379/mymaster/1?idle_timeout_seconds=30",
            "redis+sentinel://user:p%40ss@one,two/mymaster",
            "rediss+sentinel://:password@one:26379/mymaster/0",
        ] {
            assert!(
                matches!(Server::parse(url), Ok(Server::Sentinel(_))),
                "{url}"
            );
        }
    }

    #[test]
    fn a_broken_url_is_an_error_that_keeps_the_password() {
        for url in [
            "http://user:secret@host",
            "redis://user:secret@host:port",
            "redis+sentinel://user:secret@host:26379",
            "redis+sentinel://user:secret@host:26379/master/x",
            "redis+sentinel://user:secret@host:x/master",
        ] {
            let error = Server::parse(url).err().expect(url).to_string();
            assert!(!error.contains("secret"), "{error}");
        }
        assert!(RedisOptions::new("", "a{b").prefix().is_err());
        assert_eq!(RedisOptions::new("", "work").prefix().unwrap(), "{work}:");
        assert_eq!(
            RedisOptions::new("", "{work}:").prefix().unwrap(),
            "{work}:"
        );
    }
}
