//! `seawall image debug`: the command that puts a toolbox beside a program in an image that has no
//! shell. The toolbox is another image, mounted read-only; nothing of the image itself changes.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use tokio::process::Command;

use crate::print;

/// Where the toolbox lies in the container.
const TOOLS: &str = "/dbg";
/// The first Docker that mounts images.
const DOCKER_WITH_IMAGE_MOUNTS: u32 = 28;

/// What runs containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// Podman 4 or later.
    Podman,
    /// Docker; before 28 the toolbox is copied into a volume.
    Docker,
}

/// Arguments of `seawall image debug`.
#[derive(Args, Clone, Debug)]
pub struct DebugArgs {
    /// The image to look around in
    image: String,
    /// The image with the tools: a static busybox in /bin
    #[arg(
        long,
        default_value = "docker.io/library/busybox:musl",
        value_name = "IMAGE"
    )]
    toolbox: String,
    /// What runs containers [default: Docker if it answers, else Podman]
    #[arg(long, value_enum)]
    engine: Option<Engine>,
    /// Run the command instead of printing it
    #[arg(long)]
    run: bool,
    /// A command of the toolbox's shell [default: the shell itself]
    #[arg(last = true)]
    command: Vec<String>,
}

pub(crate) async fn run(arguments: &DebugArgs) -> anyhow::Result<ExitCode> {
    let (engine, docker) = match arguments.engine {
        Some(Engine::Podman) => (Engine::Podman, None),
        Some(Engine::Docker) => (Engine::Docker, docker_version().await),
        None => match docker_version().await {
            Some(version) => (Engine::Docker, Some(version)),
            None => (Engine::Podman, None),
        },
    };
    let is_terminal = std::io::stdin().is_terminal();
    let commands = commands(arguments, engine, docker, is_terminal);
    if !arguments.run {
        for command in &commands {
            print(&format!("{}\n", quoted(command)))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut last = ExitCode::SUCCESS;
    for command in &commands {
        let Some((program, words)) = command.split_first() else {
            bail!("no command");
        };
        let status = Command::new(program)
            .args(words)
            .status()
            .await
            .with_context(|| format!("cannot run {program}"))?;
        if !status.success() {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            last = ExitCode::from(code.unwrap_or(u8::MAX));
            break;
        }
    }
    Ok(last)
}

/// The major version of the Docker daemon, if one answers.
async fn docker_version() -> Option<u32> {
    let output = Command::new("docker")
        .args(["version", "--format", "{{.Server.Version}}"])
        .output()
        .await
        .ok()
        .filter(|output| output.status.success())?;
    String::from_utf8(output.stdout)
        .ok()?
        .trim()
        .split('.')
        .next()?
        .parse()
        .ok()
}

fn commands(
    arguments: &DebugArgs,
    engine: Engine,
    docker: Option<u32>,
    is_terminal: bool,
) -> Vec<Vec<String>> {
    let DebugArgs { image, toolbox, .. } = arguments;
    let is_older =
        engine == Engine::Docker && docker.is_some_and(|major| major < DOCKER_WITH_IMAGE_MOUNTS);
    let program = match engine {
        Engine::Podman => "podman",
        Engine::Docker => "docker",
    };
    let words =
        |words: &[&str]| -> Vec<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    let mut commands = Vec::new();
    let mount = if is_older {
        // An empty volume takes what the image has at its place, when it is first mounted.
        let volume = volume(toolbox);
        let at_bin = format!("type=volume,source={volume},target=/bin");
        commands.push(words(&[
            program,
            "run",
            "--rm",
            "--mount",
            &at_bin,
            "--entrypoint",
            "/bin/true",
            toolbox,
        ]));
        format!("type=volume,source={volume},target={TOOLS}/bin,readonly")
    } else if engine == Engine::Docker {
        format!("type=image,source={toolbox},target={TOOLS}")
    } else {
        format!("type=image,source={toolbox},destination={TOOLS}")
    };
    let terminal = if is_terminal { "-it" } else { "-i" };
    let (shell, path) = (format!("{TOOLS}/bin/sh"), format!("PATH={TOOLS}/bin"));
    let mut command = words(&[
        program,
        "run",
        "--rm",
        terminal,
        "--mount",
        &mount,
        "--env",
        &path,
        "--entrypoint",
        &shell,
        image,
    ]);
    if !arguments.command.is_empty() {
        command.push("-c".to_owned());
        command.push(arguments.command.join(" "));
    }
    commands.push(command);
    commands
}

/// A volume for each toolbox, so that another one is not hidden by the first.
fn volume(toolbox: &str) -> String {
    let digest = seawall_oci::Digest::sha256(toolbox.as_bytes());
    format!(
        "seawall-toolbox-{}",
        digest.hex().get(..12).unwrap_or_default()
    )
}

/// A command as a shell reads it.
fn quoted(command: &[String]) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@+%".contains(letter);
    let words: Vec<String> = command
        .iter()
        .map(|word| {
            if !word.is_empty() && word.chars().all(plain) {
                word.clone()
            } else {
                format!("'{}'", word.replace('\'', r"'\''"))
            }
        })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(command: &[&str]) -> DebugArgs {
        DebugArgs {
            image: "app:v1".to_owned(),
            toolbox: "box".to_owned(),
            engine: None,
            run: false,
            command: command.iter().map(|word| (*word).to_owned()).collect(),
        }
    }

    fn printed(engine: Engine, docker: Option<u32>, command: &[&str]) -> Vec<String> {
        commands(&arguments(command), engine, docker, true)
            .iter()
            .map(|command| quoted(command))
            .collect()
    }

    #[test]
    fn the_toolbox_is_mounted_where_images_can_be() {
        assert_eq!(
            printed(Engine::Podman, None, &[]),
            [
                "podman run --rm -it --mount type=image,source=box,destination=/dbg --env PATH=/dbg/bin --entrypoint /dbg/bin/sh app:v1"
            ]
        );
        assert_eq!(
            printed(Engine::Docker, Some(28), &["ls", "-l", "it's"]),
            [
                r"docker run --rm -it --mount type=image,source=box,target=/dbg --env PATH=/dbg/bin --entrypoint /dbg/bin/sh app:v1 -c 'ls -l it'\''s'"
            ]
        );
    }

    #[test]
    fn an_older_docker_gets_it_in_a_volume() {
        let commands = printed(Engine::Docker, Some(20), &[]);
        let volume = volume("box");
        assert_eq!(
            commands,
            [
                format!(
                    "docker run --rm --mount type=volume,source={volume},target=/bin --entrypoint /bin/true box"
                ),
                format!(
                    "docker run --rm -it --mount type=volume,source={volume},target=/dbg/bin,readonly --env PATH=/dbg/bin --entrypoint /dbg/bin/sh app:v1"
                ),
            ]
        );
    }
}
