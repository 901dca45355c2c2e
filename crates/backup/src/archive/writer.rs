//! Writing an archive, one item after the other, as they come.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::header::{self, BLOCK};
use super::{FORMAT_VERSION, ItemPath};
use crate::time::Time;

/// An item to write.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// `pods`, `deployments.apps`.
    pub group_resource: &'a str,
    /// Version in which it was read.
    pub version: &'a str,
    /// Whether that is the version that the cluster prefers.
    pub is_preferred: bool,
    /// Namespace; empty for objects of the cluster.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// Its JSON.
    pub json: &'a [u8],
}

impl Item<'_> {
    /// The entries it becomes: for the version that the cluster prefers one without a version, for
    /// every reader, before the one with it.
    pub fn paths(&self) -> Vec<ItemPath> {
        let path = |version: Option<String>| ItemPath {
            group_resource: self.group_resource.to_owned(),
            version,
            namespace: self.namespace.to_owned(),
            name: self.name.to_owned(),
        };
        if self.is_preferred {
            vec![path(None), path(Some(ItemPath::preferred(self.version)))]
        } else {
            vec![path(Some(self.version.to_owned()))]
        }
    }
}

/// An archive being written. One that is dropped without [`Writer::finish`] has fewer items and looks
/// whole all the same, as Go's does: nothing is to be uploaded before `finish` has returned.
pub struct Writer<W: Write> {
    gzip: GzEncoder<W>,
}

impl<W: Write> Writer<W> {
    /// Begins an archive; its first entry tells the version of the format.
    pub fn new(writer: W, now: Time) -> io::Result<Self> {
        let mut archive = Self {
            gzip: GzEncoder::new(writer, Compression::default()),
        };
        archive.file(
            "metadata/version",
            format!("{FORMAT_VERSION}\n").as_bytes(),
            now,
        )?;
        Ok(archive)
    }

    /// Appends `item`.
    pub fn append(&mut self, item: &Item<'_>, now: Time) -> io::Result<()> {
        for path in item.paths() {
            self.file(&path.to_string(), item.json, now)?;
        }
        Ok(())
    }

    /// Appends a file under `name` as it is: for whoever writes an archive anew with some items
    /// replaced.
    pub fn file(&mut self, name: &str, bytes: &[u8], now: Time) -> io::Result<()> {
        let size = u64::try_from(bytes.len()).map_err(io::Error::other)?;
        let second = u64::try_from(now.0.as_second()).unwrap_or(0);
        self.gzip.write_all(&header::of_file(name, size, second))?;
        self.gzip.write_all(bytes)?;
        let padding = bytes.len().next_multiple_of(BLOCK) - bytes.len();
        self.gzip.write_all(&[0; BLOCK][..padding])
    }

    /// Ends the archive and gives the writer back.
    pub fn finish(mut self) -> io::Result<W> {
        self.gzip.write_all(&[0; 2 * BLOCK])?;
        self.gzip.finish()
    }
}
