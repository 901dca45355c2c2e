//! What every store must show: one case for each promise of [`JobStore`](crate::JobStore).
//!
//! A store's tests call [`conformance!`](crate::conformance) with a function that makes an empty
//! [`Place`]; each case becomes a test. The cases hold the clock themselves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::cast_possible_truncation,
    clippy::unchecked_time_subtraction,
    missing_docs
)]

pub mod hooks;
pub mod leases;
pub mod outcomes;
pub mod place;
pub mod queue;
pub mod schedules;
pub mod stops;
pub mod unique;
pub mod views;

pub use place::{BoxedPlace, Place, Rooms};

/// Makes a test of every case: `seawall_jobs::conformance!(make)`, where `make` is an
/// `async fn() -> seawall_jobs::conformance::BoxedPlace`.
#[macro_export]
macro_rules! conformance {
    ($make:path) => {
        $crate::conformance!(@cases $make;
            queue: a_job_is_handed_out_once_and_succeeds,
            queue: the_same_id_twice_is_one_job,
            queue: a_call_with_one_bad_job_accepts_none,
            queue: jobs_go_first_in_first_out,
            queue: tenants_take_turns,
            queue: a_type_with_a_head_start_goes_first_and_the_other_ages,
            queue: many_claimers_get_each_job_once,
            queue: a_limited_type_never_runs_more_at_a_time,
            queue: racing_claimers_never_exceed_the_limit,
            queue: a_paused_queue_hands_out_nothing,
            queue: a_delayed_job_waits_for_its_time,
            queue: only_known_types_are_handed_out,
            unique: a_unique_job_keeps_another_out_until_it_starts,
            unique: a_unique_job_keeps_another_out_until_it_ends,
            unique: other_parameters_or_another_type_are_no_duplicate,
            unique: racing_unique_jobs_are_one,
            leases: a_heartbeat_keeps_a_lease,
            leases: a_lost_lease_gives_the_job_to_another_attempt,
            leases: an_attempt_that_lost_its_lease_can_write_nothing,
            leases: a_late_end_counts_as_long_as_nobody_else_has_the_job,
            leases: a_job_that_kills_its_workers_is_an_error_at_last,
            leases: what_is_lost_at_once_comes_back_at_once,
            leases: racing_rescuers_give_a_job_back_once,
            outcomes: a_failure_is_tried_again_under_a_new_revision,
            outcomes: the_last_failure_is_an_error_with_its_message,
            outcomes: a_released_attempt_is_not_counted_and_keeps_its_place,
            outcomes: an_outcome_counts_once,
            outcomes: outcomes_of_many_jobs_are_written_together,
            outcomes: the_latest_progress_is_kept,
            outcomes: what_a_run_says_is_limited,
            stops: a_waiting_job_is_stopped_at_once_and_never_runs,
            stops: a_running_job_is_stopped_at_once_and_gets_a_signal,
            stops: a_stopped_run_keeps_its_place_until_it_ends,
            stops: a_stopped_job_does_not_come_back_from_its_retries,
            stops: a_stopped_job_whose_worker_dies_stays_stopped,
            stops: a_final_job_stays_as_it_is,
            stops: ten_thousand_pending_jobs_are_stopped_in_batches,
            hooks: a_hook_hears_each_change_in_order,
            hooks: a_check_in_is_heard_in_its_place,
            hooks: what_was_not_settled_is_handed_out_again,
            hooks: what_was_not_taken_waits_and_holds_back_what_follows,
            hooks: a_delivery_that_goes_on_is_held,
            hooks: an_event_is_handed_to_one_deliverer,
            hooks: an_acknowledgement_is_kept_with_the_job,
            hooks: events_for_other_receivers_are_left_alone,
            hooks: retries_and_losses_are_told_too,
            schedules: a_schedule_fires_once_for_each_slot,
            schedules: replicas_five_minutes_apart_fire_a_slot_once,
            schedules: missed_slots_are_dropped_made_up_once_or_all,
            schedules: overlapping_runs_queue_skip_or_replace,
            schedules: a_stopped_schedule_fires_no_more,
            schedules: a_schedule_is_replaced_by_its_id,
            schedules: a_schedule_that_is_put_again_keeps_its_slot,
            views: jobs_are_listed_and_counted,
            views: queues_tell_what_waits_and_for_how_long,
            views: pools_come_and_go,
            views: what_runs_is_told_with_its_pool,
            views: old_jobs_are_swept_with_all_that_is_theirs,
            views: bells_ring_in_every_process,
        );
    };
    (@cases $make:path; $($module:ident: $case:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let place = $make().await;
                $crate::conformance::$module::$case(&*place).await;
            }
        )*
    };
}
