//! Where logs go, and when they are swept: `job_loggers`, `loggers`.

use std::path::PathBuf;
use std::time::Duration;

use seawall_jobs::log::Level;
use serde_json::Value;

use super::Check;
use crate::config::{Logger, Place, Sweeper, file};

const DAY: Duration = Duration::from_hours(24);

impl Check<'_> {
    pub(super) fn loggers(&mut self, list: &str, written: Option<&[file::Logger]>) -> Vec<Logger> {
        let written = written.unwrap_or_default();
        if written.is_empty() {
            self.wrong(
                list,
                "at least one logger is needed, such as - name: STD_OUTPUT",
            );
        }
        let mut loggers = Vec::new();
        for (at, logger) in written.iter().enumerate() {
            let path = format!("{list}[{at}]");
            if let Some(place) = self.place(&path, logger) {
                loggers.push(Logger {
                    place,
                    level: self.level(&path, logger.level.as_deref()),
                    sweeper: self.sweeper(&path, logger),
                });
            }
        }
        loggers
    }

    fn place(&mut self, path: &str, logger: &file::Logger) -> Option<Place> {
        let setting = |name: &str| {
            logger
                .settings
                .as_ref()
                .and_then(|settings| settings.get(name))
                .and_then(Value::as_str)
        };
        match logger.name.as_deref().unwrap_or_default() {
            "STD_OUTPUT" => match setting("output").unwrap_or("std_out") {
                "std_out" => Some(Place::StandardOutput),
                "std_err" => Some(Place::StandardError),
                other => {
                    self.wrong(
                        &format!("{path}.settings.output"),
                        format!("{other:?} is neither std_out nor std_err"),
                    );
                    None
                }
            },
            "FILE" => {
                let folder = setting("base_dir").filter(|folder| !folder.is_empty());
                if folder.is_none() {
                    self.wrong(
                        &format!("{path}.settings.base_dir"),
                        "it is missing: the folder of the logs",
                    );
                }
                folder.map(|folder| Place::Folder(folder.into()))
            }
            "DB" => Some(Place::Database),
            other => {
                self.wrong(
                    &format!("{path}.name"),
                    format!("{other:?} is not known: STD_OUTPUT, FILE or DB"),
                );
                None
            }
        }
    }

    fn level(&mut self, path: &str, written: Option<&str>) -> Level {
        let fallback = self.variable("LOG_LEVEL");
        let Some(name) = written
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .or(fallback)
        else {
            return Level::Warning;
        };
        let known = ["DEBUG", "INFO", "WARNING", "ERROR", "FATAL"];
        if !known.contains(&name.to_ascii_uppercase().as_str()) {
            let key = format!("{path}.level");
            let warning = self.lines.problem(
                &key,
                format!("{name:?} is none of {}; WARNING is taken", known.join(", ")),
            );
            self.warnings.push(warning);
        }
        Level::from_name(&name)
    }

    fn sweeper(&mut self, path: &str, logger: &file::Logger) -> Option<Sweeper> {
        let sweeper = logger.sweeper.as_ref()?;
        let days = sweeper.duration.unwrap_or(1);
        if !(1..=36_500).contains(&days) {
            self.wrong(
                &format!("{path}.sweeper.duration"),
                "it is a number of days, 1 at least",
            );
            return None;
        }
        let folder = sweeper
            .settings
            .as_ref()
            .and_then(|settings| settings.get("work_dir"))
            .and_then(Value::as_str);
        Some(Sweeper {
            after: DAY.saturating_mul(u32::try_from(days).unwrap_or(u32::MAX)),
            folder: folder
                .filter(|folder| !folder.is_empty())
                .map(PathBuf::from),
        })
    }
}
