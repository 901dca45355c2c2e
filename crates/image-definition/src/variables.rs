//! `${NAME}` and `${NAME:^regex$}` in the values of a definition.
//!
//! A reference with a pattern stands for what the pattern's first group matches in the variable, or
//! for all that it matches where it has no group; a variable that does not match is a problem.
//! Names with a dot (`${target.arch}`) are of the build and stay as they are: see
//! [`Architecture::expand`](crate::Architecture::expand). Scripts (`runs`) have variables of a shell
//! that look the same; there, only names that are defined are replaced.

use std::collections::BTreeMap;

use regex_lite::{Regex, RegexBuilder};

use crate::node::{Node, Value};
use crate::problem::{Collected, Place};

/// A value is longer than this only by mistake, or by variables that multiply each other.
const MOST_BYTES: usize = 256 << 10;
/// What all values together may grow by.
const MOST_GROWTH: usize = 8 << 20;
/// A pattern's compiled size.
const PATTERN_BYTES: usize = 1 << 20;

/// Replaces the references in every value but those of `vars` itself.
pub(crate) fn expand(root: &mut Node, problems: &Collected) {
    let variables = variables(root, problems);
    let mut expansion = Expansion {
        variables,
        problems,
        grown: 0,
    };
    if let Value::Map(entries) = &mut root.value {
        for (key, node) in entries {
            if key.name != "vars" {
                expansion.node(node, &key.name.clone(), false);
            }
        }
    }
}

fn variables(root: &Node, problems: &Collected) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let Value::Map(entries) = &root.value else {
        return variables;
    };
    let Some((_, vars)) = entries.iter().find(|(key, _)| key.name == "vars") else {
        return variables;
    };
    let Value::Map(vars) = &vars.value else {
        return variables;
    };
    for (key, node) in vars {
        if !is_name(&key.name) {
            let place = Place {
                line: key.line,
                column: key.column,
                path: format!("vars.{}", key.name),
            };
            problems.add(
                &place,
                format!("{:?} cannot be the name of a variable", key.name),
                "use letters, digits and underscores, and begin with a letter",
            );
        } else if let Value::String(text) = &node.value {
            if text.contains("${") {
                let place = Place {
                    line: node.line,
                    column: node.column,
                    path: format!("vars.{}", key.name),
                };
                problems.add(
                    &place,
                    "a variable refers to another one",
                    "write its value in full",
                );
            }
            variables.insert(key.name.clone(), text.clone());
        }
    }
    variables
}

fn is_name(name: &str) -> bool {
    let mut letters = name.bytes();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_')
}

struct Expansion<'a> {
    variables: BTreeMap<String, String>,
    problems: &'a Collected,
    grown: usize,
}

impl Expansion<'_> {
    fn node(&mut self, node: &mut Node, path: &str, script: bool) {
        match &mut node.value {
            Value::List(nodes) => {
                for (index, node) in nodes.iter_mut().enumerate() {
                    self.node(node, &format!("{path}[{index}]"), script);
                }
            }
            Value::Map(entries) => {
                for (key, node) in entries {
                    let script = script || key.name == "runs" || key.name == "commands";
                    self.node(node, &format!("{path}.{}", key.name), script);
                }
            }
            Value::String(text) if text.contains("${") => {
                let place = Place {
                    line: node.line,
                    column: node.column,
                    path: path.to_owned(),
                };
                if let Some(expanded) = self.text(text, &place, script) {
                    self.grown = self.grown.saturating_add(expanded.len());
                    *text = expanded;
                }
            }
            _ => {}
        }
    }

    fn text(&self, text: &str, place: &Place, script: bool) -> Option<String> {
        let report = |message: String, advice: &str| self.problems.add(place, message, advice);
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let Some(end) = end(&rest[start + 2..]) else {
                if script {
                    break;
                }
                report(
                    "a reference to a variable is not closed".to_owned(),
                    "write ${NAME}, with a closing brace",
                );
                return None;
            };
            expanded.push_str(&rest[..start]);
            let inner = &rest[start + 2..start + 2 + end];
            let after = start + 2 + end + 1;
            let (name, pattern) = match inner.split_once(':') {
                Some((name, pattern)) => (name, Some(pattern)),
                None => (inner, None),
            };
            match self.variables.get(name) {
                Some(value) => {
                    let value = match pattern {
                        None => value.as_str(),
                        Some(pattern) => match matched(value, pattern) {
                            Ok(value) => value,
                            Err(message) => {
                                report(
                                    format!("${{{inner}}}: {message}"),
                                    "mend the pattern or the variable",
                                );
                                return None;
                            }
                        },
                    };
                    expanded.push_str(value);
                }
                None if script || name.contains('.') => expanded.push_str(&rest[start..after]),
                None => {
                    let known: Vec<&str> = self.variables.keys().map(String::as_str).collect();
                    report(
                        format!("the variable {name:?} is not defined"),
                        &format!("define it under vars, where there is: {}", known.join(", ")),
                    );
                    return None;
                }
            }
            if expanded.len() > MOST_BYTES || self.grown > MOST_GROWTH {
                report(
                    "it grows too long when its variables are replaced".to_owned(),
                    "use fewer references",
                );
                return None;
            }
            rest = &rest[after..];
        }
        expanded.push_str(rest);
        Some(expanded)
    }
}

/// Where the brace that closes a reference stands: patterns have braces of their own, in pairs.
fn end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut escaped = false;
    for (index, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' if depth == 0 => return Some(index),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn matched<'a>(value: &'a str, pattern: &str) -> Result<&'a str, String> {
    let pattern: Regex = RegexBuilder::new(pattern)
        .size_limit(PATTERN_BYTES)
        .build()
        .map_err(|error| format!("the pattern cannot be understood: {error}"))?;
    let captures = pattern
        .captures(value)
        .ok_or_else(|| format!("the value {value:?} does not match"))?;
    Ok(captures
        .get(1)
        .or_else(|| captures.get(0))
        .map_or("", |found| found.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_takes_a_part_of_the_value() {
        assert_eq!(matched("2.15.2", r"^(\d+\.\d+)\."), Ok("2.15"));
        assert_eq!(matched("2.15.2", r"^\d+"), Ok("2"));
        assert_eq!(matched("2.15.2", r"^\d{1,2}\.\d{2}\.\d$"), Ok("2.15.2"));
        assert!(
            matched("main", r"^\d+$")
                .unwrap_err()
                .contains("does not match")
        );
        assert!(matched("main", "(").unwrap_err().contains("understood"));
    }

    #[test]
    fn braces_of_a_pattern_do_not_close_the_reference() {
        assert_eq!(end(r"NAME:^\d{2}$} rest"), Some(12));
        assert_eq!(end(r"NAME:\}x} rest"), Some(8));
        assert_eq!(end("NAME"), None);
    }
}
