//! What follows what: whether a change of a job changes its task, and what an execution's status is
//! with tasks in these statuses. Pure; the transactions around it are in `change`.
//!
//! The order within a revision is Harbor's (`src/pkg/task/dao/task.go`, `src/pkg/task/dao/execution.go`).
//! Unlike there, nothing follows a final status.

use seawall_jobs::Status;

/// How far a task is: the status of its job, and the revision that it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The status.
    pub status: Status,
    /// The job's revision.
    pub revision: i64,
}

impl Position {
    /// Where a task begins, and where it is put back when the job store has lost its job.
    pub const START: Self = Self {
        status: Status::Pending,
        revision: 0,
    };

    /// Whether a task that is here is to be where `told` says. Changes may be told twice, late and
    /// out of order.
    pub fn advances_to(self, told: Self) -> bool {
        let newer = told.revision > self.revision;
        let further = told.revision == self.revision && told.status.code() > self.status.code();
        !self.status.is_final() && (newer || further)
    }
}

/// The status of an execution. Harbor knows no other: what waits counts as running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExecutionStatus {
    /// A task is not final.
    Running,
    /// All tasks are final, and one failed.
    Error,
    /// All tasks are final, none failed, and one was stopped.
    Stopped,
    /// All tasks succeeded.
    Success,
}

impl ExecutionStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Running, Self::Error, Self::Stopped, Self::Success];

    /// Harbor's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Error => "Error",
            Self::Stopped => "Stopped",
            Self::Success => "Success",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether no task is left to do.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Running)
    }
}

/// How many tasks of an execution are in each status (Harbor's `metrics`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// In the queue, or not yet.
    pub pending: u64,
    /// Waiting for their time.
    pub scheduled: u64,
    /// Running.
    pub running: u64,
    /// Stopped.
    pub stopped: u64,
    /// Failed.
    pub failed: u64,
    /// Succeeded.
    pub succeeded: u64,
}

impl Counts {
    /// So many tasks that nobody has begun.
    pub fn pending(tasks: u64) -> Self {
        Self {
            pending: tasks,
            ..Self::default()
        }
    }

    /// How many tasks there are.
    pub const fn total(&self) -> u64 {
        self.open() + self.stopped + self.failed + self.succeeded
    }

    /// How many are not final.
    pub const fn open(&self) -> u64 {
        self.pending + self.scheduled + self.running
    }

    /// The number of one status.
    pub fn of(&mut self, status: Status) -> &mut u64 {
        match status {
            Status::Pending => &mut self.pending,
            Status::Scheduled => &mut self.scheduled,
            Status::Running => &mut self.running,
            Status::Stopped => &mut self.stopped,
            Status::Error => &mut self.failed,
            Status::Success => &mut self.succeeded,
        }
    }

    /// The counts after one task went from a status to another.
    #[must_use]
    pub fn moved(mut self, from: Status, to: Status) -> Self {
        let before = self.of(from);
        *before = before.saturating_sub(1);
        *self.of(to) += 1;
        self
    }

    /// The status of the execution.
    pub const fn status(&self) -> ExecutionStatus {
        if self.open() > 0 {
            ExecutionStatus::Running
        } else if self.failed > 0 {
            ExecutionStatus::Error
        } else if self.stopped > 0 {
            ExecutionStatus::Stopped
        } else {
            ExecutionStatus::Success
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn position(status: Status, revision: i64) -> Position {
        Position { status, revision }
    }

    #[test]
    fn a_change_is_followed_once_and_in_order() {
        let running = position(Status::Running, 5);
        assert!(Position::START.advances_to(running));
        assert!(!running.advances_to(running));
        assert!(running.advances_to(position(Status::Success, 5)));
        assert!(running.advances_to(position(Status::Scheduled, 6)));
        assert!(!running.advances_to(position(Status::Success, 4)));
        assert!(!running.advances_to(position(Status::Pending, 5)));
    }

    #[test]
    fn nothing_follows_a_final_status() {
        for end in [Status::Stopped, Status::Error, Status::Success] {
            for status in Status::ALL {
                assert!(!position(end, 5).advances_to(position(status, 6)));
            }
        }
    }

    #[test]
    fn an_execution_fails_with_a_task_but_not_before_the_last_has_ended() {
        let mut counts = Counts::pending(2);
        assert_eq!(counts.status(), ExecutionStatus::Running);
        counts = counts.moved(Status::Pending, Status::Error);
        assert_eq!(counts.status(), ExecutionStatus::Running);
        let stopped = counts.moved(Status::Pending, Status::Stopped);
        assert_eq!(stopped.status(), ExecutionStatus::Error);
        let stopped = Counts::pending(1).moved(Status::Pending, Status::Stopped);
        assert_eq!(stopped.status(), ExecutionStatus::Stopped);
        let done = Counts::pending(1).moved(Status::Pending, Status::Success);
        assert_eq!(done.status(), ExecutionStatus::Success);
    }

    fn any_position() -> impl Strategy<Value = Position> {
        (0..Status::ALL.len(), 1_i64..6)
            .prop_map(|(status, revision)| position(Status::ALL[status], revision))
    }

    proptest! {
        /// Told in whatever order and however often, a task ends where the last change was, if that
        /// is final and the only final one.
        #[test]
        fn the_order_of_telling_does_not_matter(
            mut told in proptest::collection::vec(any_position(), 0..12),
            end in 0..3_usize,
            at in 0..13_usize,
        ) {
            let ends = [Status::Stopped, Status::Error, Status::Success];
            let last = position(ends[end], 9);
            told.retain(|position| !position.status.is_final());
            told.insert(at.min(told.len()), last);
            let mut task = Position::START;
            for change in told {
                if task.advances_to(change) {
                    task = change;
                }
            }
            prop_assert_eq!(task, last);
        }

        #[test]
        fn tasks_are_never_lost_from_the_counts(
            moves in proptest::collection::vec((0..4_usize, 0..6_usize), 0..40),
        ) {
            let mut tasks = [Status::Pending; 4];
            let mut counts = Counts::pending(4);
            for (task, to) in moves {
                let to = Status::ALL[to];
                counts = counts.moved(tasks[task], to);
                tasks[task] = to;
            }
            prop_assert_eq!(counts.total(), 4);
            let open = tasks.iter().filter(|status| !status.is_final()).count() as u64;
            prop_assert_eq!(counts.open(), open);
        }
    }
}
