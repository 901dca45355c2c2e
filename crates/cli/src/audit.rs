//! `seawall audit`

use clap::Args;
use serde_json::Value;

use crate::Common;
use crate::connection::Connection;
use crate::output::{self, text, time};
use crate::reference::encode;

/// `seawall audit`
#[derive(Args, Clone, Debug)]
pub struct AuditArgs {
    /// Only what was done in this project
    #[arg(long)]
    project: Option<String>,
    /// Only what this user did
    #[arg(long)]
    user: Option<String>,
    /// Only this operation, such as push, pull, create or delete
    #[arg(long)]
    operation: Option<String>,
    /// How many entries, newest first
    #[arg(long, default_value_t = 50, value_name = "NUMBER")]
    limit: usize,
}

/// The program that asked, such as `docker/20.10.24`: what follows it is long, and in the JSON.
fn agent(entry: &Value) -> String {
    let agent = text(entry, "user_agent");
    agent
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned()
}

pub async fn run(args: &AuditArgs, common: &Common) -> anyhow::Result<()> {
    let connection = Connection::open(common)?;
    let mut filters = Vec::new();
    if let Some(user) = &args.user {
        filters.push(format!("username={user}"));
    }
    if let Some(operation) = &args.operation {
        filters.push(format!("operation={operation}"));
    }
    let base = match &args.project {
        Some(project) => format!("/projects/{}/auditlog-exts", encode(project)),
        None => "/auditlog-exts".to_owned(),
    };
    let path = if filters.is_empty() {
        base
    } else {
        format!("{base}?q={}", encode(&filters.join(",")))
    };
    let entries = connection.list(&path, Some(args.limit)).await?;
    output::rows(
        common.output,
        &[
            ("time", |entry| time(entry, "op_time")),
            ("user", |entry| text(entry, "username")),
            ("operation", |entry| text(entry, "operation")),
            ("kind", |entry| text(entry, "resource_type")),
            ("resource", |entry| text(entry, "resource")),
            ("from", |entry| text(entry, "client_address")),
            ("agent", agent),
            ("result", |entry| {
                if text(entry, "operation_result") == "true" {
                    "success"
                } else {
                    "failed"
                }
                .to_owned()
            }),
        ],
        &entries,
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_table_shows_the_program_and_not_all_that_it_says_of_itself() {
        let agent_of = |text: &str| agent(&json!({"user_agent": text}));
        let docker =
            "docker/20.10.24 go/go1.19.8 UpstreamClient(Docker-Client/20.10.24 \\(linux\\))";
        assert_eq!(agent_of(docker), "docker/20.10.24");
        assert_eq!(agent_of(""), "");
        assert_eq!(agent(&json!({})), "");
    }
}
