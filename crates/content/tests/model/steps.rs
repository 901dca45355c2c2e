//! What each step does. False when the actor has to wait, or has nothing to do.

use seawall_content::collection::{Verdict, verdict};
use seawall_database::Timestamp;

use crate::protocol::{
    Action, Actor, Client, Collector, Emptier, Lease, Link, Linker, Protocol, Request, Row, State,
    Variant,
};

/// The decision of the product itself.
fn decide(needed: bool, lease: Option<Lease>) -> Verdict {
    let until = match lease {
        Some(Lease::Long | Lease::Short) => Timestamp(2),
        Some(Lease::Over) | None => Timestamp(1),
    };
    verdict(needed, until, Timestamp(1))
}

impl Protocol {
    pub fn act(&self, state: &mut State, action: Action) -> bool {
        match action {
            Action::Tick => tick(state),
            Action::Crash(actor) => crash(state, actor),
            Action::Upload(client) => {
                begin(state, client);
                let location = if self.variant == Variant::SharedLocations {
                    0
                } else {
                    state.next_location
                };
                state.next_location += 1;
                state.stored |= 1 << location;
                state.clients[client].at = Request::Published(location);
                true
            }
            Action::Head(client) => {
                begin(state, client);
                let lease = state.row.map(|row| row.lease);
                let trusts = self.variant != Variant::LooksAtLinkFirst;
                state.clients[client].at = if lease == Some(Lease::Long) && trusts {
                    Request::HeadLong
                } else {
                    Request::HeadSeen
                };
                state.link.is_some() && lease.is_some()
            }
            Action::PushManifest(client) => {
                if state.repository_held {
                    return false;
                }
                begin(state, client);
                state.repository_held = true;
                state.clients[client].at = Request::PushSeen;
                state.link.is_some()
            }
            Action::DeleteManifest(client) => self.begin_deletion(state, client),
            Action::Step(Actor::Client(client)) => self.step_client(state, client),
            Action::Step(Actor::Collector(number)) => self.step_collector(state, number),
            Action::Step(Actor::Linker) => self.step_linker(state),
            Action::Step(Actor::Emptier(number)) => step_emptier(state, number),
        }
    }

    fn begin_deletion(&self, state: &mut State, client: usize) -> bool {
        if state.manifests == 0 || state.repository_held {
            return false;
        }
        let is_queued = state.row.is_none_or(|row| row.queued);
        let writes = !(is_queued && self.variant == Variant::ReleasesQuietly);
        if writes && state.row_held {
            return false;
        }
        begin(state, client);
        state.repository_held = true;
        let holds_row = writes && state.row.is_some();
        if holds_row {
            state.row_held = true;
        }
        state.clients[client].at = Request::Deleting {
            holds_row,
            queues: writes,
        };
        true
    }

