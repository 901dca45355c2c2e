//! One line of a log.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::quote::push_value;
use crate::go_json;
use crate::time::Time;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For whoever looks for a mistake in the program.
    Debug,
    /// For whoever wants to know what was done.
    Info,
    /// Something was not as it should be.
    Warning,
    /// Something could not be done.
    Error,
}

impl Level {
    /// Its name in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `key=value`.
    Text,
    /// One JSON object a line.
    Json,
}

/// What one line says. An error is the field `error` in either format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub time: Time,
    /// How bad.
    pub level: Level,
    /// What.
    pub message: String,
    /// About what: `backup`, `namespace`, `resource`, `name`, `error`, `logSource`, …
    pub fields: BTreeMap<String, String>,
}

impl Line {
    /// The line with a newline at its end.
    pub fn render(&self, format: Format) -> String {
        match format {
            Format::Text => self.text(),
            Format::Json => self.json(),
        }
    }

    fn text(&self) -> String {
        let mut text = String::with_capacity(256);
        let _ = write!(text, "time=\"{}\" level={}", self.time, self.level.as_str());
        if !self.message.is_empty() {
            text.push_str(" msg=");
            push_value(&mut text, &self.message);
        }
        let fields: BTreeMap<String, &String> = self
            .fields
            .iter()
            .map(|(key, value)| (apart(key), value))
            .collect();
        for (key, value) in fields {
            text.push(' ');
            text.push_str(&key);
            text.push('=');
            push_value(&mut text, value);
        }
        text.push('\n');
        text
    }

    fn json(&self) -> String {
        let mut map: serde_json::Map<String, serde_json::Value> = self
            .fields
            .iter()
            .map(|(key, value)| {
                let key = if key == "error" {
                    "error.message".to_owned()
                } else {
                    apart(key)
                };
                (key, value.as_str().into())
            })
            .collect();
        map.insert("time".to_owned(), self.time.to_string().into());
        map.insert("msg".to_owned(), self.message.as_str().into());
        map.insert("level".to_owned(), self.level.as_str().into());
        let mut bytes = go_json::item(&map.into());
        bytes.push(b'\n');
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// A key that does not hide one of the line's own.
fn apart(key: &str) -> String {
    match key {
        "time" | "msg" | "level" => format!("fields.{key}"),
        key => key.to_owned(),
    }
}
