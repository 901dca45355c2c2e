//! Where an image's packages come from: the definition's repositories with substitutions, a lock file, the cache of
//! what was fetched before. Blocking: to be called off the runtime.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use seawall_image_definition::substitutions::Substitutions;
use seawall_image_definition::{Architecture, Definition, Repository};
use seawall_oci::Digest;
use seawall_packages::{Cache, Fetch, Fetcher, Limits, Lock, Offline, Package, Reach};

/// How packages are found.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of packages")]
pub struct SourceArgs {
    /// File that says what is used instead of repositories, pins and keys that cannot be reached
    #[arg(long, value_name = "FILE")]
    pub substitutions: Option<PathBuf>,
    /// Lock file: used when it is there, else written
    #[arg(long, value_name = "FILE")]
    pub lock: Option<PathBuf>,
    /// Resolve anew and write the lock file, also when it is there
    #[arg(long, requires = "lock")]
    pub update_lock: bool,
    /// Folder of what was fetched before [default: ~/.cache/seawall/packages]
    #[arg(long, value_name = "FOLDER", env = "SEAWALL_IMAGE_CACHE")]
    pub cache: Option<PathBuf>,
    /// Ask no network: what was not fetched before is missing
    #[arg(long)]
    pub offline: bool,
}

/// The way to packages.
pub struct Sources {
    fetch: Box<dyn Fetch + Send>,
    cache: Cache,
    limits: Limits,
    now: u64,
}

impl Sources {
    /// Opens the way.
    pub fn open(arguments: &SourceArgs) -> Result<Self> {
        let folder = match &arguments.cache {
            Some(folder) => folder.clone(),
            None => std::env::var_os("XDG_CACHE_HOME")
                .map(PathBuf::from)
                .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
                .context("neither XDG_CACHE_HOME nor HOME is set: name a folder with --cache")?
                .join("seawall/packages"),
        };
        let fetch: Box<dyn Fetch + Send> = if arguments.offline {
            Box::new(Offline)
        } else {
            Box::new(Fetcher::new()?)
        };
        Ok(Self {
            fetch,
            cache: Cache::new(folder),
            limits: Limits::default(),
            // Signatures are judged by today; no build takes the time into an image.
            now: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
        })
    }

    fn reach(&self) -> Reach<'_> {
        Reach {
            fetch: &*self.fetch,
            cache: &self.cache,
            limits: &self.limits,
            now: self.now,
        }
    }

    /// The lock for a definition: read where it is, or resolved and written.
    pub fn lock(
        &self,
        definition: &Definition,
        architectures: &[Architecture],
        arguments: &SourceArgs,
        substitutions: Option<Substitutions>,
    ) -> Result<Lock> {
        if let Some(file) = arguments
            .lock
            .as_deref()
            .filter(|file| file.exists() && !arguments.update_lock)
        {
            let text =
                std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            let lock =
                Lock::parse(&text).with_context(|| format!("the lock file {}", file.display()))?;
            let substitutions = match &arguments.substitutions {
                Some(file) => Some(read_substitutions(file)?),
                None => substitutions,
            };
            is_of(&lock, definition, substitutions.as_ref())
                .with_context(|| format!("the lock file {}", file.display()))?;
            return Ok(lock);
        }
        let (substitutions, folder) = match (&arguments.substitutions, substitutions) {
            (Some(file), _) => (read_substitutions(file)?, folder_of(file)),
            (None, given) => (given.unwrap_or_default(), PathBuf::from(".")),
        };
        let sources = substitutions.apply(definition);
        let mut lock = seawall_packages::resolve(&sources, architectures, &folder, &self.reach())
            .context("cannot resolve the packages")?;
        lock.request = Some(request_of(definition));
        if let Some(file) = &arguments.lock {
            std::fs::write(file, lock.to_text()?)
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(lock)
    }

    /// The packages of a machine, read and verified.
    pub fn packages(&self, lock: &Lock, architecture: Architecture) -> Result<Vec<Package>> {
        let locked = lock.platform(architecture.platform())?;
        seawall_packages::packages(locked, &self.reach())
            .with_context(|| format!("cannot get the packages for {}", architecture.platform()))
    }
}

