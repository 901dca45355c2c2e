//! Patterns for names: `*` for any letters, `?` for one, `[ab]`, `[a-z]` and `[!a]` for one of a
//! class, `{a,b}` for one of several, `\` before a letter that stands for itself.
//!
//! There are no separators: `*` runs across dots and slashes. Source: gobwas/glob 0.2.3.

use std::collections::BTreeSet;

/// A pattern that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pattern:?} is no pattern: {problem}")]
pub struct GlobError {
    pattern: String,
    problem: &'static str,
}

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Letter(char),
    One,
    Any,
    Class { not: bool, class: Class },
    Either(Vec<Vec<Part>>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Class {
    List(Vec<char>),
    Range(char, char),
}

/// Braces within braces deeper than this are refused.
const DEEPEST: usize = 8;

impl Glob {
    /// Reads a pattern.
    pub fn parse(pattern: &str) -> Result<Self, GlobError> {
        let letters: Vec<char> = pattern.chars().collect();
        let mut reader = PatternReader {
            letters: &letters,
            at: 0,
        };
        reader.parts(0).map(Self).map_err(|problem| GlobError {
            pattern: pattern.to_owned(),
            problem,
        })
    }

    /// Whether all of `text` matches. Takes time in proportion to pattern times text, whatever they are.
    pub fn matches(&self, text: &str) -> bool {
        let letters: Vec<char> = text.chars().collect();
        ends(&self.0, BTreeSet::from([0]), &letters).contains(&letters.len())
    }
}

/// Where `parts` can have come to in `text` from each of `starts`.
fn ends(parts: &[Part], starts: BTreeSet<usize>, text: &[char]) -> BTreeSet<usize> {
    let mut places = starts;
    for part in parts {
        let one = |matches: &dyn Fn(char) -> bool| {
            places
                .iter()
                .filter(|at| text.get(**at).is_some_and(|letter| matches(*letter)))
                .map(|at| at + 1)
                .collect::<BTreeSet<usize>>()
        };
        places = match part {
            Part::Letter(wanted) => one(&|letter| letter == *wanted),
            Part::One => one(&|_| true),
            Part::Class { not, class } => one(&|letter| {
                *not != match class {
                    Class::List(list) => list.contains(&letter),
                    Class::Range(low, high) => (*low..=*high).contains(&letter),
                }
            }),
            Part::Any => match places.first() {
                Some(first) => (*first..=text.len()).collect(),
                None => return places,
            },
            Part::Either(choices) => choices
                .iter()
                .flat_map(|choice| ends(choice, places.clone(), text))
                .collect(),
        };
    }
    places
}

struct PatternReader<'a> {
    letters: &'a [char],
    at: usize,
}

impl PatternReader<'_> {
    fn next(&mut self) -> Option<char> {
        let letter = self.letters.get(self.at).copied();
        self.at += 1;
        letter
    }

    /// Parts up to the end, or up to a comma or brace that ends one choice of several.
    fn parts(&mut self, depth: usize) -> Result<Vec<Part>, &'static str> {
        let mut parts = Vec::new();
        while let Some(letter) = self.next() {
            match letter {
                '*' if parts.last() == Some(&Part::Any) => {}
                '*' => parts.push(Part::Any),
                '?' => parts.push(Part::One),
                '[' => parts.push(self.class()?),
                '{' => parts.push(self.choices(depth + 1)?),
                ',' | '}' if depth > 0 => {
                    self.at -= 1;
                    return Ok(parts);
                }
                '\\' => parts.push(Part::Letter(self.next().ok_or("nothing after \\")?)),
                letter => parts.push(Part::Letter(letter)),
            }
        }
        if depth > 0 { Err("no }") } else { Ok(parts) }
    }

    fn choices(&mut self, depth: usize) -> Result<Part, &'static str> {
        if depth > DEEPEST {
            return Err("too many braces");
        }
        let mut choices = Vec::new();
        loop {
            choices.push(self.parts(depth)?);
            if self.next() == Some('}') {
                return Ok(Part::Either(choices));
            }
        }
    }

    fn class(&mut self) -> Result<Part, &'static str> {
        let not = self.letters.get(self.at) == Some(&'!');
        if not {
            self.at += 1;
        }
        let mut list = Vec::new();
        while let Some(letter) = self.next() {
            match letter {
                ']' if list.is_empty() => return Err("nothing in []"),
                ']' => {
                    return Ok(Part::Class {
                        not,
                        class: Class::List(list),
                    });
                }
                low if list.is_empty() && self.letters.get(self.at) == Some(&'-') => {
                    self.at += 1;
                    let high = self.next().ok_or("no ]")?;
                    if self.next() != Some(']') || high < low {
                        return Err("no range");
                    }
                    return Ok(Part::Class {
                        not,
                        class: Class::Range(low, high),
                    });
                }
                '\\' => list.push(self.next().ok_or("nothing after \\")?),
                letter => list.push(letter),
            }
        }
        Err("no ]")
    }
}
