//! `seawall image pack`: a program in the static image. One that is linked statically needs nothing beside it; another
//! one is refused with what it needs, or goes on the image with glibc.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use seawall_image::provenance::PackedProgram;
use seawall_image::recipe::{BroughtFile, Software};
use seawall_image::{Content, Program, TreePath, generic_purl};
use seawall_image_definition::{Architecture, Definition};

use crate::build::{Change, Plan, run_plan};
use crate::destination::DestinationArgs;
use crate::sources::SourceArgs;

const STATIC: &str = include_str!("../../../images/static/debian-13/static.yaml");
const GLIBC: &str = include_str!("../../../images/static/debian-13/static-glibc.yaml");
/// What glibc's packages bring (Debian's libc6 and libgcc-s1).
const LIBRARIES_OF_GLIBC: [&str; 10] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libutil.so.1",
];
/// A program that is larger is no program, in bytes.
const MOST_BYTES: u64 = 2 << 30;

/// Options of `seawall image pack`.
#[derive(Args, Clone, Debug)]
pub struct PackArgs {
    /// The program; repeatable, once for each machine, which its own header tells
    #[arg(long, value_name = "FILE", required = true)]
    pub binary: Vec<PathBuf>,
    /// What it stands on
    #[arg(long, value_enum, default_value_t = Base::Static)]
    pub base: Base,
    /// Its name in the image and in the bill of materials [default: the file's name]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Its version, for the bill of materials
    #[arg(long, value_name = "VERSION", default_value = "")]
    pub program_version: String,
    /// A port that it listens on, such as `8080/tcp`; repeatable
    #[arg(long, value_name = "PORT")]
    pub port: Vec<String>,
    /// An argument that it is given unless others are; repeatable
    #[arg(long = "arg", value_name = "ARGUMENT", allow_hyphen_values = true)]
    pub argument: Vec<String>,
    #[command(flatten)]
    pub sources: SourceArgs,
    #[command(flatten)]
    pub destination: DestinationArgs,
}

/// What a packed program stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Base {
    /// Nothing but certificates and time zones.
    Static,
    /// These and glibc.
    Glibc,
}

/// Packs.
pub async fn run(arguments: PackArgs, version: &str) -> Result<()> {
    let mut programs = BTreeMap::new();
    for file in &arguments.binary {
        let architecture = examine(file, arguments.base)?;
        if programs.insert(architecture, file.clone()).is_some() {
            bail!(
                "{} is a second program for {}",
                file.display(),
                architecture.platform()
            );
        }
    }
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => arguments
            .binary
            .first()
            .and_then(|file| file.file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .context("the program's file has no name: give one with --name")?,
    };
    if name.contains('/') || TreePath::new(&name)?.is_root() {
        bail!("{name:?} is no name for a program");
    }
    let packed = PackedProgram {
        path: format!("/usr/local/bin/{name}"),
        name: name.clone(),
        version: arguments.program_version.clone(),
        ports: arguments.port.clone(),
        arguments: arguments.argument.clone(),
    };
    let (file, text) = match arguments.base {
        Base::Static => ("static.yaml", STATIC),
        Base::Glibc => ("static-glibc.yaml", GLIBC),
    };
    let plan = Plan {
        folder: PathBuf::from("."),
        file: file.to_owned(),
        definition: Definition::parse(file, text)?,
        text: text.to_owned(),
        architectures: programs.keys().copied().collect(),
        substitutions: None,
        names: arguments
            .destination
            .names(vec![format!("{}:latest", name.to_lowercase())]),
        change: change(packed.clone(), programs),
        program: Some(packed),
    };
    run_plan(plan, arguments.sources, &arguments.destination, version).await
}

/// What a program changes in the recipe that it is packed into.
pub fn change(packed: PackedProgram, programs: BTreeMap<Architecture, PathBuf>) -> Change {
    Box::new(move |recipe| {
        let file = programs
            .iter()
            .find(|(architecture, _)| architecture.as_str() == recipe.platform.architecture)
            .map(|(_, file)| file)
            .with_context(|| format!("no program for {}", recipe.platform))?;
        let content =
            Content::of_file(file).with_context(|| format!("cannot read {}", file.display()))?;
        recipe.files.push(BroughtFile {
            path: TreePath::new(&packed.path)?,
            content,
            owner: (0, 0),
            mode: 0o755,
            source: packed.name.clone(),
            software: Some(Software {
                name: packed.name.clone(),
                version: packed.version.clone(),
                purl: generic_purl(&packed.name, &packed.version),
                license: String::new(),
            }),
        });
        recipe.title.clone_from(&packed.name);
        // What is said of the base is not said of the program on it.
        recipe.annotations.clear();
        recipe.entrypoint = vec![packed.path.clone()];
        recipe.cmd.clone_from(&packed.arguments);
        recipe.ports.clone_from(&packed.ports);
        Ok(())
    })
}

/// Whether a file is a program that runs on the base; gives its machine.
pub fn examine(file: &Path, base: Base) -> Result<Architecture> {
    let content = Content::of_file(file)
        .and_then(|content| content.read(MOST_BYTES))
        .with_context(|| format!("cannot read {}", file.display()))?;
    let program = Program::examine(&content)
        .with_context(|| format!("cannot use {}", file.display()))?
        .with_context(|| format!("{} is no ELF program", file.display()))?;
    if !program.executable {
        bail!(
            "{} is a library or an object, not a program",
            file.display()
        );
    }
    let architecture = Architecture::ALL
        .into_iter()
        .find(|architecture| architecture.as_str() == program.architecture)
        .with_context(|| {
            format!(
                "{} is for a machine that no image is for ({})",
                file.display(),
                program.architecture
            )
        })?;
    if program.is_static() {
        return Ok(architecture);
    }
    let needs = || {
        let loader = program
            .interpreter
            .iter()
            .map(|loader| format!("the loader {loader}"));
        let all: Vec<String> = loader.chain(program.libraries.iter().cloned()).collect();
        all.join(", ")
    };
    if base == Base::Static {
        bail!(
            "{} is linked dynamically: it needs {}. Link it statically (Rust: RUSTFLAGS=-Ctarget-feature=+crt-static \
             with --target; Go: CGO_ENABLED=0), or put it on glibc with --base glibc",
            file.display(),
            needs()
        );
    }
    let missing: Vec<&str> = program
        .libraries
        .iter()
        .map(String::as_str)
        .filter(|library| !LIBRARIES_OF_GLIBC.contains(library))
        .collect();
    let musl = program
        .interpreter
        .as_deref()
        .is_some_and(|loader| loader.contains("musl"));
    if musl || !missing.is_empty() {
        bail!(
            "{} needs {}, and glibc's image has not {}",
            file.display(),
            needs(),
            if musl {
                "musl's loader".to_owned()
            } else {
                missing.join(", ")
            }
        );
    }
    Ok(architecture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dynamic_program_is_refused_with_what_it_needs_and_taken_on_glibc() {
        let itself = std::env::current_exe().unwrap();
        let error = examine(&itself, Base::Static).unwrap_err().to_string();
        assert!(
            error.contains("libc.so.6") && error.contains("--base glibc"),
            "{error}"
        );
        assert!(examine(&itself, Base::Glibc).is_ok());
        assert!(examine(Path::new("/etc/passwd"), Base::Static).is_err());
    }

    #[test]
    fn the_definitions_that_are_built_in_can_be_built() {
        for text in [STATIC, GLIBC] {
            let definition = Definition::parse("built-in", text).unwrap();
            assert_eq!(definition.unbuildable(), []);
            assert_eq!(definition.platforms.len(), 2);
        }
    }
}
