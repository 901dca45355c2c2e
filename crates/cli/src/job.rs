//! `seawall job …`

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::Common;
use crate::connection::Connection;
use crate::output::{self, text, time};
use crate::reference::encode;

/// `seawall job …`
#[derive(Subcommand, Clone, Debug)]
pub enum JobCommand {
    /// List the jobs that were asked for, the newest first
    List {
        /// Only jobs in this status
        #[arg(long, value_enum)]
        status: Option<JobStatus>,
        /// Only jobs of this type, such as `GARBAGE_COLLECTION`
        #[arg(long = "type", value_name = "TYPE")]
        name: Option<String>,
        /// How many
        #[arg(long, default_value_t = 50, value_name = "NUMBER")]
        limit: usize,
    },
    /// Show a job: how far it is, or how it ended
    Show {
        /// Id of a job
        job: String,
    },
    /// Print what a job has written
    Log {
        /// Id of a job
        job: String,
    },
    /// Stop a job, every running job (all), or what waits in a queue
    Stop {
        /// Id of a job, or all
        #[arg(required_unless_present = "queue")]
        job: Option<String>,
        /// Stop what waits in this queue, or in all of them (all)
        #[arg(long, value_name = "QUEUE", conflicts_with = "job")]
        queue: Option<String>,
    },
    /// List the queues: how many jobs wait, and for how long
    Queues,
    /// Hand out no jobs of a queue any more; `SCHEDULER` stands for all schedules
    Pause {
        /// Name of a queue, or all
        queue: String,
    },
    /// Hand out the jobs of a queue again
    Resume {
        /// Name of a queue, or all
        queue: String,
    },
}

/// How far a job is.
#[derive(ValueEnum, Clone, Copy, Debug)]
pub enum JobStatus {
    /// It waits for a worker
    Pending,
    /// It waits for its time, or to be tried again
    Scheduled,
    /// It runs
    Running,
    /// Somebody stopped it
    Stopped,
    /// It failed
    Error,
    /// It has done its work
    Success,
}

pub async fn run(command: JobCommand, common: &Common) -> anyhow::Result<()> {
    let connection = Connection::open(common)?;
    match command {
        JobCommand::List {
            status,
            name,
            limit,
        } => {
            let jobs = connection
                .list(&list(status, name.as_deref()), Some(limit))
                .await?;
            output::rows(common.output, COLUMNS, &jobs)
        }
        JobCommand::Show { job } => {
            let path = format!("/jobservice/jobs/{}", encode(&job));
            let found = connection.get(&path).await?;
            output::object(common.output, &[COLUMNS, DETAILS].concat(), &found)
        }
        JobCommand::Log { job } => {
            let path = format!("/jobservice/jobs/{}/log", encode(&job));
            output::plain(&connection.text(&path).await?)
        }
        JobCommand::Stop {
            job: Some(job),
            queue: _,
        } => {
            let path = format!("/jobservice/jobs/{}", encode(&job));
            connection.put(&path, &json!({})).await?;
            let sentence = if job == "all" {
                "Every running job is stopped.".to_owned()
            } else {
                format!("Job {job} is stopped.")
            };
            output::done(common.output, &sentence, &json!({ "job": job }))
        }
        JobCommand::Stop { job: None, queue } => {
            let queue = queue.unwrap_or_default();
            act(&connection, &queue, "stop").await?;
            let sentence = format!("What waited in {} is stopped.", named(&queue));
            output::done(common.output, &sentence, &json!({ "queue": queue }))
        }
        JobCommand::Queues => {
            let queues = connection.get("/jobservice/queues").await?;
            let queues = queues.as_array().cloned().unwrap_or_default();
            output::rows(
                common.output,
                &[
                    ("queue", |queue| text(queue, "job_type")),
                    ("waiting", |queue| count(queue, "count")),
                    ("seconds", |queue| count(queue, "latency")),
                    ("state", |queue| {
                        let paused = text(queue, "paused") == "true";
                        if paused { "paused" } else { "open" }.to_owned()
                    }),
                ],
                &queues,
            )
        }
        JobCommand::Pause { queue } => {
            act(&connection, &queue, "pause").await?;
            let sentence = format!(
                "No job of {} is handed out any more; what runs goes on.",
                named(&queue)
            );
            output::done(
                common.output,
                &sentence,
                &json!({ "queue": queue, "paused": true }),
            )
        }
        JobCommand::Resume { queue } => {
            act(&connection, &queue, "resume").await?;
            let sentence = format!("Jobs of {} are handed out again.", named(&queue));
            output::done(
                common.output,
                &sentence,
                &json!({ "queue": queue, "paused": false }),
            )
        }
    }
}

const COLUMNS: &[output::Column] = &[
    ("job", |job| text(job, "id")),
    ("type", |job| text(job, "name")),
    ("status", |job| text(job, "status")),
    ("asked for", |job| time(job, "creation_time")),
    ("started", |job| time(job, "start_time")),
    ("ended", |job| time(job, "end_time")),
];

/// What there is to say of one job beyond that.
const DETAILS: &[output::Column] = &[
    ("execution", |job| text(job, "execution_id")),
    ("submitted", |job| times(job)),
    ("progress", progress),
    ("reason", |job| text(job, "status_message")),
];

fn times(job: &Value) -> String {
    match job["run_count"].as_i64() {
        Some(1) => "once".to_owned(),
        Some(count) => format!("{count} times"),
        None => String::new(),
    }
}

fn progress(job: &Value) -> String {
    let told = &job["progress"];
    let Some(done) = told["done"].as_u64() else {
        return String::new();
    };
    let of = told["total"].as_u64().map(|total| format!(" of {total}"));
    format!("{done}{} {}", of.unwrap_or_default(), text(told, "message"))
}

/// The path of a list.
fn list(status: Option<JobStatus>, name: Option<&str>) -> String {
    let mut filters = Vec::new();
    if let Some(status) = status {
        filters.push(format!("status={status:?}"));
    }
    if let Some(name) = name {
        filters.push(format!("name={name}"));
    }
    if filters.is_empty() {
        return "/jobservice/jobs".to_owned();
    }
    format!("/jobservice/jobs?q={}", encode(&filters.join(",")))
}

async fn act(connection: &Connection, queue: &str, action: &str) -> anyhow::Result<()> {
    let path = format!("/jobservice/queues/{}", encode(queue));
    connection.put(&path, &json!({ "action": action })).await?;
    Ok(())
}

/// What is zero is left out of the API's answers.
fn count(queue: &Value, name: &str) -> String {
    queue
        .get(name)
        .map_or_else(|| "0".to_owned(), Value::to_string)
}

fn named(queue: &str) -> String {
    if queue == "all" {
        "all queues".to_owned()
    } else {
        format!("queue {queue}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_go_into_the_query() {
        assert_eq!(list(None, None), "/jobservice/jobs");
        let path = list(Some(JobStatus::Running), Some("GARBAGE_COLLECTION"));
        assert_eq!(
            path,
            "/jobservice/jobs?q=status%3DRunning%2Cname%3DGARBAGE_COLLECTION"
        );
    }

    #[test]
    fn progress_is_shown_as_far_as_it_is_known() {
        assert_eq!(progress(&json!({})), "");
        let told = json!({"progress": {"done": 3, "message": "blobs"}});
        assert_eq!(progress(&told), "3 blobs");
        let told = json!({"progress": {"done": 3, "total": 9, "message": "blobs"}});
        assert_eq!(progress(&told), "3 of 9 blobs");
    }
}
