//! The types of settings: how each is read from an environment variable or a flag, and shown.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;

use crate::secret::Secret;
use crate::settings::{JobWorkers, LogFormat, ProjectCreation};

/// A setting's value, behind its type.
pub trait Field {
    /// Takes the value from text; the error says what was expected.
    fn set(&mut self, text: &str) -> Result<(), String>;
    /// The value as YAML. A secret shows as `"***"`, an absent value as `null`.
    fn yaml(&self) -> String;
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

macro_rules! parsed_field {
    ($($type:ty, $expected:literal;)+) => {$(
        impl Field for $type {
            fn set(&mut self, text: &str) -> Result<(), String> {
                *self = text.trim().parse().map_err(|_| format!("expected {}, found `{text}`", $expected))?;
                Ok(())
            }
            fn yaml(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

parsed_field! {
    bool, "true or false";
    u16, "a whole number";
    u32, "a whole number";
    u64, "a whole number";
    usize, "a whole number";
    i64, "a whole number";
    f64, "a number";
}

impl Field for SocketAddr {
    fn set(&mut self, text: &str) -> Result<(), String> {
        let expected = || {
            format!("expected address:port, such as 127.0.0.1:8080 or [::]:8080, found `{text}`")
        };
        *self = text.trim().parse().map_err(|_| expected())?;
        Ok(())
    }
    fn yaml(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Field for String {
    fn set(&mut self, text: &str) -> Result<(), String> {
        text.clone_into(self);
        Ok(())
    }
    fn yaml(&self) -> String {
        quoted(self)
    }
}

impl Field for PathBuf {
    fn set(&mut self, text: &str) -> Result<(), String> {
        *self = PathBuf::from(text);
        Ok(())
    }
    fn yaml(&self) -> String {
        quoted(&self.display().to_string())
    }
}

impl Field for Secret {
    fn set(&mut self, text: &str) -> Result<(), String> {
        *self = Secret::new(text);
        Ok(())
    }
    fn yaml(&self) -> String {
        quoted("***")
    }
}

macro_rules! optional_field {
    ($($type:ty = $empty:expr;)+) => {$(
        impl Field for Option<$type> {
            fn set(&mut self, text: &str) -> Result<(), String> {
                let mut value = $empty;
                Field::set(&mut value, text)?;
                *self = (!text.is_empty()).then_some(value);
                Ok(())
            }
            fn yaml(&self) -> String {
                self.as_ref().map_or_else(|| "null".to_owned(), Field::yaml)
            }
        }
    )+};
}

optional_field! {
    String = String::new();
    PathBuf = PathBuf::new();
    Secret = Secret::new("");
}

macro_rules! optional_number {
    ($($type:ty),+) => {$(
        impl Field for Option<$type> {
            fn set(&mut self, text: &str) -> Result<(), String> {
                let mut value: $type = 0;
                value.set(text)?;
                *self = Some(value);
                Ok(())
            }
            fn yaml(&self) -> String {
                self.map_or_else(|| "null".to_owned(), |value| value.to_string())
            }
        }
    )+};
}

optional_number!(u32, usize);

impl Field for Vec<IpNet> {
    fn set(&mut self, text: &str) -> Result<(), String> {
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        *self = parts.map(parse_network).collect::<Result<_, _>>()?;
        Ok(())
    }
    fn yaml(&self) -> String {
        let networks: Vec<String> = self
            .iter()
            .map(|network| quoted(&network.to_string()))
            .collect();
        format!("[{}]", networks.join(", "))
    }
}

/// A network, or one address as the network of itself.
pub(crate) fn parse_network(text: &str) -> Result<IpNet, String> {
    let expected = || format!("expected networks such as 10.0.0.0/8, found `{text}`");
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| expected())
}

impl Field for LogFormat {
    fn set(&mut self, text: &str) -> Result<(), String> {
        *self = match text {
            "text" => LogFormat::Text,
            "json" => LogFormat::Json,
            _ => return Err(format!("expected text or json, found `{text}`")),
        };
        Ok(())
    }
    fn yaml(&self) -> String {
        match self {
            LogFormat::Text => "text".to_owned(),
            LogFormat::Json => "json".to_owned(),
        }
    }
}

impl Field for JobWorkers {
    fn set(&mut self, text: &str) -> Result<(), String> {
        *self = parse_workers(text)?;
        Ok(())
    }
    fn yaml(&self) -> String {
        match self {
            JobWorkers::Embedded(number) => number.to_string(),
            JobWorkers::External => "external".to_owned(),
        }
    }
}

pub(crate) fn parse_workers(text: &str) -> Result<JobWorkers, String> {
    match text.trim() {
        "external" => Ok(JobWorkers::External),
        number => number
            .parse()
            .map(JobWorkers::Embedded)
            .map_err(|_| format!("expected a whole number, or external, found `{text}`")),
    }
}

impl Field for ProjectCreation {
    fn set(&mut self, text: &str) -> Result<(), String> {
        *self = match text {
            "everyone" => ProjectCreation::Everyone,
            "adminonly" => ProjectCreation::AdminOnly,
            _ => return Err(format!("expected everyone or adminonly, found `{text}`")),
        };
        Ok(())
    }
    fn yaml(&self) -> String {
        match self {
            ProjectCreation::Everyone => "everyone".to_owned(),
            ProjectCreation::AdminOnly => "adminonly".to_owned(),
        }
    }
}
