//! Cron expressions and ids of jobs: whatever is sent is read or refused, and an
//! expression that was read moves forward in time without looking for ever.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seawall_database::Timestamp;
use seawall_jobs::JobId;
use seawall_jobs::cron::Cron;

fuzz_target!(|input: (&str, i64)| {
    let (text, after) = input;
    if let Ok(cron) = text.parse::<Cron>() {
        assert_eq!(cron.as_str(), text);
        let after = Timestamp(after);
        if let Some(next) = cron.next(after) {
            assert!(next > after);
            assert_eq!(cron.next(Timestamp(next.0 - 1)), Some(next));
        }
    }
    if let Ok(id) = text.parse::<JobId>() {
        assert!(!id.as_str().contains(['/', '\\', '.', '\0']));
    }
});