/// Whether a lock was made for this definition, with these substitutions where some are given.
fn is_of(
    lock: &Lock,
    definition: &Definition,
    substitutions: Option<&Substitutions>,
) -> Result<()> {
    if lock.request.as_ref() != Some(&request_of(definition)) {
        bail!(
            "it was made for another definition, or for this one before its packages, repositories or keys were \
             changed: lock again with --update-lock, or name another file"
        );
    }
    let Some(substitutions) = substitutions else {
        return Ok(());
    };
    let applied = substitutions.apply(definition).applied;
    let applied = applied
        .iter()
        .map(|one| (one.subject.to_string(), &one.from, &one.to));
    let locked = lock.substitutions.iter();
    if !locked
        .map(|one| (one.kind.clone(), &one.from, &one.to))
        .eq(applied)
    {
        bail!("it was made with other substitutions: lock again with --update-lock");
    }
    Ok(())
}

/// The digest of all that a definition says about its packages, before substitutions.
fn request_of(definition: &Definition) -> Digest {
    let asked = Substitutions::default().apply(definition);
    let repositories = asked.repositories.iter().map(Repository::to_line);
    let packages = asked.packages.iter().map(ToString::to_string);
    let exclusions = asked.exclusions.iter().map(|one| format!("!{}", one.name));
    let lines: Vec<String> = repositories
        .chain(asked.keys.iter().map(|key| format!("key {key}")))
        .chain(packages)
        .chain(exclusions)
        .collect();
    Digest::sha256(lines.join("\n").as_bytes())
}

/// Reads a definition from a file.
pub fn read_definition(file: &Path) -> Result<(Definition, String)> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let definition = Definition::parse(&file.display().to_string(), &text)?;
    let unbuildable = definition.unbuildable();
    if !unbuildable.is_empty() {
        let lines: Vec<String> = unbuildable
            .iter()
            .map(|one| format!("{}:{one}", file.display()))
            .collect();
        bail!("this cannot be built here:\n{}", lines.join("\n"));
    }
    Ok((definition, text))
}

fn read_substitutions(file: &Path) -> Result<Substitutions> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Substitutions::parse(&file.display().to_string(), &text)?)
}

/// The folder that a file lies in.
pub fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATIC: &str = include_str!("../../../images/static/debian-13/static.yaml");
    const MIRROR: &str = "repositories:\n  - from: http://deb.debian.org/debian\n    to: [http://mirror.test/debian]\n";

    fn complaint(text: &str, substitutions: Option<&str>) -> Option<String> {
        let made_for = Definition::parse("static.yaml", STATIC).unwrap();
        let mut lock = Lock::new(Vec::new(), Vec::new(), Vec::new());
        lock.request = Some(request_of(&made_for));
        let definition = Definition::parse("static.yaml", text).unwrap();
        let substitutions = substitutions.map(|text| Substitutions::parse("s.yaml", text).unwrap());
        is_of(&lock, &definition, substitutions.as_ref())
            .err()
            .map(|error| error.to_string())
    }

    #[test]
    fn a_lock_serves_the_definition_that_it_was_made_for() {
        assert_eq!(complaint(STATIC, None), None);
        // What is said of the image does not change what is in it.
        let renamed = STATIC.replace("Static (Debian)", "Still");
        assert_eq!(complaint(&renamed, None), None);
        for (from, to) in [
            ("- tzdata", "- tzdata\n    - libc6"),
            ("- tzdata", "- tzdata=1"),
            ("- '!openssl'\n", "- '!openssh'\n"),
            ("trixie-security main", "trixie-security contrib"),
        ] {
            let changed = STATIC.replace(from, to);
            assert_ne!(changed, STATIC);
            let complaint = complaint(&changed, None).unwrap();
            assert!(complaint.contains("--update-lock"), "{complaint}");
        }
        let complaint = complaint(STATIC, Some(MIRROR)).unwrap();
        assert!(complaint.contains("other substitutions"), "{complaint}");
    }
}
