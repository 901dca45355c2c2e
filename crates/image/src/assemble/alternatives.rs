//! Names that packages share, such as `awk` and `cc`: links that `update-alternatives` would make when packages'
//! scripts are run, and its records of them, so that it goes on from there. The scripts are read, not run: a command whose
//! words are plain is done, one with variables is not. Source: update-alternatives(1), and its own files.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use seawall_packages::{Format, Package};

use super::AssembleError;
use crate::path::TreePath;
use crate::tree::{Node, Origin, Tree};

/// A link with what it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Leading {
    link: String,
    name: String,
    path: String,
}

/// One choice for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Choice {
    master: Leading,
    priority: i32,
    slaves: Vec<Leading>,
}

/// Makes the links of all packages; the choice of the highest priority is taken.
pub(super) fn write(tree: &mut Tree, packages: &[Package]) -> Result<(), AssembleError> {
    let mut names: BTreeMap<String, Vec<Choice>> = BTreeMap::new();
    for package in packages
        .iter()
        .filter(|package| package.format == Format::Deb)
    {
        let Some(script) = package.control_file("postinst") else {
            continue;
        };
        for choice in choices(&String::from_utf8_lossy(script)) {
            let target = TreePath::new(&choice.master.path)?;
            if tree.lookup(&target).is_some() {
                let all = names.entry(choice.master.name.clone()).or_default();
                all.push(choice);
            }
        }
    }
    for (name, mut choices) in names {
        choices.sort_by(|one, two| {
            let order = two.priority.cmp(&one.priority);
            order.then_with(|| one.master.path.cmp(&two.master.path))
        });
        choices.dedup_by(|one, two| one.master.path == two.master.path);
        let Some(first) = choices.first() else {
            continue;
        };
        for leading in std::iter::once(&first.master).chain(&first.slaves) {
            lead(tree, leading)?;
        }
        let record = Node::file(record(&choices), Origin::Definition);
        let path = TreePath::new(&format!("var/lib/dpkg/alternatives/{name}"))?;
        tree.put(&path, record)?;
    }
    Ok(())
}

/// The link, and the one in `/etc/alternatives` that it leads over.
fn lead(tree: &mut Tree, leading: &Leading) -> Result<(), AssembleError> {
    let link = TreePath::new(&leading.link)?;
    if tree.lookup(&link).is_some() || tree.lookup(&TreePath::new(&leading.path)?).is_none() {
        return Ok(());
    }
    let over = format!("/etc/alternatives/{}", leading.name);
    tree.put(
        &TreePath::new(&over)?,
        Node::symlink(&leading.path, Origin::Definition),
    )?;
    tree.put(&link, Node::symlink(&over, Origin::Definition))?;
    Ok(())
}

/// What `update-alternatives` writes down of one name, chosen automatically.
fn record(choices: &[Choice]) -> String {
    let mut slaves: BTreeMap<&str, &str> = BTreeMap::new();
    for slave in choices.iter().flat_map(|choice| &choice.slaves) {
        slaves.insert(&slave.name, &slave.link);
    }
    let mut text = String::from("auto\n");
    if let Some(first) = choices.first() {
        let _ = writeln!(text, "{}", first.master.link);
    }
    for (name, link) in &slaves {
        let _ = writeln!(text, "{name}\n{link}");
    }
    text.push('\n');
    for choice in choices {
        let _ = writeln!(text, "{}\n{}", choice.master.path, choice.priority);
        for name in slaves.keys() {
            let slave = choice.slaves.iter().find(|slave| slave.name == *name);
            let _ = writeln!(text, "{}", slave.map_or("", |slave| &slave.path));
        }
    }
    text.push('\n');
    text
}

/// The choices that a script installs.
fn choices(script: &str) -> Vec<Choice> {
    let script = script.replace("\\\n", " ");
    script.lines().filter_map(choice).collect()
}

fn choice(line: &str) -> Option<Choice> {
    let mut words = line
        .split_ascii_whitespace()
        .skip_while(|word| *word != "update-alternatives")
        .skip(1)
        .take_while(|word| !word.starts_with(['#', ';', '&', '|', '>', '<']) && *word != "2>")
        .peekable();
    let mut master = None;
    let mut slaves = Vec::new();
    let plain = |word: Option<&str>| {
        word.filter(|word| {
            word.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"/._+-".contains(&byte))
        })
        .map(str::to_owned)
    };
    while let Some(word) = words.next() {
        match word {
            "--install" => {
                let leading = Leading {
                    link: plain(words.next())?,
                    name: plain(words.next())?,
                    path: plain(words.next())?,
                };
                let priority = words.next()?.trim_end_matches(';').parse().ok()?;
                master = Some((leading, priority));
            }
            "--slave" => slaves.push(Leading {
                link: plain(words.next())?,
                name: plain(words.next())?,
                path: plain(words.next().map(|word| word.trim_end_matches(';')))?,
            }),
            option if option.starts_with("--") && master.is_none() => {}
            _ => return None,
        }
    }
    let (master, priority) = master?;
    (!master.name.contains('/') && slaves.iter().all(|slave| !slave.name.contains('/'))).then_some(
        Choice {
            master,
            priority,
            slaves,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "#!/bin/sh\nif [ \"$1\" = configure ]; then\n\
        \tupdate-alternatives --quiet --install /usr/bin/awk awk /usr/bin/mawk 5 \\\n\
        \t    --slave /usr/bin/nawk nawk /usr/bin/mawk \\\n\
        \t    #--slave /usr/share/man/man1/awk.1.gz awk.1.gz /usr/share/man/man1/mawk.1.gz\nfi\n\
        update-alternatives --install /usr/bin/x x \"$1\" 5\n\
        update-alternatives --remove awk /usr/bin/oawk\n";

    #[test]
    fn plain_commands_of_a_script_are_read_and_recorded() {
        let choices = choices(SCRIPT);
        assert_eq!(choices.len(), 1, "{choices:?}");
        assert_eq!(choices[0].priority, 5);
        assert_eq!(
            record(&choices),
            "auto\n/usr/bin/awk\nnawk\n/usr/bin/nawk\n\n/usr/bin/mawk\n5\n/usr/bin/mawk\n\n"
        );
    }

    #[test]
    fn names_that_lead_elsewhere_are_not_taken() {
        let script = "update-alternatives --install /usr/bin/awk ../../awk /usr/bin/mawk 5\n";
        assert_eq!(choices(script), []);
    }
}
