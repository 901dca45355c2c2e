//! TLS from inside a hardened container: the bundle in the image is what programs trust, and one that is mounted over it,
//! with an authority more, is trusted instead. The program is a static one that knows nothing of us.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use seawall_testkit::{Dockerd, tool};

use crate::{image, load, ok};

/// A web server with a certificate of an authority that nobody knows. It ends when this is dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let at = |name: &str| folder.join(name);
        ok(Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
            ])
            .args([
                "-days",
                "2",
                "-subj",
                "/CN=localhost",
                "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1",
            ])
            .arg("-keyout")
            .arg(at("key.pem"))
            .arg("-out")
            .arg(at("authority.pem")));
        // A port that is free now; nobody else on this machine asks for this one meanwhile.
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new("openssl")
            .args([
                "s_server",
                "-www",
                "-quiet",
                "-accept",
                &port.to_string(),
                "-key",
            ])
            .arg(at("key.pem"))
            .arg("-cert")
            .arg(at("authority.pem"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, port };
        let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                std::time::Instant::now() < deadline,
                "the server does not listen"
            );
            std::thread::yield_now();
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn programs_trust_the_bundle_of_the_image_or_the_one_that_is_mounted() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    ok(image()
        .args(["pack", "--name", "crane", "--tag", "crane:test", "--binary"])
        .arg(tool("crane"))
        .arg("--docker-archive")
        .arg(at("crane.tar")));
    let server = Server::start(folder.path());
    let docker = Dockerd::start();
    load(&docker, &at("crane.tar"));

    // The bundle as it is in the image: all of it parses, and it has the roots.
    ok(docker
        .client("user")
        .args(["create", "--name", "bundle", "crane:test"]));
    let bundle = at("bundle.pem");
    ok(docker
        .client("user")
        .args(["cp", "bundle:/etc/ssl/certs/ca-certificates.crt"])
        .arg(&bundle));
    let listed = ok(Command::new("openssl")
        .args(["storeutl", "-noout", "-certs"])
        .arg(&bundle));
    let total: usize = listed
        .lines()
        .find_map(|line| line.strip_prefix("Total found: "))
        .unwrap()
        .parse()
        .unwrap();
    let text = std::fs::read_to_string(&bundle).unwrap();
    assert_eq!(total, text.matches("BEGIN CERTIFICATE").count());
    assert!(total >= 100, "{total}");

    let registry = format!("127.0.0.1:{}", server.port);
    let run = |more: &[&str]| {
        let output = docker
            .client("user")
            .args([
                "run",
                "--rm",
                "--read-only",
                "--cap-drop",
                "ALL",
                "--network",
                "host",
            ])
            .args(["--security-opt", "no-new-privileges"])
            .args(more)
            .args(["crane:test", "catalog", &registry])
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let refused = run(&[]);
    assert!(
        refused.contains("certificate signed by unknown authority"),
        "{refused}"
    );

    let extended = text + &std::fs::read_to_string(at("authority.pem")).unwrap();
    std::fs::write(at("extended.pem"), extended).unwrap();
    let mount = format!(
        "{}:/etc/ssl/certs/ca-certificates.crt:ro",
        at("extended.pem").display()
    );
    // It is no registry: what is complained of now lies behind the handshake.
    let answered = run(&["--volume", &mount]);
    assert!(
        !answered.contains("x509") && !answered.contains("certificate"),
        "{answered}"
    );
}
