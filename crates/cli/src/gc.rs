//! `seawall gc …`

use std::time::Duration;

use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::connection::Connection;
use crate::output::{self, text, time};
use crate::progress::Bar;
use crate::{Common, size};

const GC: &str = "/system/gc";
const SCHEDULE: &str = "/system/gc/schedule";
/// Between two looks at a run.
const PAUSE: Duration = Duration::from_millis(400);

/// `seawall gc …`
#[derive(Subcommand, Clone, Debug)]
pub enum GcCommand {
    /// Say what a collection would free, and change nothing
    Plan(CollectionArgs),
    /// Collect garbage now, and wait until it is done
    Run {
        #[command(flatten)]
        collection: CollectionArgs,
        /// Do not wait
        #[arg(long)]
        detach: bool,
    },
    /// Show the last collections, or one of them
    Status {
        /// Number of a collection
        id: Option<i64>,
        /// How many, newest first
        #[arg(long, default_value_t = 10, value_name = "NUMBER")]
        limit: usize,
    },
    /// Print what a collection has written
    Log {
        /// Number of a collection
        id: i64,
    },
    /// Stop a collection; what it has done stays done
    Stop {
        /// Number of a collection
        id: i64,
    },
    /// Show when garbage is collected, or choose it
    Schedule {
        /// hourly, daily, weekly, none, or a cron expression with seconds, such as '0 30 2 * * *' (UTC)
        when: Option<String>,
        #[command(flatten)]
        collection: CollectionArgs,
    },
}

/// What a collection is to do.
#[derive(Args, Clone, Debug)]
pub struct CollectionArgs {
    /// Delete artifacts without a tag first
    #[arg(long)]
    delete_untagged: bool,
    /// Requests to the storage at the same time, 1 to 10
    #[arg(long, value_name = "NUMBER")]
    workers: Option<u64>,
    /// Spare what was pushed or asked about within so many hours
    #[arg(long, value_name = "HOURS")]
    time_window: Option<u64>,
}

impl CollectionArgs {
    fn parameters(&self, dry_run: bool) -> Value {
        let mut parameters = Map::new();
        parameters.insert("delete_untagged".to_owned(), self.delete_untagged.into());
        parameters.insert("dry_run".to_owned(), dry_run.into());
        for (name, number) in [("workers", self.workers), ("time_window", self.time_window)] {
            if let Some(number) = number {
                parameters.insert(name.to_owned(), number.into());
            }
        }
        Value::Object(parameters)
    }
}

pub async fn run(command: GcCommand, common: &Common) -> anyhow::Result<()> {
    let connection = Connection::open(common)?;
    match command {
        GcCommand::Plan(collection) => {
            let id = start(&connection, &collection.parameters(true)).await?;
            let plan = wait(&connection, &id).await?;
            show(&plan, common)
        }
        GcCommand::Run { collection, detach } => {
            let id = start(&connection, &collection.parameters(false)).await?;
            if detach {
                let sentence = format!(
                    "Collection {id} is started; `seawall gc status {id}` says how far it is."
                );
                return output::done(common.output, &sentence, &json!({ "id": number(&id) }));
            }
            let done = wait(&connection, &id).await?;
            show(&done, common)
        }
        GcCommand::Status {
            id: Some(id),
            limit: _,
        } => show(&connection.get(&format!("{GC}/{id}")).await?, common),
        GcCommand::Status { id: None, limit } => {
            let runs = connection.list(GC, Some(limit)).await?;
            output::rows(common.output, COLUMNS, &runs)
        }
        GcCommand::Log { id } => output::plain(&connection.text(&format!("{GC}/{id}/log")).await?),
        GcCommand::Stop { id } => {
            connection.put(&format!("{GC}/{id}"), &json!({})).await?;
            let sentence = format!("Collection {id} is asked to stop.");
            output::done(common.output, &sentence, &json!({ "id": id }))
        }
        GcCommand::Schedule { when: None, .. } => show_schedule(&connection, common).await,
        GcCommand::Schedule {
            when: Some(when),
            collection,
        } => {
            let (kind, cron) = schedule(&when);
            let body = json!({
                "schedule": {"type": kind, "cron": cron},
                "parameters": collection.parameters(false),
            });
            connection.put(SCHEDULE, &body).await?;
            show_schedule(&connection, common).await
        }
    }
}

