//! What there is: the state that all share, who does what, and what must hold.
//!
//! Transactions are those of PostgreSQL at read committed: a statement sees what was committed before
//! it, a held row makes writers wait, a collector passes held rows by. SQLite, where one follows
//! the other, is a part of that.

use stateright::{Model, Property};

/// The protocol, or what is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// As it is.
    Sound,
    /// Publishing renames over what is there.
    SharedLocations,
    /// The collector counts references, and then holds the row.
    CountsBeforeHolding,
    /// A manifest's push writes no lease, however little is left of it.
    TrustsShortLeases,
    /// A HEAD that had to prolong does not look at the link again.
    LooksAtLinkOnce,
    /// A HEAD looks at the link, then at the lease, and trusts a long one.
    LooksAtLinkFirst,
    /// Links are ended without the repository's row.
    EndsLinksUnheld,
    /// Links are ended whatever became of them since they were looked at.
    EndsFreshLinks,
    /// Ending a reference writes the row only if it is not in the queue.
    ReleasesQuietly,
}

/// The model and its bounds.
#[derive(Clone, Debug)]
pub struct Protocol {
    pub variant: Variant,
    pub clients: usize,
    /// How many requests each client makes.
    pub requests: u8,
    pub collectors: usize,
    pub emptiers: usize,
    /// How many processes die.
    pub crashes: u8,
}

/// How much is left of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lease {
    /// More than any transaction takes.
    Long,
    Short,
    Over,
}

/// The row in `blobs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    pub location: u8,
    pub lease: Lease,
    /// Whether `review_time` is set.
    pub queued: bool,
}

/// The row in `repository_blobs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// To be looked at when the lease ends that made it.
    Fresh,
    /// To be looked at.
    Due,
    /// Seen to be needed.
    Settled,
}

/// A client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Client {
    pub at: Request,
    /// How many requests it still makes.
    pub left: u8,
    /// Whether it was told yes by an upload or a HEAD whose lease is not over.
    pub promised: bool,
}

/// A client's request, as far as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Request {
    None,
    /// Bytes are published, the row is not written.
    Published(u8),
    /// Told yes; its own copy turned out to be the second.
    Doubled(u8),
    /// A HEAD has seen a long lease, and is to look at the link.
    HeadLong,
    /// A HEAD has seen the link, and is to prolong the lease.
    HeadSeen,
    /// It has prolonged the lease, and is to look at the link again.
    HeadProlonged,
    /// A manifest's push has seen the link; it holds the repository.
    PushSeen,
    /// The lease is enough or is being prolonged, which holds the row.
    PushLeased {
        holds_row: bool,
        /// There was more left than any transaction takes.
        relies: bool,
    },
    /// A deletion holds the repository and, if it writes it, the row.
    Deleting {
        holds_row: bool,
        queues: bool,
    },
    Dead,
}

/// A collector's transaction, as far as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Collector {
    Idle,
    Found,
    /// References were counted without holding the row.
    CountedFirst(bool),
    Held(Lease),
    Counted(Lease, bool),
    Dead,
}

/// The same for one who ends links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Linker {
    Idle,
    Found,
    /// Holds the row, if there was one.
    Held(Option<Lease>),
    Counted(Option<Lease>, bool),
    Dead,
}

/// One who empties the trash. It may rest at each step for as long as it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Emptier {
    Idle,
    Took(u8),
    Removed(u8),
    Dead,
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    Client(usize),
    Collector(usize),
    Linker,
    Emptier(usize),
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Upload(usize),
    Head(usize),
    PushManifest(usize),
    DeleteManifest(usize),
    /// The next step of what the actor does.
    Step(Actor),
    Crash(Actor),
    /// Time passes for the lease.
    Tick,
}

/// All that is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub row: Option<Row>,
    /// Whether somebody holds it; who does knows.
    pub row_held: bool,
    pub link: Option<Link>,
    pub repository_held: bool,
    /// How many manifests refer to the blob.
    pub manifests: u8,
    /// One bit for each location with bytes.
    pub stored: u32,
    pub trash: u32,
    pub next_location: u8,
    pub clients: Vec<Client>,
    pub collectors: Vec<Collector>,
    pub linker: Linker,
    /// Whether the link was made after the linker began: its time to be reviewed is later than the one
    /// until which the linker looks.
    pub link_is_newer: bool,
    pub emptiers: Vec<Emptier>,
    pub crashes_left: u8,
}

