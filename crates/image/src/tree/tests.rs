use super::*;

fn path(text: &str) -> TreePath {
    TreePath::new(text).unwrap()
}

fn package(name: &str) -> Origin {
    Origin::Package(name.into())
}

fn file(text: &str, from: &str) -> Node {
    Node::file(text.to_owned(), package(from))
}

fn place(tree: &mut Tree, at: &str, node: Node) -> Result<TreePath, TreeError> {
    tree.place(&path(at), node, |_| false)
}

#[test]
fn folders_on_the_way_are_made() {
    let mut tree = Tree::new();
    tree.put(&path("/a/b/c"), file("x", "p")).unwrap();
    assert!(tree.get(&path("a/b")).unwrap().is_directory());
    assert_eq!(tree.len(), 3);
    assert_eq!(tree.size(), 1);
    assert!(tree.remove(&path("a")));
    assert!(tree.is_empty());
}

#[test]
fn a_file_lands_where_its_folder_leads() {
    let mut tree = Tree::new();
    place(&mut tree, "lib", Node::symlink("usr/lib", package("base"))).unwrap();
    let at = place(&mut tree, "lib/libc.so.6", file("elf", "libc6")).unwrap();
    assert_eq!(at, path("usr/lib/libc.so.6"));
    assert!(
        place(&mut tree, "lib", Node::directory(package("libc6"))).is_ok(),
        "a package may name the folder that the link leads to"
    );
}

#[test]
fn links_never_lead_out_of_the_root() {
    let mut tree = Tree::new();
    let target = "../../../../../etc";
    place(&mut tree, "out", Node::symlink(target, package("p"))).unwrap();
    let at = place(&mut tree, "out/passwd", file("x", "p")).unwrap();
    assert_eq!(at, path("etc/passwd"));
}

#[test]
fn links_in_a_circle_are_refused() {
    let mut tree = Tree::new();
    place(&mut tree, "a", Node::symlink("b", package("p"))).unwrap();
    place(&mut tree, "b", Node::symlink("a", package("p"))).unwrap();
    let error = place(&mut tree, "a/x", file("", "p")).unwrap_err();
    assert!(matches!(error, TreeError::LinkCycle { .. }), "{error}");
    place(&mut tree, "deep", Node::symlink("deep/deep", package("p"))).unwrap();
    assert!(place(&mut tree, "deep/x", file("", "p")).is_err());
}

#[test]
fn packages_that_differ_are_refused_and_equal_ones_agree() {
    let mut tree = Tree::new();
    place(&mut tree, "etc/one", file("x", "p")).unwrap();
    place(&mut tree, "etc/one", file("x", "q")).unwrap();
    let error = place(&mut tree, "etc/one", file("y", "q")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "/etc/one comes from p and from q, and they differ"
    );
    tree.place(&path("etc/one"), file("y", "q"), |there| {
        *there == package("p")
    })
    .unwrap();
    assert_eq!(
        tree.get(&path("etc/one")).unwrap().origin,
        package("q"),
        "q replaces p"
    );
    assert!(place(&mut tree, "etc/one/below", file("", "q")).is_err());
    assert!(place(&mut tree, "etc", file("", "q")).is_err());
}

#[test]
fn a_folder_keeps_what_it_holds_and_takes_a_new_owner() {
    let mut tree = Tree::new();
    place(&mut tree, "var/lib/x", file("", "p")).unwrap();
    let owned = Node::directory(Origin::Definition)
        .with_owner(65532, 65532)
        .with_mode(0o700);
    tree.put(&path("var/lib"), owned).unwrap();
    assert_eq!(tree.get(&path("var/lib")).unwrap().uid, 65532);
    assert!(tree.get(&path("var/lib/x")).is_some());
    assert!(tree.put(&path("var/lib"), file("", "p")).is_err());
}

#[test]
fn hard_links_share_a_file_and_count_once() {
    let mut tree = Tree::new();
    place(&mut tree, "usr/bin/one", file("four", "p")).unwrap();
    tree.link(&path("usr/bin/two"), &path("usr/bin/one"), &package("p"))
        .unwrap();
    assert_eq!(tree.size(), 4);
    let group = |at: &str| tree.get(&path(at)).unwrap().link_group();
    assert_eq!(group("usr/bin/one"), group("usr/bin/two"));
    assert!(
        tree.link(&path("three"), &path("none"), &package("p"))
            .is_err()
    );
}
