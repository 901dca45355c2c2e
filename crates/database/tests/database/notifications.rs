//! Messages between those who use one database.

use std::time::Duration;

use seawall_database::{Database, Heard};
use seawall_testkit::Postgres;
use tokio::time::timeout;

use crate::both;

const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn every_listener_of_a_channel_hears_a_message_and_no_other_does() {
    for opened in both().await {
        let mut first = opened.database.listen("news").await.unwrap();
        let mut second = opened.database.listen("news").await.unwrap();
        let mut other = opened.database.listen("weather").await.unwrap();
        opened.database.notify("news", "one").await.unwrap();
        opened.database.notify("weather", "rain").await.unwrap();
        for (listener, message) in [
            (&mut first, "one"),
            (&mut second, "one"),
            (&mut other, "rain"),
        ] {
            let heard = timeout(LIMIT, listener.next()).await.unwrap();
            assert_eq!(heard, Heard::Message(message.to_owned()));
        }
    }
}

#[tokio::test]
async fn a_message_reaches_another_process_through_postgresql() {
    let opened = crate::open(seawall_testkit::postgres()).await;
    let other = Database::open(&opened.settings).await.unwrap();
    let mut listener = other.listen("news").await.unwrap();
    opened.database.notify("news", "one").await.unwrap();
    let heard = timeout(LIMIT, listener.next()).await.unwrap();
    assert_eq!(heard, Heard::Message("one".to_owned()));
}

#[tokio::test]
async fn a_listener_whose_connection_was_lost_says_so_and_hears_again() {
    let opened = crate::open(seawall_testkit::postgres()).await;
    let mut listener = opened.database.listen("news").await.unwrap();
    assert!(!opened.backing.url().is_empty());
    let name = opened.backing.url().rsplit('/').next().unwrap();
    let killed = Postgres::shared().database().psql(&format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"
    ));
    assert_ne!(killed, "0");
    assert_eq!(timeout(LIMIT, listener.next()).await.unwrap(), Heard::Gap);
    // The pool's own connections were cut too: the first statement may find out the hard way.
    let mut told = opened.database.notify("news", "again").await;
    if told.is_err() {
        told = opened.database.notify("news", "again").await;
    }
    told.unwrap();
    let heard = timeout(LIMIT, listener.next()).await.unwrap();
    assert_eq!(heard, Heard::Message("again".to_owned()));
}

#[tokio::test]
async fn a_listener_hears_that_the_database_was_closed() {
    let opened = crate::open(seawall_testkit::postgres()).await;
    let mut listener = opened.database.listen("news").await.unwrap();
    let (heard, ()) = tokio::join!(timeout(LIMIT, listener.next()), opened.database.close());
    assert_eq!(heard.unwrap(), Heard::Closed);
}
