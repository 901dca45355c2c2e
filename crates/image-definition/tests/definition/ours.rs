//! The definitions of `images/`: all can be built, and are named as Docker names its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use seawall_image_definition::substitutions::Substitutions;
use seawall_image_definition::{Architecture, Definition, Variant};

use crate::load;

fn images() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../images")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "yaml")
            && !path.ends_with("substitutions.yaml")
            && !path.ends_with("waivers.yaml")
        {
            found.push(path);
        }
    }
}

fn ours(file: &str) -> Definition {
    let text = std::fs::read_to_string(images().join(file)).unwrap();
    Definition::parse(file, &text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn each_can_be_built_and_no_tag_is_of_two() {
    let mut found = Vec::new();
    files(&images(), &mut found);
    assert!(found.len() >= 11, "{found:?}");
    let mut tags = BTreeSet::new();
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        let definition = Definition::parse(&path.display().to_string(), &text)
            .unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(definition.unbuildable(), [], "{}", path.display());
        assert_eq!(
            definition.platforms,
            Architecture::ALL,
            "{}",
            path.display()
        );
        let image = definition.image.clone().unwrap();
        for tag in &definition.tags {
            assert!(
                tags.insert(format!("{image}:{tag}")),
                "{image}:{tag} is there twice"
            );
        }
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        let suffixed = |suffix: &str| definition.tags.iter().all(|tag| tag.ends_with(suffix));
        assert_eq!(file.ends_with("-dev"), suffixed("-dev"), "{file}");
        assert_eq!(file.ends_with("-fips"), suffixed("-fips"), "{file}");
        if file.ends_with("-dev") {
            assert_eq!(definition.variant, Variant::Dev);
            assert_eq!(definition.accounts.run_as.as_deref(), Some("root"));
        }
    }
}

#[test]
fn the_static_images_have_the_names_of_dockers() {
    for release in ["debian-12", "debian-13"] {
        for file in ["static", "static-glibc"] {
            let file = format!("static/{release}/{file}.yaml");
            let (own, docker) = (ours(&file), load(&file));
            assert_eq!(own.image, docker.image);
            assert_eq!(own.tags, docker.tags);
            assert_eq!(own.platforms, docker.platforms);
            assert_eq!(own.accounts, docker.accounts);
            assert_eq!(own.environment, docker.environment);
            assert_eq!(own.distribution, docker.distribution);
        }
    }
}

#[test]
fn the_substitutions_reach_all_that_dockers_static_images_name() {
    let text = std::fs::read_to_string(images().join("substitutions.yaml")).unwrap();
    let substitutions = Substitutions::parse("substitutions.yaml", &text).unwrap();
    // Of Debian 12 only a package's version is one that is gone.
    for (release, applied) in [("debian-12", 1), ("debian-13", 3)] {
        for file in ["static", "static-glibc"] {
            let sources = substitutions.apply(&load(&format!("static/{release}/{file}.yaml")));
            assert!(
                sources
                    .repositories
                    .iter()
                    .all(|one| one.url().starts_with("http://deb.debian.org/"))
            );
            assert!(sources.packages.iter().all(|one| one.version.is_none()));
            assert!(sources.keys.is_empty());
            assert_eq!(sources.applied.len(), applied, "{:?}", sources.applied);
        }
    }
}
