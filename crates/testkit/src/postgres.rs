//! A PostgreSQL cluster for the tests of one process, and fresh databases in it.
//!
//! The cluster lives in a temporary folder with durability off (it dies with
//! the tests anyway) and listens on a free port of 127.0.0.1. It is kept by a
//! small shell that waits for the test process to end in whatever way, stops
//! the cluster and removes the folder: a value in a `static` is never dropped.
//! `SEAWALL_TEST_POSTGRES=postgres://user@host:port` names a running cluster to use instead.

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use crate::network::Network;
use crate::process::free_port;

/// A running cluster.
#[derive(Debug)]
pub struct Postgres {
    /// `postgres://user@host:port`, without a database.
    server: String,
    keeper: Option<Mutex<Child>>,
}

/// An empty database, dropped (with force) when this value is.
#[derive(Debug)]
pub struct PostgresDatabase {
    name: String,
    url: String,
    server: String,
}

const NOT_THERE: &str = "PostgreSQL does not start; is the Debian package `postgresql` installed?";

/// Restarts the cluster for each line of its standard input; stops it and removes its folder when
/// that ends.
const KEEPER: &str = r#"
run() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; else "$@"; fi; }
[ "$(id -u)" = 0 ] && chown postgres "$FOLDER"
run "$BIN/initdb" --pgdata="$FOLDER/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$FOLDER/initdb.log" 2>&1 || exit 1
cd "$FOLDER"
serve() {
  run "$BIN/postgres" -D "$FOLDER/data" -p "$PORT" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$FOLDER" \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=400 -c shared_buffers=64MB \
    -c autovacuum_naptime=10s -c log_min_messages=warning </dev/null >>"$FOLDER/postgres.log" 2>&1 &
  server=$!
}
quit() {
  kill -QUIT "$(head -n 1 "$FOLDER/data/postmaster.pid")" 2>/dev/null
  wait $server 2>/dev/null
}
serve
while read -r _; do quit; serve; done
quit
cd /
rm -rf "$FOLDER"
"#;

impl Postgres {
    /// The cluster of this process, started at the first call.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var("SEAWALL_TEST_POSTGRES") {
            Ok(server) => Self {
                server: server.trim_end_matches('/').to_owned(),
                keeper: None,
            },
            Err(_) => Self::start(),
        })
    }

    /// Starts a cluster of its own; it ends with this value or with the process.
    pub fn start() -> Self {
        let started = (0..3).find_map(|_| {
            let port = free_port();
            Some((start_once(port, None)?, port))
        });
        Self::kept(started.expect(NOT_THERE))
    }

    /// Starts a cluster of its own on the usual port of a network. Only what runs in there reaches it.
    pub fn start_in(network: &Network) -> Self {
        let port = 5432;
        let keeper = start_once(port, Some(network)).expect(NOT_THERE);
        Self::kept((keeper, port))
    }

    fn kept((keeper, port): (Child, u16)) -> Self {
        Self {
            server: format!("postgres://postgres@127.0.0.1:{port}"),
            keeper: Some(Mutex::new(keeper)),
        }
    }

    /// `postgres://user@host:port`, to hand to [`Postgres::shared`] of another process.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Kills the server as a crash would, starts it again, and waits until it answers. What a
    /// transaction that was answered has written may be lost, unless its database has
    /// `synchronous_commit` on. For a cluster that [`Postgres::start`] gave.
    pub fn restart(&self) {
        let keeper = self.keeper.as_ref().expect("a cluster of our own");
        let mut keeper = keeper.lock().expect("the keeper");
        let input = keeper.stdin.as_mut().expect("the keeper's input");
        let started = || psql_answer(&self.server, "SELECT pg_postmaster_start_time()");
        let before = started();
        input.write_all(b"restart\n").expect("tell the keeper");
        crate::wait_until("PostgreSQL is there again", Duration::from_mins(1), || {
            started().is_some_and(|now| Some(now) != before)
        });
    }

    /// A fresh, empty database.
    pub fn database(&self) -> PostgresDatabase {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let moment = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .subsec_nanos();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}_{moment}", std::process::id());
        psql(&self.server, &format!("CREATE DATABASE {name}"));
        PostgresDatabase {
            url: format!("{}/{name}", self.server),
            name,
            server: self.server.clone(),
        }
    }
}

