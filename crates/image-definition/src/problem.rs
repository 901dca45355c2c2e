//! What is wrong with a definition, where, and what to do about it. All problems are told at once.

use std::cell::RefCell;
use std::fmt;

/// More problems than this are not told: whoever has them mends the first ones first.
const MOST: usize = 100;

/// Where something stands in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line, from one.
    pub line: u64,
    /// The column, from one, in characters.
    pub column: u64,
    /// The path in the document: `contents.packages[3]`; empty for the document itself.
    pub path: String,
}

/// Something that is wrong with a definition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub advice: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column, path } = &self.place;
        write!(f, "{line}:{column}: ")?;
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        write!(f, "{}; {}", self.message, self.advice)
    }
}

/// Everything that is wrong with a file, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems {
    /// The file as the caller names it.
    pub file: String,
    /// The problems; never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}:{problem}", self.file)?;
        }
        Ok(())
    }
}

/// Where problems are collected while a file is read.
#[derive(Default)]
pub(crate) struct Collected(RefCell<Vec<Problem>>);

impl Collected {
    pub(crate) fn add(&self, place: &Place, message: impl Into<String>, advice: impl Into<String>) {
        let mut problems = self.0.borrow_mut();
        if problems.len() < MOST {
            problems.push(Problem {
                place: place.clone(),
                message: message.into(),
                advice: advice.into(),
            });
        }
    }

    /// All of them as an error, or nothing.
    pub(crate) fn finish(self, file: &str) -> Result<(), Problems> {
        let mut problems = self.0.into_inner();
        if problems.is_empty() {
            return Ok(());
        }
        problems.sort();
        problems.dedup();
        Err(Problems {
            file: file.to_owned(),
            problems,
        })
    }
}
