//! Which of the two database engines is in use. Not the connection: see `sqlite` and `postgres`.

/// A database engine. Code asks for it only where one SQL text cannot serve both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// SQLite, embedded: one process owns the file.
    Sqlite,
    /// PostgreSQL: other replicas may write at the same time.
    Postgres,
}

impl Engine {
    /// The name OpenTelemetry gives the engine (`db.system.name`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgresql",
        }
    }
}
