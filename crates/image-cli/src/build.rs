//! `seawall image build`: an image from a definition.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use seawall_image::provenance::PackedProgram;
use seawall_image::recipe::Recipe;
use seawall_image::{Built, Layout, Machine, Request, build, recipe_of};
use seawall_image_definition::substitutions::Substitutions;
use seawall_image_definition::{Architecture, Definition};

use crate::destination::{self, DestinationArgs, Workplace};
use crate::progress::Bar;
use crate::report::{self, Kind};
use crate::sources::{self, SourceArgs, Sources};

/// Options of `seawall image build`.
#[derive(Args, Clone, Debug)]
pub struct BuildArgs {
    /// The definition (YAML, in the format of Docker Hardened Images)
    #[arg(value_name = "DEFINITION")]
    pub definition: PathBuf,
    /// Only for these machines, such as `linux/amd64` [default: all of the definition]
    #[arg(long, value_name = "PLATFORM", value_delimiter = ',')]
    pub platform: Vec<String>,
    /// Folder of the files that the definition names beside itself [default: the definition's own]
    #[arg(long, value_name = "FOLDER")]
    pub files: Option<PathBuf>,
    #[command(flatten)]
    pub sources: SourceArgs,
    #[command(flatten)]
    pub destination: DestinationArgs,
}

/// Builds.
pub async fn run(arguments: BuildArgs, version: &str) -> Result<()> {
    let (definition, text) = sources::read_definition(&arguments.definition)?;
    let architectures = architectures(&definition, &arguments.platform)?;
    let plan = Plan {
        folder: arguments
            .files
            .unwrap_or_else(|| sources::folder_of(&arguments.definition)),
        file: arguments.definition.display().to_string(),
        names: arguments.destination.names(names(&definition)),
        definition,
        text,
        architectures,
        substitutions: None,
        program: None,
        change: Box::new(|_| Ok(())),
    };
    run_plan(plan, arguments.sources, &arguments.destination, version).await
}

/// What is changed in a recipe.
pub type Change = Box<dyn Fn(&mut Recipe) -> Result<()> + Send>;

/// What a build is to be made of, for `build` and `pack`.
pub struct Plan {
    /// Where files beside the definition lie.
    pub folder: PathBuf,
    /// The definition's file, for people.
    pub file: String,
    /// The definition.
    pub definition: Definition,
    /// Its text.
    pub text: String,
    /// For which machines.
    pub architectures: Vec<Architecture>,
    /// Substitutions that are used when no file names others.
    pub substitutions: Option<Substitutions>,
    /// The program that is packed in.
    pub program: Option<PackedProgram>,
    /// The names in an archive.
    pub names: Vec<String>,
    /// What is changed in each machine's recipe.
    pub change: Change,
}

/// Builds a plan, delivers the image and says what is in it.
pub async fn run_plan(
    plan: Plan,
    arguments: SourceArgs,
    destination: &DestinationArgs,
    version: &str,
) -> Result<()> {
    if destination.layout.is_none()
        && destination.docker_archive.is_none()
        && destination.push.is_empty()
    {
        bail!("say where the image goes: --layout FOLDER, --docker-archive FILE or --push IMAGE");
    }
    let workplace = Workplace::new(destination.layout.as_deref())?;
    let layout = workplace.layout.clone();
    let names = plan.names.clone();
    let kind = Kind::of(&plan.definition);
    let request = request(&plan, destination, version);
    // Packages are fetched and layers packed by code that blocks.
    let built = tokio::task::spawn_blocking(move || make(&plan, &arguments, &request, &layout))
        .await
        .context("the build was cut off")??;
    destination::deliver(&built, &workplace.layout, &names, destination).await?;
    report::built(destination, &built, &names, kind)
}

fn request(plan: &Plan, destination: &DestinationArgs, version: &str) -> Request {
    Request {
        repository: destination.push.first().map_or_else(
            || {
                plan.definition
                    .image
                    .clone()
                    .unwrap_or_else(|| "image".to_owned())
            },
            crate::name::ImageName::place,
        ),
        // The same file in another folder is the same build.
        definition_file: Path::new(&plan.file)
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        definition: plan.text.clone(),
        compression: destination.compression.into(),
        arrangement: destination.arrangement(),
        epoch: destination.epoch,
        threads: destination.threads(),
        attestations: !destination.no_attestations,
        version: version.to_owned(),
        program: plan.program.clone(),
    }
}

fn make(plan: &Plan, arguments: &SourceArgs, request: &Request, layout: &Layout) -> Result<Built> {
    let sources = Sources::open(arguments)?;
    let lock = sources.lock(
        &plan.definition,
        &plan.architectures,
        arguments,
        plan.substitutions.clone(),
    )?;
    let mut machines = Vec::new();
    for architecture in &plan.architectures {
        let mut recipe = recipe_of(&plan.definition, *architecture, &plan.folder)?;
        (plan.change)(&mut recipe)?;
        machines.push(Machine {
            recipe,
            packages: sources.packages(&lock, *architecture)?,
        });
    }
    let total = machines.iter().map(bytes_of).sum();
    let bar = Bar::bytes("packing", total);
    let built = build(&machines, &lock, request, layout, &|bytes| bar.add(bytes));
    bar.end();
    Ok(built?)
}

/// About how many bytes go into an image.
fn bytes_of(machine: &Machine) -> u64 {
    let packages = machine.packages.iter().flat_map(|package| &package.files);
    let packages = packages
        .filter_map(|entry| entry.content())
        .map(|content| content.len() as u64);
    let files = machine.recipe.files.iter().map(|file| file.content.size());
    packages.chain(files).sum()
}

/// The machines that were asked for, or all of the definition.
pub fn architectures(definition: &Definition, asked: &[String]) -> Result<Vec<Architecture>> {
    if asked.is_empty() {
        return Ok(definition.platforms.clone());
    }
    let mut architectures = Vec::new();
    for platform in asked {
        let architecture = Architecture::of_platform(platform)
            .filter(|architecture| definition.platforms.contains(architecture));
        let Some(architecture) = architecture else {
            let known: Vec<&str> = definition
                .platforms
                .iter()
                .map(|architecture| architecture.platform())
                .collect();
            bail!(
                "the definition is not for {platform}; it is for {}",
                known.join(", ")
            );
        };
        if !architectures.contains(&architecture) {
            architectures.push(architecture);
        }
    }
    Ok(architectures)
}

/// The names that a definition gives its image.
fn names(definition: &Definition) -> Vec<String> {
    let Some(image) = &definition.image else {
        return Vec::new();
    };
    let suffix = definition.suffix.as_deref().unwrap_or_default();
    let tags = definition.tags.iter();
    tags.map(|tag| format!("{image}:{tag}{suffix}")).collect()
}
