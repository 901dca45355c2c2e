//! What this machine is called in metrics: `host:address`, as Harbor calls it.

/// The name; without an address where the host's own name has none.
pub async fn name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim().to_owned();
    let lookup = tokio::time::timeout(
        std::time::Duration::from_secs(2),
        tokio::net::lookup_host((host.as_str(), 0)),
    );
    let address = lookup
        .await
        .ok()
        .and_then(Result::ok)
        .and_then(|mut found| found.find(|address| !address.ip().is_loopback()));
    match address {
        Some(address) => format!("{host}:{}", address.ip()),
        None => host,
    }
}
