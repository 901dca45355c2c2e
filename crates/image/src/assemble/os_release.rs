//! `/etc/os-release`: what an image says it is. Source: `os-release(5)`.

use std::fmt::Write as _;

use super::AssembleError;
use crate::path::TreePath;
use crate::recipe::OsRelease;
use crate::tree::{Node, Origin, Tree};

/// Writes `/usr/lib/os-release`, and the link to it where programs look.
pub(super) fn write(tree: &mut Tree, release: &OsRelease) -> Result<(), AssembleError> {
    let text = text(release)?;
    let true_place = TreePath::new("usr/lib/os-release")?;
    tree.put(&true_place, Node::file(text, Origin::Definition))?;
    let link = TreePath::new("etc/os-release")?;
    tree.put(
        &link,
        Node::symlink("../usr/lib/os-release", Origin::Definition),
    )?;
    Ok(())
}

fn text(release: &OsRelease) -> Result<String, AssembleError> {
    let mut text = String::new();
    for (name, value) in [
        ("PRETTY_NAME", &release.pretty_name),
        ("NAME", &release.name),
        ("VERSION_ID", &release.version_id),
        ("VERSION_CODENAME", &release.version_codename),
        ("ID", &release.id),
        ("ID_LIKE", &release.id_like),
        ("HOME_URL", &release.home_url),
        ("BUG_REPORT_URL", &release.bug_report_url),
    ] {
        if value.is_empty() {
            continue;
        }
        if value.chars().any(char::is_control) {
            return Err(AssembleError::OsRelease(name));
        }
        let _ = writeln!(text, "{name}={}", quoted(value));
    }
    Ok(text)
}

/// In double quotes, unless it is a plain word.
fn quoted(value: &str) -> String {
    if value
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
    {
        return value.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_as_a_shell_reads_them() {
        let release = OsRelease {
            name: "Some \"Images\" for $5".to_owned(),
            id: "debian".to_owned(),
            version_id: "13".to_owned(),
            ..OsRelease::default()
        };
        assert_eq!(
            text(&release).unwrap(),
            "NAME=\"Some \\\"Images\\\" for \\$5\"\nVERSION_ID=13\nID=debian\n"
        );
        let forged = OsRelease {
            id: "a\nID=b".to_owned(),
            ..OsRelease::default()
        };
        assert!(text(&forged).is_err());
    }
}
