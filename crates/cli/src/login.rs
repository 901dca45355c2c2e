//! `seawall login` and `seawall logout`.

use std::io::{IsTerminal as _, Read as _};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::Common;
use crate::connection::{Connection, normalise};
use crate::credentials::{Credentials, Logins};

/// `seawall login`
#[derive(Args, Clone, Debug)]
pub struct LoginArgs {
    /// Address of the server [default: --server, else the one of the last login]
    #[arg(value_name = "SERVER")]
    address: Option<String>,
    /// User name; a robot's whole name works too
    #[arg(long, short)]
    username: Option<String>,
    /// Read the password from stdin
    #[arg(long)]
    password_stdin: bool,
}

/// `seawall logout`
#[derive(Args, Clone, Debug)]
pub struct LogoutArgs {
    /// Address of the server [default: --server, else the one of the last login]
    #[arg(value_name = "SERVER")]
    address: Option<String>,
}

fn server(address: Option<&str>, common: &Common, logins: &Logins) -> anyhow::Result<String> {
    match address
        .or(common.server.as_deref())
        .or(logins.current.as_deref())
    {
        Some(address) => normalise(address),
        None => normalise("127.0.0.1:8080"),
    }
}

pub async fn login(args: LoginArgs, common: &Common) -> anyhow::Result<()> {
    let mut logins = Logins::load()?;
    let server = server(args.address.as_deref(), common, &logins)?;
    let username = match args.username {
        Some(username) => username,
        None if std::io::stdin().is_terminal() && !args.password_stdin => ask("Username: ")?,
        None => bail!("name the user with --username"),
    };
    let password = if args.password_stdin || !std::io::stdin().is_terminal() {
        let mut text = String::new();
        std::io::stdin()
            .lock()
            .take(4096)
            .read_to_string(&mut text)
            .context("cannot read the password from stdin")?;
        text.trim_end_matches(['\r', '\n']).to_owned()
    } else {
        rpassword::prompt_password("Password: ").context("cannot read the password")?
    };
    if password.is_empty() {
        bail!("the password is empty");
    }
    let credentials = Credentials {
        username: username.clone(),
        password,
    };
    let connection = Connection::with(common, server.clone(), Some(credentials.clone()))?;
    // Everyone who is logged in may ask, a robot too; nobody else.
    connection
        .get("/auditlog-exts?page_size=1")
        .await
        .context("login failed")?;
    logins.servers.insert(server.clone(), credentials);
    logins.current = Some(server.clone());
    let path = logins.save()?;
    eprintln!(
        "Logged in to {server} as {username}. Remembered in {}.",
        path.display()
    );
    Ok(())
}

pub fn logout(args: &LogoutArgs, common: &Common) -> anyhow::Result<()> {
    let mut logins = Logins::load()?;
    let server = server(args.address.as_deref(), common, &logins)?;
    if logins.servers.remove(&server).is_none() {
        bail!("not logged in to {server}");
    }
    if logins.current.as_deref() == Some(&server) {
        logins.current = None;
    }
    logins.save()?;
    eprintln!("Logged out of {server}.");
    Ok(())
}

fn ask(prompt: &str) -> anyhow::Result<String> {
    eprint!("{prompt}");
    let mut text = String::new();
    std::io::stdin()
        .read_line(&mut text)
        .context("cannot read from the terminal")?;
    Ok(text.trim().to_owned())
}
