//! Delivering hooks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use seawall_jobs::{Delivery, Engine, HookReceiver, HookTarget, NewJob, Status};
use seawall_testkit::rounds;

use super::watched::Watched;
use super::{PATIENCE, eventually, houses, pause, quick};
use crate::receiver::{HANG, Receiver};

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_is_posted_as_harbor_posts_it() {
    for house in houses().await {
        let receiver = Receiver::start().await;
        let running = house
            .engine()
            .await
            .register(quick("A", |context| async move {
                context.check_in("half way").await;
                Ok(())
            }))
            .start()
            .await
            .unwrap();
        let jobs: Vec<NewJob> = (0..20)
            .map(|_| NewJob {
                hook: Some(receiver.hook()),
                ..NewJob::new("A")
            })
            .collect();
        let accepted = house.store.enqueue(jobs).await.unwrap();
        eventually("all hooks are heard", || receiver.heard().len() == 60).await;
        let mut of_jobs: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for body in receiver.heard() {
            let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
            assert_eq!(body["metadata"]["id"], body["job_id"]);
            assert_eq!(body["metadata"]["status"], body["status"]);
            assert_eq!(body["metadata"]["name"], "A");
            let said = format!("{} {}", text("status"), text("check_in"));
            of_jobs.entry(text("job_id")).or_default().push(said);
        }
        assert_eq!(of_jobs.len(), accepted.len());
        for (id, told) in of_jobs {
            assert_eq!(told, ["Running ", "Running half way", "Success "], "{id}");
            let id = id.parse().unwrap();
            let started = Instant::now();
            // The acknowledgement is written after the answer.
            while house
                .job(&id)
                .await
                .ack
                .is_none_or(|ack| ack.status != Status::Success)
            {
                assert!(started.elapsed() < PATIENCE);
                pause().await;
            }
        }
        running.drain(PATIENCE).await;
    }
}

/// Core answers 404 until the transaction that made the task is committed; only 200 is success.
#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_is_not_answered_with_200_is_sent_again() {
    for house in houses().await {
        let receiver = Receiver::start().await;
        receiver.answer(404);
        let running = house
            .engine()
            .await
            .register(quick("A", |_| async { Ok(()) }))
            .start()
            .await
            .unwrap();
        let id = house
            .add(NewJob {
                hook: Some(receiver.hook()),
                ..NewJob::new("A")
            })
            .await;
        house.wait_status(&id, Status::Success).await;
        assert!(receiver.heard().is_empty());
        receiver.answer(200);
        let heard = || receiver.statuses(id.as_str()) == ["Running", "Success"];
        eventually("both are heard in order", heard).await;
        running.drain(PATIENCE).await;
    }
}

/// Hooks that wait in memory are lost at shutdown; those of the outbox are not. In the long form the
/// receiver is down for minutes.
#[tokio::test(flavor = "multi_thread")]
async fn hooks_outlive_the_engine_and_a_receiver_that_is_down() {
    for house in houses().await {
        let receiver = Receiver::start().await;
        let (address, hook) = (receiver.address(), receiver.hook());
        drop(receiver);
        let engine = async || {
            let engine = house.engine().await;
            let engine = engine.register(quick("A", |_| async { Ok(()) }));
            engine.start().await.unwrap()
        };
        let running = engine().await;
        let id = house
            .add(NewJob {
                hook: Some(hook),
                ..NewJob::new("A")
            })
            .await;
        house.wait_status(&id, Status::Success).await;
        running.drain(Duration::from_secs(5)).await;
        let running = engine().await;
        tokio::time::sleep(Duration::from_secs(rounds(1, 150) as u64)).await;
        assert_eq!(house.job(&id).await.ack, None);
        let receiver = Receiver::start_at(address).await;
        let started = Instant::now();
        while receiver.statuses(id.as_str()) != ["Running", "Success"] {
            // The longest wait for the next try, and half as long again.
            let soon = Duration::from_secs(rounds(60, 120) as u64);
            assert!(started.elapsed() < soon, "{:?}", receiver.heard());
            pause().await;
        }
        running.drain(PATIENCE).await;
    }
}

