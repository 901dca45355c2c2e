//! Reads a tree of YAML into types, collecting what is wrong rather than stopping at it.
//!
//! A value that is wrong is reported and left out; what is read from it afterwards is thrown away
//! with the whole definition, so that a default in its place does no harm.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::node::{self, Node, Value};
use crate::problem::{Collected, Place};

/// A node, where it is, and where to report.
#[derive(Clone)]
pub(crate) struct At<'a> {
    pub(crate) node: &'a Node,
    path: String,
    problems: &'a Collected,
}

impl<'a> At<'a> {
    pub(crate) fn root(node: &'a Node, problems: &'a Collected) -> Self {
        Self {
            node,
            path: String::new(),
            problems,
        }
    }

    pub(crate) fn place(&self) -> Place {
        node::place(self.node, &self.path)
    }

    pub(crate) fn report(&self, message: impl Into<String>, advice: impl Into<String>) {
        self.problems.add(&self.place(), message, advice);
    }

    fn expected(&self, what: &str, advice: &str) {
        let kind = self.node.value.kind();
        self.report(format!("it is {kind}, and {what} is expected"), advice);
    }

    pub(crate) fn string(&self) -> Option<String> {
        match &self.node.value {
            Value::String(text) => return Some(text.clone()),
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => self.expected(
                "a string",
                "put the value in quotes, so that it is taken as it stands",
            ),
            _ => self.expected("a string", "write a string"),
        }
        None
    }

    /// A string that is not empty.
    pub(crate) fn text(&self) -> Option<String> {
        let text = self.string()?;
        if text.trim().is_empty() {
            self.report("it is empty", "write a value, or leave the key out");
            return None;
        }
        Some(text)
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        if let Value::Boolean(value) = self.node.value {
            return Some(value);
        }
        self.expected("true or false", "write true or false, without quotes");
        None
    }

    pub(crate) fn integer(&self, least: i64, most: i64) -> Option<i64> {
        let Value::Integer(value) = self.node.value else {
            self.expected("a whole number", "write a number, without quotes");
            return None;
        };
        if (least..=most).contains(&value) {
            return Some(value);
        }
        self.report(
            format!("{value} is out of range"),
            format!("write a number from {least} to {most}"),
        );
        None
    }

    /// A number of a user or a group.
    pub(crate) fn identity(&self) -> Option<u32> {
        self.integer(0, i64::from(u32::MAX) - 1)
            .and_then(|value| u32::try_from(value).ok())
    }

    /// Permission bits in octal digits: `"755"`, `"0755"`, `"1777"`.
    pub(crate) fn mode(&self) -> Option<u32> {
        if matches!(self.node.value, Value::Integer(_) | Value::Float(_)) {
            self.expected(
                "a string",
                "write the mode in octal and in quotes: \"0755\"",
            );
            return None;
        }
        let text = self.string()?;
        let digits = text.strip_prefix("0o").unwrap_or(&text);
        let octal =
            !digits.is_empty() && digits.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
        let mode = u32::from_str_radix(digits, 8)
            .ok()
            .filter(|mode| octal && *mode <= 0o7777);
        if mode.is_none() {
            self.report(
                format!("{text:?} is no mode"),
                "write the permission bits in octal, as \"0755\", at most \"7777\"",
            );
        }
        mode
    }

    pub(crate) fn one_of<T: Copy>(&self, known: &[(&str, T)]) -> Option<T> {
        let text = self.string()?;
        if let Some((_, value)) = known.iter().find(|(name, _)| *name == text) {
            return Some(*value);
        }
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        self.report(
            format!("{text:?} is not known here"),
            format!(
                "write one of {}{}",
                names.join(", "),
                nearest(&text, &names)
            ),
        );
        None
    }

    pub(crate) fn list(&self) -> Vec<Self> {
        let Value::List(nodes) = &self.node.value else {
            self.expected(
                "a list",
                "write each value on a line of its own after \"- \"",
            );
            return Vec::new();
        };
        nodes
            .iter()
            .enumerate()
            .map(|(index, node)| Self {
                node,
                path: format!("{}[{index}]", self.path),
                problems: self.problems,
            })
            .collect()
    }

    pub(crate) fn strings(&self) -> Vec<String> {
        self.list().iter().filter_map(Self::string).collect()
    }

