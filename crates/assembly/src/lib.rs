//! From the settings file to the rooms below the surfaces: wiring that more than one program needs,
//! since jobs run outside the registry's process too. No logic lives here.
//!
//! - `settings`: from the settings of the whole to those of each part.
//! - [`Rooms`]: database, storage, audit, identities, content, registry.
//! - [`Jobs`]: job store, logs, executions, maintenance, on top of these.
//!
//! What listens, and what is done at a start, is each program's.

mod jobs;
mod rooms;
pub mod settings;

pub use jobs::{Jobs, job_logs, job_store};
pub use rooms::{Rooms, migrations, open_database, open_identity};
