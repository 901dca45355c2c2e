//! Mounts: a blob of another repository, without sending it again. Only of what the caller may pull; what cannot
//! be mounted becomes an upload, without a word about what there is elsewhere.
//! OCI distribution-spec 1.1 § Mounting a blob from another repository.

use seawall_identity::{Denied, Permission, Permit, Scope};
use seawall_oci::{Digest, RepositoryName};
use seawall_registry::Mount;

use crate::authorise::insufficient;
use crate::call::Call;
use crate::endpoint::Need;
use crate::error::ApiError;

/// Whether the blob is in the repository now. Without `from` it may come from anywhere.
pub(crate) async fn mount(
    call: &Call<'_>,
    repository: &RepositoryName,
    from: Option<&str>,
    digest: &Digest,
) -> Result<bool, ApiError> {
    let registry = call.registry();
    let mounted = match from.map(str::parse::<RepositoryName>) {
        None => {
            registry
                .mount_blob(call.permit(), repository, digest, Mount::Anywhere)
                .await?
        }
        Some(Err(_)) => None,
        Some(Ok(from)) => match pull_permit(call, &from).await? {
            None => None,
            Some(permit) => {
                let mount = Mount::From(&permit, &from);
                registry
                    .mount_blob(call.permit(), repository, digest, mount)
                    .await?
            }
        },
    };
    Ok(mounted.is_some())
}

/// The permit to pull from the source, if there is one.
///
/// A registry token that does not name the source, in the hands of somebody who may pull from it, is answered
/// 401, so that the client comes back with better credentials instead of sending what is there already.
async fn pull_permit(call: &Call<'_>, from: &RepositoryName) -> Result<Option<Permit>, ApiError> {
    let name = from.project().unwrap_or_default();
    let Some(project) = call.registry().project_by_name(name).await? else {
        return Ok(None);
    };
    let scope = Scope::Repository(&project, from.as_str());
    let identity = &call.api.identity;
    match identity
        .authorize(call.caller, Permission::PULL, scope)
        .await
    {
        Ok(permit) => Ok(Some(permit)),
        Err(Denied::Failed(error)) => Err(error.into()),
        Err(_) => {
            let actor = &call.caller.actor;
            if call.caller.has_registry_token()
                && identity.allowed(actor, Permission::PULL, &project).await?
            {
                return Err(insufficient(from, Need::Pull));
            }
            Ok(None)
        }
    }
}