    #[allow(
        clippy::too_many_lines,
        reason = "one arm for each state, read side by side"
    )]
    fn step_client(&self, state: &mut State, client: usize) -> bool {
        match state.clients[client].at {
            Request::None | Request::Dead => false,
            // One transaction: the row, or the lease of the one that is there, and the link.
            Request::Published(location) => {
                if state.row_held {
                    return false;
                }
                let row = state.row.get_or_insert(Row {
                    location,
                    lease: Lease::Long,
                    queued: true,
                });
                row.lease = Lease::Long;
                state.clients[client].at = if row.location == location {
                    Request::None
                } else {
                    Request::Doubled(location)
                };
                if state.link.is_none() {
                    state.link = Some(Link::Fresh);
                    state.link_is_newer = !matches!(state.linker, Linker::Idle | Linker::Dead);
                }
                state.clients[client].promised = true;
                true
            }
            Request::Doubled(location) => {
                state.stored &= !(1 << location);
                state.clients[client].at = Request::None;
                true
            }
            Request::HeadSeen => {
                let Some(row) = &mut state.row else {
                    return end(state, client); // no
                };
                if row.lease == Lease::Long && self.variant == Variant::LooksAtLinkFirst {
                    state.clients[client].promised = true;
                    return end(state, client);
                }
                if state.row_held {
                    return false;
                }
                row.lease = Lease::Long;
                if self.variant == Variant::LooksAtLinkOnce {
                    state.clients[client].promised = true;
                    return end(state, client);
                }
                state.clients[client].at = Request::HeadProlonged;
                true
            }
            Request::HeadLong | Request::HeadProlonged => {
                // It is long or was; a promise for a lease that is over is none.
                let lease = state.row.map(|row| row.lease);
                if state.link.is_some() && matches!(lease, Some(Lease::Long | Lease::Short)) {
                    state.clients[client].promised = true;
                }
                end(state, client)
            }
            Request::PushSeen => {
                let Some(row) = state.row else {
                    state.repository_held = false;
                    return end(state, client);
                };
                let trusted = match row.lease {
                    Lease::Long => true,
                    Lease::Short => self.variant == Variant::TrustsShortLeases,
                    Lease::Over => false,
                };
                if !trusted {
                    if state.row_held {
                        return false;
                    }
                    state.row_held = true;
                }
                state.clients[client].at = Request::PushLeased {
                    holds_row: !trusted,
                    relies: row.lease == Lease::Long,
                };
                true
            }
            Request::PushLeased { holds_row, .. } => {
                if holds_row && let Some(row) = &mut state.row {
                    row.lease = Lease::Long;
                    state.row_held = false;
                }
                state.manifests += 1;
                state.repository_held = false;
                end(state, client)
            }
            Request::Deleting { holds_row, queues } => {
                if holds_row {
                    state.row_held = false;
                }
                if queues && let Some(row) = &mut state.row {
                    row.queued = true;
                }
                if state.link.is_some() {
                    state.link = Some(Link::Due);
                }
                state.manifests -= 1;
                state.repository_held = false;
                end(state, client)
            }
        }
    }

    fn step_collector(&self, state: &mut State, number: usize) -> bool {
        let counts_first = self.variant == Variant::CountsBeforeHolding;
        state.collectors[number] = match state.collectors[number] {
            Collector::Dead => return false,
            Collector::Idle => match state.row {
                Some(row) if row.queued => Collector::Found,
                _ => return false,
            },
            Collector::Found if counts_first => Collector::CountedFirst(state.manifests > 0),
            Collector::Found | Collector::CountedFirst(_) => {
                let counted = match state.collectors[number] {
                    Collector::CountedFirst(needed) => Some(needed),
                    _ => None,
                };
                match (state.row, state.row_held) {
                    // Held by another, or gone: passed by.
                    (None, _) | (_, true) => Collector::Idle,
                    (Some(row), false) => {
                        state.row_held = true;
                        match counted {
                            Some(needed) => Collector::Counted(row.lease, needed),
                            None => Collector::Held(row.lease),
                        }
                    }
                }
            }
            Collector::Held(lease) => Collector::Counted(lease, state.manifests > 0),
            Collector::Counted(lease, needed) => {
                state.row_held = false;
                if let Some(row) = &mut state.row {
                    match decide(needed, Some(lease)) {
                        Verdict::Keep => row.queued = false,
                        Verdict::Postpone => {}
                        Verdict::Collect => {
                            state.trash |= 1 << row.location;
                            state.row = None;
                            state.link = None;
                        }
                    }
                }
                Collector::Idle
            }
        };
        true
    }

    fn step_linker(&self, state: &mut State) -> bool {
        let holds_repository = self.variant != Variant::EndsLinksUnheld;
        state.linker = match state.linker {
            Linker::Dead => return false,
            Linker::Idle => {
                if state.link != Some(Link::Due) {
                    return false;
                }
                Linker::Found
            }
            Linker::Found => {
                let waits = holds_repository && state.repository_held;
                if waits || state.row_held {
                    return false;
                }
                if holds_repository {
                    state.repository_held = true;
                }
                if state.row.is_some() {
                    state.row_held = true;
                }
                Linker::Held(state.row.map(|row| row.lease))
            }
            Linker::Held(lease) => Linker::Counted(lease, state.manifests > 0),
            Linker::Counted(lease, needed) => {
                if lease.is_some() {
                    state.row_held = false;
                }
                if holds_repository {
                    state.repository_held = false;
                }
                let is_due = state.link == Some(Link::Due) && !state.link_is_newer;
                state.link_is_newer = false;
                match decide(needed, lease) {
                    Verdict::Keep if state.link.is_some() => state.link = Some(Link::Settled),
                    Verdict::Postpone if is_due => state.link = Some(Link::Fresh),
                    Verdict::Collect if is_due || self.variant == Variant::EndsFreshLinks => {
                        state.link = None;
                    }
                    _ => {}
                }
                Linker::Idle
            }
        };
        true
    }
}

