//! What lies at a path: a folder, a file or a link, with owner, mode, time and where it came from.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use seawall_oci::{Algorithm, Digest, Hasher};

/// The bytes of a file: in memory, or a stretch of a file on disk that nobody changes meanwhile.
#[derive(Clone, Debug)]
pub enum Content {
    /// In memory.
    Memory(Bytes),
    /// On disk.
    Disk {
        /// The file.
        file: Arc<Path>,
        /// Where the content begins in it.
        offset: u64,
        /// How long it is, in bytes.
        size: u64,
    },
}

impl Content {
    /// A whole file on disk.
    ///
    /// # Errors
    /// When it cannot be looked at or is no regular file.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let facts = std::fs::metadata(path)?;
        if !facts.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is not a regular file",
            ));
        }
        Ok(Self::Disk {
            file: path.into(),
            offset: 0,
            size: facts.len(),
        })
    }

    /// How many bytes it has.
    pub fn size(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Disk { size, .. } => *size,
        }
    }

    /// Opens it for reading from its beginning; it ends after [`Content::size`] bytes or sooner.
    ///
    /// # Errors
    /// When the file on disk cannot be opened.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Memory(bytes) => Box::new(Cursor::new(bytes.clone())),
            Self::Disk { file, offset, size } => {
                let mut opened = File::open(file)?;
                opened.seek(SeekFrom::Start(*offset))?;
                Box::new(opened.take(*size))
            }
        })
    }

    /// All of it, in memory.
    ///
    /// # Errors
    /// When it is longer than `most` bytes, cannot be read, or is shorter than it was said to be.
    pub fn read(&self, most: u64) -> io::Result<Bytes> {
        if self.size() > most {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("it has {} bytes, and at most {most} are taken", self.size()),
            ));
        }
        if let Self::Memory(bytes) = self {
            return Ok(bytes.clone());
        }
        let mut bytes = Vec::new();
        self.open()?.read_to_end(&mut bytes)?;
        if bytes.len() as u64 != self.size() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes.into())
    }

    /// Its digest.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn digest(&self, algorithm: Algorithm) -> io::Result<Digest> {
        if let Self::Memory(bytes) = self {
            return Ok(Digest::of(algorithm, bytes));
        }
        let mut hasher = Hasher::new(algorithm);
        let mut from = self.open()?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match from.read(&mut buffer)? {
                0 => return Ok(hasher.finish()),
                read => hasher.update(&buffer[..read]),
            }
        }
    }

    /// Whether both hold the same bytes.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn equals(&self, other: &Self) -> io::Result<bool> {
        if self.size() != other.size() {
            return Ok(false);
        }
        if let (Self::Memory(one), Self::Memory(two)) = (self, other) {
            return Ok(one == two);
        }
        Ok(self.digest(Algorithm::Sha256)? == other.digest(Algorithm::Sha256)?)
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Memory(bytes.into())
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::Memory(text.into())
    }
}

impl From<&'static str> for Content {
    fn from(text: &'static str) -> Self {
        Self::Memory(Bytes::from_static(text.as_bytes()))
    }
}

/// What kind of thing a node is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A folder.
    Directory,
    /// A regular file.
    File(Content),
    /// A symbolic link and its target, as it is written into the image.
    Symlink(Arc<str>),
}

/// Where a node came from: what a layer, an SBOM and a check call it by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A package, by its name.
    Package(Arc<str>),
    /// The definition itself: accounts, paths, os-release, records of packages.
    Definition,
    /// A program or file that was brought in beside the packages, by its name.
    Artifact(Arc<str>),
}

impl Origin {
    /// The name, for people.
    pub fn name(&self) -> &str {
        match self {
            Self::Package(name) | Self::Artifact(name) => name,
            Self::Definition => "definition",
        }
    }
}

/// One thing in an image.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Permissions with setuid, setgid and sticky: the low twelve bits.
    pub mode: u32,
    /// The owning user's number.
    pub uid: u32,
    /// The owning group's number.
    pub gid: u32,
    /// When it was changed, in seconds since 1970.
    pub mtime: u64,
    /// Extended attributes by name, such as `security.capability`.
    pub attributes: BTreeMap<String, Bytes>,
    /// Where it came from.
    pub origin: Origin,
    /// Files of one number are one file with several names (hard links).
    pub(super) link: Option<u32>,
}

impl Node {
    /// A folder of mode 0755, owned by root.
    pub fn directory(origin: Origin) -> Self {
        Self::new(Kind::Directory, 0o755, origin)
    }

    /// A file of mode 0644, owned by root.
    pub fn file(content: impl Into<Content>, origin: Origin) -> Self {
        Self::new(Kind::File(content.into()), 0o644, origin)
    }

    /// A symbolic link, owned by root.
    pub fn symlink(target: &str, origin: Origin) -> Self {
        Self::new(Kind::Symlink(target.into()), 0o777, origin)
    }

    fn new(kind: Kind, mode: u32, origin: Origin) -> Self {
        Self {
            kind,
            mode,
            uid: 0,
            gid: 0,
            mtime: 0,
            attributes: BTreeMap::new(),
            origin,
            link: None,
        }
    }

    /// The same with other permissions.
    #[must_use]
    pub fn with_mode(mut self, mode: u32) -> Self {
        self.mode = mode & 0o7777;
        self
    }

    /// The same with another owner.
    #[must_use]
    pub fn with_owner(mut self, uid: u32, gid: u32) -> Self {
        (self.uid, self.gid) = (uid, gid);
        self
    }

    /// The same, changed at another time, in seconds since 1970.
    #[must_use]
    pub fn with_mtime(mut self, mtime: u64) -> Self {
        self.mtime = mtime;
        self
    }

    /// The bytes in the image: a file's content, nothing for the rest.
    pub fn size(&self) -> u64 {
        match &self.kind {
            Kind::File(content) => content.size(),
            _ => 0,
        }
    }

    /// Whether it is a folder.
    pub fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Directory)
    }

    /// The content, when it is a file.
    pub fn content(&self) -> Option<&Content> {
        match &self.kind {
            Kind::File(content) => Some(content),
            _ => None,
        }
    }

    /// Which hard link group it belongs to, if any.
    pub fn link_group(&self) -> Option<u32> {
        self.link
    }
}
