//! Whether the values fit together, and what is likely a mistake although it works.

use url::Url;

use crate::load::SettingsError;
use crate::settings::{JobWorkers, Settings};
use crate::table::TABLE;

/// Variables with our prefix that are no settings of the server: the command line's and the tests'.
const OTHER_VARIABLES: [&str; 5] = [
    "SEAWALL_USERNAME",
    "SEAWALL_CONFIG",
    "SEAWALL_SERVER",
    "SEAWALL_CA_CERT",
    "SEAWALL_PASSWORD",
];

impl Settings {
    /// Whether blobs are kept in object storage.
    pub fn uses_s3(&self) -> bool {
        self.storage.s3.bucket.is_some()
    }

    /// Whether the database is PostgreSQL, and so other replicas may run.
    pub fn uses_postgres(&self) -> bool {
        let url = self.database.url.as_ref().map_or("", |url| url.reveal());
        url.starts_with("postgres://") || url.starts_with("postgresql://")
    }

    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let conflict = |text: &str| Err(SettingsError::Conflict(text.to_owned()));
        if self.tls.cert.is_some() != self.tls.key.is_some() {
            return conflict("tls.cert and tls.key go together: set both or none");
        }
        if let Some(url) = &self.external_url {
            check_url("external_url", url)?;
        }
        for (key, url) in [
            ("storage.s3.endpoint", &self.storage.s3.endpoint),
            (
                "storage.s3.public_endpoint",
                &self.storage.s3.public_endpoint,
            ),
            ("telemetry.otlp_endpoint", &self.telemetry.otlp_endpoint),
        ] {
            if let Some(url) = url {
                check_http(key, url)?;
            }
        }
        if let Some(url) = &self.database.url
            && !self.uses_postgres()
            && !url.reveal().starts_with("sqlite:")
        {
            return conflict("database.url: expected postgres://… or sqlite:PATH");
        }
        if self.uses_postgres() && !self.uses_s3() && !self.storage.shared {
            return conflict(
                "PostgreSQL is for several replicas, but the blobs are local files: set storage.s3.bucket, or \
                 storage.shared: true if every replica (or the only one) sees the same storage.path",
            );
        }
        if self.storage.s3.access_key.is_some() != self.storage.s3.secret_key.is_some()
            && self.uses_s3()
        {
            return conflict(
                "storage.s3.access_key and storage.s3.secret_key go together: set both or none",
            );
        }
        if self.quota.storage_per_project_bytes < -1 || self.quota.storage_per_project_bytes == 0 {
            return conflict(
                "quota.storage_per_project_bytes: expected a positive number of bytes, or -1 for unlimited",
            );
        }
        if !(0.0..=1.0).contains(&self.telemetry.sample_ratio) {
            return conflict("telemetry.sample_ratio: expected a number from 0 to 1");
        }
        if self.auth.robot_token_duration_days < -1 || self.auth.robot_token_duration_days == 0 {
            return conflict(
                "auth.robot_token_duration_days: expected a number of days, or -1 for without end",
            );
        }
        self.check_hours()?;
        self.check_jobs()?;
        self.check_positive()
    }

    fn check_hours(&self) -> Result<(), SettingsError> {
        for (key, hours, least) in [
            ("uploads.lease_hours", self.uploads.lease_hours, 1e-4),
            (
                "collection.time_window_hours",
                self.collection.time_window_hours,
                0.0,
            ),
            (
                "collection.trash_grace_hours",
                self.collection.trash_grace_hours,
                0.0,
            ),
        ] {
            if !(least..=1e6).contains(&hours) {
                return Err(SettingsError::Conflict(format!(
                    "{key}: expected {least} to 1000000 hours"
                )));
            }
        }
        Ok(())
    }

    fn check_jobs(&self) -> Result<(), SettingsError> {
        let conflict = |text: &str| Err(SettingsError::Conflict(text.to_owned()));
        match self.jobs.workers {
            JobWorkers::Embedded(0) => {
                return conflict("jobs.workers: expected more than 0, or external");
            }
            JobWorkers::External if !self.uses_postgres() => {
                return conflict(
                    "jobs.workers: external needs PostgreSQL: other processes cannot open the files of this one",
                );
            }
            JobWorkers::Embedded(_) | JobWorkers::External => {}
        }
        if let Some(url) = &self.jobs.redis_url {
            let schemes = ["redis", "rediss", "redis+sentinel", "rediss+sentinel"];
            let scheme = url.reveal().split_once("://").map(|(scheme, _)| scheme);
            if !scheme.is_some_and(|scheme| schemes.contains(&scheme)) {
                return conflict("jobs.redis_url: expected redis://host:port/database");
            }
        }
        Ok(())
    }

    fn check_positive(&self) -> Result<(), SettingsError> {
        for (key, value) in [
            (
                "auth.token_expiration_minutes",
                self.auth.token_expiration_minutes,
            ),
            (
                "database.acquire_timeout_seconds",
                self.database.acquire_timeout_seconds,
            ),
            (
                "database.statement_timeout_seconds",
                self.database.statement_timeout_seconds,
            ),
            (
                "database.max_connections",
                u64::from(self.database.max_connections.unwrap_or(1)),
            ),
            (
                "limits.max_connections",
                self.limits.max_connections.unwrap_or(1) as u64,
            ),
            (
                "limits.max_connections_per_address",
                self.limits.max_connections_per_address as u64,
            ),
            (
                "limits.header_timeout_seconds",
                self.limits.header_timeout_seconds,
            ),
            (
                "limits.idle_timeout_seconds",
                self.limits.idle_timeout_seconds,
            ),
            (
                "limits.stall_timeout_seconds",
                self.limits.stall_timeout_seconds,
            ),
            (
                "storage.s3.redirect_expiry_seconds",
                self.storage.s3.redirect_expiry_seconds,
            ),
            (
                "storage.s3.max_active_uploads",
                self.storage.s3.max_active_uploads as u64,
            ),
            (
                "storage.s3.request_timeout_seconds",
                self.storage.s3.request_timeout_seconds,
            ),
            ("uploads.expiry_hours", self.uploads.expiry_hours),
            ("collection.workers", self.collection.workers as u64),
            ("jobs.log_days", u64::from(self.jobs.log_days)),
            ("uploads.max_open", self.uploads.max_open as u64),
            ("uploads.max_active", self.uploads.max_active as u64),
            ("uploads.max_blob_bytes", self.uploads.max_blob_bytes),
        ] {
            if value == 0 {
                return Err(SettingsError::Conflict(format!(
                    "{key}: expected more than 0"
                )));
            }
        }
        if !(8 << 10..=128 << 10).contains(&self.limits.max_header_bytes) {
            return Err(SettingsError::Conflict(
                "limits.max_header_bytes: expected 8192 to 131072".to_owned(),
            ));
        }
        Ok(())
    }
}

