//! Harbor's internal TLS towards core: both sides show a certificate, and settings and hooks pass.

use seawall_testkit::{CoreTls, HarborCore, JobService, Redis, wait_until};
use serde_json::json;

use crate::api::{Certificates, certificates};
use crate::harbor::{chart, prepare, wait_ready};
use crate::{PATIENCE, demo};

/// The chart's service with these certificates of its own, and the authority that it trusts.
fn prepare_with(core: &HarborCore, redis: &Redis, own: &Certificates, trusted: &str) -> JobService {
    let mut service = prepare(chart(core, redis));
    for (variable, name, content) in [
        ("INTERNAL_TLS_CERT_PATH", "internal.crt", &*own.client),
        ("INTERNAL_TLS_KEY_PATH", "internal.key", &own.client_key),
        ("INTERNAL_TLS_TRUST_CA_PATH", "ca.crt", trusted),
    ] {
        let path = service.folder().join(name);
        std::fs::write(&path, content).unwrap();
        let value = path.display().to_string();
        let environment = &mut service.options().environment;
        environment.push((variable.to_owned(), value));
    }
    service
}

fn switch_on(service: &mut JobService) {
    let environment = &mut service.options().environment;
    environment.push(("INTERNAL_TLS_ENABLED".to_owned(), "true".to_owned()));
}

fn core_with(made: &Certificates) -> HarborCore {
    HarborCore::start_with_tls(&CoreTls {
        certificate: made.server.clone(),
        key: made.server_key.clone(),
        authority: made.authority.clone(),
    })
}

#[test]
fn settings_and_hooks_pass_when_both_sides_show_a_certificate() {
    let made = certificates();
    let (core, redis) = (core_with(&made), Redis::start());
    let mut service = prepare_with(&core, &redis, &made, &made.authority);
    switch_on(&mut service);
    service.start_again();
    let caller = wait_ready(&service);
    assert!(core.settings_asked() >= 1);
    let mut job = demo(0.0);
    assert!(core.hook_url("1").starts_with("https://"));
    job["status_hook"] = json!(core.hook_url("1"));
    let id = caller.submit(&job);
    caller.wait(&id, "Success");
    wait_until("core is told", PATIENCE, || {
        core.taken("1")
            .last()
            .is_some_and(|body| body.contains("\"Success\""))
    });
}

#[test]
fn neither_side_speaks_to_one_that_it_does_not_know() {
    let (made, others) = (certificates(), certificates());
    let (core, redis) = (core_with(&made), Redis::start());
    // Core does not know whoever signed ours; we do not know whoever signed core's; we show nothing.
    for (own, trusted, shown) in [
        (&others, &made.authority, true),
        (&made, &others.authority, true),
        (&made, &made.authority, false),
    ] {
        let mut service = prepare_with(&core, &redis, own, trusted);
        if shown {
            switch_on(&mut service);
        }
        let process = service.spawn();
        wait_until("it asks in vain", PATIENCE, || {
            process.output().contains("does not give its settings yet")
        });
    }
    assert_eq!(core.settings_asked(), 0);
}
