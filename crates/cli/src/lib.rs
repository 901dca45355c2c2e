//! The commands of `seawall` that do over the API what the portal's pages do:
//! users, projects, members, robots, repositories, artifacts, tags, quotas, garbage
//! collection, jobs, audit.
//!
//! Not here: `serve` and the offline commands, which live in `programs/seawall`.
//! One file a noun; `connection.rs` speaks HTTP, `output.rs` prints.

mod artifact;
mod audit;
mod connection;
mod credentials;
mod gc;
mod job;
mod login;
mod member;
mod output;
mod progress;
mod project;
mod quota;
mod reference;
mod repository;
mod robot;
mod size;
mod tag;
mod user;

use clap::{Args, Subcommand};

pub use output::OutputFormat;

/// Options that every command over the API takes, at any place after the command's name.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of every command over the API")]
struct Common {
    /// Address of the server, such as `https://registry.example.org` [default: that of the last login]
    #[arg(long, global = true, env = "SEAWALL_SERVER", value_name = "URL")]
    server: Option<String>,
    /// File with the certificate authority (PEM) that signed the server's certificate
    #[arg(long, global = true, env = "SEAWALL_CA_CERT", value_name = "FILE")]
    ca_cert: Option<std::path::PathBuf>,
    /// How results are printed
    #[arg(long, short, global = true, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

/// A command, and the options that it shares with the others.
#[derive(Args, Clone, Debug)]
pub struct Single<A: Args> {
    #[command(flatten)]
    arguments: A,
    #[command(flatten)]
    common: Common,
}

/// The commands about a noun, and the options that they share with the others.
#[derive(Args, Clone, Debug)]
pub struct Noun<C: Subcommand> {
    #[command(subcommand)]
    command: C,
    #[command(flatten)]
    common: Common,
}

/// The commands over the API.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Check a user's password and remember it for the commands below
    Login(Single<login::LoginArgs>),
    /// Forget the password of a server
    Logout(Single<login::LogoutArgs>),
    /// Create, list and delete users, and change passwords
    User(Noun<user::UserCommand>),
    /// Create, list, change and delete projects
    Project(Noun<project::ProjectCommand>),
    /// Say who may do what in a project
    Member(Noun<member::MemberCommand>),
    /// Accounts for programs
    Robot(Noun<robot::RobotCommand>),
    /// List and delete repositories
    Repository(Noun<repository::RepositoryCommand>),
    /// List, show and delete artifacts: images, charts, signatures
    Artifact(Noun<artifact::ArtifactCommand>),
    /// List, add and delete tags
    Tag(Noun<tag::TagCommand>),
    /// See and set how much a project may store
    Quota(Noun<quota::QuotaCommand>),
    /// Collect garbage: free the space of what was deleted
    Gc(Noun<gc::GcCommand>),
    /// Watch and stop work in the background
    Job(Noun<job::JobCommand>),
    /// Show what was done, by whom and from where
    Audit(Single<audit::AuditArgs>),
}

/// Runs one command to its end.
///
/// # Errors
/// What the server or the local files said, with what to do about it.
pub async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Login(Single { arguments, common }) => login::login(arguments, &common).await,
        Command::Logout(Single { arguments, common }) => login::logout(&arguments, &common),
        Command::User(Noun { command, common }) => user::run(command, &common).await,
        Command::Project(Noun { command, common }) => project::run(command, &common).await,
        Command::Member(Noun { command, common }) => member::run(command, &common).await,
        Command::Robot(Noun { command, common }) => robot::run(command, &common).await,
        Command::Repository(Noun { command, common }) => repository::run(command, &common).await,
        Command::Artifact(Noun { command, common }) => artifact::run(command, &common).await,
        Command::Tag(Noun { command, common }) => tag::run(command, &common).await,
        Command::Quota(Noun { command, common }) => quota::run(command, &common).await,
        Command::Gc(Noun { command, common }) => gc::run(command, &common).await,
        Command::Job(Noun { command, common }) => job::run(command, &common).await,
        Command::Audit(Single { arguments, common }) => audit::run(&arguments, &common).await,
    }
}