/// What works but is likely not meant. `variables` are the names in the environment.
pub fn warnings(settings: &Settings, variables: impl Iterator<Item = String>) -> Vec<String> {
    let known: Vec<String> = TABLE
        .iter()
        .map(crate::table::Setting::environment)
        .collect();
    let mut warnings: Vec<String> = variables
        .filter(|name| name.starts_with("SEAWALL_"))
        .filter(|name| !known.contains(name) && !OTHER_VARIABLES.contains(&name.as_str()))
        .map(|name| format!("{name} is no setting and has no effect"))
        .collect();
    warnings.sort();
    if settings.tls.cert.is_none()
        && !settings.listen.ip().is_loopback()
        && settings.trusted_proxies.is_empty()
    {
        warnings.push(format!(
            "passwords cross the network unencrypted: {} is no loopback address and tls.cert is not set; \
             behind a proxy that speaks TLS, set trusted_proxies",
            settings.listen
        ));
    }
    warnings
}

fn check_http(key: &str, text: &str) -> Result<Url, SettingsError> {
    let wrong = || {
        SettingsError::Conflict(format!(
            "{key}: expected http://… or https://…, found `{text}`"
        ))
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        Ok(url)
    } else {
        Err(wrong())
    }
}

fn check_url(key: &str, text: &str) -> Result<(), SettingsError> {
    let url = check_http(key, text)?;
    if url.path() != "/"
        || url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
    {
        return Err(SettingsError::Conflict(format!(
            "{key}: expected scheme and host only, found `{text}`"
        )));
    }
    Ok(())
}
