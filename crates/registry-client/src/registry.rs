//! Which registry, and who we are there.

use url::Url;

/// What lets somebody into a registry. It is never printed.
#[derive(Clone)]
pub enum Credential {
    /// A name with a password, or with a robot's secret.
    Basic {
        /// Who.
        name: String,
        /// The password.
        secret: String,
    },
    /// A token that is sent as it is.
    Bearer(String),
    /// The secret that Harbor's parts share, which stands above users.
    HarborSecret(String),
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// A registry, as somebody names it.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    /// Where it is: `https://registry.example.com`.
    pub url: String,
    /// Who we are; none is anonymous.
    pub credential: Option<Credential>,
    /// Whether its certificate is taken unseen.
    pub insecure: bool,
    /// Certificates that are trusted besides the usual ones, in PEM; may be empty.
    pub ca_certificate: String,
    /// Where tokens are got instead of where the registry says.
    pub token_service: Option<Url>,
}
