//! The listener's settings.

use std::time::Duration;

use seawall_http::ServerSettings;
use seawall_settings::Settings;

/// What `seawall-http` is told; `max_connections` is what the limit of open files allows.
pub fn settings(settings: &Settings, max_connections: usize) -> ServerSettings {
    let limits = &settings.limits;
    ServerSettings {
        listen: settings.listen,
        tls: settings.tls.cert.clone().zip(settings.tls.key.clone()),
        trusted_proxies: settings.trusted_proxies.clone(),
        max_connections,
        max_connections_per_address: limits.max_connections_per_address,
        max_header_bytes: limits.max_header_bytes,
        header_timeout: Duration::from_secs(limits.header_timeout_seconds),
        idle_timeout: Duration::from_secs(limits.idle_timeout_seconds),
        stall_timeout: Duration::from_secs(limits.stall_timeout_seconds),
        min_body_rate: limits.min_body_bytes_per_second,
        drain_timeout: Duration::from_secs(limits.drain_timeout_seconds),
        access_log: settings.log.access,
        ..ServerSettings::default()
    }
}
