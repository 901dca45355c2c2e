//! What every implementation promises, one function for each promise.

use std::collections::HashSet;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::{StreamExt as _, TryStreamExt as _};
use seawall_oci::{Algorithm, ByteRange, Digest};
use seawall_storage::{
    BlobBody, BlobStorage, Delivery, Durability, Location, StorageError, UploadState,
};

use crate::places::Place;

/// Bytes that do not repeat soon.
pub fn content(length: usize, seed: u64) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes.into()
}

pub async fn read(storage: &dyn BlobStorage, location: &Location, range: ByteRange) -> Bytes {
    match storage.read(location, range, Delivery::Here).await.unwrap() {
        BlobBody::File(part) => {
            assert_eq!(part.range, range);
            let mut bytes = vec![0; usize::try_from(range.length).unwrap()];
            part.file.read_exact_at(&mut bytes, range.start).unwrap();
            bytes.into()
        }
        BlobBody::Stream { stream, length } => {
            assert_eq!(length, range.length);
            let pieces: Vec<Bytes> = stream.try_collect().await.unwrap();
            pieces.concat().into()
        }
        BlobBody::Redirect(_) => panic!("asked for the bytes here"),
    }
}

async fn expect(storage: &dyn BlobStorage, location: &Location, wanted: &Bytes) {
    let size = wanted.len() as u64;
    assert_eq!(storage.stat(location).await.unwrap(), Some(size));
    let found = read(storage, location, ByteRange::whole(size)).await;
    assert!(found == wanted, "the bytes differ");
    if size > 10 {
        let range = ByteRange {
            start: size / 3,
            length: size / 2,
        };
        let (start, end) = (wanted.len() / 3, wanted.len() / 3 + wanted.len() / 2);
        assert!(read(storage, location, range).await == wanted[start..end]);
    }
}

pub async fn listed(storage: &dyn BlobStorage) -> Vec<Location> {
    let blobs: Vec<_> = storage.list(None).try_collect().await.unwrap();
    blobs.into_iter().map(|blob| blob.location).collect()
}

pub async fn a_small_blob_is_stored_whole(place: &Place) {
    let storage = place.open().await;
    for (length, seed) in [(1, 1), (100, 2), (65_536, 3)] {
        let bytes = content(length, seed);
        let location = storage
            .put(&Digest::sha256(&bytes), bytes.clone())
            .await
            .unwrap();
        expect(&*storage, &location, &bytes).await;
    }
    assert_eq!((place.leftovers)(), Vec::<String>::new());
}

pub async fn the_empty_blob_is_a_blob(place: &Place) {
    let storage = place.open().await;
    let location = storage
        .put(&Digest::sha256(b""), Bytes::new())
        .await
        .unwrap();
    expect(&*storage, &location, &Bytes::new()).await;
    let writer = storage
        .open(UploadState::new(Algorithm::Sha512), Some(0))
        .await
        .unwrap();
    let digest = Digest::of(Algorithm::Sha512, b"");
    let location = writer.publish(digest).await.unwrap();
    expect(&*storage, &location, &Bytes::new()).await;
}

/// Sizes around the parts of an object store.
pub async fn an_upload_goes_on_after_every_rest(place: &Place) {
    const MIB: usize = 1024 * 1024;
    let storage = place.open().await;
    let cases = [
        vec![1, 2, 3],
        vec![5 * MIB, 1],
        vec![5 * MIB - 1, 1, 1],
        vec![100, 11 * MIB + 7, 3, 0, 2 * MIB],
    ];
    for (seed, lengths) in cases.into_iter().enumerate() {
        let whole = content(lengths.iter().sum(), seed as u64 + 1);
        let mut state = UploadState::new(Algorithm::Sha256);
        let mut rest = whole.clone();
        for (number, length) in lengths.iter().enumerate() {
            let mut writer = storage.open(state, Some(*length as u64)).await.unwrap();
            let mut chunk = rest.split_to(*length);
            while !chunk.is_empty() {
                let piece = chunk.split_to(chunk.len().min(77_777));
                writer.write(piece).await.unwrap();
            }
            let durability = [Durability::Machine, Durability::Process][number % 2];
            state = writer.checkpoint(durability).await.unwrap();
            let row = serde_json::to_string(&state).unwrap();
            state = serde_json::from_str(&row).unwrap();
        }
        assert_eq!(state.offset, whole.len() as u64);
        let writer = storage.open(state, None).await.unwrap();
        let location = writer.publish(Digest::sha256(&whole)).await.unwrap();
        expect(&*storage, &location, &whole).await;
    }
}

