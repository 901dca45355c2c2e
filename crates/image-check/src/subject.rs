//! An image with what is known of it: files looked into once, for all checks.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use seawall_image_source::{Image, Node, Nowhere, Slice, SliceId, Tree};
use seawall_oci::Digest;
use seawall_signing::PublicKey;

use crate::facts::accounts::{Accounts, User};
use crate::facts::elf::Elf;
use crate::facts::packages::Packages;
use crate::facts::program::{Class, Rule};
use crate::facts::proof::Proof;
use crate::facts::scan::Scan;
use crate::facts::statement::{self, Statement};

/// What is in a file.
#[derive(Debug)]
pub struct Inside {
    /// What it says of itself, if it is ELF.
    pub elf: Option<Elf>,
    /// What follows `#!`, if it is a script.
    pub script: Option<String>,
    /// What marks are in it.
    pub scan: Scan,
}

impl Inside {
    fn of(content: &Slice) -> io::Result<Self> {
        Ok(Self {
            elf: Elf::read(content),
            script: interpreter(&content.beginning(256)?),
            scan: Scan::of(content)?,
        })
    }
}

/// Contents that were looked into: a file with a million names is read once.
#[derive(Default)]
struct Looks(BTreeMap<SliceId, Arc<Inside>>);

impl Looks {
    fn at(&mut self, content: &Slice) -> io::Result<Arc<Inside>> {
        if let Some(known) = self.0.get(&content.id()) {
            return Ok(Arc::clone(known));
        }
        let inside = Arc::new(Inside::of(content)?);
        self.0.insert(content.id(), Arc::clone(&inside));
        Ok(inside)
    }
}

/// A file, looked into.
#[derive(Debug)]
pub struct File<'a> {
    /// Where it is.
    pub path: &'a str,
    /// What is there.
    pub node: &'a Node,
    /// Its content.
    pub content: &'a Slice,
    /// What is in it.
    pub inside: Arc<Inside>,
}

impl File<'_> {
    /// Whether somebody may execute it.
    pub fn is_executable(&self) -> bool {
        self.node.mode & 0o111 != 0
    }

    /// Whether it is a program of a class.
    pub fn is(&self, class: Class) -> bool {
        self.programs(class).next().is_some()
    }

    /// The programs of a class that it is.
    pub fn programs(&self, class: Class) -> impl Iterator<Item = &'static Rule> {
        let Inside { elf, script, scan } = self.inside.as_ref();
        let (is_binary, is_script) = (elf.is_some(), script.is_some());
        scan.programs(!is_binary)
            .filter(move |rule| rule.class == class && (is_binary || is_script))
    }
}

/// A file of a lower layer that is no longer seen.
#[derive(Debug)]
pub struct Hidden<'a> {
    /// Where it was.
    pub path: &'a str,
    /// In which layer it is.
    pub layer: usize,
    /// Whether it was deleted, and not replaced.
    pub is_deleted: bool,
    /// What is in it.
    pub inside: Arc<Inside>,
}

/// What is asked about an image.
#[derive(Clone, Copy, Debug)]
pub struct Inquiry<'a> {
    /// What it was asked for by: the tag counts.
    pub name: &'a str,
    /// When it is checked: it decides what has ended.
    pub now: Timestamp,
    /// The key that must have signed it, if one must.
    pub key: Option<&'a PublicKey>,
    /// How it ran, if somebody ran it.
    pub proof: Option<&'a Proof>,
}

/// An image, to be checked.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The image.
    pub image: &'a Image,
    /// What it was asked for by: the tag counts.
    pub name: &'a str,
    /// When it is checked.
    pub now: Timestamp,
    /// The key that must have signed it, if one must.
    pub key: Option<&'a PublicKey>,
    /// How it ran, if somebody ran it.
    pub proof: Option<&'a Proof>,
    /// Its files.
    pub files: Vec<File<'a>>,
    /// Files of lower layers that are no longer seen.
    pub hidden: Vec<Hidden<'a>>,
    /// Its packages.
    pub packages: Packages,
    /// Its users.
    pub accounts: Accounts,
    /// What is said about it.
    pub statements: Vec<Statement>,
    /// Files that belong to a package, where they really are.
    pub owned: BTreeSet<String>,
}

