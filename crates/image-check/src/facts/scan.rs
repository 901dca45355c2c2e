//! One pass over each file's bytes for all marks of programs and secrets.

use std::collections::BTreeSet;
use std::io;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Match};
use seawall_image_source::Slice;

use super::program::{RULES, Rule};
use super::secret::{BEHIND, FORMS};

/// Marks of secrets first, then those of programs.
static MARKS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let programs = RULES.iter().flat_map(|rule| rule.marks.iter().copied());
    let secrets = FORMS.iter().map(|form| form.mark);
    let mut marks: Vec<&str> = secrets.collect();
    for mark in programs {
        if !marks.contains(&mark) {
            marks.push(mark);
        }
    }
    marks
});

/// None only if the marks were more than the automaton can hold, which a test would see.
static AUTOMATON: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(MARKS.iter()).ok());

/// What a file has in it.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    marks: BTreeSet<&'static str>,
    /// Secrets: what each is, and where.
    pub secrets: Vec<(&'static str, u64)>,
}

/// Files of so many bytes are read at once.
const SMALL: usize = 64 << 10;
/// The most secrets that are told of one file.
const MOST_SECRETS: usize = 20;

impl Scan {
    /// Reads a file whole, a piece at a time.
    pub fn of(content: &Slice) -> io::Result<Self> {
        let mut scan = Self::default();
        let Some(automaton) = AUTOMATON.as_ref() else {
            return Err(io::Error::other("the marks cannot be looked for"));
        };
        // A stream has a buffer of its own, which a thousand small files need not fill.
        if content.length() <= SMALL as u64 {
            let bytes = content.bytes(SMALL)?;
            for found in automaton.find_iter(&bytes) {
                scan.note(content, found)?;
            }
        } else {
            for found in automaton.stream_find_iter(content.reader()) {
                scan.note(content, found?)?;
            }
        }
        Ok(scan)
    }

    fn note(&mut self, content: &Slice, found: Match) -> io::Result<()> {
        let at = found.pattern().as_usize();
        let Some(form) = FORMS.get(at) else {
            self.marks.extend(MARKS.get(at));
            return Ok(());
        };
        if self.secrets.len() < MOST_SECRETS {
            let mut behind = [0; BEHIND];
            let count = content.read_at(found.end() as u64, &mut behind)?;
            if (form.follows)(behind.get(..count).unwrap_or_default()) {
                self.secrets.push((form.name, found.start() as u64));
            }
        }
        Ok(())
    }

    /// The programs that it is.
    pub fn programs(&self, is_script: bool) -> impl Iterator<Item = &'static Rule> {
        RULES.iter().filter(move |rule| {
            rule.is_script == is_script && rule.marks.iter().all(|mark| self.marks.contains(mark))
        })
    }
}
