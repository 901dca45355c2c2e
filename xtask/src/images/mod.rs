//! `cargo xtask images`: every image of `images/`, built twice, compared, checked, pushed and signed.
//!
//! `programs.rs` builds our own programs that go into them, `cross.rs` for another machine than this,
//! `bill.rs` says what these are made of; `release.rs` does the rest with `seawall image …`. What an image holds stands in its definition.

mod bill;
mod cross;
mod programs;
mod release;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::run::{say, workspace};

const HELP: &str = "\
cargo xtask images [option…] [definition…]

  Builds the images of images/ (or only the definitions that are named) twice, in different folders,
  and fails when a bit differs or when `seawall image check` finds a warning.

  --platforms LIST     such as linux/amd64,linux/arm64 (linux/amd64 when not said); for arm64, what
                       compiles for it is installed first
  --push PLACE         registry and namespace: each image goes to PLACE/dhi-<repository>:<tag>, signed;
                       login and password as `seawall image push` finds them
  --key FILE           signs with this key; when not said, target/images/seawall.key, made when it is not
                       there. Its password is read from COSIGN_PASSWORD
  --profile NAME       the cargo profile of our own programs (release when not said)
  --once               no second build
";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Order {
    platforms: Vec<String>,
    push: Option<String>,
    key: Option<PathBuf>,
    profile: String,
    twice: bool,
    definitions: Vec<PathBuf>,
}

/// Builds what was asked for.
pub fn images(arguments: &[String]) -> Result<()> {
    if arguments
        .iter()
        .any(|argument| argument == "--help" || argument == "-h")
    {
        print!("{HELP}");
        return Ok(());
    }
    let mut order = Order::parse(arguments)?;
    if order.definitions.is_empty() {
        order.definitions = definitions(&workspace().join("images"))?;
    }
    let folder = workspace().join("target/images");
    fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    // Two at once would take each other's folders away.
    let lock = fs::File::create(folder.join("lock")).context("create the lock")?;
    lock.lock().context("wait for another build of images")?;
    let mut texts = String::new();
    for file in &order.definitions {
        texts += &fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    }
    let runner = programs::build(&texts, &order.platforms, &order.profile, &folder)?;
    say(&format!(
        "building {} images for {}",
        order.definitions.len(),
        order.platforms.join(" and ")
    ));
    release::Release::new(&order, &folder, runner)?.run()
}

impl Order {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut order = Self {
            platforms: vec!["linux/amd64".to_owned()],
            push: None,
            key: None,
            profile: "release".to_owned(),
            twice: true,
            definitions: Vec::new(),
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let value = arguments.next();
                value
                    .cloned()
                    .with_context(|| format!("{argument} needs a value\n\n{HELP}"))
            };
            match argument.as_str() {
                "--platforms" => {
                    order.platforms = value()?.split(',').map(str::to_owned).collect();
                }
                "--push" => order.push = Some(value()?.trim_end_matches('/').to_owned()),
                "--key" => order.key = Some(PathBuf::from(value()?)),
                "--profile" => order.profile = value()?,
                "--once" => order.twice = false,
                option if option.starts_with('-') => {
                    bail!("there is no option {option}\n\n{HELP}");
                }
                file => order.definitions.push(PathBuf::from(file)),
            }
        }
        for platform in &order.platforms {
            ensure!(
                programs::PLATFORMS
                    .iter()
                    .any(|known| known.name == platform),
                "no image is built for {platform:?}"
            );
        }
        Ok(order)
    }
}

/// Every definition below a folder: the files whose first line says so.
fn definitions(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
            let path = entry.context("read images/")?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "yaml")
                && fs::read_to_string(&path)
                    .with_context(|| format!("read {}", path.display()))?
                    .starts_with("# syntax=dhi.io/build:")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    ensure!(
        !found.is_empty(),
        "there is no definition in {}",
        folder.display()
    );
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Order> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Order::parse(&words)
    }

    #[test]
    fn options_are_read_and_others_refused() {
        let order = parse(
            "--platforms linux/amd64,linux/arm64 --push localhost:8080/library/ --once x.yaml",
        )
        .unwrap();
        assert_eq!(order.platforms, ["linux/amd64", "linux/arm64"]);
        assert_eq!(order.push.as_deref(), Some("localhost:8080/library"));
        assert_eq!(order.definitions, [PathBuf::from("x.yaml")]);
        assert!(!order.twice);
        for line in ["--platforms", "--platforms linux/vax", "--publish x"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn every_definition_of_the_project_is_found() {
        let found = definitions(&workspace().join("images")).unwrap();
        for file in ["static/debian-13/static.yaml", "seawall/debian-13/0.yaml"] {
            assert!(found.iter().any(|path| path.ends_with(file)), "{file}");
        }
    }
}
