//! A project's settings by Harbor's names: which there are, and which values they take.
//! Harbor `src/pkg/project/models/pro_meta.go`, `src/server/v2.0/handler/project_metadata.go`.
//! What is a string on the wire stays one.

use std::collections::BTreeMap;

use crate::RegistryError;

/// The settings that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetadataKey {
    /// Whether anyone may pull.
    Public,
    /// Only images signed by notation may be pulled.
    EnableContentTrust,
    /// Only images signed by cosign may be pulled.
    EnableContentTrustCosign,
    /// Images with vulnerabilities may not be pulled.
    PreventVul,
    /// From which severity on.
    Severity,
    /// Scan each image when it is pushed.
    AutoScan,
    /// Make a bill of materials when an image is pushed.
    AutoSbomGeneration,
    /// Use the system's list of allowed vulnerabilities.
    ReuseSysCveAllowlist,
    /// The retention policy's id; set by the system.
    RetentionId,
    /// Proxy projects: bandwidth.
    ProxySpeedKb,
    /// Proxy projects: connections.
    MaxUpstreamConn,
    /// Proxy projects: serve what is here when upstream has it no more.
    ProxyCacheLocalOnNotFound,
    /// Proxy projects: ask upstream for referrers.
    ProxyReferrerApi,
    /// Proxy projects: which repositories.
    ProxyCacheFilterPattern,
    /// Proxy projects: how the pattern is read.
    ProxyCacheFilterKind,
}

impl MetadataKey {
    /// Every key.
    pub const ALL: [Self; 15] = [
        Self::Public,
        Self::EnableContentTrust,
        Self::EnableContentTrustCosign,
        Self::PreventVul,
        Self::Severity,
        Self::AutoScan,
        Self::AutoSbomGeneration,
        Self::ReuseSysCveAllowlist,
        Self::RetentionId,
        Self::ProxySpeedKb,
        Self::MaxUpstreamConn,
        Self::ProxyCacheLocalOnNotFound,
        Self::ProxyReferrerApi,
        Self::ProxyCacheFilterPattern,
        Self::ProxyCacheFilterKind,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::EnableContentTrust => "enable_content_trust",
            Self::EnableContentTrustCosign => "enable_content_trust_cosign",
            Self::PreventVul => "prevent_vul",
            Self::Severity => "severity",
            Self::AutoScan => "auto_scan",
            Self::AutoSbomGeneration => "auto_sbom_generation",
            Self::ReuseSysCveAllowlist => "reuse_sys_cve_allowlist",
            Self::RetentionId => "retention_id",
            Self::ProxySpeedKb => "proxy_speed_kb",
            Self::MaxUpstreamConn => "max_upstream_conn",
            Self::ProxyCacheLocalOnNotFound => "proxy_cache_local_on_not_found",
            Self::ProxyReferrerApi => "proxy_referrer_api",
            Self::ProxyCacheFilterPattern => "proxy_cache_filter_pattern",
            Self::ProxyCacheFilterKind => "proxy_cache_filter_kind",
        }
    }

    /// Reads a name from the wire.
    ///
    /// # Errors
    /// `BadRequest` for a name that Harbor does not know.
    pub fn parse(name: &str) -> Result<Self, RegistryError> {
        Self::ALL
            .into_iter()
            .find(|key| key.as_str() == name)
            .ok_or_else(|| RegistryError::BadRequest(format!("invalid key: {}", shorten(name))))
    }

    /// Checks a value and gives it the form in which it is kept.
    ///
    /// # Errors
    /// `BadRequest` for a value that the key does not take.
    pub fn normalize(self, value: &str) -> Result<String, RegistryError> {
        let normal = match self {
            Self::Public
            | Self::EnableContentTrust
            | Self::EnableContentTrustCosign
            | Self::PreventVul
            | Self::AutoScan
            | Self::AutoSbomGeneration
            | Self::ReuseSysCveAllowlist => parse_bool(value).map(|value| value.to_string()),
            Self::Severity => parse_severity(value).map(str::to_owned),
            Self::RetentionId => value.parse::<i64>().ok().map(|id| id.to_string()),
            Self::ProxySpeedKb | Self::MaxUpstreamConn => value
                .parse::<i64>()
                .ok()
                .filter(|limit| *limit >= -1)
                .map(|limit| limit.to_string()),
            Self::ProxyCacheLocalOnNotFound
            | Self::ProxyReferrerApi
            | Self::ProxyCacheFilterPattern
            | Self::ProxyCacheFilterKind => {
                return Err(RegistryError::BadRequest(format!(
                    "{} can only be set on a proxy cache project",
                    self.as_str()
                )));
            }
        };
        normal
            .ok_or_else(|| RegistryError::BadRequest(format!("invalid value: {}", shorten(value))))
    }
}

/// The settings of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectMetadata(pub BTreeMap<String, String>);

impl ProjectMetadata {
    /// A setting's value.
    pub fn get(&self, key: MetadataKey) -> Option<&str> {
        self.0.get(key.as_str()).map(String::as_str)
    }

    /// Whether anyone may pull.
    pub fn public(&self) -> bool {
        self.get(MetadataKey::Public) == Some("true")
    }

    /// Checks settings as a client sent them.
    ///
    /// # Errors
    /// `BadRequest` for an unknown key or a value that it does not take.
    pub fn from_request(given: &BTreeMap<String, String>) -> Result<Self, RegistryError> {
        let checked = given.iter().map(|(name, value)| {
            let key = MetadataKey::parse(name)?;
            Ok((name.clone(), key.normalize(value)?))
        });
        checked.collect::<Result<_, RegistryError>>().map(Self)
    }
}

/// What Go's `strconv.ParseBool` reads.
fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Harbor's severities; `negligible` and `unknown` are not to be chosen.
fn parse_severity(text: &str) -> Option<&'static str> {
    ["none", "low", "medium", "high", "critical"]
        .into_iter()
        .find(|severity| severity.eq_ignore_ascii_case(text))
}

fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_and_made_normal() {
        assert_eq!(MetadataKey::Public.normalize("T").unwrap(), "true");
        assert_eq!(MetadataKey::Severity.normalize("High").unwrap(), "high");
        assert_eq!(MetadataKey::ProxySpeedKb.normalize("-1").unwrap(), "-1");
        for (key, value) in [
            (MetadataKey::Public, "yes"),
            (MetadataKey::Severity, "bad"),
            (MetadataKey::MaxUpstreamConn, "-2"),
            (MetadataKey::ProxyCacheFilterPattern, "**"),
        ] {
            assert!(key.normalize(value).is_err(), "{value}");
        }
    }

    #[test]
    fn unknown_keys_are_refused() {
        let given = BTreeMap::from([("colour".to_owned(), "red".to_owned())]);
        assert!(ProjectMetadata::from_request(&given).is_err());
        for key in MetadataKey::ALL {
            assert_eq!(MetadataKey::parse(key.as_str()).unwrap(), key);
        }
    }
}