    /// A map of any keys, in the order of the file.
    pub(crate) fn entries(&self) -> Vec<(String, Self)> {
        let Value::Map(entries) = &self.node.value else {
            self.expected("a map", "write keys and values: \"key: value\"");
            return Vec::new();
        };
        let child = |key: &node::Key, node| Self {
            node,
            path: join(&self.path, &key.name),
            problems: self.problems,
        };
        entries
            .iter()
            .map(|(key, node)| (key.name.clone(), child(key, node)))
            .collect()
    }

    pub(crate) fn string_map(&self) -> BTreeMap<String, String> {
        self.entries()
            .into_iter()
            .filter_map(|(key, value)| Some((key, value.string()?)))
            .collect()
    }

    pub(crate) fn fields(&self) -> Fields<'a> {
        Fields {
            entries: self.entries(),
            at: self.clone(),
            known: RefCell::default(),
        }
    }
}

/// The keys of a map, of which each is known or a mistake.
pub(crate) struct Fields<'a> {
    pub(crate) at: At<'a>,
    entries: Vec<(String, At<'a>)>,
    known: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Fields<'a> {
    /// The value of a key, if it is there.
    pub(crate) fn get(&self, name: &'static str) -> Option<At<'a>> {
        self.known.borrow_mut().insert(name);
        self.entries
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, at)| at.clone())
    }

    /// The value of a key that must be there.
    pub(crate) fn required(&self, name: &'static str) -> Option<At<'a>> {
        let value = self.get(name);
        if value.is_none() && matches!(self.at.node.value, Value::Map(_)) {
            self.at.report(
                format!("the key {name:?} is missing"),
                format!("add \"{name}: …\""),
            );
        }
        value
    }

    pub(crate) fn string(&self, name: &'static str) -> Option<String> {
        self.get(name)?.string()
    }

    pub(crate) fn text(&self, name: &'static str) -> Option<String> {
        self.get(name)?.text()
    }

    pub(crate) fn boolean(&self, name: &'static str) -> Option<bool> {
        self.get(name)?.boolean()
    }

    pub(crate) fn identity(&self, name: &'static str) -> Option<u32> {
        self.get(name)?.identity()
    }

    pub(crate) fn mode(&self, name: &'static str) -> Option<u32> {
        self.get(name)?.mode()
    }

    pub(crate) fn strings(&self, name: &'static str) -> Vec<String> {
        self.get(name).map_or_else(Vec::new, |at| at.strings())
    }

    pub(crate) fn string_map(&self, name: &'static str) -> BTreeMap<String, String> {
        self.get(name)
            .map_or_else(BTreeMap::new, |at| at.string_map())
    }

    /// Reads each value of a list of maps.
    pub(crate) fn each<T>(
        &self,
        name: &'static str,
        read: impl Fn(&At<'a>) -> Option<T>,
    ) -> Vec<T> {
        self.get(name)
            .map_or_else(Vec::new, |at| at.list().iter().filter_map(read).collect())
    }

    /// Reports the keys that nobody asked for.
    pub(crate) fn finish(self) {
        let known = self.known.borrow();
        let names: Vec<&str> = known.iter().copied().collect();
        let Value::Map(keys) = &self.at.node.value else {
            return;
        };
        for (key, _) in keys {
            if !known.contains(key.name.as_str()) {
                let place = Place {
                    line: key.line,
                    column: key.column,
                    path: join(&self.at.path, &key.name),
                };
                self.at.problems.add(
                    &place,
                    format!("the key {:?} is not known here", key.name),
                    format!(
                        "known are {}{}",
                        names.join(", "),
                        nearest(&key.name, &names)
                    ),
                );
            }
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// `; did you mean "packages"?` where one of the names is near.
fn nearest(text: &str, names: &[&str]) -> String {
    names
        .iter()
        .map(|name| (distance(text, name), name.len().abs_diff(text.len()), name))
        .filter(|(distance, _, name)| *distance <= 2 && *distance < name.len())
        .min()
        .map_or_else(String::new, |(_, _, name)| {
            format!("; did you mean {name:?}?")
        })
}

/// How many letters are added, dropped or changed from one word to the other; long words are far.
fn distance(one: &str, other: &str) -> usize {
    if one.len() > 64 || other.len() > 64 {
        return usize::MAX;
    }
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, candidate) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *candidate);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_proposed() {
        assert_eq!(
            nearest("pakages", &["paths", "packages"]),
            "; did you mean \"packages\"?"
        );
        assert_eq!(nearest("elephant", &["paths", "packages"]), "");
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
