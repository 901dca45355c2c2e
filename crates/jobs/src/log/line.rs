//! One line of a log, as Harbor writes it (`src/jobservice/logger`, `src/lib/log`).

use std::fmt;
use std::panic::Location;

use seawall_database::Timestamp;

/// How important a line is, in Harbor's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For those who look for a defect.
    Debug,
    /// What goes on.
    Info,
    /// What should not be.
    Warning,
    /// What failed.
    Error,
    /// What ends the job.
    Fatal,
}

impl Level {
    /// The level of that name, in any case; [`Level::Warning`] for text that is none, as in Harbor.
    pub fn from_name(name: &str) -> Self {
        match name.to_ascii_uppercase().as_str() {
            "DEBUG" => Self::Debug,
            "INFO" => Self::Info,
            "ERROR" => Self::Error,
            "FATAL" => Self::Fatal,
            _ => Self::Warning,
        }
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }
}

/// `2026-01-01T00:00:00Z [INFO] [/file.rs:12]: text`, with its line feed.
pub(super) fn format(
    time: Timestamp,
    level: Level,
    location: &Location<'_>,
    text: &impl fmt::Display,
) -> String {
    let time = time.to_rfc3339_millis();
    let seconds = time.split('.').next().unwrap_or_default();
    let file = location.file().trim_start_matches('/');
    let (level, line) = (level.as_str(), location.line());
    format!("{seconds}Z [{level}] [/{file}:{line}]: {text}\n")
}

/// The last `limit` bytes of a log, from the beginning of a line on if there is one.
pub(super) fn tail(mut log: Vec<u8>, limit: u64) -> Vec<u8> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if log.len() <= limit {
        return log;
    }
    let mut from = log.len() - limit;
    if log[from - 1] != b'\n'
        && let Some(end) = log[from..].iter().position(|byte| *byte == b'\n')
        && from + end + 1 < log.len()
    {
        from += end + 1;
    }
    log.drain(..from);
    log
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_harbors() {
        let line = format(
            Timestamp::from_seconds(1_767_225_600),
            Level::Info,
            Location::caller(),
            &"hello",
        );
        let (head, rest) = line.split_once(" [/").unwrap();
        assert_eq!(head, "2026-01-01T00:00:00Z [INFO]");
        assert!(rest.starts_with("crates/jobs/src/log/line.rs:"), "{rest}");
        assert!(rest.ends_with("]: hello\n"), "{rest}");
    }

    #[test]
    fn a_level_that_nobody_knows_is_a_warning() {
        assert_eq!(Level::from_name("debug"), Level::Debug);
        assert_eq!(Level::from_name("TRACE"), Level::Warning);
        assert_eq!(Level::from_name(""), Level::Warning);
    }

    #[test]
    fn a_tail_begins_with_a_line_and_is_never_longer_than_asked_for() {
        let log = b"one\ntwo\nthree\n".to_vec();
        for (limit, expected) in [
            (100, "one\ntwo\nthree\n"),
            (14, "one\ntwo\nthree\n"),
            (10, "two\nthree\n"),
            (9, "three\n"),
            (6, "three\n"),
            (3, "ee\n"),
            (0, ""),
        ] {
            assert_eq!(tail(log.clone(), limit), expected.as_bytes(), "{limit}");
        }
    }
}