impl State {
    /// Whether no transaction is under way.
    fn is_quiet(&self) -> bool {
        !self.row_held && !self.repository_held
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            row: None,
            row_held: false,
            link: None,
            repository_held: false,
            manifests: 0,
            stored: 0,
            trash: 0,
            next_location: 0,
            clients: vec![
                Client {
                    at: Request::None,
                    left: self.requests,
                    promised: false,
                };
                self.clients
            ],
            collectors: vec![Collector::Idle; self.collectors],
            linker: Linker::Idle,
            link_is_newer: false,
            emptiers: vec![Emptier::Idle; self.emptiers],
            crashes_left: self.crashes,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.push(Action::Tick);
        for client in 0..self.clients {
            let actor = Actor::Client(client);
            if state.clients[client].at == Request::None && state.clients[client].left > 0 {
                actions.extend([
                    Action::Upload(client),
                    Action::Head(client),
                    Action::PushManifest(client),
                    Action::DeleteManifest(client),
                ]);
            }
            actions.extend([Action::Step(actor), Action::Crash(actor)]);
        }
        let collectors = (0..self.collectors).map(Actor::Collector);
        for actor in collectors.chain((0..self.emptiers).map(Actor::Emptier)) {
            actions.extend([Action::Step(actor), Action::Crash(actor)]);
        }
        actions.extend([Action::Step(Actor::Linker), Action::Crash(Actor::Linker)]);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut next = last.clone();
        let acted = self.act(&mut next, action);
        // Who of equals does something makes no difference.
        next.clients.sort_unstable();
        next.collectors.sort_unstable();
        next.emptiers.sort_unstable();
        acted.then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always("a blob has its bytes", |_, state: &State| {
                state
                    .row
                    .is_none_or(|row| state.stored & (1 << row.location) != 0)
            }),
            Property::always("a manifest has its blob", |_, state: &State| {
                state.manifests == 0 || (state.row.is_some() && state.link.is_some())
            }),
            Property::always("a promise is kept", |_, state: &State| {
                !state.clients.iter().any(|client| client.promised)
                    || (state.row.is_some() && state.link.is_some())
            }),
            Property::always("garbage is in the queue", |_, state: &State| {
                let settled = state.row.is_some_and(|row| !row.queued);
                !(state.is_quiet() && state.manifests == 0 && settled)
            }),
            Property::always("a useless link is in the queue", |_, state: &State| {
                let settled = state.link == Some(Link::Settled);
                !(state.is_quiet() && state.manifests == 0 && settled)
            }),
            Property::always("no blob is trash", |_, state: &State| {
                state
                    .row
                    .is_none_or(|row| state.trash & (1 << row.location) == 0)
            }),
            Property::sometimes("a blob is collected", |_, state: &State| state.trash != 0),
            Property::sometimes("a push is refused", |_, state: &State| {
                let pushes = |client: &Client| client.at == Request::PushSeen;
                state.row.is_none() && state.clients.iter().any(pushes)
            }),
        ];
        // What takes more than a few to happen.
        let mut possible = |is_so: bool, property| properties.extend(is_so.then_some(property));
        let many = self.clients * usize::from(self.requests) > 2;
        possible(
            many,
            Property::sometimes("it is needed again", |_, state: &State| {
                state.trash != 0 && state.manifests > 0
            }),
        );
        possible(
            many,
            Property::sometimes("a link ends and its blob stays", |_, state: &State| {
                state.row.is_some() && state.link.is_none()
            }),
        );
        possible(
            many,
            Property::sometimes("old bytes go while it lives", |_, state: &State| {
                let removed = |emptier: &Emptier| matches!(emptier, Emptier::Removed(_));
                state.row.is_some() && state.emptiers.iter().any(removed)
            }),
        );
        possible(
            self.clients > 1,
            Property::sometimes("two publish at once", |_, state: &State| {
                let doubled = |client: &Client| matches!(client.at, Request::Doubled(_));
                state.clients.iter().any(doubled)
            }),
        );
        possible(
            self.emptiers > 1,
            Property::sometimes(
                "two remove the same bytes",
                |_, state: &State| matches!(state.emptiers[..], [Emptier::Took(one), Emptier::Took(two)] if one == two),
            ),
        );
        properties
    }
}