/// Not durable yet at rest, and whole all the same when it is published.
pub async fn an_upload_that_rested_briefly_is_published_whole(place: &Place) {
    let storage = place.open().await;
    let whole = content(1000, 21);
    let mut writer = storage
        .open(UploadState::new(Algorithm::Sha256), None)
        .await
        .unwrap();
    writer.write(whole.clone()).await.unwrap();
    let state = writer.checkpoint(Durability::Process).await.unwrap();
    let writer = storage.open(state, None).await.unwrap();
    let state = writer.checkpoint(Durability::Machine).await.unwrap();
    let writer = storage.open(state, None).await.unwrap();
    let location = writer.publish(Digest::sha256(&whole)).await.unwrap();
    expect(&*storage, &location, &whole).await;
}

pub async fn any_instance_goes_on_with_an_upload(place: &Place) {
    let whole = content(700_000, 9);
    let mut state = UploadState::new(Algorithm::Sha512);
    for start in (0..whole.len()).step_by(100_000) {
        let storage = place.open().await;
        let mut writer = storage.open(state, None).await.unwrap();
        writer
            .write(whole.slice(start..start + 100_000))
            .await
            .unwrap();
        state = writer.checkpoint(Durability::Machine).await.unwrap();
    }
    let storage = place.open().await;
    let writer = storage.open(state, None).await.unwrap();
    let location = writer
        .publish(Digest::of(Algorithm::Sha512, &whole))
        .await
        .unwrap();
    expect(&*storage, &location, &whole).await;
}

pub async fn bytes_after_the_last_rest_do_not_count(place: &Place) {
    let storage = place.open().await;
    let whole = content(6_000_000, 4);
    let mut writer = storage
        .open(UploadState::new(Algorithm::Sha256), None)
        .await
        .unwrap();
    writer.write(whole.slice(..1000)).await.unwrap();
    let state = writer.checkpoint(Durability::Machine).await.unwrap();
    let mut writer = storage.open(state.clone(), None).await.unwrap();
    writer.write(content(5_900_000, 5)).await.unwrap();
    drop(writer);
    let mut writer = storage.open(state, None).await.unwrap();
    writer.write(whole.slice(1000..)).await.unwrap();
    let location = writer.publish(Digest::sha256(&whole)).await.unwrap();
    expect(&*storage, &location, &whole).await;
}

pub async fn a_wrong_digest_publishes_nothing(place: &Place) {
    let storage = place.open().await;
    for length in [10, 6_000_000] {
        let mut writer = storage
            .open(UploadState::new(Algorithm::Sha256), None)
            .await
            .unwrap();
        writer.write(content(length, 6)).await.unwrap();
        let failure = writer
            .publish(Digest::sha256(b"something else"))
            .await
            .unwrap_err();
        assert!(
            matches!(failure, StorageError::DigestMismatch { .. }),
            "{failure}"
        );
    }
    assert_eq!(listed(&*storage).await, []);
    assert_eq!((place.leftovers)(), Vec::<String>::new());
}

