//! Every setting of the server: its place in the file, its environment variable, its default and its meaning.
//!
//! Defaults → YAML file → environment → flags, each over the one before. [`TABLE`] is the one list; the reference in
//! `docs/settings.md` is rendered from it. What the values mean to the parts is the program's wiring, not here.

mod check;
mod field;
mod load;
mod reference;
mod secret;
mod settings;
mod table;

pub use check::warnings;
pub use field::Field;
pub use load::SettingsError;
pub use reference::{render_reference, render_yaml};
pub use secret::Secret;
pub use settings::{
    AuditSettings, AuthSettings, CollectionSettings, DatabaseSettings, JobSettings, JobWorkers,
    KeySettings, LimitSettings, LogFormat, LogSettings, MetricsSettings, ProjectCreation,
    QuotaSettings, S3Settings, Settings, StorageSettings, TelemetrySettings, TlsSettings,
    UploadSettings,
};
pub use table::{Setting, TABLE};
