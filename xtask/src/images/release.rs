//! What is done with each definition: two builds that must agree, the check, the push, the signature.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::Order;
use crate::run::{run, say, workspace};

/// All that is to be done.
pub struct Release<'o> {
    order: &'o Order,
    folder: &'o Path,
    seawall: PathBuf,
    key: PathBuf,
}

/// An image that was built.
struct Image {
    definition: PathBuf,
    layout: PathBuf,
    digest: String,
    repository: String,
    tags: Vec<String>,
    profile: &'static str,
    /// Platform and bytes to transfer.
    sizes: Vec<(String, u64)>,
}

impl<'o> Release<'o> {
    /// Prepares; `seawall` is the program that builds images.
    pub fn new(order: &'o Order, folder: &'o Path, seawall: PathBuf) -> Result<Self> {
        let release = Self {
            order,
            folder,
            seawall,
            key: order
                .key
                .clone()
                .unwrap_or_else(|| folder.join("seawall.key")),
        };
        if order.push.is_some() && order.key.is_none() && !release.key.exists() {
            say(
                "making a key to sign with; keep target/images/seawall.key if the images are to be kept",
            );
            run(release
                .seawall()
                .args(["key", "--prefix", "seawall"])
                .current_dir(folder))?;
        }
        Ok(release)
    }

    /// Does it, and prints what came of it.
    pub fn run(&self) -> Result<()> {
        let mut lines = Vec::new();
        for definition in &self.order.definitions {
            let image = self
                .one(definition)
                .with_context(|| format!("the image of {}", definition.display()))?;
            for (platform, bytes) in &image.sizes {
                lines.push(format!(
                    "{:<22} {:<14} {:>7.1} MB  {}  {}",
                    image.repository,
                    platform,
                    megabytes(*bytes),
                    image.digest.get(..19).unwrap_or_default(),
                    image.tags.join(" "),
                ));
            }
        }
        println!("{}", lines.join("\n"));
        println!(
            "{} images{}, checked{}",
            self.order.definitions.len(),
            if self.order.twice {
                ", each built twice with equal digests"
            } else {
                ""
            },
            if self.order.push.is_some() {
                ", pushed, signed and verified"
            } else {
                ""
            },
        );
        Ok(())
    }

    fn seawall(&self) -> Command {
        let mut command = Command::new(&self.seawall);
        // The moment that images say they were made at is the same wherever they are built.
        command.arg("image").env_remove("SOURCE_DATE_EPOCH");
        command
    }

    fn one(&self, definition: &Path) -> Result<Image> {
        let definition = fs::canonicalize(definition).context("find the definition")?;
        let name = name_of(&definition);
        let first = self.build(&definition, &name, "first")?;
        if self.order.twice {
            let second = self.build(&definition, &name, "second")?;
            ensure!(
                first.digest == second.digest,
                "two builds differ: {} in {} and {} in {}",
                first.digest,
                first.layout.display(),
                second.digest,
                second.layout.display()
            );
            fs::remove_dir_all(&second.layout).context("remove the second build")?;
        }
        run(self.check(&first).arg(&first.layout))?;
        if let Some(place) = &self.order.push {
            self.publish(&first, place)?;
        }
        Ok(first)
    }

    /// One build. The second takes the packages of the first, and has nothing else in common with it: folder,
    /// time zone, language, rights of new files, number of cores.
    fn build(&self, definition: &Path, name: &str, turn: &str) -> Result<Image> {
        let layout = self.folder.join(turn).join(name);
        let _ = fs::remove_dir_all(&layout);
        for folder in [layout.as_path(), &self.folder.join("locks")] {
            fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        }
        let mut command = self.seawall();
        command
            .arg("build")
            .arg(definition)
            .args(["--output", "json", "--platform"])
            .arg(self.order.platforms.join(","))
            .arg("--files")
            .arg(self.folder.join("programs"))
            .arg("--lock")
            .arg(self.folder.join("locks").join(format!("{name}.json")))
            .arg("--layout")
            .arg(&layout);
        let substitutions = workspace().join("images/substitutions.yaml");
        if substitutions.exists() {
            command
                .arg("--substitutions")
                .arg(fs::canonicalize(substitutions)?);
        }
        let command = if turn == "first" {
            command.arg("--update-lock");
            command
        } else {
            command.args(["--jobs", "1"]);
            elsewhere(&command)
        };
        let built = json(command)?;
        let digest = text(&built["digest"])?;
        let (repository, tags) = names(&built["names"])?;
        let images = built["images"].as_array().context("images")?;
        let sizes = images
            .iter()
            .map(|image| {
                let bytes = image["packedBytes"].as_u64().context("packedBytes")?;
                Ok((text(&image["platform"])?, bytes))
            })
            .collect::<Result<_>>()?;
        Ok(Image {
            definition: definition.to_owned(),
            layout,
            digest,
            repository,
            tags,
            profile: profile(&built),
            sizes,
        })
    }