/// Each delivery to one that hangs takes 30 s, and there is room for so many at a time.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_hangs_does_not_keep_others_waiting() {
    for house in houses().await {
        let (hanging, fine) = (Receiver::start().await, Receiver::start().await);
        hanging.answer(HANG);
        let store = Watched::new(Arc::clone(&house.store));
        let running = Engine::builder(Arc::clone(&store) as _)
            .register(quick("A", |_| async { Ok(()) }))
            .start()
            .await
            .unwrap();
        let jobs = |count, receiver: &Receiver| {
            let job = NewJob {
                hook: Some(receiver.hook()),
                ..NewJob::new("A")
            };
            vec![job; count]
        };
        house.store.enqueue(jobs(300, &hanging)).await.unwrap();
        eventually("it has all the room there is", || hanging.asked() >= 128).await;
        let started = Instant::now();
        house.store.enqueue(jobs(20, &fine)).await.unwrap();
        eventually("the other hears all", || fine.count() == 40).await;
        let took = started.elapsed();
        assert!(took < Duration::from_secs(20), "{took:?}");
        // What has no room waits its turn, which comes later and later.
        let waits = |longer| {
            let settled = store.settled();
            settled.iter().any(|(event, delivery)| {
                let lease = match delivery {
                    Delivery::Held { lease } => *lease,
                    _ => Duration::ZERO,
                };
                event.target == hanging.hook() && lease > longer
            })
        };
        eventually("some are held for longer", || {
            waits(Duration::from_secs(11))
        })
        .await;
        running.drain(Duration::ZERO).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_deliverer_was_at_when_it_died_is_told_soon() {
    for house in houses().await {
        let receiver = Receiver::start().await;
        receiver.answer(HANG);
        let engine = async || {
            let engine = house.engine().await;
            let engine = engine.register(quick("A", |_| async { Ok(()) }));
            engine.start().await.unwrap()
        };
        let dying = engine().await;
        let id = house
            .add(NewJob {
                hook: Some(receiver.hook()),
                ..NewJob::new("A")
            })
            .await;
        eventually("it is at it", || receiver.asked() > 0).await;
        house.wait_status(&id, Status::Success).await;
        drop(dying);
        receiver.answer(200);
        let started = Instant::now();
        let running = engine().await;
        let heard = || receiver.statuses(id.as_str()) == ["Running", "Success"];
        eventually("both are heard in order", heard).await;
        let took = started.elapsed();
        assert!(took < Duration::from_secs(25), "{took:?}");
        running.drain(PATIENCE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_in_the_process_hears_again_what_it_did_not_take() {
    for house in houses().await {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let calls = Arc::new(AtomicU32::new(0));
        let receiver: HookReceiver = {
            let (heard, calls) = (Arc::clone(&heard), Arc::clone(&calls));
            Arc::new(move |event| {
                let (heard, calls) = (Arc::clone(&heard), Arc::clone(&calls));
                Box::pin(async move {
                    match calls.fetch_add(1, Ordering::SeqCst) {
                        0 => Err("not now".to_owned()),
                        1 => panic!("not that either"),
                        _ => {
                            heard.lock().unwrap().push(event.status());
                            Ok(())
                        }
                    }
                })
            })
        };
        // Another engine on the same store, which has no such receiver, leaves them alone.
        let other = house.engine().await.start().await.unwrap();
        let running = house
            .engine()
            .await
            .receiver("tasks", receiver)
            .register(quick("A", |_| async { Ok(()) }))
            .start()
            .await
            .unwrap();
        house
            .add(NewJob {
                hook: Some(HookTarget::in_process("tasks")),
                ..NewJob::new("A")
            })
            .await;
        let both = || *heard.lock().unwrap() == [Status::Running, Status::Success];
        eventually("both are heard in order", both).await;
        assert_eq!(calls.load(Ordering::SeqCst), 4);
        running.drain(PATIENCE).await;
        other.drain(PATIENCE).await;
    }
}
