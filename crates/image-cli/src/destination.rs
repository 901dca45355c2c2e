//! Where a built image goes: an OCI layout, an archive for `docker load`, a registry; any of them, at once.

use std::fs::File;
use std::io::BufWriter;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use seawall_image::layer::{Arrangement, Compression};
use seawall_image::{Built, Epoch, Layout, docker_archive};

use crate::OutputFormat;
use crate::name::ImageName;
use crate::push;
use crate::remote::RemoteArgs;

/// Where it goes, and in which form.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of the result")]
pub struct DestinationArgs {
    /// Write an OCI layout into this folder
    #[arg(long, value_name = "FOLDER")]
    pub layout: Option<PathBuf>,
    /// Write a file for `docker load`
    #[arg(long, value_name = "FILE")]
    pub docker_archive: Option<PathBuf>,
    /// Push to a registry, such as `registry.example.org/team/app:v1`; repeatable
    #[arg(long, value_name = "IMAGE")]
    pub push: Vec<ImageName>,
    /// The image's name in the archive; repeatable [default: what is pushed, else the definition's image and tags]
    #[arg(long, short = 't', value_name = "NAME")]
    pub tag: Vec<String>,
    /// How layers are packed
    #[arg(long, value_enum, default_value_t = Packing::Gzip)]
    pub compression: Packing,
    /// At most so many layers, by where files come from; 1 puts all into one
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    pub layers: NonZeroUsize,
    /// No time in the image is later, in seconds since 1970
    #[arg(
        long,
        value_name = "SECONDS",
        env = "SOURCE_DATE_EPOCH",
        default_value = "0"
    )]
    pub epoch: Epoch,
    /// Leave the bill of materials and the provenance out of the index
    #[arg(long)]
    pub no_attestations: bool,
    /// So many layers are packed at a time [default: one for each core]
    #[arg(long, value_name = "NUMBER")]
    pub jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// How the summary is printed
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    pub output: OutputFormat,
}

/// How layers are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Packing {
    /// What every engine reads.
    Gzip,
    /// Smaller and faster to unpack; Docker reads it since version 23.
    Zstd,
}

impl From<Packing> for Compression {
    fn from(packing: Packing) -> Self {
        match packing {
            Packing::Gzip => Self::Gzip,
            Packing::Zstd => Self::Zstd,
        }
    }
}

impl DestinationArgs {
    /// How files are cut into layers.
    pub fn arrangement(&self) -> Arrangement {
        arrangement(self.layers)
    }

    /// How many layers are packed at a time.
    pub fn threads(&self) -> NonZeroUsize {
        self.jobs
            .or_else(|| std::thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN)
    }

    /// The names in an archive; `otherwise` when none was given.
    pub fn names(&self, otherwise: Vec<String>) -> Vec<String> {
        if !self.tag.is_empty() {
            return self.tag.iter().map(|name| with_tag(name)).collect();
        }
        if self.push.is_empty() {
            return otherwise;
        }
        self.push.iter().map(ToString::to_string).collect()
    }
}

/// `app` is `app:latest`: an engine loads no name without a tag.
fn with_tag(name: &str) -> String {
    if name
        .rsplit('/')
        .next()
        .is_some_and(|last| last.contains([':', '@']))
    {
        name.to_owned()
    } else {
        format!("{name}:latest")
    }
}

/// So many layers at most; one is all in one.
pub fn arrangement(layers: NonZeroUsize) -> Arrangement {
    if layers.get() == 1 {
        Arrangement::Squashed
    } else {
        Arrangement::ByOrigin(layers)
    }
}

/// A layout to build in: the one that was asked for, or one that vanishes at the end.
pub struct Workplace {
    /// The layout.
    pub layout: Layout,
    _temporary: Option<tempfile::TempDir>,
}

impl Workplace {
    /// Makes it.
    pub fn new(asked: Option<&Path>) -> Result<Self> {
        let (folder, temporary) = if let Some(folder) = asked {
            (folder.to_owned(), None)
        } else {
            let temporary = tempfile::Builder::new()
                .prefix("seawall-image-")
                .tempdir()
                .context("cannot make a temporary folder")?;
            (temporary.path().to_owned(), Some(temporary))
        };
        Ok(Self {
            layout: Layout::create(&folder)?,
            _temporary: temporary,
        })
    }
}

/// Delivers what was built.
pub async fn deliver(
    built: &Built,
    layout: &Layout,
    names: &[String],
    arguments: &DestinationArgs,
) -> Result<()> {
    if arguments.layout.is_some() {
        layout.write_index(&docker_archive::named(&built.index, names))?;
    }
    if let Some(file) = &arguments.docker_archive {
        let opened =
            File::create(file).with_context(|| format!("cannot write {}", file.display()))?;
        let into = BufWriter::with_capacity(256 * 1024, opened);
        docker_archive::write(layout, &built.index, names, into)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    for image in &arguments.push {
        push::push(layout, &built.index, image, &arguments.remote).await?;
    }
    Ok(())
}
