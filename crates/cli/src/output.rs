//! Printing: data on stdout, as a table or as JSON; all else on stderr.

use std::io::Write as _;

use anyhow::Context as _;
use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, TableStyle};
use serde_json::Value;

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// Columns, for people.
    #[default]
    Table,
    /// The API's own JSON, for programs.
    Json,
}

/// A column: its heading and the text of a row in it.
pub type Column = (&'static str, fn(&Value) -> String);

/// Prints a list.
pub fn rows(format: OutputFormat, columns: &[Column], rows: &[Value]) -> anyhow::Result<()> {
    match format {
        OutputFormat::Json => json(&Value::Array(rows.to_vec())),
        OutputFormat::Table => write_out(&render(columns, rows)),
    }
}

/// Prints one object, a line a field.
pub fn object(format: OutputFormat, fields: &[Column], value: &Value) -> anyhow::Result<()> {
    match format {
        OutputFormat::Json => json(value),
        OutputFormat::Table => {
            let width = fields
                .iter()
                .map(|(heading, _)| heading.len())
                .max()
                .unwrap_or(0);
            let lines: Vec<_> = fields
                .iter()
                .map(|(heading, text)| {
                    format!("{heading:width$}  {}", text(value))
                        .trim_end()
                        .to_owned()
                })
                .collect();
            write_out(&lines.join("\n"))
        }
    }
}

/// Says what was done: a sentence on stderr, or the object as JSON on stdout.
pub fn done(format: OutputFormat, sentence: &str, value: &Value) -> anyhow::Result<()> {
    match format {
        OutputFormat::Json => json(value),
        OutputFormat::Table => {
            eprintln!("{sentence}");
            Ok(())
        }
    }
}

/// Prints text as it is.
pub fn plain(text: &str) -> anyhow::Result<()> {
    write_out(text.trim_end_matches('\n'))
}

fn json(value: &Value) -> anyhow::Result<()> {
    write_out(&serde_json::to_string_pretty(value)?)
}

/// A closed pipe (`seawall … | head`) is no error worth a panic.
fn write_out(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to stdout"),
    }
}

fn render(columns: &[Column], rows: &[Value]) -> String {
    let mut table = Table::new();
    table
        .load_style(TableStyle::new())
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(columns.iter().map(|(heading, _)| heading.to_uppercase()));
    for row in rows {
        table.add_row(columns.iter().map(|(_, text)| text(row)));
    }
    table
        .lines()
        .map(|line| {
            line.trim_end()
                .strip_prefix(' ')
                .unwrap_or_default()
                .to_owned()
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// A field as text: nothing for null, no quotes around strings. Dots step into objects.
pub fn text(value: &Value, path: &str) -> String {
    let found = path.split('.').try_fold(value, |value, key| value.get(key));
    match found {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A time as `2026-11-21 14:03:09`, UTC; nothing when it was never.
pub fn time(value: &Value, path: &str) -> String {
    let text = text(value, path);
    if text.is_empty() || text.starts_with("0001-") {
        return "-".to_owned();
    }
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_has_headings_and_rows() {
        let columns: &[Column] = &[
            ("name", |row| text(row, "name")),
            ("size", |row| text(row, "size.bytes")),
        ];
        let table = render(
            columns,
            &[
                json!({"name": "a", "size": {"bytes": 12}}),
                json!({"name": "b"}),
            ],
        );
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(
            lines[0].split_whitespace().collect::<Vec<_>>(),
            ["NAME", "SIZE"]
        );
        assert_eq!(lines[1].split_whitespace().collect::<Vec<_>>(), ["a", "12"]);
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn times_are_short_and_never_is_a_dash() {
        assert_eq!(
            time(&json!({"t": "2026-11-21T10:00:00.123Z"}), "t"),
            "2026-11-21 10:00:00"
        );
        assert_eq!(time(&json!({"t": "0001-01-01T00:00:00.000Z"}), "t"), "-");
        assert_eq!(time(&json!({}), "t"), "-");
    }
}
