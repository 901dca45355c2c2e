//! One trace per request, joined to the caller's, at a collector. Alone in its file: telemetry is set up once a process.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use seawall_telemetry::TelemetrySettings;
use support::{settings, start};
use tokio::sync::mpsc;
use tracing::Instrument;

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_one_trace_with_its_inner_spans_joined_by_traceparent() {
    let (sender, mut received) = mpsc::unbounded_channel::<Bytes>();
    let collect = post(move |body: Bytes| {
        let sent = sender.send(body);
        async move { drop(sent) }
    });
    let collector = start(settings(), Router::new().route("/v1/traces", collect)).await;
    let telemetry = seawall_telemetry::start(&TelemetrySettings {
        otlp_endpoint: Some(collector.url("")),
        log_level: "warn".to_owned(),
        service_name: "seawall-test".to_owned(),
        sample_ratio: 1.0,
        ..TelemetrySettings::default()
    })
    .unwrap();

    let work = async || {
        async { tokio::task::yield_now().await }
            .instrument(tracing::debug_span!(target: "seawall_test", "db.write"))
            .await;
        "done"
    };
    let server = start(settings(), Router::new().route("/v2/", get(work))).await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    reqwest::Client::new()
        .get(server.url("/v2/"))
        .header("traceparent", parent)
        .send()
        .await
        .unwrap();

    telemetry.stop().await;
    let mut export = Vec::new();
    while let Ok(Some(body)) =
        tokio::time::timeout(Duration::from_millis(200), received.recv()).await
    {
        export.extend_from_slice(&body);
    }
    let count = |needle: &[u8]| {
        export
            .windows(needle.len())
            .filter(|window| *window == needle)
            .count()
    };
    let trace = [
        0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31,
        0x9c,
    ];
    assert_eq!(count(&trace), 2, "both spans belong to the caller's trace");
    assert_eq!(
        count(&[0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]),
        1,
        "the request hangs under the caller's span"
    );
    for text in [
        "GET registry",
        "db.write",
        "seawall-test",
        "http.response.status_code",
    ] {
        assert_eq!(count(text.as_bytes()), 1, "{text}");
    }
}
