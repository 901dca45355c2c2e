//! A bundle (OCI runtime-spec 1.0) of an image: its root file system in a folder, and what the runtime is to do.
//!
//! The tree comes from a stranger. It is written into a new folder that only we may enter, every folder in it made by
//! us before anything is put there, so that no link is ever followed; setuid bits, attributes and devices stay out.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, lchown, symlink,
};
use std::path::Path;

use anyhow::{Result, bail};
use seawall_image_source::{Image, Kind, Limits, Node, Tree};
use serde_json::{Value, json};

/// Whom it runs as, where the image says root or nothing.
const NONROOT: u32 = 65532;

/// What is to run.
pub(super) struct Plan {
    pub(super) uid: u32,
    gid: u32,
    arguments: Vec<String>,
    environment: Vec<String>,
    folder: String,
}

impl Plan {
    /// Of an image; with these arguments instead of its own, if there are any.
    pub(super) fn new(image: &Image, arguments: &[String]) -> Result<Self> {
        let config = &image.config;
        let machine = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        if config.os != "linux" || config.architecture != machine {
            bail!(
                "--run: the image is for {}, and this machine is linux/{machine}",
                config.platform()
            );
        }
        let run = &config.run;
        let own = if arguments.is_empty() {
            &run.cmd
        } else {
            arguments
        };
        let words: Vec<String> = run.entrypoint.iter().chain(own).cloned().collect();
        if words.is_empty() {
            bail!("--run: the image names no program; give it one behind --");
        }
        let (user, group) = run.user.split_once(':').unwrap_or((&run.user, ""));
        let number = |text: &str| text.parse().ok().filter(|number| *number != 0);
        let uid = number(user).unwrap_or(NONROOT);
        Ok(Self {
            uid,
            gid: number(group).unwrap_or(uid),
            arguments: words,
            environment: run.env.clone(),
            folder: match run.working_dir.as_str() {
                "" => "/".to_owned(),
                folder => folder.to_owned(),
            },
        })
    }

    /// What it starts.
    pub(super) fn program(&self) -> &str {
        self.arguments.first().map_or("", String::as_str)
    }

    /// Writes the bundle.
    pub(super) fn write(&self, tree: &Tree, folder: &Path) -> io::Result<()> {
        let is_root = ourselves().0 == 0;
        write_tree(tree, &folder.join("rootfs"), is_root)?;
        fs::write(
            folder.join("config.json"),
            serde_json::to_vec(&self.config(is_root))?,
        )
    }

    fn config(&self, is_root: bool) -> Value {
        let nothing: [&str; 0] = [];
        let mut namespaces = vec!["pid", "network", "ipc", "uts", "mount"];
        let mut linux = json!({
            "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
        });
        if !is_root {
            namespaces.push("user");
            let (uid, gid) = ourselves();
            linux["uidMappings"] = json!([{ "containerID": self.uid, "hostID": uid, "size": 1 }]);
            linux["gidMappings"] = json!([{ "containerID": self.gid, "hostID": gid, "size": 1 }]);
        }
        let namespaces = namespaces.iter().map(|kind| json!({ "type": kind }));
        linux["namespaces"] = namespaces.collect();
        json!({
            "ociVersion": "1.0.2",
            "process": {
                "terminal": false,
                "user": { "uid": self.uid, "gid": self.gid },
                "args": self.arguments,
                "env": self.environment,
                "cwd": self.folder,
                "capabilities": {
                    "bounding": nothing, "effective": nothing, "inheritable": nothing,
                    "permitted": nothing, "ambient": nothing,
                },
                "noNewPrivileges": true,
            },
            "root": { "path": "rootfs", "readonly": true },
            "mounts": [
                { "destination": "/proc", "type": "proc", "source": "proc",
                  "options": ["nosuid", "noexec", "nodev"] },
                { "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
                  "options": ["nosuid", "strictatime", "mode=755", "size=65536k"] },
            ],
            "linux": linux,
        })
    }
}

/// Who we are: the owner of our own folder in /proc.
fn ourselves() -> (u32, u32) {
    fs::metadata("/proc/self").map_or((NONROOT, NONROOT), |facts| (facts.uid(), facts.gid()))
}

fn write_tree(tree: &Tree, root: &Path, is_root: bool) -> io::Result<()> {
    fs::create_dir(root)?;
    fs::set_permissions(root, Permissions::from_mode(0o755))?;
    let mut bytes = Limits::default().unpacked_bytes;
    // Parents come before what lies in them, in the order of paths.
    for (path, node) in tree.iter().filter(|(path, _)| !path.is_empty()) {
        put(&root.join(path), node, &mut bytes)?;
        if is_root {
            let number = |number: u64| u32::try_from(number).ok();
            lchown(root.join(path), number(node.uid), number(node.gid))?;
        }
    }
    // Modes last: a folder that nobody may write is filled first.
    let nodes: Vec<(&str, &Node)> = tree.iter().collect();
    for (path, node) in nodes.into_iter().rev() {
        if matches!(node.kind, Kind::File(_) | Kind::Directory) {
            // Whoever is not root could not delete a folder that is closed to its owner.
            let open = if is_root || !node.is_directory() {
                0
            } else {
                0o700
            };
            let mode = node.mode & 0o1777 | open;
            fs::set_permissions(root.join(path), Permissions::from_mode(mode))?;
        }
    }
    // The runtime makes these itself, where it may write.
    for mount in ["proc", "dev"] {
        let _ = DirBuilder::new().mode(0o755).create(root.join(mount));
    }
    Ok(())
}

fn put(place: &Path, node: &Node, room: &mut u64) -> io::Result<()> {
    match &node.kind {
        Kind::Directory => DirBuilder::new().mode(0o700).create(place),
        Kind::Symlink(target) => symlink(target, place),
        Kind::File(content) => {
            // Each name of a file is a copy here, so that a small archive of many names is a large folder.
            *room = room
                .checked_sub(content.length())
                .ok_or_else(|| io::Error::other("its files take more room than is taken"))?;
            let mut options = OpenOptions::new();
            let mut file: File = options
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(place)?;
            io::copy(&mut content.reader(), &mut file).map(|_| ())
        }
        Kind::CharacterDevice(..) | Kind::BlockDevice(..) | Kind::Fifo => File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(place)
            .map(|_| ()),
    }
}
