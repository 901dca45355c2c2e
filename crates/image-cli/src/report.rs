//! What the commands print: data on standard output, as a table or as JSON; sentences on standard error.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use comfy_table::{ContentArrangement, Table, TableStyle};
use seawall_image::{Built, BuiltImage};
use seawall_image_definition::{Definition, Variant};
use seawall_oci::Descriptor;
use serde_json::{Value, json};

use crate::OutputFormat;
use crate::destination::DestinationArgs;
use crate::name::ImageName;

/// Says what was done: a sentence, or the object as JSON.
pub fn done(format: OutputFormat, sentence: &str, value: &Value) -> Result<()> {
    match format {
        OutputFormat::Json => print(&serde_json::to_string_pretty(value)?),
        OutputFormat::Table => {
            eprintln!("{sentence}");
            Ok(())
        }
    }
}

/// Says what was pushed where.
pub fn pushed(format: OutputFormat, root: &Descriptor, images: &[ImageName]) -> Result<()> {
    let names: Vec<String> = images.iter().map(ToString::to_string).collect();
    done(
        format,
        &format!("Pushed {} ({}).", names.join(", "), root.digest),
        &json!({"digest": root.digest, "images": names}),
    )
}

/// What the definition says that the image is.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    variant: Variant,
    fips: bool,
}

impl Kind {
    /// As the definition says.
    pub fn of(definition: &Definition) -> Self {
        Self {
            variant: definition.variant,
            fips: definition.fips_compliant,
        }
    }
}

/// Says what was built: for each machine what is in it, by where it came from.
pub fn built(
    arguments: &DestinationArgs,
    built: &Built,
    names: &[String],
    kind: Kind,
) -> Result<()> {
    if arguments.output == OutputFormat::Json {
        let images: Vec<Value> = built.images.iter().map(image).collect();
        let value = json!({
            "digest": built.index.digest,
            "names": names,
            "variant": match kind.variant {
                Variant::Dev => "dev",
                Variant::Runtime => "runtime",
                Variant::Helm => "helm",
            },
            "fips": kind.fips,
            "images": images,
        });
        return print(&serde_json::to_string_pretty(&value)?);
    }
    for image in &built.images {
        print(&table(image))?;
    }
    print(&format!("index  {}", built.index.digest))?;
    for (what, place) in [
        ("an OCI layout in", arguments.layout.as_ref()),
        (
            "an archive for docker load in",
            arguments.docker_archive.as_ref(),
        ),
    ] {
        if let Some(place) = place {
            eprintln!("Wrote {what} {}.", place.display());
        }
    }
    for image in &arguments.push {
        eprintln!("Pushed {image}.");
    }
    Ok(())
}

fn image(image: &BuiltImage) -> Value {
    let summary = &image.summary;
    json!({
        "platform": image.platform.to_string(),
        "digest": image.manifest.digest,
        "user": summary.user,
        "filesBytes": summary.files_bytes,
        "packedBytes": image.packed_bytes(),
        "certificates": summary.certificates,
        "layers": image.layers.iter().map(|layer| json!({
            "digest": layer.descriptor.digest,
            "diffId": layer.diff_id,
            "bytes": layer.descriptor.size,
            "title": layer.title,
        })).collect::<Vec<_>>(),
        "packages": summary.packages.iter().map(|(name, version)| json!({
            "name": name,
            "version": version,
        })).collect::<Vec<_>>(),
        "leftOut": summary.left_out.iter().map(|one| json!({
            "path": one.path.to_string(),
            "reason": one.reason,
        })).collect::<Vec<_>>(),
    })
}

fn table(image: &BuiltImage) -> String {
    let summary = &image.summary;
    let mut table = Table::new();
    table
        .load_style(TableStyle::new())
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(["FROM", "VERSION", "FILES", "SIZE"]);
    for (name, files, bytes) in &summary.origins {
        let version = summary.packages.iter().find(|(package, _)| package == name);
        let version = version.map_or("", |(_, version)| version);
        table.add_row([name, version, &files.to_string(), &size(*bytes)]);
    }
    let lines: Vec<String> = table
        .lines()
        .map(|line| {
            line.trim_end()
                .strip_prefix(' ')
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    format!(
        "{}\n\n{}  {}\n  {} of files, {} to transfer in {} layer(s); runs as {}; {} certificate authorities; {} files of packages left out\n",
        lines.join("\n"),
        image.platform,
        image.manifest.digest,
        size(summary.files_bytes),
        size(image.packed_bytes()),
        image.layers.len(),
        summary.user,
        summary.certificates,
        summary.left_out.len(),
    )
}

/// Bytes as people read them: one decimal, in whole numbers so that nothing is lost on the way.
pub fn size(bytes: u64) -> String {
    for (name, unit) in [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes >= unit {
            let tenths = u128::from(bytes) * 10 / u128::from(unit);
            return format!("{}.{} {name}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} B")
}

/// A closed pipe (`… | head`) is no error worth a word.
fn print(text: &str) -> Result<()> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to stdout"),
    }
}
