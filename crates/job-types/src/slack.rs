//! SLACK: posts `payload` to a Slack hook, one at a time and one a second, which is Slack's limit.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use seawall_jobs::{JobContext, JobType};

use crate::LEAST;
use crate::delivery::{self, Sender};

/// What Slack wants between two messages.
const PAUSE: Duration = Duration::from_secs(1);

pub(crate) fn job_type(sender: Sender, max_attempts: u32) -> JobType {
    JobType {
        max_attempts,
        concurrency: Some(1),
        priority: LEAST,
        check: std::sync::Arc::new(delivery::check),
        ..JobType::new("SLACK", move |context: JobContext| {
            let sender = sender.clone();
            async move {
                let json = HeaderValue::from_static("application/json");
                let headers = HeaderMap::from_iter([(CONTENT_TYPE, json)]);
                let result = sender.post(&context, headers).await;
                let pause = tokio::time::sleep(PAUSE);
                // Whoever is told to stop need not keep the distance.
                let _ = context.cancelled.run_until_cancelled(pause).await;
                result
            }
        })
    }
}
