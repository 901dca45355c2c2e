//! A PostgreSQL that hangs, resets or is gone: clear errors in time, and recovery without help.

use std::net::ToSocketAddrs;
use std::time::{Duration, Instant};

use seawall_testkit::{Fault, FaultProxy, Seawall, SeawallOptions, postgres, wait_until};
use seawall_tests::{Api, Image};

use super::ledger::Ledger;

#[test]
fn a_failing_database_is_answered_clearly_and_recovered_from() {
    let database = postgres();
    let (before, rest) = database.url().split_once('@').unwrap();
    let (host, name) = rest.split_once('/').unwrap();
    let proxy = FaultProxy::start(host.to_socket_addrs().unwrap().next().unwrap());
    let options = SeawallOptions::default()
        .database(&format!("{before}@{}/{name}", proxy.address()))
        .env("SEAWALL_STORAGE_SHARED", "true")
        .env("SEAWALL_DATABASE_ACQUIRE_TIMEOUT_SECONDS", "2")
        .env("SEAWALL_DATABASE_STATEMENT_TIMEOUT_SECONDS", "2");
    let mut seawall = Seawall::start(options);
    let admin = Api::admin(&seawall.url());
    let ledger = Ledger::default();
    ledger
        .push(
            &admin,
            "library/database",
            "before",
            &Image::saying("before"),
        )
        .unwrap();
    for (number, fault) in [Fault::Reset, Fault::Refuse, Fault::Hang]
        .into_iter()
        .enumerate()
    {
        proxy.set(fault);
        let begun = Instant::now();
        let image = Image::saying(&format!("during {fault:?}"));
        let refused = ledger
            .push(
                &admin,
                "library/database",
                &format!("during-{number}"),
                &image,
            )
            .unwrap_err();
        let status = refused
            .status
            .unwrap_or_else(|| panic!("no answer under {fault:?}: {refused:?}"));
        assert!(status.is_server_error(), "{fault:?}: {refused:?}");
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{fault:?} took {:?}",
            begun.elapsed()
        );
        proxy.set(Fault::None);
        wait_until("pushes work again", Duration::from_secs(30), || {
            let image = Image::saying(&format!("after {fault:?}"));
            ledger
                .push(
                    &admin,
                    "library/database",
                    &format!("after-{number}"),
                    &image,
                )
                .is_ok()
        });
    }
    assert!(!seawall.ended());
    ledger.check(&admin, 0);
}
