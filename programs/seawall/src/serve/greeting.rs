//! What people are told when the server is up: on standard output, once.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};

use seawall_settings::Settings;

use super::first_start::FirstStart;

/// Prints the address, and at the first start how to log in.
pub fn print(settings: &Settings, address: SocketAddr, first: &FirstStart) {
    let url = settings
        .external_url
        .clone()
        .unwrap_or_else(|| local_url(settings, address));
    let url = url.trim_end_matches('/');
    let host = url.split_once("://").map_or(url, |(_, host)| host);
    println!(
        "Seawall {} serves {url} (listening on {address})",
        env!("CARGO_PKG_VERSION")
    );
    match first {
        FirstStart::No => {}
        FirstStart::Given => print!(
            "{}",
            first_start(
                url,
                host,
                "(as given by SEAWALL_ADMIN_PASSWORD or the settings)"
            )
        ),
        FirstStart::Generated(password) => {
            print!(
                "{}",
                first_start(
                    url,
                    host,
                    &format!("{}    (shown only now)", password.reveal())
                )
            );
        }
    }
    // Standard output may be a pipe whose reader waits for the end of these lines.
    let _ = std::io::stdout().flush();
}

/// The address as a client on this machine writes it.
fn local_url(settings: &Settings, address: SocketAddr) -> String {
    let scheme = if settings.tls.cert.is_some() {
        "https"
    } else {
        "http"
    };
    let host = match address.ip() {
        ip if ip.is_unspecified() => "localhost".to_owned(),
        IpAddr::V6(ip) => format!("[{ip}]"),
        IpAddr::V4(ip) => ip.to_string(),
    };
    format!("{scheme}://{host}:{}", address.port())
}

fn first_start(url: &str, host: &str, password: &str) -> String {
    format!(
        "
This is the first start. The administrator is

    user      admin
    password  {password}

Log in with Docker, and push an image into the public project `library`:

    docker login --username admin {host}
    docker tag IMAGE {host}/library/IMAGE:1
    docker push {host}/library/IMAGE:1

What next: projects, users and robots are made with the command line.

    seawall login --server {url} --username admin
    seawall project create PROJECT
    seawall --help

The same for people with a browser: {url}/
"
    )
}