/// The type and the cron expression of what a person wrote.
fn schedule(when: &str) -> (&'static str, &str) {
    match when.to_lowercase().as_str() {
        "none" | "off" | "never" => ("None", ""),
        "hourly" => ("Hourly", "0 0 * * * *"),
        "daily" => ("Daily", "0 0 0 * * *"),
        "weekly" => ("Weekly", "0 0 0 * * 0"),
        _ => ("Custom", when),
    }
}

async fn start(connection: &Connection, parameters: &Value) -> anyhow::Result<String> {
    let body = json!({"schedule": {"type": "Manual"}, "parameters": parameters});
    connection.create(SCHEDULE, &body).await
}

/// Waits until a collection has ended, with a bar on a terminal.
async fn wait(connection: &Connection, id: &str) -> anyhow::Result<Value> {
    let bar = Bar::new();
    let ended = loop {
        let run = connection.get(&format!("{GC}/{id}")).await?;
        if text(&run, "job_status") != "Running" {
            break run;
        }
        if let Some(progress) = parameter(&run, "progress") {
            bar.show(&progress);
        }
        tokio::time::sleep(PAUSE).await;
    };
    bar.end();
    match text(&ended, "job_status").as_str() {
        "Success" => Ok(ended),
        status => bail!("collection {id} ended with {status}: `seawall gc log {id}` says why"),
    }
}

fn number(id: &str) -> Value {
    id.parse::<i64>().map_or(Value::Null, Value::from)
}

/// A value in the JSON that the parameters are in.
fn parameter(run: &Value, name: &str) -> Option<Value> {
    let parameters: Value = serde_json::from_str(run.get("job_parameters")?.as_str()?).ok()?;
    parameters.get(name).cloned()
}

fn count(run: &Value, name: &str) -> String {
    parameter(run, name).map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn space(run: &Value, name: &str) -> String {
    let bytes = parameter(run, name).and_then(|value| value.as_i64());
    bytes.map_or_else(|| "-".to_owned(), size::show)
}

fn dry_run(run: &Value) -> String {
    let dry = parameter(run, "dry_run") == Some(Value::Bool(true));
    if dry { "plan" } else { "run" }.to_owned()
}

const COLUMNS: &[output::Column] = &[
    ("id", |run| text(run, "id")),
    ("kind", dry_run),
    ("status", |run| text(run, "job_status")),
    ("trigger", |run| text(run, "schedule.type")),
    ("started", |run| time(run, "creation_time")),
    ("freed", |run| space(run, "freed_space")),
    ("blobs", |run| count(run, "purged_blobs")),
    ("artifacts", |run| count(run, "purged_manifests")),
];

fn show(run: &Value, common: &Common) -> anyhow::Result<()> {
    output::object(
        common.output,
        &[
            ("collection", |run| text(run, "id")),
            ("kind", dry_run),
            ("status", |run| text(run, "job_status")),
            ("started", |run| time(run, "creation_time")),
            ("freed", |run| space(run, "freed_space")),
            ("blobs", |run| count(run, "purged_blobs")),
            ("artifacts", |run| count(run, "purged_manifests")),
            ("left the trash", |run| space(run, "trash_space")),
        ],
        run,
    )
}

async fn show_schedule(connection: &Connection, common: &Common) -> anyhow::Result<()> {
    let Some(schedule) = connection.get_if_any(SCHEDULE).await? else {
        let sentence =
            "Garbage is not collected by itself; `seawall gc schedule daily` changes that.";
        return output::done(common.output, sentence, &Value::Null);
    };
    output::object(
        common.output,
        &[
            ("type", |schedule| text(schedule, "schedule.type")),
            ("cron", |schedule| text(schedule, "schedule.cron")),
            ("next", |schedule| {
                time(schedule, "schedule.next_scheduled_time")
            }),
            ("untagged", |schedule| {
                let delete = parameter(schedule, "delete_untagged") == Some(Value::Bool(true));
                if delete { "deleted" } else { "kept" }.to_owned()
            }),
        ],
        &schedule,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_a_word_or_an_expression() {
        assert_eq!(schedule("Daily"), ("Daily", "0 0 0 * * *"));
        assert_eq!(schedule("none"), ("None", ""));
        assert_eq!(schedule("0 30 2 * * *"), ("Custom", "0 30 2 * * *"));
    }

    #[test]
    fn what_came_of_a_run_stands_in_its_parameters() {
        let run = json!({"job_parameters": "{\"dry_run\":true,\"freed_space\":2048}"});
        assert_eq!(
            (dry_run(&run), space(&run, "freed_space")),
            ("plan".into(), "2.0 KiB".into())
        );
        assert_eq!(count(&run, "purged_blobs"), "-");
    }
}
