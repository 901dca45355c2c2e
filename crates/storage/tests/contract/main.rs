//! The contract of a blob storage, checked on every implementation: the cases
//! stand in `suite.rs`, the implementations in `places.rs`, faults of an object
//! store in `faults.rs`.

#![allow(clippy::unwrap_used, clippy::unnecessary_wraps)]

mod faults;
mod parts;
mod places;
mod redirect;
mod singly;
mod suite;

/// One test for each case of the suite, on one implementation.
macro_rules! contract {
    ($place:ident: $($case:ident)*) => {
        mod $place {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                if let Some(place) = crate::places::$place() {
                    crate::suite::$case(&place).await;
                }
            }
        )*}
    };
    ($($place:ident)*) => {$(
        contract!($place:
            a_small_blob_is_stored_whole
            the_empty_blob_is_a_blob
            an_upload_goes_on_after_every_rest
            an_upload_that_rested_briefly_is_published_whole
            any_instance_goes_on_with_an_upload
            bytes_after_the_last_rest_do_not_count
            a_wrong_digest_publishes_nothing
            a_digest_of_another_algorithm_is_checked
            an_aborted_upload_leaves_nothing
            a_lost_upload_says_so
            the_same_digest_may_be_published_at_the_same_time
            many_small_blobs_at_the_same_time
            a_deleted_blob_is_gone_and_may_come_back
            no_location_is_ever_used_twice
            many_blobs_are_removed_with_one_call
            a_listing_goes_on_where_it_was_left
            a_listing_finds_every_blob
            a_sweep_takes_strays_and_spares_the_living
        );
    )*};
}

contract!(local local_shared s3 moto);