    /// Pushes under every tag, signs, and verifies what was signed.
    fn publish(&self, image: &Image, place: &str) -> Result<()> {
        let names: Vec<String> = image
            .tags
            .iter()
            .map(|tag| format!("{place}/dhi-{}:{tag}", image.repository))
            .collect();
        let name = names.first().context("the definition has no tags")?;
        run(self.seawall().arg("push").arg(&image.layout).args(&names))?;
        run(self.seawall().args(["sign", name, "--key"]).arg(&self.key))?;
        run(self
            .seawall()
            .args(["verify", name, "--key"])
            .arg(self.key.with_extension("pub"))
            .args(["--attestation", "https://slsa.dev/provenance/v1"])
            .args(["--attestation", "https://spdx.dev/Document"]))?;
        run(self.check(image).arg(name))
    }

    /// The check, with what the file beside the definition lets be and why.
    fn check(&self, image: &Image) -> Command {
        let mut command = self.seawall();
        command.args(["check", "--profile", image.profile]);
        let waivers = image.definition.with_file_name("waivers.yaml");
        if waivers.exists() {
            command.arg("--waivers").arg(waivers);
        }
        command
    }
}

/// `static/debian-13/static.yaml` is `static-debian-13-static`.
fn name_of(definition: &Path) -> String {
    let stem = definition.with_extension("");
    let parts: Vec<_> = stem.iter().map(OsStr::to_string_lossy).collect();
    parts[parts.len().saturating_sub(3)..].join("-")
}

/// The same command in another world.
fn elsewhere(command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "umask 077; exec \"$@\"", "sh"])
        .arg(command.get_program())
        .args(command.get_args())
        .env_remove("SOURCE_DATE_EPOCH")
        .env("TZ", "Pacific/Chatham")
        .env("LC_ALL", "C")
        .current_dir("/");
    shell
}

fn json(mut command: Command) -> Result<Value> {
    let output = command.output().context("start seawall")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(&output.stdout).context("what seawall printed")
}

fn text(value: &Value) -> Result<String> {
    let text = value.as_str().context("what seawall printed has no text")?;
    Ok(text.to_owned())
}

/// Repository and tags: `registry/namespace/static:a`, `…:b` are `static` with `a` and `b`.
fn names(names: &Value) -> Result<(String, Vec<String>)> {
    let mut repository = String::new();
    let mut tags = Vec::new();
    for name in names.as_array().context("names")? {
        let name = text(name)?;
        let (place, tag) = name.rsplit_once(':').context("a name without a tag")?;
        place
            .rsplit('/')
            .next()
            .unwrap_or(place)
            .clone_into(&mut repository);
        tags.push(tag.to_owned());
    }
    ensure!(!tags.is_empty(), "the definition has no image or no tags");
    Ok((repository, tags))
}

/// As what an image is checked: as what its definition says it is, and as static where it has no C library.
fn profile(built: &Value) -> &'static str {
    let has_library = |image: &Value| {
        let packages = image["packages"].as_array().into_iter().flatten();
        packages
            .filter_map(|package| package["name"].as_str())
            .any(|name| ["libc6", "musl"].contains(&name))
    };
    let images = built["images"].as_array();
    if built["fips"] == true {
        "fips"
    } else if built["variant"] == "dev" {
        "dev"
    } else if images.is_some_and(|images| images.iter().any(has_library)) {
        "runtime"
    } else {
        "static"
    }
}

#[expect(clippy::cast_precision_loss, reason = "one decimal is printed")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn repository_and_tags_come_from_the_names() {
        let (repository, tags) =
            names(&json!(["seawall/static:latest", "seawall/static:debian13"])).unwrap();
        assert_eq!(repository, "static");
        assert_eq!(tags, ["latest", "debian13"]);
        assert!(names(&json!([])).is_err());
        assert_eq!(
            name_of(Path::new("/x/images/static/debian-13/static.yaml")),
            "static-debian-13-static"
        );
    }

    #[test]
    fn an_image_is_checked_as_what_it_is() {
        let of = |variant: &str, fips: bool, package: &str| {
            profile(
                &json!({"variant": variant, "fips": fips, "images": [{"packages": [{"name": package}]}]}),
            )
        };
        assert_eq!(of("runtime", false, "tzdata"), "static");
        assert_eq!(of("runtime", false, "libc6"), "runtime");
        assert_eq!(of("dev", false, "libc6"), "dev");
        assert_eq!(of("runtime", true, "tzdata"), "fips");
    }
}
