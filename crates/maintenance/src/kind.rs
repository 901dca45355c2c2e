//! The kinds of work that people start, stop and schedule.

use seawall_events::ResourceType;
use seawall_identity::{Action, Permission, Resource};
use seawall_jobs::Parameters;

use crate::MaintenanceError;
use crate::parameters::{CollectionParameters, PurgeParameters};

/// A kind of work that people start, stop and schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Garbage collection.
    Collection,
    /// Purging the audit log.
    AuditPurge,
}

impl Kind {
    /// Harbor's name of the job and of the vendor type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Collection => "GARBAGE_COLLECTION",
            Self::AuditPurge => "PURGE_AUDIT_LOG",
        }
    }

    pub(crate) const fn permission(self, action: Action) -> Permission {
        let resource = match self {
            Self::Collection => Resource::GarbageCollection,
            Self::AuditPurge => Resource::PurgeAudit,
        };
        Permission::new(resource, action)
    }

    pub(crate) const fn resource_type(self) -> ResourceType {
        match self {
            Self::Collection => ResourceType::GarbageCollection,
            Self::AuditPurge => ResourceType::AuditPurge,
        }
    }

    /// The parameters in full, with nothing in them that the job does not know.
    pub(crate) fn check(self, parameters: &Parameters) -> Result<Parameters, MaintenanceError> {
        let checked = match self {
            Self::Collection => {
                CollectionParameters::parse(parameters).map(|parsed| parsed.to_json())
            }
            Self::AuditPurge => PurgeParameters::parse(parameters).map(|parsed| parsed.to_json()),
        };
        checked.map_err(MaintenanceError::BadRequest)
    }
}