fn step_emptier(state: &mut State, number: usize) -> bool {
    state.emptiers[number] = match state.emptiers[number] {
        Emptier::Dead => return false,
        Emptier::Idle => {
            if state.trash == 0 {
                return false;
            }
            Emptier::Took(u8::try_from(state.trash.trailing_zeros()).unwrap())
        }
        Emptier::Took(location) => {
            state.stored &= !(1 << location);
            Emptier::Removed(location)
        }
        Emptier::Removed(location) => {
            state.trash &= !(1 << location);
            Emptier::Idle
        }
    };
    true
}

fn begin(state: &mut State, client: usize) {
    state.clients[client].left -= 1;
}

fn end(state: &mut State, client: usize) -> bool {
    state.clients[client].at = Request::None;
    true
}

/// The lease grows shorter, but no transaction takes so long that a long one ends within it.
fn tick(state: &mut State) -> bool {
    let relies = |client: &Client| matches!(client.at, Request::PushLeased { relies: true, .. });
    let is_relied_on = state.clients.iter().any(relies);
    let Some(row) = &mut state.row else {
        return false;
    };
    match row.lease {
        Lease::Long => row.lease = Lease::Short,
        Lease::Short if is_relied_on => return false,
        Lease::Short => {
            row.lease = Lease::Over;
            for client in &mut state.clients {
                client.promised = false;
            }
            if state.link == Some(Link::Fresh) {
                state.link = Some(Link::Due);
            }
        }
        Lease::Over => return false,
    }
    true
}

/// A process dies: what it holds is let go, what it has not committed never was.
fn crash(state: &mut State, actor: Actor) -> bool {
    if state.crashes_left == 0 {
        return false;
    }
    state.crashes_left -= 1;
    let (holds_row, holds_repository) = match actor {
        Actor::Client(client) => {
            match std::mem::replace(&mut state.clients[client].at, Request::Dead) {
                Request::None | Request::Dead => return false,
                Request::PushSeen => (false, true),
                Request::PushLeased { holds_row, .. } | Request::Deleting { holds_row, .. } => {
                    (holds_row, true)
                }
                _ => (false, false),
            }
        }
        Actor::Collector(number) => {
            match std::mem::replace(&mut state.collectors[number], Collector::Dead) {
                Collector::Idle | Collector::Dead => return false,
                Collector::Held(_) | Collector::Counted(..) => (true, false),
                _ => (false, false),
            }
        }
        Actor::Linker => match std::mem::replace(&mut state.linker, Linker::Dead) {
            Linker::Idle | Linker::Dead => return false,
            Linker::Held(lease) | Linker::Counted(lease, _) => (lease.is_some(), true),
            Linker::Found => (false, false),
        },
        Actor::Emptier(number) => {
            match std::mem::replace(&mut state.emptiers[number], Emptier::Dead) {
                Emptier::Idle | Emptier::Dead => return false,
                _ => (false, false),
            }
        }
    };
    state.row_held &= !holds_row;
    state.repository_held &= !holds_repository;
    true
}
