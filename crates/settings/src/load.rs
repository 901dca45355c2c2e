//! Defaults → YAML file → environment → flags.

use std::path::{Path, PathBuf};

use crate::settings::Settings;
use crate::table::{Setting, TABLE};

/// The largest file that is read: a configuration is a page or two.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("reading {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no YAML, or holds unknown keys or values of the wrong type.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        reason: String,
    },
    /// A variable or flag has a value of the wrong type.
    #[error("{source_name}: {reason}")]
    Value {
        /// The variable or flag.
        source_name: String,
        /// What was expected.
        reason: String,
    },
    /// A flag names no setting.
    #[error("unknown setting `{0}`; `seawall config reference` lists them all")]
    UnknownKey(String),
    /// The values do not fit together.
    #[error("{0}")]
    Conflict(String),
}

impl Settings {
    /// Puts the layers over each other and checks the outcome.
    ///
    /// `environment` gives variables by name; `flags` are pairs of key and text, strongest and last.
    pub fn load(
        file: Option<&Path>,
        environment: impl Fn(&str) -> Option<String>,
        flags: &[(&str, String)],
    ) -> Result<Settings, SettingsError> {
        let mut settings = match file {
            Some(path) => read_file(path)?,
            None => Settings::default(),
        };
        for setting in TABLE {
            let own = setting.environment();
            let found = [Some(own.as_str()), setting.alias]
                .into_iter()
                .flatten()
                .find_map(|name| environment(name).map(|text| (name, text)));
            if let Some((name, text)) = found {
                set(&mut settings, setting, name, &text)?;
            }
        }
        for (key, text) in flags {
            let setting = TABLE
                .iter()
                .find(|setting| setting.key == *key)
                .ok_or_else(|| SettingsError::UnknownKey((*key).to_owned()))?;
            set(
                &mut settings,
                setting,
                &format!("--{}", key.replace(['.', '_'], "-")),
                text,
            )?;
        }
        settings.check()?;
        Ok(settings)
    }
}

fn set(
    settings: &mut Settings,
    setting: &Setting,
    source_name: &str,
    text: &str,
) -> Result<(), SettingsError> {
    (setting.field)(settings)
        .set(text)
        .map_err(|reason| SettingsError::Value {
            source_name: source_name.to_owned(),
            reason,
        })
}

fn read_file(path: &Path) -> Result<Settings, SettingsError> {
    use std::io::Read;
    let read = || {
        let mut text = String::new();
        std::fs::File::open(path)?
            .take(MAX_FILE_BYTES)
            .read_to_string(&mut text)?;
        Ok(text)
    };
    let text = read().map_err(|source| SettingsError::Read {
        path: path.to_owned(),
        source,
    })?;
    // Without snippets: they would print the secrets beside the mistake.
    let options = serde_saphyr::options! { with_snippet: false };
    if text
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    {
        return Ok(Settings::default());
    }
    serde_saphyr::from_str_with_options(&text, options).map_err(|error| SettingsError::File {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}
