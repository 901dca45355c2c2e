//! Serves one file again and again, to measure what a pull costs: `serve_file FILE`, then
//! `curl -so /dev/null URL` as often as you like; each line on standard output is the processor time so far.
#![allow(clippy::unwrap_used, reason = "an example")]

use std::fs::File;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::get;
use seawall_http::{HttpMetrics, Server, ServerSettings, Shutdown};
use seawall_telemetry::Registry;

#[tokio::main]
async fn main() {
    let path = std::env::args().nth(1).unwrap();
    let file = Arc::new(File::open(path).unwrap());
    let length = file.metadata().unwrap().len();
    let handler = move |request: Request| async move {
        println!("{:.2} s of the processor so far", cpu_seconds());
        Response::new(seawall_http::file_body(
            file,
            0..length,
            request.extensions(),
        ))
    };
    let tls = std::env::args().nth(2).zip(std::env::args().nth(3));
    let settings = ServerSettings {
        listen: "127.0.0.1:8081".parse().unwrap(),
        tls: tls.map(|(certificate, key)| (certificate.into(), key.into())),
        ..ServerSettings::default()
    };
    let metrics = HttpMetrics::register(&mut Registry::default());
    let server = Server::bind(settings, metrics).await.unwrap();
    println!("http://{}/", server.local_address());
    server
        .serve(Router::new().route("/", get(handler)), Shutdown::default())
        .await;
}

fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<f64> = text
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .filter_map(|field| field.parse().ok())
        .collect();
    // The state, a letter, was filtered out.
    (fields[10] + fields[11]) / 100.0
}
