//! What `seawall login` remembers: for each server, a user name and a password
//! or secret, in a file that only its owner can read.
//!
//! `SEAWALL_USERNAME` and `SEAWALL_PASSWORD` overrule the file, for scripts.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

/// A user name with its password, CLI secret or robot secret.
#[derive(Clone, Deserialize, Serialize)]
pub struct Credentials {
    pub username: String,
    pub password: String,
}

/// The remembered logins.
#[derive(Default, Deserialize, Serialize)]
pub struct Logins {
    /// The server that commands speak to when none is named.
    #[serde(default)]
    pub current: Option<String>,
    #[serde(default)]
    pub servers: BTreeMap<String, Credentials>,
}

/// `$XDG_CONFIG_HOME/seawall/logins.json`, else `~/.config/seawall/logins.json`.
fn path() -> anyhow::Result<PathBuf> {
    if let Some(folder) = std::env::var_os("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()) {
        return Ok(PathBuf::from(folder).join("seawall/logins.json"));
    }
    let Some(home) = std::env::var_os("HOME").filter(|home| !home.is_empty()) else {
        bail!("HOME is not set: set it, or set SEAWALL_USERNAME and SEAWALL_PASSWORD");
    };
    Ok(PathBuf::from(home).join(".config/seawall/logins.json"))
}

/// Credentials from the environment, when both variables are set.
pub fn from_environment() -> Option<Credentials> {
    let variable = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
    Some(Credentials {
        username: variable("SEAWALL_USERNAME")?,
        password: variable("SEAWALL_PASSWORD")?,
    })
}

impl Logins {
    /// Reads the file; none is no login.
    pub fn load() -> anyhow::Result<Self> {
        match path() {
            Ok(path) => Self::load_from(&path),
            Err(_) => Ok(Self::default()),
        }
    }

    fn load_from(path: &Path) -> anyhow::Result<Self> {
        match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| {
                format!("{} is damaged: delete it and log in again", path.display())
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Writes the file, readable by its owner alone, in one step.
    pub fn save(&self) -> anyhow::Result<PathBuf> {
        let path = path()?;
        self.save_to(&path)?;
        Ok(path)
    }

    fn save_to(&self, path: &Path) -> anyhow::Result<()> {
        let folder = path.parent().context("the logins file has no folder")?;
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
        let written = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)
            .and_then(|mut file| file.write_all(&serde_json::to_vec_pretty(self)?))
            .and_then(|()| fs::rename(&temporary, path));
        written.with_context(|| format!("cannot write {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn logins_are_kept_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seawall/logins.json");
        assert!(Logins::load_from(&path).unwrap().servers.is_empty());
        let mut logins = Logins::default();
        let credentials = Credentials {
            username: "ada".into(),
            password: "secret".into(),
        };
        logins
            .servers
            .insert("http://127.0.0.1:8080".into(), credentials);
        logins.save_to(&path).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            Logins::load_from(&path).unwrap().servers["http://127.0.0.1:8080"].username,
            "ada"
        );
        fs::write(&path, "{").unwrap();
        assert!(Logins::load_from(&path).is_err());
    }
}
