//! From a recipe and its packages to a tree: packages, brought files, certificates, os-release, accounts, paths,
//! and last the records of what is installed. Deterministic: nothing but its arguments goes in.

mod accounts;
mod alternatives;
mod certificates;
mod configured;
mod declared;
mod dpkg;
mod os_release;
mod packages;
mod paths;
mod prune;
mod records;

use seawall_packages::Package;

pub use prune::LeftOut;

use crate::epoch::Epoch;
use crate::path::{PathError, TreePath};
use crate::recipe::{Recipe, Variant};
use crate::tree::{Node, Origin, Tree, TreeError};

/// Why a recipe cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// Files that cannot be placed.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A path that leads nowhere in an image.
    #[error(transparent)]
    Path(#[from] PathError),
    /// Accounts that contradict each other.
    #[error("the accounts cannot be written: {0}")]
    Accounts(String),
    /// It should run as somebody who does not exist.
    #[error("run-as names {0:?}, who is not among the users: add it to accounts.users")]
    UnknownUser(String),
    /// A copy of something that is no file of the image.
    #[error("{path} is to be a copy of {from}, which is no file of the image")]
    NothingToCopy {
        /// Where the copy would go.
        path: TreePath,
        /// What it should be a copy of.
        from: TreePath,
    },
    /// A value with control characters.
    #[error("{0} of os-release holds a control character")]
    OsRelease(&'static str),
    /// A file among the certificates that is none.
    #[error("{0} is not exactly one certificate in PEM")]
    Certificate(TreePath),
}

/// A tree, and what was decided on the way.
#[derive(Debug)]
pub struct Assembled {
    /// The root file system.
    pub tree: Tree,
    /// `uid:gid` that it runs as.
    pub user: String,
    /// How many certificate authorities are in the bundle that was made.
    pub certificates: usize,
    /// What of the packages is not in it.
    pub left_out: Vec<LeftOut>,
}

/// Makes the root file system. `epoch` and `version` stand in documents about what no package brought.
///
/// # Errors
/// See [`AssembleError`].
pub fn assemble(
    recipe: &Recipe,
    packages: &[Package],
    epoch: Epoch,
    version: &str,
) -> Result<Assembled, AssembleError> {
    let mut tree = Tree::new();
    skeleton(&mut tree)?;
    packages::unpack(&mut tree, packages)?;
    let certificates = certificates::write(&mut tree)?;
    let left_out = match recipe.variant {
        Variant::Runtime => prune::prune(&mut tree)?,
        Variant::Dev => Vec::new(),
    };
    for file in &recipe.files {
        let name = file
            .software
            .as_ref()
            .map_or_else(|| file.path.name(), |software| &software.name);
        let node = Node::file(file.content.clone(), Origin::Artifact(name.into()))
            .with_owner(file.owner.0, file.owner.1)
            .with_mode(file.mode);
        tree.put(&file.path, node)?;
    }
    declared::write(&mut tree, &recipe.files, epoch, version)?;
    if let Some(release) = &recipe.os_release {
        os_release::write(&mut tree, release)?;
    }
    accounts::write(&mut tree, &recipe.accounts)?;
    if recipe.variant == Variant::Dev {
        configured::write(&mut tree, packages)?;
    }
    let user = accounts::run_as(&recipe.accounts)?;
    paths::apply(&mut tree, &recipe.paths)?;
    work_dir(&mut tree, recipe, &user)?;
    records::write(&mut tree, packages)?;
    Ok(Assembled {
        tree,
        user,
        certificates,
        left_out,
    })
}

/// What every container needs, whatever its packages bring; a package's own folder wins.
fn skeleton(tree: &mut Tree) -> Result<(), AssembleError> {
    for (path, mode) in [("etc", 0o755), ("tmp", 0o1777), ("var/tmp", 0o1777)] {
        let folder = Node::directory(Origin::Definition).with_mode(mode);
        tree.put(&TreePath::new(path)?, folder)?;
    }
    Ok(())
}

/// The folder that it starts in belongs to whom it runs as, unless it is there already.
fn work_dir(tree: &mut Tree, recipe: &Recipe, user: &str) -> Result<(), AssembleError> {
    let Some(path) = recipe.work_dir.as_deref().map(TreePath::new).transpose()? else {
        return Ok(());
    };
    if tree.lookup(&path).is_some() {
        return Ok(());
    }
    let (uid, gid) = user.split_once(':').unwrap_or(("0", "0"));
    let folder = Node::directory(Origin::Definition)
        .with_owner(uid.parse().unwrap_or(0), gid.parse().unwrap_or(0));
    tree.put(&path, folder)?;
    Ok(())
}
