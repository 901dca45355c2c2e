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

    /// For people: one line a figure, the same columns for all.
    pub fn table(&self) -> String {
        let mut text = format!("{}\n", row(&COLUMNS.map(str::to_owned)));
        for line in &self.lines {
            let _ = writeln!(text, "{}", row(&line.cells()));
        }
        text.push_str("\nBare: sendfile alone, receive + hash + write in one thread, a loop of grouped fsyncs, what was pushed, the original's job engine, or pushes without a collection.\n");
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

const COLUMNS: [&str; 9] = [
    "what",
    "unit",
    "seawall",
    "2.8.2",
    "v3",
    "bare",
    "seawall/v3",
    "seawall/bare",
    "at least",
];

/// Cells under each other, figures to the right.
fn row(cells: &[String; 9]) -> String {
    let [what, unit, figures @ .., target] = cells;
    let figures: String = figures.iter().fold(String::new(), |text, figure| {
        text + &format!(" {figure:>12}")
    });
    format!("{what:<48} {unit:<6}{figures}  {target}")
        .trim_end()
        .to_owned()
}

impl Line {
    fn cells(&self) -> [String; 9] {
        let value = |wanted: &str| {
            self.values
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| *value)
        };
        let own = value("seawall");
        let bare = self
            .values
            .iter()
            .find(|(name, _)| !["seawall", "2.8.2", "v3"].contains(&name.as_str()));
        let bare = bare.map(|(_, value)| *value);
        let ratio = |other: Option<f64>| own.zip(other).map(|(own, other)| own / other);
        let cell = |value: Option<f64>| value.map(short).unwrap_or_default();
        [
            self.what.clone(),
            self.unit.to_owned(),
            cell(own),
            cell(value("2.8.2")),
            cell(value("v3")),
            cell(bare),
            cell(ratio(value("v3"))),
            cell(ratio(bare)),
            self.target.clone(),
        ]
    }

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
    if !value.is_finite() {
        // A share of nothing.
        "-".to_owned()
    } else if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value.abs() >= 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.4}")
    }
}
