//! `seawall job …`

use anyhow::bail;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::Common;
use crate::connection::Connection;
use crate::output::{self, text, time};
use crate::reference::encode;

/// `seawall job …`
#[derive(Subcommand, Clone, Debug)]
pub enum JobCommand {
    /// List the jobs that run
    List,
    /// Show a job that runs
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

pub async fn run(command: JobCommand, common: &Common) -> anyhow::Result<()> {
    let connection = Connection::open(common)?;
    match command {
        JobCommand::List => output::rows(common.output, COLUMNS, &running(&connection).await?),
        JobCommand::Show { job } => {
            let jobs = running(&connection).await?;
            match jobs.iter().find(|run| text(run, "job_id") == job) {
                Some(found) => output::object(common.output, COLUMNS, found),
                None => bail!("job {job} does not run; `seawall job log {job}` says what it did"),
            }
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
    ("job", |run| text(run, "job_id")),
    ("type", |run| text(run, "job_name")),
    ("since", |run| time(run, "start_at")),
    ("pool", |run| text(run, "pool_id")),
];

/// The workers that are busy.
async fn running(connection: &Connection) -> anyhow::Result<Vec<Value>> {
    let workers = connection.get("/jobservice/pools/all/workers").await?;
    let workers = workers.as_array().cloned().unwrap_or_default();
    Ok(workers
        .into_iter()
        .filter(|worker| worker.get("job_id").is_some())
        .collect())
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
