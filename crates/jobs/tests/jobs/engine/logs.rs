//! What runs write, and how it is read back.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime};

use seawall_jobs::log::{JobLogs, Level, LogTarget};
use seawall_jobs::{JobFailure, JobId, NewJob, Status};

use super::{PATIENCE, houses, quick};

#[tokio::test(flavor = "multi_thread")]
async fn attempts_append_to_one_log_that_is_whole_when_the_job_is_final() {
    for house in houses().await {
        let folder = tempfile::tempdir().unwrap();
        let file = JobLogs::new().with(LogTarget::Folder(folder.path().into()), Level::Info);
        let table = LogTarget::Database(house.place.database.clone());
        let table = JobLogs::new().with(table, Level::Info);
        let both = file.clone().with(
            LogTarget::Database(house.place.database.clone()),
            Level::Warning,
        );
        for logs in [file, table, both] {
            let running = house
                .engine()
                .await
                .logs(logs.clone())
                .register(quick("A", |context| async move {
                    context.log.debug("nobody asked for this");
                    context
                        .log
                        .info(format_args!("attempt {}", context.attempt.number));
                    context.log.warning("two\nlines");
                    if context.attempt.number == 1 {
                        return Err(JobFailure::retryable("once more"));
                    }
                    Ok(())
                }))
                .start()
                .await
                .unwrap();
            let id = house.add(NewJob::new("A")).await;
            house.wait_status(&id, Status::Success).await;
            let log = logs.read(&id, None).await.unwrap().expect("there is a log");
            let log = String::from_utf8(log).unwrap();
            let texts: Vec<&str> = log
                .lines()
                .map(|line| line.split_once("]: ").map_or(line, |(_, text)| text))
                .filter(|text| !text.starts_with("attempt"))
                .collect();
            assert_eq!(texts, ["two", "lines", "two", "lines"], "{log}");
            assert!(
                log.contains("[ERROR] [/crates/jobs/src/engine/run.rs:"),
                "{log}"
            );
            assert!(log.contains("]: attempt 1 failed: once more\n"), "{log}");
            assert!(!log.contains("nobody"), "{log}");
            let tail = logs.read(&id, Some(6)).await.unwrap().unwrap();
            assert_eq!(tail, b"lines\n");
            running.drain(PATIENCE).await;
        }
        let mode = |entry: std::fs::DirEntry| entry.metadata().unwrap().permissions().mode();
        let files = std::fs::read_dir(folder.path()).unwrap();
        let modes: Vec<u32> = files.map(|entry| mode(entry.unwrap()) & 0o777).collect();
        assert_eq!(modes, [0o600, 0o600]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_logs_are_swept_and_nothing_else() {
    for house in houses().await {
        let folder = tempfile::tempdir().unwrap();
        let kept = Duration::from_hours(1);
        let logs = JobLogs::new()
            .with_kept(LogTarget::Folder(folder.path().into()), Level::Debug, kept)
            .with_kept(
                LogTarget::Database(house.place.database.clone()),
                Level::Debug,
                kept,
            );
        let ids = [JobId::random(), JobId::random().execution(1_700_000_000)];
        for id in &ids {
            let log = logs.open(id);
            log.info("a line");
            log.flush().await;
        }
        for name in ["notes.txt", "a b.log", "README.log.gz"] {
            std::fs::write(folder.path().join(name), "not ours").unwrap();
        }
        let now = house.store.now().await.unwrap();
        assert_eq!(logs.sweep(now).await.unwrap(), 0);
        let old = SystemTime::now() - 2 * kept;
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let file = std::fs::File::options()
                .write(true)
                .open(entry.unwrap().path());
            file.unwrap().set_modified(old).unwrap();
        }
        assert_eq!(logs.sweep(now).await.unwrap(), 2, "the files");
        assert_eq!(logs.sweep(now.plus(2 * kept)).await.unwrap(), 2, "the rows");
        for id in &ids {
            assert_eq!(logs.read(id, None).await.unwrap(), None);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_many_pieces_is_read_from_its_end() {
    for house in houses().await {
        let table = LogTarget::Database(house.place.database.clone());
        let logs = JobLogs::new().with(table, Level::Debug);
        let id = JobId::random();
        let log = logs.open(&id);
        for number in 0..40 {
            log.info(format_args!("{number} {}", "x".repeat(10_000)));
            if number % 2 == 0 {
                log.flush().await;
            }
        }
        log.flush().await;
        let whole = logs.read(&id, None).await.unwrap().unwrap();
        assert!(whole.len() > 400_000);
        for limit in [100, 15_000, 100_000, 350_000] {
            let tail = logs.read(&id, Some(limit)).await.unwrap().unwrap();
            assert!(tail.len() as u64 <= limit && !tail.is_empty());
            assert!(whole.ends_with(&tail));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written_fails_no_job() {
    let house = houses().await.remove(0);
    let missing = LogTarget::Folder("/nonexistent/folder".into());
    let running = house
        .engine()
        .await
        .logs(JobLogs::new().with(missing, Level::Debug))
        .register(quick("A", |context| async move {
            context.log.info("into nothing");
            Ok(())
        }))
        .start()
        .await
        .unwrap();
    let id = house.add(NewJob::new("A")).await;
    house.wait_status(&id, Status::Success).await;
    running.drain(PATIENCE).await;
}
