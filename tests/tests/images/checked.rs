//! `seawall image check` and `debug` as people run them: images of a running registry and of a real Docker engine, keys,
//! containers that are really started, a toolbox beside a program without a shell.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use seawall_testkit::{Dockerd, Seawall, SeawallOptions};
use seawall_tests::{Api, OCI_MANIFEST};
use serde_json::{Value, json};

use crate::{image, json as answer, ok, pack, run};

/// The report, and the exit code.
fn checked(arguments: &[&str], environment: &[(&str, &str)]) -> (Value, Option<i32>) {
    let mut command = image();
    command
        .arg("check")
        .args(["--output", "json"])
        .args(arguments);
    command.envs(environment.iter().copied());
    let output = run(&mut command);
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr)));
    (report, output.status.code())
}

fn ids(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| finding["id"].as_str().unwrap())
        .collect()
}

/// What a finding says.
fn said<'r>(report: &'r Value, id: &str) -> Vec<&'r str> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["id"] == id)
        .map(|finding| finding["message"].as_str().unwrap())
        .collect()
}

#[test]
fn an_image_is_the_same_wherever_it_lies_and_a_key_tells_who_signed_it() {
    let seawall = Seawall::start(SeawallOptions::default());
    let admin = Api::admin(&seawall.url());
    admin.create_project("team", false).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let name = |tag: &str| format!("{}/team/probe:{tag}", seawall.host());
    let login = [
        ("SEAWALL_USERNAME", "admin"),
        ("SEAWALL_PASSWORD", Seawall::ADMIN_PASSWORD),
    ];
    let config = json!({ "auths": { seawall.host(): {
        "auth": BASE64_STANDARD.encode(format!("admin:{}", Seawall::ADMIN_PASSWORD)),
    } } });
    std::fs::write(at("config.json"), config.to_string()).unwrap();
    let ours = || {
        let mut command = image();
        command.current_dir(folder.path());
        command
            .env("COSIGN_PASSWORD", "a password")
            .env("DOCKER_CONFIG", folder.path());
        command
    };
    let digest = |tag: &str, more: &[&str]| {
        let mut pack = pack();
        pack.args(["--push", &name(tag), "--layout", &at(tag)]);
        pack.args(["--docker-archive", &at(&format!("{tag}.tar"))]);
        pack.args(more).env("DOCKER_CONFIG", folder.path());
        let built = answer(&mut pack);
        built["digest"].as_str().unwrap().to_owned()
    };
    let first = digest("v1", &[]);
    let second = digest("v2", &["--compression", "zstd"]);
    for prefix in ["ours", "other"] {
        ok(ours().args(["key", "--prefix", prefix]));
    }
    let sign = |tag: &str, key: &str| {
        ok(ours().args([
            "sign",
            &name(tag),
            "--tags-only",
            "--key",
            &format!("{key}.key"),
        ]));
    };
    let key = at("ours.pub");
    let ask = |tag: &str| checked(&[&name(tag), "--key", &key], &login);

    // From a registry by tag and by digest, from a layout, from what docker save writes: one image.
    let (by_tag, code) = checked(&[&name("v1"), "--profile", "static"], &login);
    assert_eq!(code, Some(0), "{by_tag:#}");
    let by_digest = format!("{}/team/probe@{first}", seawall.host());
    let (by_digest, _) = checked(&[&by_digest, "--profile", "static"], &login);
    let (layout, _) = checked(&[&at("v1"), "--profile", "static"], &[]);
    for other in [&by_digest, &layout] {
        assert_eq!(other["findings"], by_tag["findings"]);
        assert_eq!(other["digest"], by_tag["digest"]);
    }
    assert!(by_tag["packages"].as_u64().unwrap() >= 3, "{by_tag:#}");
    // SBOM and provenance came with it; a signature did not.
    assert_eq!(said(&by_tag, "SW-1001"), ["no signature is attached to it"]);
    for there in ["SW-1002", "SW-1003", "SW-1004", "SW-1006"] {
        assert!(!ids(&by_tag).contains(&there), "{by_tag:#}");
    }

    // Unsigned; signed by another; by the key; and with a signature that the key made for another image.
    let (unsigned, code) = ask("v1");
    assert_eq!(code, Some(1));
    assert_eq!(
        said(&unsigned, "SW-1008"),
        ["no signature is attached to it"]
    );
    sign("v1", "other");
    let (report, code) = ask("v1");
    assert_eq!(code, Some(1));
    assert_eq!(
        said(&report, "SW-1008"),
        ["of a signature: it is not signed by this key"]
    );
    sign("v1", "ours");
    let (report, code) = ask("v1");
    assert_eq!(
        (code, said(&report, "SW-1008")),
        (Some(0), vec![]),
        "{report:#}"
    );
    let tag = |digest: &str| format!("{}.sig", digest.replace(':', "-"));
    let moved = admin.manifest("team/probe", &tag(&first)).unwrap();
    admin
        .push_manifest("team/probe", &tag(&second), OCI_MANIFEST, &moved)
        .unwrap();
    let (report, code) = ask("v2");
    assert_eq!(code, Some(1));
    let doubts = said(&report, "SW-1008");
    let about = format!("of a signature: it is signed, and about {first}");
    assert!(doubts.contains(&about.as_str()), "{doubts:?}");

    // Whoever may not pull gets no answer, and that is no answer about the image.
    for (environment, tag) in [
        ([login[0], ("SEAWALL_PASSWORD", "wrong")], "v1"),
        (login, "v9"),
    ] {
        let mut command = image();
        command.args(["check", &name(tag)]).envs(environment);
        let output = run(&mut command);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("cannot open"));
    }
}

