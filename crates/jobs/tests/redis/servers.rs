//! Other ways to a server: TLS, and sentinels that know which server is the master.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use seawall_jobs::{JobStore as _, RedisOptions, RedisStore};
use seawall_testkit::{Process, free_port};
use tempfile::TempDir;

use crate::support::{new_job, request};

fn server(folder: &Path, name: &str, arguments: &[&str]) -> Process {
    let log = folder.join(format!("{name}.log"));
    let mut process = Process::start(name, "/usr/bin/redis-server", &log, |command| {
        command.current_dir(folder).args(arguments);
    });
    process.wait_ready(Duration::from_secs(20), |process| {
        let output = process.output();
        (output.contains("Ready to accept connections") || output.contains("+monitor master"))
            .then_some(())
    });
    process
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_lead_to_the_new_master() {
    let folder = TempDir::new().unwrap();
    let ports = [free_port(), free_port(), free_port()].map(|port| port.to_string());
    let [one, two, three] = ports.each_ref().map(String::as_str);
    let common = [
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--requirepass",
        "p@ss:w",
        "--masterauth",
        "p@ss:w",
    ];
    let start = |name: &str, more: &[&str]| {
        let arguments = [&common[..], more].concat();
        server(folder.path(), name, &arguments)
    };
    let mut master = start("master", &["--port", one]);
    let _replica = start("replica", &["--port", two, "--replicaof", "127.0.0.1", one]);
    let config = folder.path().join("sentinel.conf");
    fs::write(
        &config,
        format!(
            "port {three}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {one} 1\n\
             sentinel auth-pass main p@ss:w\nsentinel down-after-milliseconds main 500\n\
             sentinel failover-timeout main 5000\n"
        ),
    )
    .unwrap();
    let _sentinel = server(
        folder.path(),
        "sentinel",
        &[config.to_str().unwrap(), "--sentinel"],
    );
    // Until the sentinel knows the replica, it has nobody to make the master.
    let begun = Instant::now();
    while !ask(three, None, "SENTINEL REPLICAS main").contains(two) {
        assert!(begun.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let url =
        format!("redis+sentinel://:p%40ss%3Aw@127.0.0.1:{three}/main/0?idle_timeout_seconds=30");
    let store = RedisStore::open(RedisOptions::new(url, "harbor"))
        .await
        .unwrap();
    store.enqueue(vec![new_job("aaaa")]).await.unwrap();
    // What is there is on the replica before the master dies; Redis promises no more.
    while !ask(two, Some("p@ss:w"), "EXISTS {harbor}:job_stats:aaaa").contains(":1") {
        assert!(begun.elapsed() < Duration::from_secs(40));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    master.kill();
    let begun = Instant::now();
    let claims = loop {
        match store.claim(request(1)).await {
            Ok(claims) => break claims,
            Err(error) => {
                assert!(error.is_retryable(), "{error:?}");
                assert!(begun.elapsed() < Duration::from_mins(1), "{error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    };
    assert_eq!(claims[0].job.id.as_str(), "aaaa");
}

fn ask(port: &str, password: Option<&str>, command: &str) -> String {
    let mut cli = Command::new("/usr/bin/redis-cli");
    cli.args(["--no-raw", "-p", port]);
    if let Some(password) = password {
        cli.env("REDISCLI_AUTH", password);
    }
    let output = cli.args(command.split(' ')).output().unwrap();
    String::from_utf8_lossy(&output.stdout).replace("(integer) ", ":")
}

/// Set for the child of the test of TLS, which trusts the authority in `SSL_CERT_FILE`.
const CHILD: &str = "SEAWALL_TEST_TLS_REDIS";

#[tokio::test]
async fn tls_is_spoken_and_checked() {
    if let Ok(url) = std::env::var(CHILD) {
        let store = RedisStore::open(RedisOptions::new(url, "harbor"))
            .await
            .unwrap();
        store.enqueue(vec![new_job("aaaa")]).await.unwrap();
        assert_eq!(store.claim(request(1)).await.unwrap().len(), 1);
        println!("spoken");
        return;
    }
    let folder = TempDir::new().unwrap();
    let authority = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let certificate = parameters.self_signed(&authority).unwrap();
    let issuer = rcgen::Issuer::new(parameters, authority);
    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let own = rcgen::CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("authority.pem"), certificate.pem()).unwrap();
    fs::write(path("own.pem"), own.pem()).unwrap();
    fs::write(path("key.pem"), key.serialize_pem()).unwrap();
    let port = free_port().to_string();
    let _server = server(
        folder.path(),
        "tls",
        &[
            "--port",
            "0",
            "--tls-port",
            &port,
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--tls-cert-file",
            &path("own.pem"),
            "--tls-key-file",
            &path("key.pem"),
            "--tls-ca-cert-file",
            &path("authority.pem"),
            "--tls-auth-clients",
            "no",
        ],
    );
    let url = format!("rediss://localhost:{port}/1");
    // An authority that nobody here knows.
    let refused = RedisStore::open(RedisOptions::new(&url, "harbor")).await;
    assert!(refused.is_err());
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "servers::tls_is_spoken_and_checked",
            "--exact",
            "--nocapture",
        ])
        .env(CHILD, &url)
        .env("SSL_CERT_FILE", path("authority.pem"))
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && output.contains("spoken"),
        "{child:?}"
    );
}
