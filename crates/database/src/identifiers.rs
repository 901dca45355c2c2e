//! The typed identifiers of `seawall-ids` as values and columns.

use seawall_ids::{
    ArtifactId, AuditLogId, ExecutionId, MemberId, ProjectId, QuotaId, RepositoryId, RobotId,
    ScheduleId, TagId, TaskId, UserId,
};

use crate::value::from;
use crate::{Column, DatabaseError, FromColumn, Value};

macro_rules! identifiers {
    ($($name:ident),* $(,)?) => {
        from! { $(Integer($name) = |value| value.0;)* }

        $(impl FromColumn for $name {
            fn from_column(column: Column<'_>) -> Result<Option<Self>, DatabaseError> {
                Ok(column.integer()?.map($name))
            }
        })*
    };
}

identifiers!(
    ArtifactId,
    AuditLogId,
    ExecutionId,
    MemberId,
    ProjectId,
    QuotaId,
    RepositoryId,
    RobotId,
    ScheduleId,
    TagId,
    TaskId,
    UserId,
);
