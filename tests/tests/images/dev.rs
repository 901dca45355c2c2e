//! Images to work in: dpkg and apt go on from what was built, although no script of a package was ever run; and the
//! toolbox that is mounted into images without a shell.

use std::process::Command;

use seawall_testkit::Dockerd;

use crate::{build, load, ok};

/// What is done in the container, each line of which must succeed.
const WORK: &str = "set -eux
awk 'BEGIN { exit 0 }'
test -z \"$(dpkg --audit)\"
apt-get update
apt-get check
apt-get install --yes --no-install-recommends hello
hello
apt-get install --yes --reinstall mawk debianutils libc-bin ca-certificates
update-alternatives --display awk | grep 'awk - auto mode'
test -z \"$(dpkg --audit)\"
test \"$(grep --count BEGIN /etc/ssl/certs/ca-certificates.crt)\" -ge 100
apt-get purge --yes hello
";

#[test]
fn a_dev_image_installs_a_package_from_the_mirror() {
    // Its records are tested with each build of the crate; here the real programs judge them, for minutes.
    if !seawall_testkit::full() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("dev.tar");
    ok(build("images/static/debian-13/static-dev.yaml")
        .args(["--tag", "dev:test", "--docker-archive"])
        .arg(&archive));
    let docker = Dockerd::start();
    load(&docker, &archive);
    let mut run = docker.client("user");
    let said = ok(run
        .args(["run", "--rm", "--network", "host"])
        .args(["dev:test", "bash", "-c", WORK]));
    assert!(said.contains("Hello, world!"), "{said}");
}

#[test]
fn the_toolbox_works_wherever_it_is_mounted() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("busybox.tar");
    ok(build("images/busybox/debian-13/busybox.yaml")
        .arg("--docker-archive")
        .arg(&archive));
    let docker = Dockerd::start();
    load(&docker, &archive);
    let client = || -> Command { docker.client("user") };
    let hardened = [
        "--rm",
        "--read-only",
        "--cap-drop",
        "ALL",
        "--network",
        "none",
    ];
    let said = ok(client().arg("run").args(hardened).args([
        "dhi.io/busybox",
        "sh",
        "-c",
        "id -u; ls /usr/bin | grep -c .",
    ]));
    let mut lines = said.lines();
    assert_eq!(lines.next(), Some("65532"));
    assert!(
        lines.next().unwrap().parse::<u32>().unwrap() > 200,
        "{said}"
    );
    // Its links lead beside them: it works as well below /dbg of another image's container.
    let root = folder.path().join("toolbox");
    std::fs::create_dir(&root).unwrap();
    let exported = folder.path().join("exported.tar");
    ok(client().args(["create", "--name", "toolbox", "dhi.io/busybox"]));
    ok(client()
        .args(["export", "--output"])
        .arg(&exported)
        .arg("toolbox"));
    ok(Command::new("tar")
        .arg("--extract")
        .arg("--file")
        .arg(&exported)
        .arg("--directory")
        .arg(&root));
    let other = folder.path().join("static.tar");
    ok(crate::pack().arg("--docker-archive").arg(&other));
    load(&docker, &other);
    let said = ok(client()
        .arg("run")
        .args(hardened)
        .args(["--volume", &format!("{}:/dbg:ro", root.display())])
        .args(["--entrypoint", "/dbg/bin/sh", "probe:latest", "-c"])
        .arg("PATH=/dbg/bin:$PATH; ls /usr/local/bin; cat /proc/version | wc -l"));
    assert_eq!(said, "probe\n1\n");
}
