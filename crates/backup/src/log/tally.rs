//! What the lines of a log amount to: how many warnings and errors, and the file of results.

use super::line::{Level, Line};
use crate::store::{Results, ResultsFile};

/// Counts lines and keeps what warnings and errors said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    results: ResultsFile,
}

impl Tally {
    /// Takes note of `line` if it is a warning or an error.
    pub fn note(&mut self, line: &Line) {
        let results = match line.level {
            Level::Error => &mut self.results.errors,
            Level::Warning => &mut self.results.warnings,
            Level::Info | Level::Debug => return,
        };
        let about = |key| match line.fields.get(key) {
            Some(value) => format!(" {key}: /{value}"),
            None => String::new(),
        };
        let (resource, name, error) = (about("resource"), about("name"), about("error"));
        let message = format!("{resource}{name} message: /{}{error}", line.message);
        match line.fields.get("namespace") {
            Some(namespace) => results.add(namespace, message),
            None => results.velero.push(message),
        }
    }

    /// Lines that were errors.
    pub fn errors(&self) -> usize {
        self.results.errors.count()
    }

    /// Lines that were warnings.
    pub fn warnings(&self) -> usize {
        self.results.warnings.count()
    }

    /// What they said.
    pub fn results(&self) -> &ResultsFile {
        &self.results
    }

    /// Adds messages that are in no line of the log.
    pub fn add(&mut self, errors: Results, warnings: Results) {
        self.results.errors.merge(errors);
        self.results.warnings.merge(warnings);
    }
}
