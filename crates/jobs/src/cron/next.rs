//! When an expression fires next.

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime};
use seawall_database::Timestamp;

use super::Fields;

/// In which year after the one it was asked in the search ends.
const YEARS: i16 = 5;

pub(super) fn next(fields: &Fields, after: Timestamp) -> Option<Timestamp> {
    // The next whole second.
    let start = jiff::Timestamp::from_second(after.seconds().checked_add(1)?).ok()?;
    let start = start.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let last_year = start.year().saturating_add(YEARS);
    let mut date = start.date();
    let mut from = Clock::of(start);
    while date.year() <= last_year {
        if !fires_in(fields.months, date.month()) {
            date = date.first_of_month().checked_add(1.month()).ok()?;
        } else if let Some(time) = from.next(fields).filter(|_| fires_on(fields, date)) {
            let moment = date.at(time.hour, time.minute, time.second, 0);
            let moment = moment.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
            return Some(Timestamp::from_seconds(moment.timestamp().as_second()));
        } else {
            date = date.tomorrow().ok()?;
        }
        from = Clock::MIDNIGHT;
    }
    None
}

/// A time of day.
#[derive(Clone, Copy)]
struct Clock {
    hour: i8,
    minute: i8,
    second: i8,
}

impl Clock {
    const MIDNIGHT: Self = Self {
        hour: 0,
        minute: 0,
        second: 0,
    };

    fn of(moment: DateTime) -> Self {
        Self {
            hour: moment.hour(),
            minute: moment.minute(),
            second: moment.second(),
        }
    }

    /// The first time that fires, at this one or later on the same day.
    fn next(self, fields: &Fields) -> Option<Self> {
        let first_second = first(fields.seconds, 0)?;
        let first_minute = first(fields.minutes, 0)?;
        let hour = first(fields.hours, self.hour)?;
        if hour > self.hour {
            return Some(Self {
                hour,
                minute: first_minute,
                second: first_second,
            });
        }
        if let Some(minute) = first(fields.minutes, self.minute) {
            if minute > self.minute {
                return Some(Self {
                    hour,
                    minute,
                    second: first_second,
                });
            }
            if let Some(second) = first(fields.seconds, self.second) {
                return Some(Self {
                    hour,
                    minute,
                    second,
                });
            }
            if let Some(minute) = first(fields.minutes, self.minute + 1) {
                return Some(Self {
                    hour,
                    minute,
                    second: first_second,
                });
            }
        }
        Some(Self {
            hour: first(fields.hours, self.hour + 1)?,
            minute: first_minute,
            second: first_second,
        })
    }
}

/// The first value from `from` on.
fn first(bits: u64, from: i8) -> Option<i8> {
    let left = bits.checked_shr(u32::try_from(from).ok()?)?;
    if left == 0 {
        return None;
    }
    i8::try_from(left.trailing_zeros())
        .ok()
        .map(|more| from + more)
}

fn fires_in(bits: u64, value: i8) -> bool {
    first(bits, value) == Some(value)
}

fn fires_on(fields: &Fields, date: Date) -> bool {
    let day = fires_in(fields.days, date.day());
    let weekday = fires_in(fields.weekdays, date.weekday().to_sunday_zero_offset());
    if fields.any_day {
        day && weekday
    } else {
        day || weekday
    }
}
