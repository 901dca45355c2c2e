//! The cases that every store must show.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use seawall_jobs::conformance::{BoxedPlace, Place};
use seawall_jobs::{Clock, JobStore, RedisOptions, RedisStore};
use seawall_testkit::Redis;

struct Server(Redis);

impl Place for Server {
    fn open(&self, clock: Clock) -> BoxFuture<'_, Arc<dyn JobStore>> {
        Box::pin(async move {
            let mut options = RedisOptions::new(self.0.url(), "harbor");
            options.clock = clock;
            let store = RedisStore::open(options).await.unwrap();
            Arc::new(store) as Arc<dyn JobStore>
        })
    }
}

async fn server() -> BoxedPlace {
    Box::new(Server(Redis::without_data()))
}

seawall_jobs::conformance!(server);
