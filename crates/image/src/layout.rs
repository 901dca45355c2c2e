//! An OCI image layout in a folder: blobs by digest, and `index.json` that names images.
//! Image-spec 1.1, `image-layout.md`. For one file instead of a folder, see `docker_archive.rs`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use seawall_oci::{Algorithm, Descriptor, Digest, Hasher, document};
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::path::TreePath;

/// Why a layout cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// Reading or writing a file.
    #[error("{what} {path}", path = path.display())]
    File {
        /// What was being done: `cannot write`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The content of a file in the image.
    #[error("cannot read what {path} is to hold")]
    Content {
        /// Where it lies in the image.
        path: TreePath,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Writing what has no name yet.
    #[error("cannot write a blob")]
    Io(#[from] io::Error),
    /// A blob that is larger than its kind may be.
    #[error("{digest} has {size} bytes, and at most {most} are taken")]
    TooLarge {
        /// The blob.
        digest: Digest,
        /// Its size.
        size: u64,
        /// The limit.
        most: u64,
    },
    /// A blob whose bytes are not what its name says.
    #[error("the blob {digest} is damaged: its bytes have another digest")]
    Damaged {
        /// The blob.
        digest: Digest,
    },
}

/// A layout's folder.
#[derive(Clone, Debug)]
pub struct Layout {
    folder: PathBuf,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    image_layout_version: &'static str,
}

impl Layout {
    /// Makes a layout in a folder, which may hold one already: blobs that are there stay.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn create(folder: &Path) -> Result<Self, LayoutError> {
        let blobs = folder.join("blobs/sha256");
        fs::create_dir_all(&blobs).map_err(failed("cannot make the folder", &blobs))?;
        let marker = document::to_bytes(&Marker {
            image_layout_version: "1.0.0",
        });
        let path = folder.join("oci-layout");
        fs::write(&path, marker).map_err(failed("cannot write", &path))?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a blob lies, whether it is there or not.
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.folder
            .join("blobs")
            .join(digest.algorithm().as_str())
            .join(digest.hex())
    }

    /// Begins a blob whose digest is not known yet. Dropped before it is published, it is gone.
    ///
    /// # Errors
    /// When no file can be made in the folder.
    pub fn begin(&self) -> Result<BlobWriter, LayoutError> {
        let folder = self.folder.join("blobs/sha256");
        let file = tempfile::Builder::new()
            .prefix(".unfinished-")
            .tempfile_in(&folder)
            .map_err(failed("cannot make a file in", &folder))?;
        Ok(BlobWriter {
            layout: self.clone(),
            file: BufWriter::with_capacity(256 * 1024, file),
            hasher: Hasher::new(Algorithm::Sha256),
            size: 0,
        })
    }

    /// Writes a blob from memory.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, bytes: &[u8], media_type: &str) -> Result<Descriptor, LayoutError> {
        let mut blob = self.begin()?;
        blob.write_all(bytes)?;
        blob.publish(media_type)
    }

    /// Writes a JSON document as a blob.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_document<T: Serialize>(
        &self,
        value: &T,
        media_type: &str,
    ) -> Result<Descriptor, LayoutError> {
        self.put(&document::to_bytes(value), media_type)
    }

    /// Opens a blob for reading.
    ///
    /// # Errors
    /// When it is not there.
    pub fn open(&self, digest: &Digest) -> Result<File, LayoutError> {
        let path = self.blob_path(digest);
        File::open(&path).map_err(failed("cannot open", &path))
    }

    /// All of a small blob, its digest verified.
    ///
    /// # Errors
    /// When it is not there, larger than `most` bytes, or damaged.
    pub fn read(&self, digest: &Digest, most: u64) -> Result<Vec<u8>, LayoutError> {
        let path = self.blob_path(digest);
        let mut bytes = Vec::new();
        self.open(digest)?
            .take(most.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(failed("cannot read", &path))?;
        if bytes.len() as u64 > most {
            return Err(LayoutError::TooLarge {
                digest: digest.clone(),
                size: bytes.len() as u64,
                most,
            });
        }
        if Digest::of(digest.algorithm(), &bytes) != *digest {
            return Err(LayoutError::Damaged {
                digest: digest.clone(),
            });
        }
        Ok(bytes)
    }

    /// Writes `index.json`, which names what the layout holds.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_index(&self, index: &document::Index) -> Result<(), LayoutError> {
        let path = self.folder.join("index.json");
        let unfinished = self.folder.join(".index.json.unfinished");
        fs::write(&unfinished, document::to_bytes(index))
            .map_err(failed("cannot write", &unfinished))?;
        fs::rename(&unfinished, &path).map_err(failed("cannot write", &path))
    }
}

/// A blob on its way into a layout.
#[derive(Debug)]
pub struct BlobWriter {
    layout: Layout,
    file: BufWriter<NamedTempFile>,
    hasher: Hasher,
    size: u64,
}

impl BlobWriter {
    /// Gives the blob its name, and says what a manifest says of it.
    ///
    /// # Errors
    /// When the rest cannot be written.
    pub fn publish(self, media_type: &str) -> Result<Descriptor, LayoutError> {
        let digest = self.hasher.finish();
        let path = self.layout.blob_path(&digest);
        let file = self
            .file
            .into_inner()
            .map_err(|error| failed("cannot write", &path)(error.into_error()))?;
        readable_by_all(file.as_file()).map_err(failed("cannot write", &path))?;
        file.persist(&path)
            .map_err(|error| failed("cannot write", &path)(error.error))?;
        Ok(Descriptor::new(media_type, digest, self.size))
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A temporary file is its owner's alone, but a layout is there to be read.
fn readable_by_all(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

pub(crate) fn failed(
    what: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> LayoutError + use<> {
    let path = path.to_owned();
    move |source| LayoutError::File { what, path, source }
}
