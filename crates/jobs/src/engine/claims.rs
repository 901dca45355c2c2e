//! Hands jobs to workers: as many as are free, as soon as there are some.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use super::active::ActiveRun;
use super::run::run;
use super::start::Shared;
use crate::{Claim, ClaimRequest, ClaimType, Outcome, Topic};

/// How long an idle engine waits at most before it looks by itself: bells of other processes may
/// be missed while a connection is down.
const LOOK: Duration = Duration::from_secs(2);
/// How long it waits after a failure of the store.
const PAUSE: Duration = Duration::from_millis(500);

/// Claims until the engine takes no more jobs.
pub(super) async fn claim(shared: Arc<Shared>) {
    let types: Vec<ClaimType> = shared
        .types
        .values()
        .map(|of| ClaimType {
            name: of.name.clone(),
            concurrency: of.concurrency,
            priority: of.priority,
        })
        .collect();
    let mut bell = shared.store.listen(Topic::Jobs);
    loop {
        // One place is waited for, the others are taken as they are.
        let place = tokio::select! {
            place = Arc::clone(&shared.places).acquire_owned() => place,
            () = shared.draining.cancelled() => return,
        };
        let Ok(place) = place else {
            return;
        };
        let mut places = vec![place];
        while let Ok(place) = Arc::clone(&shared.places).try_acquire_owned() {
            places.push(place);
        }
        if shared.draining.is_cancelled() {
            return;
        }
        let request = ClaimRequest {
            pool: shared.pool.clone(),
            types: types.clone(),
            limit: u32::try_from(places.len()).unwrap_or(u32::MAX),
            lease: shared.lease,
        };
        match shared.store.claim(request).await {
            Ok(claims) if shared.draining.is_cancelled() => {
                give_back(&shared, claims).await;
                return;
            }
            Ok(claims) if !claims.is_empty() => {
                for claim in claims {
                    // There are as many places as claims were asked for.
                    if let Some(place) = places.pop() {
                        begin(&shared, claim, place);
                    }
                }
            }
            Ok(_) => {
                drop(places);
                tokio::select! {
                    () = bell.wait(LOOK) => {}
                    () = shared.draining.cancelled() => return,
                }
            }
            Err(error) => {
                tracing::warn!(%error, "no jobs can be claimed");
                drop(places);
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = shared.draining.cancelled() => return,
                }
            }
        }
    }
}

/// Puts back what was handed out while the engine was told to take no more.
async fn give_back(shared: &Shared, claims: Vec<Claim>) {
    let released = claims
        .into_iter()
        .map(|claim| (claim.attempt, Outcome::Released))
        .collect();
    if let Err(error) = shared.store.finish(released).await {
        tracing::warn!(%error, "jobs are given back only when their leases end");
    }
}

fn begin(shared: &Arc<Shared>, claim: Claim, place: OwnedSemaphorePermit) {
    let Some(job_type) = shared.types.get(&claim.job.name).cloned() else {
        // The store hands out what it was asked for; a defect of it ends with the lease.
        tracing::error!(job = %claim.job.id, name = claim.job.name, "a job of an unknown type was claimed");
        return;
    };
    let active = Arc::new(ActiveRun::new(claim.attempt.clone()));
    let token = claim.attempt.token;
    shared.active.add(Arc::clone(&active));
    let task = tokio::spawn({
        let (shared, active) = (Arc::clone(shared), Arc::clone(&active));
        async move {
            let end = run(&shared, &job_type, active, claim).await;
            let sent = match end {
                // Waits if the store is behind, and the place with it.
                Some(end) => shared.ends.send(end).await.is_ok(),
                None => false,
            };
            if !sent {
                shared.active.remove(token);
            }
            drop(place);
        }
    });
    active.set_task(task.abort_handle());
}
