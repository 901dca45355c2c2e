//! Paragraphs of fields, as Debian writes its descriptions and indexes (Debian policy §5.1).
//!
//! A field's value keeps its folded lines as they stand, joined by newlines. Lines that begin with `#`
//! are comments only in source packages and are not treated as such here.

/// Fields in their order; a field occurs once.
pub type Fields = Vec<(String, String)>;

/// Why a text is no paragraph of fields.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ControlError {
    /// The line, from one.
    pub line: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// Reads a text of one paragraph.
pub fn paragraph(text: &str) -> Result<Fields, ControlError> {
    let mut paragraphs = Paragraphs::new(text);
    let fields = paragraphs.next().unwrap_or(Err(ControlError {
        line: 1,
        problem: "there is no field",
    }))?;
    match paragraphs.next() {
        None => Ok(fields),
        Some(_) => Err(ControlError {
            line: paragraphs.began,
            problem: "a second paragraph begins, where one was expected",
        }),
    }
}

/// The paragraphs of a text, one after the other.
pub struct Paragraphs<'a> {
    lines: std::iter::Enumerate<std::str::Lines<'a>>,
    began: usize,
}

impl<'a> Paragraphs<'a> {
    /// Begins at the beginning of the text.
    pub fn new(text: &'a str) -> Self {
        Self {
            lines: text.lines().enumerate(),
            began: 0,
        }
    }
}

impl Iterator for Paragraphs<'_> {
    type Item = Result<Fields, ControlError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut fields = Fields::new();
        for (index, line) in self.lines.by_ref() {
            let at = index + 1;
            if line.trim().is_empty() {
                if fields.is_empty() {
                    continue;
                }
                break;
            }
            if fields.is_empty() {
                self.began = at;
            }
            if let Err(problem) = add_line(&mut fields, line) {
                return Some(Err(ControlError { line: at, problem }));
            }
        }
        (!fields.is_empty()).then_some(Ok(fields))
    }
}

fn add_line(fields: &mut Fields, line: &str) -> Result<(), &'static str> {
    if line.starts_with([' ', '\t']) {
        let (_, value) = fields
            .last_mut()
            .ok_or("it continues a field, and there is none before it")?;
        value.push('\n');
        value.push_str(line);
        return Ok(());
    }
    let (name, value) = line.split_once(':').ok_or("there is no colon")?;
    let name = name.trim_end();
    if !is_name(name) {
        return Err("the field's name has characters that it may not have");
    }
    if fields
        .iter()
        .any(|(known, _)| known.eq_ignore_ascii_case(name))
    {
        return Err("the field occurs a second time");
    }
    fields.push((name.to_owned(), value.trim().to_owned()));
    Ok(())
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(['#', '-'])
        && name.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The value of a field, whatever the case of its name.
pub fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields
        .iter()
        .find(|(field, _)| field.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_lines_are_kept_as_they_stand() {
        let fields =
            paragraph("Package: tzdata\nDescription: time zones\n more\n .\n yet more\n").unwrap();
        assert_eq!(field(&fields, "package"), Some("tzdata"));
        assert_eq!(
            field(&fields, "Description"),
            Some("time zones\n more\n .\n yet more")
        );
    }

    #[test]
    fn paragraphs_are_parted_by_empty_lines() {
        let read: Vec<_> = Paragraphs::new("\n\nA: 1\n\n \nB: 2\nC: 3\n")
            .map(|fields| fields.unwrap().len())
            .collect();
        assert_eq!(read, [1, 2]);
    }

    #[test]
    fn what_is_no_field_is_refused_with_its_line() {
        for (text, line, problem) in [
            ("A: 1\nno colon here\n", 2, "no colon"),
            (" folded\n", 1, "none before it"),
            ("A: 1\na: 2\n", 2, "a second time"),
            ("A: 1\n\nB: 2\n", 3, "second paragraph"),
            ("-A: 1\n", 1, "characters"),
            ("", 1, "no field"),
        ] {
            let error = paragraph(text).unwrap_err();
            assert_eq!(error.line, line, "{text:?}");
            assert!(error.problem.contains(problem), "{text:?}: {error}");
        }
    }
}
