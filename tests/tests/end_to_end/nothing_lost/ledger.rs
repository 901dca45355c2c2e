//! A record of what the server has answered 201 to, and the check that it is all there.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use reqwest::StatusCode;
use seawall_tests::{Api, Blob, Failure, Image, OCI_MANIFEST, digest_of};

/// What was answered 201, and what may or may not have happened.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Mutex<Vec<Entry>>,
}

/// One image on its way.
#[derive(Clone, Debug)]
pub struct Entry {
    pub repository: String,
    pub tag: String,
    pub image: Image,
    /// The blobs whose upload was answered 201.
    pub blobs: Vec<Blob>,
    /// Whether the manifest was answered 201.
    pub complete: bool,
}

impl Ledger {
    /// Pushes an image and records each answer; gives the failure that ended it, if any.
    pub fn push(
        &self,
        api: &Api,
        repository: &str,
        tag: &str,
        image: &Image,
    ) -> Result<(), Failure> {
        let mut entry = Entry {
            repository: repository.to_owned(),
            tag: tag.to_owned(),
            image: image.clone(),
            blobs: Vec::new(),
            complete: false,
        };
        let mut outcome = Ok(());
        for blob in image.blobs() {
            outcome = api.push_blob(repository, blob);
            if outcome.is_err() {
                break;
            }
            entry.blobs.push(blob.clone());
        }
        if outcome.is_ok() {
            outcome = api.push_manifest(repository, tag, OCI_MANIFEST, &image.manifest.bytes);
            entry.complete = outcome.is_ok();
        }
        self.entries.lock().unwrap().push(entry);
        outcome
    }

    pub fn len(&self) -> usize {
        self.entries.lock().unwrap().len()
    }

    /// How many images were answered 201 in the end.
    pub fn complete(&self) -> usize {
        self.entries
            .lock()
            .unwrap()
            .iter()
            .filter(|entry| entry.complete)
            .count()
    }

    /// Checks the entries from number `from` on.
    pub fn check(&self, api: &Api, from: usize) {
        for entry in &self.entries.lock().unwrap()[from..] {
            check_entry(api, entry);
        }
    }

    /// Checks one entry in `step`, all over the record.
    pub fn check_some(&self, api: &Api, step: usize) {
        for entry in self.entries.lock().unwrap().iter().step_by(step.max(1)) {
            check_entry(api, entry);
        }
    }

    /// Every tag the server lists was pushed, and none that was answered is missing.
    pub fn check_tags(&self, api: &Api) {
        let mut known: BTreeMap<String, BTreeMap<String, bool>> = BTreeMap::new();
        for entry in self.entries.lock().unwrap().iter() {
            known
                .entry(entry.repository.clone())
                .or_default()
                .insert(entry.tag.clone(), entry.complete);
        }
        for (repository, tags) in known {
            // A repository of which nothing was ever finished may not exist.
            let listed = api.tags(&repository).unwrap_or_default();
            for tag in &listed {
                assert!(
                    tags.contains_key(tag),
                    "{repository}:{tag} was never pushed"
                );
            }
            for (tag, complete) in tags {
                assert!(
                    !complete || listed.contains(&tag),
                    "{repository}:{tag} is not listed"
                );
            }
        }
    }
}

/// What was answered is whole; what was not is whole or not there.
pub fn check_entry(api: &Api, entry: &Entry) {
    let Entry {
        repository,
        tag,
        image,
        ..
    } = entry;
    for blob in &entry.blobs {
        let bytes = api
            .blob(repository, &blob.digest)
            .unwrap_or_else(|failure| {
                panic!(
                    "{} of {repository}:{tag} was answered 201 and is lost: {failure:?}",
                    blob.digest
                )
            });
        assert!(
            bytes == blob.bytes,
            "{} of {repository}:{tag} has other bytes",
            blob.digest
        );
    }
    if entry.complete {
        api.check_image(repository, tag, image);
        api.check_image(repository, &image.manifest.digest, image);
        return;
    }
    match api.manifest(repository, tag) {
        Ok(_) => api.check_image(repository, tag, image),
        Err(failure) => assert_eq!(failure.status, Some(StatusCode::NOT_FOUND), "{failure:?}"),
    }
}

/// Every file among the published blobs holds the bytes that its name says; gives their number.
pub fn check_blob_files(data_dir: &Path) -> usize {
    let mut files = Vec::new();
    collect(
        &data_dir.join("storage/docker/registry/v2/blobs/sha256"),
        &mut files,
    );
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        let name = file
            .parent()
            .and_then(Path::file_name)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        assert_eq!(
            digest_of(&bytes),
            format!("sha256:{name}"),
            "{}",
            file.display()
        );
    }
    files.len()
}

/// How many files lie in a folder of the storage, such as `_uploads`.
pub fn files_in(data_dir: &Path, folder: &str) -> usize {
    let mut files = Vec::new();
    collect(&data_dir.join("storage").join(folder), &mut files);
    files.len()
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
