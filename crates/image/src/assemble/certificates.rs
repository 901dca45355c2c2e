//! The bundle of certificate authorities. Debian's package brings a file for each; the bundle is what its
//! `update-ca-certificates` would make of them, which is not run.

use std::io;

use super::AssembleError;
use crate::path::TreePath;
use crate::tree::{Node, Origin, Tree};

/// Where programs look for it, and where `SSL_CERT_FILE` points.
const BUNDLE: &str = "etc/ssl/certs/ca-certificates.crt";
const CERTIFICATES: &str = "usr/share/ca-certificates";
/// No certificate file is larger, in bytes.
const MOST_BYTES: u64 = 256 * 1024;
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Makes the bundle when there are certificates and a package has not made one. Says how many are in it.
pub(super) fn write(tree: &mut Tree) -> Result<usize, AssembleError> {
    let bundle_path = TreePath::new(BUNDLE)?;
    if tree.lookup(&bundle_path).is_some() {
        return Ok(0);
    }
    let folder = TreePath::new(CERTIFICATES)?;
    let mut bundle = String::new();
    let mut count = 0;
    let mut newest = 0;
    let mut origin = Origin::Definition;
    for (path, node) in tree.below(&folder) {
        let Some(content) = node.content().filter(|_| is_named(path)) else {
            continue;
        };
        let bytes = content
            .read(MOST_BYTES)
            .map_err(|source| unreadable(path, source))?;
        let text = std::str::from_utf8(&bytes)
            .ok()
            .filter(|text| is_one_certificate(text))
            .ok_or_else(|| AssembleError::Certificate(path.clone()))?;
        bundle.push_str(text.trim_end());
        bundle.push('\n');
        count += 1;
        newest = newest.max(node.mtime);
        origin = node.origin.clone();
    }
    if count > 0 {
        tree.put(&bundle_path, Node::file(bundle, origin).with_mtime(newest))?;
    }
    Ok(count)
}

/// `update-ca-certificates` takes files of this ending and no other.
pub(super) fn is_named(path: &TreePath) -> bool {
    path.name()
        .rsplit_once('.')
        .is_some_and(|(_, ending)| ending == "crt")
}

fn unreadable(path: &TreePath, source: io::Error) -> AssembleError {
    AssembleError::Tree(crate::tree::TreeError::Content {
        path: path.clone(),
        source,
    })
}

/// One certificate in PEM and nothing else: a stray line would hide all that come after it.
fn is_one_certificate(text: &str) -> bool {
    let Some(inside) = text
        .trim()
        .strip_prefix(BEGIN)
        .and_then(|rest| rest.strip_suffix(END))
    else {
        return false;
    };
    !inside.trim().is_empty()
        && inside
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'\n' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(letter: &str) -> String {
        format!("{BEGIN}\n{letter}\n{END}\n")
    }

    fn add(tree: &mut Tree, name: &str, text: String) {
        let path = TreePath::new(&format!("{CERTIFICATES}/mozilla/{name}")).unwrap();
        let node = Node::file(text, Origin::Package("ca-certificates".into()));
        tree.put(&path, node).unwrap();
    }

    #[test]
    fn the_bundle_holds_all_in_the_order_of_their_names() {
        let mut tree = Tree::new();
        add(&mut tree, "b.crt", certificate("BBBB"));
        add(
            &mut tree,
            "a.crt",
            certificate("AAAA").trim_end().to_owned(),
        );
        add(&mut tree, "README", "no certificate".to_owned());
        assert_eq!(write(&mut tree).unwrap(), 2);
        let node = tree.get(&TreePath::new(BUNDLE).unwrap()).unwrap();
        let text = node.content().unwrap().read(1 << 20).unwrap();
        assert_eq!(text, certificate("AAAA") + &certificate("BBBB"));
        assert_eq!(node.origin.name(), "ca-certificates");
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        for text in [
            String::new(),
            "x".to_owned(),
            certificate("AA") + &certificate("BB"),
            format!("{BEGIN}\n{END}"),
        ] {
            let mut tree = Tree::new();
            add(&mut tree, "a.crt", text);
            assert!(write(&mut tree).is_err());
        }
    }
}
