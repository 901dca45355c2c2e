//! `gpg` with a home of its own, which makes keys and signs. Its agent ends with it.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A home of `gpg`.
pub struct Signer {
    home: TempDir,
}

impl Signer {
    /// An empty home.
    pub fn new() -> Self {
        Self {
            home: tempfile::Builder::new().prefix("gpg").tempdir().unwrap(),
        }
    }

    /// A home with one key, which `--quick-generate-key` describes so: `ed25519`, `rsa2048`.
    pub fn with_key(algorithm: &str) -> Self {
        let signer = Self::new();
        signer.generate("Archive <archive@example.org>", algorithm, "never", &[]);
        signer
    }

    /// Makes a key that may sign, until `expire`; `options` may set the clock.
    pub fn generate(&self, name: &str, algorithm: &str, expire: &str, options: &[&str]) {
        let mut arguments = options.to_vec();
        arguments.extend([
            "--passphrase",
            "",
            "--quick-generate-key",
            name,
            algorithm,
            "sign",
            expire,
        ]);
        self.run(&arguments, b"");
    }

    /// Runs gpg and gives what it prints; it must succeed.
    pub fn run(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        use std::io::Write;
        let mut child = Command::new("gpg")
            .args([
                "--batch",
                "--yes",
                "--quiet",
                "--no-tty",
                "--pinentry-mode",
                "loopback",
                "--homedir",
            ])
            .arg(self.home.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "gpg {arguments:?}: {errors}");
        output.stdout
    }

    /// The public keys, in packets.
    pub fn keys(&self) -> Vec<u8> {
        self.run(&["--export"], b"")
    }

    /// The fingerprint of the first key.
    pub fn fingerprint(&self) -> String {
        let listed = self.run(&["--list-keys", "--with-colons"], b"");
        let listed = String::from_utf8(listed).unwrap();
        let line = listed
            .lines()
            .find(|line| line.starts_with("fpr:"))
            .unwrap();
        line.split(':').nth(9).unwrap().to_owned()
    }

    /// A document with its signature below.
    pub fn sign(&self, text: &str, options: &[&str]) -> String {
        let mut arguments = options.to_vec();
        arguments.push("--clearsign");
        String::from_utf8(self.run(&arguments, text.as_bytes())).unwrap()
    }

    /// The home.
    pub fn home(&self) -> &Path {
        self.home.path()
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf")
            .arg("--homedir")
            .arg(self.home.path())
            .args(["--kill", "gpg-agent"])
            .status();
    }
}
