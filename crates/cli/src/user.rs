//! `seawall user …`

use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::Common;
use crate::connection::Connection;
use crate::output::{self, text, time};
use crate::reference::encode;

/// `seawall user …`
#[derive(Subcommand, Clone, Debug)]
pub enum UserCommand {
    /// Create a user; the password is read from stdin or asked for
    Create {
        /// User name
        name: String,
        /// Mail address
        #[arg(long)]
        email: String,
        /// Whole name [default: the user name]
        #[arg(long)]
        realname: Option<String>,
        /// A note, at most 30 characters
        #[arg(long, default_value = "")]
        comment: String,
        /// Make the user an administrator of the whole registry
        #[arg(long)]
        admin: bool,
        /// Read the password from stdin
        #[arg(long)]
        password_stdin: bool,
    },
    /// List users
    List,
    /// Change a password: your own, or as administrator anyone's
    Password {
        /// User name [default: you]
        name: Option<String>,
        /// Read from stdin: the old password (only for your own), then the new one, a line each
        #[arg(long)]
        password_stdin: bool,
    },
    /// Make a new CLI secret, for `docker login` in the place of the password; shown once
    CliSecret {
        /// User name [default: you]
        name: Option<String>,
    },
    /// Delete a user
    Delete {
        /// User name
        name: String,
    },
}

pub async fn run(command: UserCommand, common: &Common) -> anyhow::Result<()> {
    let connection = Connection::open(common)?;
    match command {
        UserCommand::Create {
            name,
            email,
            realname,
            comment,
            admin,
            password_stdin,
        } => {
            let password = secret("Password: ", password_stdin)?;
            let body = json!({
                "username": name, "email": email, "realname": realname.unwrap_or_else(|| name.clone()),
                "comment": comment, "password": password,
            });
            connection.post("/users", &body).await?;
            let id = id_of(&connection, &name).await?;
            if admin {
                connection
                    .put(
                        &format!("/users/{id}/sysadmin"),
                        &json!({"sysadmin_flag": true}),
                    )
                    .await?;
            }
            output::done(
                common.output,
                &format!("Created user {name}."),
                &json!({"user_id": id, "username": name}),
            )
        }
        UserCommand::List => {
            let users = connection.list("/users", None).await?;
            output::rows(
                common.output,
                &[
                    ("id", |user| text(user, "user_id")),
                    ("name", |user| text(user, "username")),
                    ("email", |user| text(user, "email")),
                    ("administrator", |user| yes_no(user, "sysadmin_flag")),
                    ("created", |user| time(user, "creation_time")),
                ],
                &users,
            )
        }
        UserCommand::Password {
            name,
            password_stdin,
        } => password(&connection, name, password_stdin, common).await,
        UserCommand::CliSecret { name } => {
            let id = match &name {
                Some(name) => id_of(&connection, name).await?,
                None => current(&connection).await?.1,
            };
            let answer = connection
                .put(&format!("/users/{id}/cli_secret"), &json!({"secret": ""}))
                .await?;
            let secret = text(&answer, "secret");
            if secret.is_empty() {
                bail!("the server made a secret but did not show it");
            }
            output::object(
                common.output,
                &[("Secret", |answer| text(answer, "secret"))],
                &answer,
            )?;
            eprintln!("Keep it: it is not shown again. The secret before it no longer works.");
            Ok(())
        }
        UserCommand::Delete { name } => {
            let id = id_of(&connection, &name).await?;
            connection.delete(&format!("/users/{id}")).await?;
            output::done(
                common.output,
                &format!("Deleted user {name}."),
                &json!({"username": name}),
            )
        }
    }
}

async fn password(
    connection: &Connection,
    name: Option<String>,
    stdin: bool,
    common: &Common,
) -> anyhow::Result<()> {
    let (own_name, own_id) = current(connection).await?;
    let own = name.as_deref().is_none_or(|name| name == own_name);
    let mut body = json!({});
    let id = if own {
        body["old_password"] = json!(secret("Old password: ", stdin)?);
        own_id
    } else {
        id_of(connection, name.as_deref().unwrap_or_default()).await?
    };
    body["new_password"] = json!(secret("New password: ", stdin)?);
    connection
        .put(&format!("/users/{id}/password"), &body)
        .await?;
    let name = name.unwrap_or(own_name);
    output::done(
        common.output,
        &format!("Changed the password of {name}."),
        &json!({"username": name}),
    )?;
    if own {
        eprintln!("Log in again with `seawall login {}`.", connection.server());
    }
    Ok(())
}

async fn current(connection: &Connection) -> anyhow::Result<(String, i64)> {
    let user = connection.get("/users/current").await?;
    let id = user
        .get("user_id")
        .and_then(Value::as_i64)
        .context("the server did not say who you are")?;
    Ok((text(&user, "username"), id))
}

/// A user's id, by the exact name.
pub async fn id_of(connection: &Connection, name: &str) -> anyhow::Result<i64> {
    let users = connection
        .list(&format!("/users/search?username={}", encode(name)), None)
        .await?;
    users
        .iter()
        .find(|user| text(user, "username") == name)
        .and_then(|user| user.get("user_id").and_then(Value::as_i64))
        .with_context(|| format!("user {name} not found"))
}

/// A line from stdin, or what is typed unseen.
fn secret(prompt: &str, stdin: bool) -> anyhow::Result<String> {
    let secret = if stdin {
        let mut line = String::new();
        std::io::stdin()
            .read_line(&mut line)
            .context("cannot read the password from stdin")?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    } else {
        rpassword::prompt_password(prompt)
            .context("cannot read the password: use --password-stdin")?
    };
    if secret.is_empty() {
        bail!("the password is empty");
    }
    Ok(secret)
}

/// A flag as a word.
pub fn yes_no(value: &Value, path: &str) -> String {
    if text(value, path) == "true" {
        "yes"
    } else {
        "no"
    }
    .to_owned()
}
