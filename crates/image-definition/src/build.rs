//! `contents.builds`: programs that Docker's service builds from sources. We read them whole, so that
//! a mistake is told, and build none: see `unbuildable.rs`.

use std::collections::BTreeMap;

use crate::accounts::{self, Accounts};
use crate::contents::{self, Contents};
use crate::path::{self, PathChange};
use crate::reader::{At, Fields};

/// A build from sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// Its name.
    pub name: Option<String>,
    /// A condition.
    pub condition: Option<String>,
    /// Who may use what it makes.
    pub entitlement: Option<String>,
    /// Another definition that it is an instance of.
    pub uses: Option<String>,
    /// The folder that it works in.
    pub work_dir: Option<String>,
    /// The shell of its scripts.
    pub shell: Option<String>,
    /// Whether it runs with more rights.
    pub privileged: bool,
    /// Variables of its scripts.
    pub environment: BTreeMap<String, String>,
    /// Folders that are kept from one build to the next.
    pub caches: Vec<Cache>,
    /// Values that it is repeated for.
    pub matrix: Vec<Matrix>,
    /// What it needs.
    pub contents: Option<Box<Contents>>,
    /// Its steps.
    pub pipeline: Vec<Step>,
    /// What is changed in its own root file system.
    pub paths: Vec<PathChange>,
    /// The accounts of its own root file system.
    pub accounts: Option<Accounts>,
    /// What of it goes into the image.
    pub outputs: Vec<Output>,
    /// Statements that it makes.
    pub attestations: Vec<Attestation>,
}

/// A folder that is kept from one build to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cache {
    /// Where.
    pub path: String,
    /// Who uses it at a time.
    pub sharing: Option<Sharing>,
}

/// Who uses a [`Cache`] at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// All builds together.
    Shared,
    /// Each build one of its own.
    Private,
    /// One build after the other.
    Locked,
}

/// Values that a build is repeated for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matrix {
    /// The name that stands for the value.
    pub name: Option<String>,
    /// The names of the values.
    pub items: Vec<String>,
}

/// A step of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub name: Option<String>,
    /// A condition.
    pub condition: Option<String>,
    /// A prepared step: `go/build@v1`.
    pub uses: Option<String>,
    /// As whom it runs.
    pub run_as: Option<String>,
    /// The folder that it works in.
    pub work_dir: Option<String>,
    /// The shell of its script.
    pub shell: Option<String>,
    /// Whether it runs with more rights.
    pub privileged: bool,
    /// Variables of its script.
    pub environment: BTreeMap<String, String>,
    /// Folders that are kept from one build to the next.
    pub caches: Vec<Cache>,
    /// Secrets of its script.
    pub secrets: Vec<Secret>,
    /// The names of the parameters of a prepared step.
    pub with: Vec<String>,
    /// A script.
    pub runs: Option<String>,
}

/// A secret that a step asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secret {
    /// Its name.
    pub id: String,
    /// A condition.
    pub condition: Option<String>,
    /// The variable that holds it.
    pub env: String,
    /// Whether the step goes on without it.
    pub optional: bool,
}

/// What of a build goes into the image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Where it was built.
    pub source: Option<String>,
    /// Where it goes.
    pub target: Option<String>,
    /// A condition.
    pub condition: Option<String>,
    /// The owner's number.
    pub uid: Option<u32>,
    /// The group's number.
    pub gid: Option<u32>,
    /// Permission bits.
    pub mode: Option<u32>,
    /// Whether only what changed is taken.
    pub diff: bool,
}

/// A statement that a build makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attestation {
    /// A condition.
    pub condition: Option<String>,
    /// Its type.
    pub predicate_type: Option<String>,
    /// Where it was written.
    pub source: Option<String>,
    /// Whether only what changed is taken.
    pub diff: bool,
}

pub(crate) fn read(at: &At<'_>) -> Option<Build> {
    let fields = at.fields();
    let build = Build {
        name: fields.string("name"),
        condition: fields.string("if"),
        entitlement: fields.string("entitlement"),
        uses: fields.string("uses"),
        work_dir: fields.string("work-dir"),
        shell: fields.string("shell"),
        privileged: fields.boolean("privileged").unwrap_or(false),
        environment: fields.string_map("environment"),
        caches: caches(&fields),
        matrix: fields.each("matrix", matrix),
        contents: fields
            .get("contents")
            .and_then(|at| contents::of_build(&at))
            .map(Box::new),
        pipeline: fields.each("pipeline", step),
        paths: fields.each("paths", path::read),
        accounts: fields.get("accounts").and_then(|at| accounts::read(&at)),
        outputs: fields.each("outputs", output),
        attestations: fields.each("attestations", attestation),
    };
    fields.finish();
    Some(build)
}

fn caches(fields: &Fields<'_>) -> Vec<Cache> {
    const SHARING: [(&str, Sharing); 3] = [
        ("shared", Sharing::Shared),
        ("private", Sharing::Private),
        ("locked", Sharing::Locked),
    ];
    fields.each("caches", |at| {
        let fields = at.fields();
        let cache = Cache {
            path: fields
                .required("path")
                .and_then(|at| at.text())
                .unwrap_or_default(),
            sharing: fields.get("sharing").and_then(|at| at.one_of(&SHARING)),
        };
        fields.finish();
        Some(cache)
    })
}

fn names(fields: &Fields<'_>, key: &'static str) -> Vec<String> {
    fields.get(key).map_or_else(Vec::new, |at| {
        at.entries().into_iter().map(|(name, _)| name).collect()
    })
}

fn matrix(at: &At<'_>) -> Option<Matrix> {
    let fields = at.fields();
    let matrix = Matrix {
        name: fields.string("name"),
        items: names(&fields, "items"),
    };
    fields.finish();
    Some(matrix)
}

fn step(at: &At<'_>) -> Option<Step> {
    let fields = at.fields();
    let step = Step {
        name: fields.string("name"),
        condition: fields.string("if"),
        uses: fields.string("uses"),
        run_as: fields.string("run-as"),
        work_dir: fields.string("work-dir"),
        shell: fields.string("shell"),
        privileged: fields.boolean("privileged").unwrap_or(false),
        environment: fields.string_map("environment"),
        caches: caches(&fields),
        secrets: fields.each("secrets", secret),
        with: names(&fields, "with"),
        runs: fields.string("runs"),
    };
    fields.finish();
    Some(step)
}

fn secret(at: &At<'_>) -> Option<Secret> {
    let fields = at.fields();
    let secret = Secret {
        id: fields
            .required("id")
            .and_then(|at| at.text())
            .unwrap_or_default(),
        condition: fields.string("if"),
        env: fields
            .required("env")
            .and_then(|at| at.text())
            .unwrap_or_default(),
        optional: fields.boolean("optional").unwrap_or(false),
    };
    fields.finish();
    Some(secret)
}

fn output(at: &At<'_>) -> Option<Output> {
    let fields = at.fields();
    let output = Output {
        source: fields.string("source"),
        target: fields.string("target"),
        condition: fields.string("if"),
        uid: fields.identity("uid"),
        gid: fields.identity("gid"),
        mode: fields.mode("mode"),
        diff: fields.boolean("diff").unwrap_or(false),
    };
    fields.finish();
    Some(output)
}

fn attestation(at: &At<'_>) -> Option<Attestation> {
    let fields = at.fields();
    let attestation = Attestation {
        condition: fields.string("if"),
        predicate_type: fields.string("predicate-type"),
        source: fields.string("source"),
        diff: fields.boolean("diff").unwrap_or(false),
    };
    fields.finish();
    Some(attestation)
}
