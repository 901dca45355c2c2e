//! Which node goes into which layer. Decided by the tree alone, never by the order it was filled in.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use crate::path::TreePath;
use crate::tree::{Node, Origin, Tree};

/// How many layers an engine can stack (containerd's overlay takes 127, and a user adds their own).
const MOST_LAYERS: usize = 100;

/// Into how many layers a tree is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrangement {
    /// All in one.
    #[default]
    Squashed,
    /// A layer for each of the largest origins, one for the small rest, one for what the
    /// definition itself brings: at most so many in all. Images that share packages share layers.
    ByOrigin(NonZeroUsize),
}

/// A layer to be: folders on the way are in each layer that needs them.
#[derive(Debug)]
pub struct LayerPlan<'t> {
    /// What is in it, for people.
    pub title: String,
    /// In the order of paths.
    pub nodes: BTreeMap<&'t TreePath, &'t Node>,
}

/// Cuts a tree into layers; the lowest comes first. There is always at least one.
pub fn plan(tree: &Tree, arrangement: Arrangement) -> Vec<LayerPlan<'_>> {
    let budget = match arrangement {
        Arrangement::Squashed => 1,
        Arrangement::ByOrigin(budget) => budget.get().min(MOST_LAYERS),
    };
    if budget == 1 {
        return vec![LayerPlan {
            title: "all files".to_owned(),
            nodes: tree.iter().filter(|(path, _)| !path.is_root()).collect(),
        }];
    }
    let owners = owners(tree);
    let mut sizes: BTreeMap<&Origin, u64> = BTreeMap::new();
    for (path, node) in tree.iter() {
        if !node.is_directory() {
            *sizes
                .entry(owners.get(path).copied().unwrap_or(&node.origin))
                .or_default() += node.size() + 512;
        }
    }
    let mut packages: Vec<(&Origin, u64)> = sizes
        .into_iter()
        .filter(|(origin, _)| **origin != Origin::Definition)
        .collect();
    packages.sort_by(|one, two| two.1.cmp(&one.1).then(one.0.cmp(two.0)));
    // One for the definition; one for the rest when not all have room.
    let mut own = budget - 1;
    if packages.len() > own {
        own -= 1;
    }
    let own: Vec<&Origin> = packages
        .iter()
        .take(own)
        .map(|(origin, _)| *origin)
        .collect();
    let mut plans = Vec::new();
    let rest: BTreeSet<&Origin> = packages
        .iter()
        .map(|(origin, _)| *origin)
        .filter(|origin| !own.contains(origin))
        .collect();
    if !rest.is_empty() {
        let title = format!("{} small packages", rest.len());
        plans.push(layer(tree, &owners, title, |origin| rest.contains(origin)));
    }
    for one in own {
        let title = one.name().to_owned();
        plans.push(layer(tree, &owners, title, |origin| origin == one));
    }
    let title = "definition".to_owned();
    let mut last = layer(tree, &owners, title, |origin| *origin == Origin::Definition);
    // Folders that hold nothing stand here, whoever brought them, with their own owner and mode.
    let placed: BTreeSet<&TreePath> = plans
        .iter()
        .flat_map(|plan| plan.nodes.keys().copied())
        .collect();
    for (path, node) in tree.iter() {
        if node.is_directory() && !path.is_root() && !placed.contains(path) {
            add(tree, &mut last.nodes, path, node);
        }
    }
    plans.push(last);
    plans.retain(|plan| !plan.nodes.is_empty());
    if plans.is_empty() {
        return plan(tree, Arrangement::Squashed);
    }
    plans
}

/// Files of several names lie in one layer: that of the first name.
fn owners(tree: &Tree) -> BTreeMap<&TreePath, &Origin> {
    let mut first: BTreeMap<u32, &Origin> = BTreeMap::new();
    tree.iter()
        .filter_map(|(path, node)| {
            let group = node.link_group()?;
            Some((path, *first.entry(group).or_insert(&node.origin)))
        })
        .collect()
}

fn layer<'t>(
    tree: &'t Tree,
    owners: &BTreeMap<&TreePath, &Origin>,
    title: String,
    belongs: impl Fn(&Origin) -> bool,
) -> LayerPlan<'t> {
    let mut nodes = BTreeMap::new();
    for (path, node) in tree.iter().filter(|(_, node)| !node.is_directory()) {
        if belongs(owners.get(path).copied().unwrap_or(&node.origin)) {
            add(tree, &mut nodes, path, node);
        }
    }
    LayerPlan { title, nodes }
}

/// Adds a node with the folders on its way.
fn add<'t>(
    tree: &'t Tree,
    nodes: &mut BTreeMap<&'t TreePath, &'t Node>,
    path: &'t TreePath,
    node: &'t Node,
) {
    nodes.insert(path, node);
    let mut above = path.parent();
    while let Some(folder) = above.filter(|folder| !folder.is_root()) {
        if nodes.contains_key(&folder) {
            break;
        }
        if let Some((path, node)) = tree.get_key_value(&folder) {
            nodes.insert(path, node);
        }
        above = folder.parent();
    }
}
