//! The grammar. A field is a list of ranges (`1,5-7`), a range may have a step (`5-30/5`, `*/2`,
//! `7/10` for from 7 on), months and days of the week have names in any case.
//!
//! Its oddities are kept, since expressions that people have stored rely on them: empty members of
//! a list count for nothing (`1,,2`), what follows `*-` is not looked at, a number may begin with
//! `+`. The one exception: a field without any member (`,`) can never fire, and is refused.

use super::{Fields, InvalidCron};

/// What a field may hold.
struct Bounds {
    name: &'static str,
    least: u64,
    most: u64,
    names: &'static [&'static str],
}

const SECONDS: Bounds = bounds("second", 0, 59, &[]);
const MINUTES: Bounds = bounds("minute", 0, 59, &[]);
const HOURS: Bounds = bounds("hour", 0, 23, &[]);
const DAYS: Bounds = bounds("day of month", 1, 31, &[]);
const MONTHS: Bounds = bounds(
    "month",
    1,
    12,
    &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
);
const WEEKDAYS: Bounds = bounds(
    "day of week",
    0,
    6,
    &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
);

const fn bounds(
    name: &'static str,
    least: u64,
    most: u64,
    names: &'static [&'static str],
) -> Bounds {
    Bounds {
        name,
        least,
        most,
        names,
    }
}

pub(super) fn fields(text: &str) -> Result<Fields, InvalidCron> {
    if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
        return Err(InvalidCron("it is in UTC, without a time zone".to_owned()));
    }
    if text.starts_with('@') {
        return Err(InvalidCron("descriptors are not accepted".to_owned()));
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let [second, minute, hour, day, month, weekday] = words[..] else {
        return Err(InvalidCron(format!("it has {} fields", words.len())));
    };
    let (days, any_day) = field(day, &DAYS)?;
    let (weekdays, any_weekday) = field(weekday, &WEEKDAYS)?;
    Ok(Fields {
        seconds: field(second, &SECONDS)?.0,
        minutes: field(minute, &MINUTES)?.0,
        hours: field(hour, &HOURS)?.0,
        months: field(month, &MONTHS)?.0,
        days,
        weekdays,
        any_day: any_day || any_weekday,
    })
}

/// The values of a field, and whether it was left open.
fn field(text: &str, bounds: &Bounds) -> Result<(u64, bool), InvalidCron> {
    let (mut bits, mut open) = (0, false);
    for member in text.split(',').filter(|member| !member.is_empty()) {
        let (values, star) = range(member, bounds)
            .map_err(|error| InvalidCron(format!("the {}, {text:?}: {error}", bounds.name)))?;
        bits |= values;
        open |= star;
    }
    if bits == 0 {
        return Err(InvalidCron(format!("the {} is empty", bounds.name)));
    }
    Ok((bits, open))
}

fn range(text: &str, bounds: &Bounds) -> Result<(u64, bool), String> {
    let (ends, step) = match text.split_once('/') {
        None => (text, None),
        Some((_, step)) if step.contains('/') => return Err("too many slashes".to_owned()),
        Some((ends, step)) => (ends, Some(number(step)?)),
    };
    let (low, high) = match ends.split_once('-') {
        None => (ends, None),
        Some((low, high)) => (low, Some(high)),
    };
    let star = matches!(low, "*" | "?");
    let (first, last) = match high {
        _ if star => (bounds.least, bounds.most),
        Some(high) if high.contains('-') => return Err("too many hyphens".to_owned()),
        Some(high) => (value(low, bounds)?, value(high, bounds)?),
        // With a step, from there to the end.
        None if step.is_some() => (value(low, bounds)?, bounds.most),
        None => (value(low, bounds)?, value(low, bounds)?),
    };
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err("the step is zero".to_owned());
    }
    if first < bounds.least || last > bounds.most {
        return Err(format!("from {} to {} only", bounds.least, bounds.most));
    }
    if first > last {
        return Err("it ends before it begins".to_owned());
    }
    let step_by = usize::try_from(step).unwrap_or(usize::MAX);
    let bits = (first..=last)
        .step_by(step_by)
        .fold(0, |bits, value| bits | 1_u64 << value);
    // A star with a step is no longer open.
    Ok((bits, star && step == 1))
}

fn value(text: &str, bounds: &Bounds) -> Result<u64, String> {
    let lower = text.to_ascii_lowercase();
    match bounds.names.iter().position(|name| *name == lower) {
        Some(index) => Ok(bounds.least + index as u64),
        None => number(text),
    }
}

/// A number as Go reads it: of at most 63 bits, perhaps with a `+`.
fn number(text: &str) -> Result<u64, String> {
    match text.parse::<i64>() {
        Ok(number) => u64::try_from(number).map_err(|_| format!("{text:?} is negative")),
        Err(_) => Err(format!("{text:?} is no number")),
    }
}
