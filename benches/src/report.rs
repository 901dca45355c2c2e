//! The table, and the same as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// All that was measured.
#[derive(Debug, Default)]
pub struct Report {
    lines: Vec<Line>,
}

/// One figure of one measurement, for each that was measured.
#[derive(Debug)]
struct Line {
    what: String,
    unit: &'static str,
    values: Vec<(String, f64)>,
    target: String,
}

impl Report {
    /// Adds a line: `values` by name, Seawall's first.
    pub fn add(
        &mut self,
        what: impl Into<String>,
        unit: &'static str,
        values: &[(&str, f64)],
        target: &str,
    ) {
        let values: Vec<_> = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect();
        let line = Line {
            what: what.into(),
            unit,
            values,
            target: target.to_owned(),
        };
        eprintln!("bench:   {}", line.text());
        self.lines.push(line);
    }

    /// Notes that a row could not be measured.
    pub fn failed(&mut self, name: &str, why: &str) {
        let first = why.lines().next().unwrap_or_default();
        self.lines.push(Line {
            what: format!("{name} FAILED: {first}"),
            unit: "",
            values: Vec::new(),
            target: String::new(),
        });
    }

    /// For people.
    pub fn table(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            let _ = writeln!(text, "{}", line.text());
        }
        text
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let lines = self.lines.iter().map(|line| {
            let values: serde_json::Map<String, Value> = line
                .values
                .iter()
                .map(|(name, value)| (name.clone(), json!(value)))
                .collect();
            json!({"what": line.what, "unit": line.unit, "values": values, "target": line.target})
        });
        json!({"results": lines.collect::<Vec<_>>()})
    }
}

impl Line {
    fn text(&self) -> String {
        let mut text = format!("{:<46} {:>9}", self.what, self.unit);
        for (name, value) in &self.values {
            let _ = write!(text, "  {name} {}", short(*value));
        }
        // How many times Seawall's figure each other one is.
        if let Some((_, own)) = self.values.first() {
            for (name, value) in &self.values[1..] {
                let _ = write!(text, "  [seawall/{name} {}]", short(own / value));
            }
        }
        if !self.target.is_empty() {
            let _ = write!(text, "  at least: {}", self.target);
        }
        text
    }
}

fn short(value: f64) -> String {
    if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value.abs() >= 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.4}")
    }
}
