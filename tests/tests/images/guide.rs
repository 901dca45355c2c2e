//! The multi-stage Dockerfile of the guide to the static image, as it is printed there but for the tags: a Rust program is
//! built in our `rust` and runs on our `static`, by Docker's own builder.

use seawall_testkit::Dockerd;

use crate::{build, load, ok};

const RUST: &str = "1.96.0-dev";
const STATIC: &str = "20250419-glibc";
const DOCKERFILE: &str = r#"FROM dhi.io/rust:<rust> AS build
WORKDIR /build

RUN --mount=type=bind,source=src,target=src \
    --mount=type=bind,source=Cargo.toml,target=Cargo.toml \
    --mount=type=bind,source=Cargo.lock,target=Cargo.lock \
    --mount=type=cache,target=/app/target/ \
    --mount=type=cache,target=/usr/local/cargo/git/db \
    --mount=type=cache,target=/usr/local/cargo/registry/ \
cargo build --locked --release

FROM dhi.io/static:<static> AS final
COPY --from=build /build/target/release/docker-rust-hello server
ENV ROCKET_ADDRESS=0.0.0.0
EXPOSE 8000
CMD ["./server"]
"#;
const PROGRAM: &str = r#"fn main() {
    let address = std::env::var("ROCKET_ADDRESS").expect("ROCKET_ADDRESS");
    println!("hello from {address}:8000");
}
"#;

#[test]
fn the_guides_dockerfile_builds_a_program_that_runs() {
    // The compiler and its libraries have hundreds of megabytes.
    if !seawall_testkit::full() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(at("project/src")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(at("project").join(name), text).unwrap();
    write("src/main.rs", PROGRAM);
    write(
        "Cargo.toml",
        "[package]\nname = \"docker-rust-hello\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    write(
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"docker-rust-hello\"\nversion = \"0.1.0\"\n",
    );
    write(
        "Dockerfile",
        &DOCKERFILE
            .replace("<rust>", RUST)
            .replace("<static>", STATIC),
    );
    let docker = Dockerd::start();
    for (definition, archive) in [
        ("images/rust/debian-13/rust-dev.yaml", "rust.tar"),
        ("images/static/debian-13/static-glibc.yaml", "static.tar"),
    ] {
        ok(build(definition).arg("--docker-archive").arg(at(archive)));
        load(&docker, &at(archive));
        std::fs::remove_file(at(archive)).unwrap();
    }
    let mut building = docker.client("user");
    building.env("DOCKER_BUILDKIT", "1").args([
        "build",
        "--network",
        "none",
        "--tag",
        "my-rust-app",
    ]);
    ok(building.arg(at("project")));
    let hardened = ["--read-only", "--cap-drop", "ALL", "--network", "none"];
    let mut run = docker.client("user");
    let said = ok(run.args(["run", "--rm"]).args(hardened).arg("my-rust-app"));
    assert_eq!(said, "hello from 0.0.0.0:8000\n");
}