/// An image for `docker load` whose `/bin/sh` is Debian's static busybox.
fn toolbox(folder: &Path) -> String {
    let root = folder.join("toolbox/bin");
    std::fs::create_dir_all(&root).unwrap();
    for name in ["busybox", "sh", "true", "cat", "ls", "id"] {
        std::fs::copy("/bin/busybox", root.join(name)).unwrap();
    }
    std::fs::write(
        folder.join("toolbox/Dockerfile"),
        "FROM scratch\nCOPY bin/ /bin/\n",
    )
    .unwrap();
    folder.join("toolbox").to_str().unwrap().to_owned()
}

/// `image debug --run` of the image that was packed, with the toolbox.
fn debug(
    engine: &str,
    environment: &[(String, String)],
    command: &[&str],
) -> (String, Option<i32>) {
    let mut debug = image();
    debug
        .args([
            "debug",
            "probe:latest",
            "--toolbox",
            "toolbox:latest",
            "--run",
            "--engine",
            engine,
            "--",
        ])
        .args(command)
        .envs(environment.iter().cloned())
        .stdin(std::process::Stdio::null());
    let output = run(&mut debug);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    (format!("{said}{complaint}"), output.status.code())
}

/// It looks around in the image, as its user, and brings the exit code of what it was told to run.
fn looks_around(engine: &str, environment: &[(String, String)]) {
    let (said, code) = debug(
        engine,
        environment,
        &["id -u; cat /etc/os-release; ls /dbg/bin"],
    );
    assert_eq!(code, Some(0), "{said}");
    for part in ["65532\n", "ID=debian", "busybox"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let (said, code) = debug(engine, environment, &["echo x > /dbg/bin/x || exit 42"]);
    assert_eq!(code, Some(42), "the toolbox is read-only: {said}");
    let (said, code) = debug(engine, environment, &["/bin/sh"]);
    assert_eq!(code, Some(127), "the image itself has no shell: {said}");
}

#[test]
fn an_image_of_docker_is_checked_and_a_toolbox_looks_around_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("probe.tar");
    let built = answer(pack().arg("--docker-archive").arg(&archive));
    let docker = Dockerd::start();
    let done = |arguments: &[&str]| {
        let output = docker.run("user", arguments);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    done(&["load", "--input", archive.to_str().unwrap()]);
    let environment = [("DOCKER_HOST", docker.host())];
    let environment = environment.map(|(name, value)| (name.to_owned(), value));
    let host = [("DOCKER_HOST", environment[0].1.as_str())];
    // It is called `latest`, which is a warning.
    let check = ["docker-daemon:probe:latest", "--fail-on", "error"];
    let (report, code) = checked(&check, &host);
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report["platform"], "linux/amd64");
    let count = built["images"][0]["packages"].as_array().unwrap().len();
    assert_eq!(report["packages"], count);
    let mut absent = image();
    absent.args(["check", "docker-daemon:nobody"]).envs(host);
    let output = run(&mut absent);
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{complaint}");
    assert!(complaint.contains("nobody"), "{complaint}");

    done(&["build", "--tag", "toolbox:latest", &toolbox(folder.path())]);
    // The machine's newest `docker` client may be another one; the engine's own comes first.
    let path = format!("/usr/bin:{}", std::env::var("PATH").unwrap());
    let environment = [environment[0].clone(), ("PATH".to_owned(), path)];
    looks_around("docker", &environment);
}

