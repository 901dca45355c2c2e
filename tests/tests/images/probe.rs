//! A program to be packed: it says who it is, what it can see and what time it is, and serves it over HTTP when it
//! is given an address. Compiled by the tests with `rustc` alone, linked statically; no part of the workspace.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;

#[repr(C)]
struct Time {
    fields: [i32; 9],
    offset: i64,
    zone: *const std::ffi::c_char,
}

unsafe extern "C" {
    fn tzset();
    fn localtime_r(time: *const i64, into: *mut Time) -> *mut Time;
}

/// Hours and minutes from UTC at a moment, in the zone that `TZ` names.
fn offset(zone: &str, at: i64) -> String {
    let mut time = Time { fields: [0; 9], offset: 0, zone: std::ptr::null() };
    // SAFETY: one thread, and `Time` has the layout of glibc's `struct tm`.
    unsafe {
        std::env::set_var("TZ", zone);
        tzset();
        localtime_r(&at, &mut time);
    }
    format!("{zone}={}", time.offset / 60)
}

fn report() -> String {
    let own = std::fs::metadata("/proc/self").map(|facts| facts.uid()).unwrap_or(0);
    let bundle = std::env::var("SSL_CERT_FILE").unwrap_or_default();
    let bundle = std::fs::read_to_string(bundle).unwrap_or_default();
    let certificates = bundle.matches("-----BEGIN CERTIFICATE-----").count();
    let writes = std::fs::write("/tmp/x", "x").is_ok() || std::fs::write("/x", "x").is_ok();
    let shell = ["/bin/sh", "/bin/bash", "/usr/bin/sh", "/bin/busybox"]
        .iter()
        .any(|shell| std::path::Path::new(shell).exists());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let capabilities = status
        .lines()
        .filter(|line| line.starts_with("CapEff") || line.starts_with("CapBnd"))
        .all(|line| line.ends_with("0000000000000000"));
    // 2026-07-01T00:00:00Z: summer in the north.
    let zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Chatham"]
        .map(|zone| offset(zone, 1_782_864_000))
        .join(" ");
    format!(
        "uid={own} certificates={certificates} writes={writes} shell={shell} powerless={capabilities} {zones}\n"
    )
}

fn main() {
    let report = report();
    print!("{report}");
    let Some(address) = std::env::args().nth(1) else { return };
    match address.as_str() {
        // What a hardened container does not allow, and a program may do when it does not look.
        "write" => std::fs::write("/data", "x").expect("write"),
        "abort" => std::process::abort(),
        _ => {}
    }
    let listener = TcpListener::bind(address).expect("listen");
    for stream in listener.incoming() {
        let mut stream = stream.expect("accept");
        let _ = stream.read(&mut [0; 1024]);
        let _ = write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{report}",
            report.len()
        );
    }
}
