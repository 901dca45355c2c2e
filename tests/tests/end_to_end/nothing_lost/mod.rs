//! What was answered 201 stays, whatever happens; what was not is not seen half.

mod database_fails;
mod full_disk;
mod hang_up;
mod kill;
mod ledger;
mod power_loss;
mod s3_fails;