#[test]
fn podman_mounts_the_toolbox_itself() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("probe.tar");
    answer(pack().arg("--docker-archive").arg(&archive));
    // Podman keeps its images where this file says, and so does the one that is started by `debug`.
    let storage = folder.path().join("storage.conf");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let lines = format!(
        "[storage]\ndriver = \"vfs\"\ngraphroot = \"{}\"\nrunroot = \"{}\"\n",
        at("graph"),
        at("run")
    );
    std::fs::write(&storage, lines).unwrap();
    let containers = folder.path().join("containers.conf");
    let lines = "[containers]\nnetns = \"none\"\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n[engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"none\"\n";
    std::fs::write(&containers, lines).unwrap();
    let environment = [
        ("CONTAINERS_STORAGE_CONF", storage),
        ("CONTAINERS_CONF", containers),
    ]
    .map(|(name, file)| (name.to_owned(), file.display().to_string()));
    let podman = || {
        let mut command = Command::new("podman");
        command.envs(environment.iter().cloned());
        command
    };
    ok(podman().args(["load", "--input"]).arg(&archive));
    ok(podman().args(["build", "--tag", "toolbox:latest", &toolbox(folder.path())]));
    looks_around("podman", &environment);
}

/// A container of an image that buildah made of one program, started with nothing allowed.
fn started(lines: &str, arguments: &[&str]) -> (Value, Option<i32>) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let context = at("context");
    std::fs::create_dir_all(&context).unwrap();
    std::fs::copy(crate::probe(), context.join("probe")).unwrap();
    std::fs::copy("/bin/true", context.join("dynamic")).unwrap();
    std::fs::write(context.join("script"), "#!/gone\n").unwrap();
    ok(Command::new("chmod").arg("755").arg(context.join("script")));
    std::fs::write(at("Containerfile"), format!("FROM scratch\n{lines}\n")).unwrap();
    let archive = at("image.tar");
    ok(Command::new("buildah")
        .arg("--root")
        .arg(at("root"))
        .arg("--runroot")
        .arg(at("run"))
        .args(["--storage-driver", "vfs", "build", "--file"])
        .arg(at("Containerfile"))
        .arg("--tag")
        .arg(format!("docker-archive:{}:image:v1", archive.display()))
        .arg(context));
    let line = [
        &[archive.to_str().unwrap(), "--run", "--run-seconds", "2"],
        arguments,
    ]
    .concat();
    checked(&line, &[])
}

#[test]
fn a_program_proves_that_it_needs_nothing() {
    let probe = "COPY probe /probe\nUSER 65532:65532\nENTRYPOINT [\"/probe\"]";
    let group = |report: &Value| -> Vec<String> {
        let ids = ids(report).into_iter().filter(|id| id.starts_with("SW-11"));
        ids.map(str::to_owned).collect()
    };
    // A server that listens high: it runs until it is stopped, and was seen with no rights.
    let (report, _) = started(probe, &["--", "127.0.0.1:8080"]);
    assert_eq!(group(&report), [""; 0], "{report:#}");
    // One that ends well at once is no failure.
    let (report, _) = started(probe, &[]);
    assert!(!ids(&report).contains(&"SW-1102"), "{report:#}");
    for (id, lines, arguments) in [
        (
            "SW-1101",
            "COPY probe /probe\nENTRYPOINT [\"/gone\"]",
            &[][..],
        ),
        (
            "SW-1101",
            "COPY dynamic /dynamic\nENTRYPOINT [\"/dynamic\"]",
            &[],
        ),
        (
            "SW-1101",
            "COPY script /script\nENTRYPOINT [\"/script\"]",
            &[],
        ),
        (
            "SW-1101",
            "COPY --chmod=644 probe /probe\nENTRYPOINT [\"/probe\"]",
            &[],
        ),
        // It needs the network's own address, a low port, a file system to write to, or what else it was not given.
        ("SW-1102", probe, &["--", "127.0.0.1:80"]),
        ("SW-1102", probe, &["--", "192.0.2.1:8080"]),
        ("SW-1102", probe, &["--", "write"]),
        ("SW-1103", probe, &["--", "abort"]),
    ] {
        let (report, code) = started(lines, arguments);
        assert_eq!(
            (group(&report), code),
            (vec![id.to_owned()], Some(1)),
            "{lines}: {report:#}"
        );
        assert!(!said(&report, id)[0].is_empty());
    }
}
