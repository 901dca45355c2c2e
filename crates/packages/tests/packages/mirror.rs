//! A Debian repository that tests make: packages by `dpkg-deb`, signed by `gpg`, in a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use seawall_image_definition::substitutions::Sources;
use seawall_image_definition::{Architecture, Exclusion, PackageRequest, Place, Repository};
use seawall_oci::Digest;
use seawall_packages::{Cache, Fetch, Limits, Lock, Offline, Reach, ResolveError, resolve};
use tempfile::TempDir;

use crate::now;
use crate::signer::Signer;

/// A repository in a folder, and the cache of whoever uses it.
pub struct Mirror {
    folder: TempDir,
    pub signer: Signer,
    packages: String,
    /// Lines of the release document beside those about files.
    pub release: String,
}

impl Mirror {
    /// A repository without packages.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("dists/test/main/binary-amd64")).unwrap();
        let signer = Signer::with_key("ed25519");
        fs::write(folder.path().join("key.gpg"), signer.keys()).unwrap();
        Self {
            folder,
            signer,
            packages: String::new(),
            release: "Suite: test\nCodename: test\nDate: Sat, 12 Sep 2026 07:55:41 UTC\n"
                .to_owned(),
        }
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Builds a package with these further fields, and puts it into the index.
    pub fn add(&mut self, name: &str, version: &str, fields: &str) -> &mut Self {
        let root = tempfile::tempdir().unwrap();
        let control = format!(
            "Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Nobody <n@example.org>\nDescription: test\n{fields}"
        );
        fs::create_dir_all(root.path().join("DEBIAN")).unwrap();
        fs::write(root.path().join("DEBIAN/control"), &control).unwrap();
        fs::write(root.path().join(name), version).unwrap();
        let file = format!("pool/{name}_{}_all.deb", version.replace(':', "%3a"));
        let path = self.path(&file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let output = Command::new("dpkg-deb")
            .args(["--root-owner-group", "-Zgzip", "--build"])
            .arg(root.path())
            .arg(&path)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let bytes = fs::read(&path).unwrap();
        self.paragraph(&format!(
            "{control}Filename: {file}\nSize: {}\nSHA256: {}\n",
            bytes.len(),
            Digest::sha256(&bytes).hex()
        ))
    }

    /// Adds a paragraph to the index as it is.
    pub fn paragraph(&mut self, text: &str) -> &mut Self {
        self.packages.push_str(text);
        self.packages.push('\n');
        self
    }

    /// Changes the index.
    pub fn change(&mut self, from: &str, to: &str) -> &mut Self {
        assert!(self.packages.contains(from), "{from}");
        self.packages = self.packages.replace(from, to);
        self
    }

    /// The compressed index, and the release document about it.
    pub fn index(&self) -> (Vec<u8>, String) {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, self.packages.as_bytes()).unwrap();
        let index = encoder.finish().unwrap();
        let release = format!(
            "{}SHA256:\n {} {} main/binary-amd64/Packages.gz\n",
            self.release,
            Digest::sha256(&index).hex(),
            index.len()
        );
        (index, release)
    }

    /// Writes index and release document, signed.
    pub fn publish(&self) {
        let (index, release) = self.index();
        fs::write(self.path("dists/test/main/binary-amd64/Packages.gz"), index).unwrap();
        self.publish_release(&self.signer.sign(&release, &[]));
    }

    /// Writes a release document.
    pub fn publish_release(&self, document: &str) {
        fs::write(self.path("dists/test/InRelease"), document).unwrap();
    }

    pub fn url(&self) -> String {
        format!("file://{}", self.folder.path().display())
    }

    /// What a definition would ask for: `name`, `name=version`, `!name`.
    pub fn sources(&self, packages: &[&str]) -> Sources {
        let line = format!("deb [signed-by=key.gpg] {} test main", self.url());
        sources(&[&line], packages)
    }

    /// Resolves, at this time, with this cache.
    pub fn resolve(&self, packages: &[&str], cache: &Cache) -> Result<Lock, ResolveError> {
        resolve_at(
            &self.sources(packages),
            self.folder.path(),
            cache,
            &Offline,
            now(),
        )
    }

    /// The locked packages, or what is wrong.
    pub fn outcome(&self, packages: &[&str]) -> String {
        let cache = tempfile::tempdir().unwrap();
        match self.resolve(packages, &Cache::new(cache.path())) {
            Ok(lock) => names(&lock),
            Err(error) => error.to_string(),
        }
    }
}

/// `name=version` of each package of the first platform.
pub fn names(lock: &Lock) -> String {
    let packages = &lock.platforms[0].packages;
    let names = packages
        .iter()
        .map(|one| format!("{}={}", one.name, one.version));
    names.collect::<Vec<_>>().join(" ")
}

pub fn sources(repositories: &[&str], packages: &[&str]) -> Sources {
    let place = || Place {
        line: 7,
        column: 1,
        path: "contents.packages".to_owned(),
    };
    let excluded = packages.iter().filter_map(|line| line.strip_prefix('!'));
    let wanted = packages.iter().filter(|line| !line.starts_with('!'));
    Sources {
        repositories: repositories
            .iter()
            .map(|line| Repository::parse(line).unwrap())
            .collect(),
        keys: Vec::new(),
        packages: wanted
            .map(|line| PackageRequest::parse(line, place()).unwrap())
            .collect(),
        exclusions: excluded
            .map(|name| Exclusion {
                name: name.to_owned(),
                place: place(),
            })
            .collect(),
        applied: Vec::new(),
    }
}

pub fn resolve_at(
    sources: &Sources,
    keys: &Path,
    cache: &Cache,
    fetch: &dyn Fetch,
    now: u64,
) -> Result<Lock, ResolveError> {
    let limits = Limits::default();
    let reach = Reach {
        fetch,
        cache,
        limits: &limits,
        now,
    };
    resolve(sources, &[Architecture::Amd64], keys, &reach)
}