impl PostgresDatabase {
    /// `postgres://user@host:port/name`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs a statement in this database and gives what `psql -At` prints.
    pub fn psql(&self, sql: &str) -> String {
        psql(&self.url, sql)
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        // In the background: nothing waits for the space.
        let _ = psql_command(
            &self.server,
            &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
        )
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    }
}

fn start_once(port: u16, network: Option<&Network>) -> Option<Child> {
    let folder = TempDir::with_prefix("seawall-postgres-")
        .expect("create a temporary folder")
        .keep();
    // The server's own user must be able to enter it.
    let mut readable = fs::metadata(&folder)
        .expect("read the folder's mode")
        .permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut readable, 0o755);
    fs::set_permissions(&folder, readable).expect("open the folder to the server's user");
    let mut keeper = command(network, Path::new("sh"))
        .args(["-c", KEEPER])
        .env("FOLDER", &folder)
        .env("BIN", programs())
        .env("PORT", port.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("start a shell");
    let deadline = Instant::now() + Duration::from_mins(1);
    while Instant::now() < deadline {
        let listens = network.is_some() || TcpStream::connect(("127.0.0.1", port)).is_ok();
        if listens && answers(port, network) {
            return Some(keeper);
        }
        let log = fs::read_to_string(folder.join("postgres.log")).unwrap_or_default();
        if log.contains("could not create any TCP/IP sockets")
            || keeper.try_wait().ok().flatten().is_some()
        {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    for log in ["initdb.log", "postgres.log"] {
        eprintln!(
            "{}",
            fs::read_to_string(folder.join(log)).unwrap_or_default()
        );
    }
    drop(keeper.stdin.take());
    let _ = keeper.wait();
    None
}

fn answers(port: u16, network: Option<&Network>) -> bool {
    let server = format!("postgres://postgres@127.0.0.1:{port}");
    psql_command_in(network, &server, "SELECT 1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A command here, or in a network.
fn command(network: Option<&Network>, program: &Path) -> Command {
    match network {
        Some(network) => network.command(program),
        None => Command::new(program),
    }
}

fn psql_command(server: &str, sql: &str) -> Command {
    psql_command_in(None, server, sql)
}

fn psql_command_in(network: Option<&Network>, server: &str, sql: &str) -> Command {
    // Without a database in the address, the maintenance database is meant.
    let address = if server.matches('/').count() < 3 {
        format!("{server}/postgres")
    } else {
        server.to_owned()
    };
    let mut command = command(network, &programs().join("psql"));
    command
        .args([
            "--no-psqlrc",
            "-qAt",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            sql,
            &address,
        ])
        .stdin(Stdio::null());
    command
}

/// What the server answers, if it does.
fn psql_answer(server: &str, sql: &str) -> Option<String> {
    let output = psql_command(server, sql).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned();
    output.status.success().then_some(text)
}

fn psql(server: &str, sql: &str) -> String {
    let output = psql_command(server, sql).output().expect("run psql");
    assert!(
        output.status.success(),
        "psql {sql:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned()
}

/// The folder of the newest installed server; Debian keeps it off the PATH.
fn programs() -> PathBuf {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| {
            entries
                .flatten()
                .filter_map(|entry| {
                    Some((
                        entry.file_name().to_str()?.parse().ok()?,
                        entry.path().join("bin"),
                    ))
                })
                .filter(|(_, bin): &(u32, PathBuf)| bin.join("postgres").exists())
                .collect()
        })
        .unwrap_or_default();
    versions.sort();
    versions
        .pop()
        .map_or_else(|| Path::new("/usr/bin").to_owned(), |(_, bin)| bin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_fresh_databases_and_drops_them() {
        let cluster = Postgres::shared();
        let database = cluster.database();
        database.psql("CREATE TABLE t (id bigint)");
        assert_eq!(database.psql("SELECT count(*) FROM t"), "0");
        let name = database.name.clone();
        drop(database);
        let query = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
        assert_eq!(psql(cluster.server(), &query), "0");
    }
}