impl<'a> Subject<'a> {
    /// Looks into an image.
    ///
    /// # Errors
    /// When a temporary file that holds a layer cannot be read.
    pub fn new(image: &'a Image, inquiry: &Inquiry<'a>) -> io::Result<Self> {
        let mut looks = Looks::default();
        let mut files = Vec::new();
        for (path, node) in image.tree.iter() {
            let Some(content) = node.content() else {
                continue;
            };
            files.push(File {
                path,
                node,
                content,
                inside: looks.at(content)?,
            });
        }
        let mut hidden = Vec::new();
        for shadowed in image.tree.shadowed() {
            if let Some(content) = shadowed.node.content() {
                hidden.push(Hidden {
                    path: &shadowed.path,
                    layer: shadowed.node.layer,
                    is_deleted: shadowed.is_deleted,
                    inside: looks.at(content)?,
                });
            }
        }
        let packages = Packages::read(&image.tree);
        let owned = packages
            .all
            .iter()
            .flat_map(|package| package.files.keys())
            .map(|path| match image.tree.resolve(path) {
                Ok((real, _)) => real,
                Err(_) => path.clone(),
            })
            .collect();
        Ok(Self {
            image,
            name: inquiry.name,
            now: inquiry.now,
            key: inquiry.key,
            proof: inquiry.proof,
            files,
            hidden,
            owned,
            accounts: Accounts::read(&image.tree),
            statements: image.referrers.iter().flat_map(statement::read).collect(),
            packages,
        })
    }

    /// The root file system.
    pub fn tree(&self) -> &'a Tree {
        &self.image.tree
    }

    /// What names the image: its digest, and that of the index it was chosen from.
    pub fn digests(&self) -> Vec<Digest> {
        let index = self.image.index.iter().map(|index| index.digest.clone());
        [self.image.digest()].into_iter().chain(index).collect()
    }

    /// The user part of the config's `User`; empty is root.
    pub fn user_text(&self) -> &str {
        let user = self.image.config.run.user.as_str();
        user.split(':').next().unwrap_or_default()
    }

    /// The user that containers run as, if it is known.
    pub fn user(&self) -> Option<&User> {
        match self.user_text() {
            "" => self.accounts.user("0"),
            text => self.accounts.user(text),
        }
    }

    /// The number of the user that containers run as.
    pub fn uid(&self) -> Option<u64> {
        match self.user_text() {
            // Whatever the accounts say, runtimes start these as root or not at all.
            "" | "root" => Some(0),
            text => text
                .parse()
                .ok()
                .or_else(|| self.user().map(|user| user.uid)),
        }
    }

    /// The program that a container starts with, as the config names it.
    pub fn program(&self) -> Option<&str> {
        let run = &self.image.config.run;
        run.entrypoint
            .first()
            .or_else(|| run.cmd.first())
            .map(String::as_str)
    }

    /// Where the program really is, looked for in `PATH` if it has no slash.
    pub fn program_path(&self) -> Option<(String, &'a Node)> {
        let name = self.program()?;
        let working = &self.image.config.run.working_dir;
        if name.starts_with('/') {
            return self.tree().resolve(name).ok();
        }
        if name.contains('/') {
            return self.tree().resolve(&format!("{working}/{name}")).ok();
        }
        let path = self
            .environment("PATH")
            .unwrap_or("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        path.split(':')
            .find_map(|folder| self.tree().resolve(&format!("{folder}/{name}")).ok())
    }

    /// A variable of the environment.
    pub fn environment(&self, name: &str) -> Option<&str> {
        self.image
            .config
            .run
            .env
            .iter()
            .filter_map(|variable| variable.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// Instructions of the image's history.
    pub fn instructions(&self) -> impl Iterator<Item = &str> {
        self.image
            .config
            .history
            .iter()
            .map(|history| history.created_by.as_str())
    }

    /// Whether a path leads anywhere.
    pub fn leads_nowhere(&self, path: &str) -> Option<Nowhere> {
        self.tree().resolve(path).err()
    }
}

/// The program in `#!/usr/bin/env python3 -u`: that which is to be there, so `/usr/bin/env`.
fn interpreter(beginning: &[u8]) -> Option<String> {
    let line = beginning
        .strip_prefix(b"#!")?
        .split(|byte| *byte == b'\n')
        .next()?;
    let line = String::from_utf8_lossy(line);
    line.split_whitespace()
        .next()
        .filter(|word| word.starts_with('/'))
        .map(str::to_owned)
}