pub async fn a_digest_of_another_algorithm_is_checked(place: &Place) {
    let storage = place.open().await;
    for length in [10, 6_000_000] {
        let whole = content(length, 7);
        let digest = Digest::of(Algorithm::Sha512, &whole);
        for (written, right) in [(content(length, 8), false), (whole, true)] {
            let mut writer = storage
                .open(UploadState::new(Algorithm::Sha256), None)
                .await
                .unwrap();
            writer.write(written.clone()).await.unwrap();
            match writer.publish(digest.clone()).await {
                Ok(location) if right => expect(&*storage, &location, &written).await,
                Err(StorageError::DigestMismatch { .. }) if !right => {
                    assert_eq!((place.leftovers)(), Vec::<String>::new());
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(listed(&*storage).await.len(), 2);
}

pub async fn an_aborted_upload_leaves_nothing(place: &Place) {
    let storage = place.open().await;
    storage
        .abort(UploadState::new(Algorithm::Sha256))
        .await
        .unwrap();
    for length in [10, 6_000_000] {
        let mut writer = storage
            .open(UploadState::new(Algorithm::Sha256), None)
            .await
            .unwrap();
        writer.write(content(length, 9)).await.unwrap();
        let state = writer.checkpoint(Durability::Machine).await.unwrap();
        let mut writer = storage.open(state.clone(), None).await.unwrap();
        writer.write(content(length, 10)).await.unwrap();
        let later = writer.checkpoint(Durability::Machine).await.unwrap();
        storage.abort(later).await.unwrap();
        assert_eq!((place.leftovers)(), Vec::<String>::new());
        storage.abort(state).await.unwrap();
        let mut writer = storage
            .open(UploadState::new(Algorithm::Sha256), None)
            .await
            .unwrap();
        writer.write(content(length, 9)).await.unwrap();
        writer.abort().await;
    }
    assert_eq!((place.leftovers)(), Vec::<String>::new());
    assert_eq!(listed(&*storage).await, []);
}

pub async fn a_lost_upload_says_so(place: &Place) {
    let storage = place.open().await;
    for length in [10, 6_000_000] {
        let mut writer = storage
            .open(UploadState::new(Algorithm::Sha256), None)
            .await
            .unwrap();
        writer.write(content(length, 11)).await.unwrap();
        let state = writer.checkpoint(Durability::Machine).await.unwrap();
        storage.abort(state.clone()).await.unwrap();
        let failure = match storage.open(state, None).await {
            Err(failure) => failure,
            Ok(writer) => writer.publish(Digest::sha256(b"")).await.unwrap_err(),
        };
        assert!(matches!(failure, StorageError::UploadLost), "{failure}");
    }
}

pub async fn the_same_digest_may_be_published_at_the_same_time(place: &Place) {
    let storage = &*place.open().await;
    let bytes = &content(70_000, 12);
    let digest = &Digest::sha256(bytes);
    let pushes = (0..16).map(async |number| {
        if number % 2 == 0 {
            return storage.put(digest, bytes.clone()).await.unwrap();
        }
        let mut writer = storage
            .open(UploadState::new(Algorithm::Sha256), None)
            .await
            .unwrap();
        writer.write(bytes.clone()).await.unwrap();
        writer.publish(digest.clone()).await.unwrap()
    });
    for location in join_all(pushes).await {
        expect(storage, &location, bytes).await;
    }
    assert_eq!((place.leftovers)(), Vec::<String>::new());
}

pub async fn many_small_blobs_at_the_same_time(place: &Place) {
    let storage = &*place.open().await;
    let pushes = (0..100).map(async |number| {
        let bytes = content(1000 + number, number as u64 + 1);
        let location = storage
            .put(&Digest::sha256(&bytes), bytes.clone())
            .await
            .unwrap();
        expect(storage, &location, &bytes).await;
    });
    join_all(pushes).await;
    assert_eq!(listed(storage).await.len(), 100);
}

pub async fn a_deleted_blob_is_gone_and_may_come_back(place: &Place) {
    let storage = place.open().await;
    let bytes = content(5000, 13);
    let digest = Digest::sha256(&bytes);
    for _ in 0..3 {
        let location = storage.put(&digest, bytes.clone()).await.unwrap();
        expect(&*storage, &location, &bytes).await;
        for _ in 0..2 {
            let failed = storage.remove(vec![location.clone()]).await;
            assert!(failed.is_empty(), "{failed:?}");
        }
        assert_eq!(storage.stat(&location).await.unwrap(), None);
        let read = storage
            .read(&location, ByteRange::whole(5000), Delivery::Here)
            .await;
        assert!(matches!(read, Err(StorageError::NotFound(_))));
        assert_eq!(listed(&*storage).await, []);
    }
}

/// However late a removal comes, it never hits what was published after.
pub async fn no_location_is_ever_used_twice(place: &Place) {
    let storage = place.open().await;
    let bytes = content(5000, 15);
    let digest = Digest::sha256(&bytes);
    let mut locations = Vec::new();
    for _ in 0..3 {
        locations.push(storage.put(&digest, bytes.clone()).await.unwrap());
        let mut writer = storage
            .open(UploadState::new(Algorithm::Sha256), None)
            .await
            .unwrap();
        writer.write(bytes.clone()).await.unwrap();
        locations.push(writer.publish(digest.clone()).await.unwrap());
    }
    let last = locations.pop().unwrap();
    assert!(!locations.contains(&last));
    let failed = storage.remove(locations).await;
    assert!(failed.is_empty(), "{failed:?}");
    expect(&*storage, &last, &bytes).await;
    assert_eq!(listed(&*storage).await, [last]);
}

pub async fn many_blobs_are_removed_with_one_call(place: &Place) {
    let storage = &*place.open().await;
    let count = if seawall_testkit::full() { 2_500 } else { 150 };
    let puts = futures_util::stream::iter(0..count).map(async |number: usize| {
        let bytes = content(10 + number, number as u64 + 1);
        storage.put(&Digest::sha256(&bytes), bytes).await.unwrap()
    });
    let mut locations: Vec<Location> = puts.buffer_unordered(16).collect().await;
    let kept = locations.pop().unwrap();
    // What is not there is no failure, not even in the midst of others.
    let gone = locations[7].clone();
    locations.push(gone);
    let failed = storage.remove(locations).await;
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(listed(storage).await, [kept]);
    assert!(storage.remove(Vec::new()).await.is_empty());
}

pub async fn a_listing_goes_on_where_it_was_left(place: &Place) {
    let storage = place.open().await;
    for number in 0..40 {
        let bytes = content(number + 1, number as u64 + 1);
        let digest = Digest::of([Algorithm::Sha256, Algorithm::Sha512][number % 2], &bytes);
        storage.put(&digest, bytes.clone()).await.unwrap();
        if number % 8 == 0 {
            storage.put(&digest, bytes).await.unwrap();
        }
    }
    let all = listed(&*storage).await;
    assert_eq!(all.len(), 45);
    assert!(all.is_sorted(), "{all:?}");
    for (at, location) in all.iter().enumerate() {
        let rest: Vec<_> = storage.list(Some(location)).try_collect().await.unwrap();
        let rest: Vec<Location> = rest.into_iter().map(|blob| blob.location).collect();
        assert_eq!(rest, all[at + 1..]);
    }
}

pub async fn a_listing_finds_every_blob(place: &Place) {
    let storage = place.open().await;
    let mut stored = HashSet::new();
    for number in 0..20 {
        let bytes = content(number + 1, number as u64 + 1);
        let digest = Digest::of([Algorithm::Sha256, Algorithm::Sha512][number % 2], &bytes);
        stored.insert(storage.put(&digest, bytes).await.unwrap());
    }
    let mut writer = storage
        .open(UploadState::new(Algorithm::Sha256), None)
        .await
        .unwrap();
    writer.write(content(1000, 1)).await.unwrap();
    writer.checkpoint(Durability::Machine).await.unwrap();
    assert_eq!(HashSet::from_iter(listed(&*storage).await), stored);
}

pub async fn a_sweep_takes_strays_and_spares_the_living(place: &Place) {
    let storage = place.open().await;
    let mut states = Vec::new();
    for length in [10, 10, 6_000_000, 6_000_000] {
        let mut writer = storage
            .open(UploadState::new(Algorithm::Sha256), None)
            .await
            .unwrap();
        writer.write(content(length, 14)).await.unwrap();
        states.push(writer.checkpoint(Durability::Machine).await.unwrap());
    }
    let live = |state: &UploadState| state.name().unwrap().to_owned();
    let living = HashSet::from([live(&states[0]), live(&states[2])]);
    let hour = Duration::from_hours(1);
    let report = storage.sweep(&living, hour).await.unwrap();
    assert_eq!(report.stray_uploads, 0, "too young");
    let report = storage.sweep(&living, Duration::ZERO).await.unwrap();
    assert_eq!(report.stray_uploads, 2);
    for state in [states.remove(2), states.remove(0)] {
        let whole = content(usize::try_from(state.offset).unwrap(), 14);
        let writer = storage.open(state, None).await.unwrap();
        let location = writer.publish(Digest::sha256(&whole)).await.unwrap();
        expect(&*storage, &location, &whole).await;
    }
    assert_eq!((place.leftovers)(), Vec::<String>::new());
}
