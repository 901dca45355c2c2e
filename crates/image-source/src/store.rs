//! Files by name, in a folder or in an archive: what OCI layouts and docker archives are made of.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use seawall_oci::{Descriptor, Digest};

use crate::path;
use crate::slice::Slice;
use crate::tar::{Tar, TarKind};
use crate::unpack::verify;
use crate::{Limits, SourceError};

/// Files by name.
#[derive(Debug)]
pub(crate) enum Store {
    Folder(PathBuf),
    Archive(BTreeMap<String, Slice>),
}

impl Store {
    /// Opens a folder, or a tar file that is not packed.
    pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Self, SourceError> {
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        let file = File::open(path).map_err(SourceError::file(path))?;
        let slice = Slice::whole(file).map_err(SourceError::file(path))?;
        Self::archive(&slice, limits)
    }

    /// The members of a tar file.
    pub(crate) fn archive(slice: &Slice, limits: &Limits) -> Result<Self, SourceError> {
        let beginning = slice
            .beginning(4)
            .map_err(SourceError::read("the archive"))?;
        if beginning.starts_with(&[0x1f, 0x8b]) || beginning.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
        {
            return Err(SourceError::Malformed(
                "the archive is packed as a whole: unpack it first (gunzip, zstd -d)".to_owned(),
            ));
        }
        let mut tar = Tar::new(slice.clone(), limits.path_bytes);
        let mut members = BTreeMap::new();
        let mut links = Vec::new();
        while let Some(entry) = tar.next_entry()? {
            if members.len() + links.len() > limits.entries {
                return Err(SourceError::Refused(
                    "the archive has too many members".to_owned(),
                ));
            }
            let name = path::normal(&entry.path, limits)?;
            match entry.kind {
                TarKind::File => {
                    let part = slice.part(entry.offset, entry.size);
                    let twice =
                        part.is_none_or(|part| members.insert(name.clone(), part).is_some());
                    if twice {
                        return Err(SourceError::Refused(format!(
                            "the archive has {name:?} twice"
                        )));
                    }
                }
                // Docker before 25 wrote a layer that two images share once, and links to it.
                TarKind::Symlink | TarKind::Hardlink => links.push((name, entry)),
                _ => {}
            }
        }
        for (name, entry) in links {
            let target = path::readable(&entry.link);
            let target = match (entry.kind, target.strip_prefix("../"), path::split(&name)) {
                (TarKind::Symlink, Some(target), _) => target.to_owned(),
                (TarKind::Symlink, None, Some((folder, _))) => path::join(folder, &target),
                _ => target,
            };
            if let Some(part) = members.get(&target).cloned() {
                members.entry(name).or_insert(part);
            }
        }
        Ok(Self::Archive(members))
    }

    /// The file of this name, if there is one.
    pub(crate) fn file(&self, name: &str) -> Result<Option<Slice>, SourceError> {
        match self {
            Self::Archive(members) => Ok(members.get(name).cloned()),
            Self::Folder(folder) => {
                let path = folder.join(name);
                // A link may lead anywhere, and a pipe never ends.
                match fs::symlink_metadata(&path) {
                    Ok(found) if found.is_file() => {
                        let file = File::open(&path).map_err(SourceError::file(&path))?;
                        Slice::whole(file)
                            .map(Some)
                            .map_err(SourceError::file(&path))
                    }
                    Ok(_) => Err(SourceError::Refused(format!(
                        "{} is no file",
                        path.display()
                    ))),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(SourceError::file(&path)(error)),
                }
            }
        }
    }

    /// A small file, whole.
    pub(crate) fn document(
        &self,
        name: &str,
        limits: &Limits,
    ) -> Result<Option<bytes::Bytes>, SourceError> {
        let Some(file) = self.file(name)? else {
            return Ok(None);
        };
        let bytes = file
            .bytes(limits.document_bytes)
            .map_err(SourceError::read(name))?;
        Ok(Some(bytes.into()))
    }

    /// The blob of a layout; nobody has compared its bytes yet.
    pub(crate) fn blob(&self, digest: &Digest) -> Result<Slice, SourceError> {
        self.file(&format!("blobs/{}/{}", digest.algorithm(), digest.hex()))?
            .ok_or_else(|| SourceError::Absent(format!("the layout has no blob {digest}")))
    }

    /// A small blob, whole, of the digest and size that its descriptor says.
    pub(crate) fn small(
        &self,
        descriptor: &Descriptor,
        most: u64,
    ) -> Result<bytes::Bytes, SourceError> {
        let blob = self.blob(&descriptor.digest)?;
        let name = descriptor.digest.as_str();
        if descriptor.size != blob.length() {
            return Err(SourceError::Refused(format!(
                "{name} has {} bytes, where its descriptor says {}",
                blob.length(),
                descriptor.size
            )));
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let bytes = blob.bytes(most).map_err(SourceError::read(name))?;
        verify(&blob, &descriptor.digest)?;
        Ok(bytes.into())
    }
}
