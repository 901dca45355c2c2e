//! The commands of `seawall` that do over the API what the portal's pages do:
//! users, projects, members, robots, repositories, artifacts, tags, quotas, audit.
//!
//! Not here: `serve` and the offline commands, which live in `programs/seawall`.
//! One file a noun; `connection.rs` speaks HTTP, `output.rs` prints.

mod artifact;
mod audit;
mod connection;
mod credentials;
mod login;
mod member;
mod output;
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

/// Options that every command over the API takes.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Address of the server, such as `https://registry.example.org` [default: that of the last login]
    #[arg(long, global = true, env = "SEAWALL_SERVER", value_name = "URL")]
    pub server: Option<String>,
    /// File with the certificate authority (PEM) that signed the server's certificate
    #[arg(long, global = true, env = "SEAWALL_CA_CERT", value_name = "FILE")]
    pub ca_cert: Option<std::path::PathBuf>,
    /// How results are printed
    #[arg(long, short, global = true, value_enum, default_value_t = OutputFormat::Table)]
    pub output: OutputFormat,
}

/// The commands over the API.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Check a user's password and remember it for the commands below
    Login(login::LoginArgs),
    /// Forget the password of a server
    Logout(login::LogoutArgs),
    /// Create, list and delete users, and change passwords
    #[command(subcommand)]
    User(user::UserCommand),
    /// Create, list, change and delete projects
    #[command(subcommand)]
    Project(project::ProjectCommand),
    /// Say who may do what in a project
    #[command(subcommand)]
    Member(member::MemberCommand),
    /// Accounts for programs
    #[command(subcommand)]
    Robot(robot::RobotCommand),
    /// List and delete repositories
    #[command(subcommand)]
    Repository(repository::RepositoryCommand),
    /// List, show and delete artifacts: images, charts, signatures
    #[command(subcommand)]
    Artifact(artifact::ArtifactCommand),
    /// List, add and delete tags
    #[command(subcommand)]
    Tag(tag::TagCommand),
    /// See and set how much a project may store
    #[command(subcommand)]
    Quota(quota::QuotaCommand),
    /// Show what was done, by whom and from where
    Audit(audit::AuditArgs),
}

/// Runs one command to its end.
///
/// # Errors
/// What the server or the local files said, with what to do about it.
pub async fn run(command: Command, common: &Common) -> anyhow::Result<()> {
    match command {
        Command::Login(args) => login::login(args, common).await,
        Command::Logout(args) => login::logout(&args, common),
        Command::User(command) => user::run(command, common).await,
        Command::Project(command) => project::run(command, common).await,
        Command::Member(command) => member::run(command, common).await,
        Command::Robot(command) => robot::run(command, common).await,
        Command::Repository(command) => repository::run(command, common).await,
        Command::Artifact(command) => artifact::run(command, common).await,
        Command::Tag(command) => tag::run(command, common).await,
        Command::Quota(command) => quota::run(command, common).await,
        Command::Audit(args) => audit::run(&args, common).await,
    }
}
