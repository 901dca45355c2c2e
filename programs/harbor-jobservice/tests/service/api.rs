//! The API as the program serves it: plain, with TLS, with certificates of clients, in a network of
//! its own on port 8080.

use reqwest::blocking::Client;
use seawall_testkit::{JobService, JobServiceOptions, Network, wait_until};
use serde_json::{Value, json};

use crate::{Caller, PATIENCE, demo};

#[test]
fn probes_are_answered_without_a_secret_and_nobody_else() {
    let service = JobService::start(JobServiceOptions::embedded());
    let client = Client::new();
    let get = |path: &str| {
        client
            .get(format!("{}{path}", service.url()))
            .send()
            .unwrap()
    };
    let stats = get("/api/v1/stats");
    assert_eq!(stats.status(), 200);
    assert_eq!(stats.headers()["content-type"], "application/json");
    let stats: Value = stats.json().unwrap();
    let pool = &stats["worker_pools"][0];
    assert_eq!(
        (&pool["status"], &pool["concurrency"]),
        (&json!("Healthy"), &json!(10))
    );
    assert!(
        pool["job_names"]
            .as_array()
            .unwrap()
            .contains(&json!("DEMO"))
    );
    for path in ["/api/v1/stats?x=1", "/api/v1/jobs", "/api/v1/config", "/"] {
        assert_eq!(get(path).status(), 401, "{path}");
    }
}

#[test]
fn without_a_secret_nobody_gets_in() {
    let mut options = JobServiceOptions::embedded();
    options.environment.clear();
    let service = JobService::start(options);
    let client = Client::new();
    for header in ["Harbor-Secret ", "Harbor-Secret"] {
        let request = client.get(format!("{}/api/v1/jobs", service.url()));
        assert_eq!(
            request
                .header("Authorization", header)
                .send()
                .unwrap()
                .status(),
            401
        );
    }
    wait_until("the warning", PATIENCE, || {
        service.output().contains("CORE_SECRET is not set")
    });
}

#[test]
fn a_pool_is_healthy_for_as_long_as_it_lives() {
    let service = JobService::start(JobServiceOptions::embedded());
    let caller = Caller::of(&service);
    let heartbeat =
        || caller.get("/api/v1/stats").json::<Value>().unwrap()["worker_pools"][0].clone();
    let first = heartbeat();
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let now = heartbeat();
        assert_eq!(now["status"], "Healthy", "{now}");
        if now["heartbeat_at"].as_i64() > first["heartbeat_at"].as_i64().map(|at| at + 6) {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "the heart beats");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

/// An authority, a certificate of a server for 127.0.0.1, and one of a client.
pub struct Certificates {
    pub authority: String,
    pub server: String,
    pub server_key: String,
    pub client: String,
    pub client_key: String,
}

pub fn certificates() -> Certificates {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let sign = |name: &str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        (
            params.signed_by(&key, &issuer).unwrap().pem(),
            key.serialize_pem(),
        )
    };
    let (server, server_key) = sign("127.0.0.1");
    let (client, client_key) = sign("core");
    Certificates {
        authority: authority_pem,
        server,
        server_key,
        client,
        client_key,
    }
}

#[test]
fn tls_is_served_and_clients_may_need_a_certificate() {
    let made = certificates();
    let client = made.client + &made.client_key;
    for protocol in ["https", "http"] {
        let mut options = JobServiceOptions::embedded();
        // Harbor's oddity: files that are named are used, whatever the protocol says.
        options.config = options.config.replace(
            "protocol: http",
            &format!("protocol: {protocol}\nhttps_config:\n  cert: @FOLDER@/tls.crt\n  key: @FOLDER@/tls.key"),
        );
        let options = options.env("INTERNAL_VERIFY_CLIENT_CERT", "true");
        let mut service = JobService::prepare(options);
        let authority = service.folder().join("ca.crt");
        std::fs::write(&authority, &made.authority).unwrap();
        std::fs::write(service.folder().join("tls.crt"), &made.server).unwrap();
        std::fs::write(service.folder().join("tls.key"), &made.server_key).unwrap();
        service.options().environment.push((
            "INTERNAL_TLS_TRUST_CA_PATH".to_owned(),
            authority.display().to_string(),
        ));
        service.start_again();
        let get = |identity: bool| {
            let root = reqwest::Certificate::from_pem(made.authority.as_bytes()).unwrap();
            let mut builder = Client::builder().tls_certs_only([root]);
            if identity {
                builder = builder.identity(reqwest::Identity::from_pem(client.as_bytes()).unwrap());
            }
            let url = format!("https://{}/api/v1/stats", service.address());
            builder.build().unwrap().get(url).send()
        };
        assert_eq!(get(true).unwrap().status(), 200);
        assert!(get(false).is_err(), "without a certificate");
    }
}

#[test]
fn the_guides_curl_works_on_port_8080() {
    let network = Network::create();
    let mut options = JobServiceOptions::embedded();
    options.config = options
        .config
        .replace("port: @PORT@", "port: 8080")
        .replace("address: 127.0.0.1\n", "");
    options.wrapper = network.wrapper().iter().map(Into::into).collect();
    let mut service = JobService::prepare(options);
    let mut process = service.spawn();
    let curl = || {
        network
            .command("curl")
            .args(["-fsS", "http://localhost:8080/api/v1/stats"])
            .output()
            .unwrap()
    };
    let output = process.wait_ready(PATIENCE, |_| {
        Some(curl()).filter(|output| output.status.success())
    });
    let stats: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(stats["worker_pools"][0]["status"], "Healthy");
}

#[test]
fn what_is_asked_for_while_it_stops_meets_a_closed_door() {
    let mut service = JobService::start(JobServiceOptions::embedded());
    let caller = Caller::of(&service);
    let id = caller.submit(&demo(0.0));
    caller.wait(&id, "Success");
    let status = service.stop(PATIENCE).expect("it ends");
    assert!(status.success(), "{}", service.output());
    assert!(
        caller
            .post("/api/v1/jobs", &json!({ "job": demo(0.0) }))
            .is_err()
    );
    service.start_again();
    assert_eq!(caller.status(&id), "Success", "what was done is remembered");
}
