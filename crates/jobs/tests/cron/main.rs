//! That cron expressions mean what they mean to robfig/cron v3.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use seawall_database::Timestamp;
use seawall_jobs::cron::Cron;

#[test]
fn expressions_fire_when_the_original_says_they_do() {
    let (mut accepted, mut refused) = (0, 0);
    for line in include_str!("cases.txt").lines().skip(1) {
        let mut columns = line.split('|');
        let text = columns.next().unwrap().replace("\\t", "\t");
        let after = columns.next().unwrap();
        let cron: Result<Cron, _> = text.parse();
        if after == "error" {
            assert!(cron.is_err(), "{text:?} is refused by the original");
            refused += 1;
            continue;
        }
        let cron = cron.unwrap_or_else(|error| panic!("{text:?}: {error}"));
        let mut moment = Some(Timestamp::from_seconds(after.parse().unwrap()));
        for expected in columns.next().unwrap().split(' ') {
            moment = moment.and_then(|moment| cron.next(moment));
            let said = moment.map_or("never".to_owned(), |moment| moment.seconds().to_string());
            assert_eq!(said, expected, "{text:?} after {after}");
        }
        accepted += 1;
    }
    assert!(accepted > 100 && refused > 50, "{accepted} and {refused}");
}

#[test]
fn what_is_no_expression_is_refused_with_a_reason() {
    for (text, reason) in [
        ("", "it has 0 fields"),
        ("* * * * *", "it has 5 fields"),
        ("@daily", "descriptors are not accepted"),
        ("TZ=Asia/Tokyo 0 0 0 * * *", "without a time zone"),
        ("CRON_TZ=UTC 0 0 0 * * *", "without a time zone"),
        (", * * * * *", "the second is empty"),
        ("0 60 * * * *", "the minute, \"60\": from 0 to 59 only"),
        ("0 0 0 * * 7", "the day of week, \"7\": from 0 to 6 only"),
        ("0 0 0 5-1 * *", "it ends before it begins"),
        ("*/0 * * * * *", "the step is zero"),
        ("1-2-3 * * * * *", "too many hyphens"),
    ] {
        let error = text.parse::<Cron>().unwrap_err().to_string();
        assert!(error.contains(reason), "{text:?}: {error}");
    }
    assert!(
        format!("{} * * * * *", "1,".repeat(200))
            .parse::<Cron>()
            .is_err()
    );
}

#[test]
fn a_day_that_never_comes_is_no_endless_search() {
    let cron: Cron = "0 0 0 31 2 *".parse().unwrap();
    assert_eq!(cron.next(Timestamp::now()), None);
}

#[test]
fn moments_beyond_any_calendar_fire_nothing() {
    let cron: Cron = "* * * * * *".parse().unwrap();
    for moment in [i64::MAX, i64::MIN, i64::MAX / 2] {
        let _ = cron.next(Timestamp(moment));
    }
    assert_eq!(cron.next(Timestamp(i64::MAX)), None);
}

fn member(least: u32, most: u32) -> impl Strategy<Value = String> {
    let value = least..=most;
    prop_oneof![
        Just("*".to_owned()),
        Just("?".to_owned()),
        value.clone().prop_map(|value| value.to_string()),
        (value.clone(), value.clone()).prop_map(|(one, other)| format!(
            "{}-{}",
            one.min(other),
            one.max(other)
        )),
        (1_u32..30).prop_map(|step| format!("*/{step}")),
        (value, 1_u32..30).prop_map(|(value, step)| format!("{value}/{step}")),
    ]
}

fn field(least: u32, most: u32) -> impl Strategy<Value = String> {
    proptest::collection::vec(member(least, most), 1..3).prop_map(|members| members.join(","))
}

fn expression() -> impl Strategy<Value = String> {
    (
        field(0, 59),
        field(0, 59),
        field(0, 23),
        field(1, 31),
        field(1, 12),
        field(0, 6),
    )
        .prop_map(|(s, m, h, dom, mon, dow)| format!("{s} {m} {h} {dom} {mon} {dow}"))
}

proptest! {
    #[test]
    fn any_expression_of_the_grammar_is_read_and_moves_forward(
        text in expression(),
        after in 0_i64..4_000_000_000,
    ) {
        let cron: Cron = text.parse().unwrap();
        let after = Timestamp::from_seconds(after);
        if let Some(next) = cron.next(after) {
            prop_assert!(next > after);
            // Nothing fires in between: asked from anywhere before it, the answer is the same.
            let between = Timestamp(after.0 + (next.0 - 1 - after.0) / 2);
            prop_assert_eq!(cron.next(between), Some(next));
            prop_assert_eq!(cron.next(Timestamp(next.0 - 1)), Some(next));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
        if let Ok(cron) = text.parse::<Cron>() {
            let _ = cron.next(Timestamp::from_seconds(1_700_000_000));
        }
    }
}
