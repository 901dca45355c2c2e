//! `seawall image key`: a key pair that signs images, in cosign's own files.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use seawall_signing::{PrivateKey, PublicKey};
use zeroize::Zeroizing;

/// The variable that cosign reads a key's password from; ours is the same.
const PASSWORD: &str = "COSIGN_PASSWORD";

/// Options of `seawall image key`.
#[derive(Args, Clone, Debug)]
pub struct KeyArgs {
    /// Both files' name: `<PREFIX>.key` is secret, `<PREFIX>.pub` is for everybody
    #[arg(long, value_name = "PREFIX", default_value = "cosign")]
    prefix: PathBuf,
}

/// Makes a key pair.
pub fn run(arguments: &KeyArgs) -> Result<()> {
    let file = |ending: &str| {
        let mut name = arguments.prefix.clone().into_os_string();
        name.push(ending);
        PathBuf::from(name)
    };
    let (secret, public) = (file(".key"), file(".pub"));
    for file in [&secret, &public] {
        if file.exists() {
            bail!(
                "{} is there already: choose another --prefix",
                file.display()
            );
        }
    }
    let password = password("Password of the new key (empty for none): ")?;
    let key = PrivateKey::generate()?;
    write(&secret, 0o600, key.to_pem(password.as_bytes())?.as_bytes())?;
    write(&public, 0o644, key.public_key().to_pem().as_bytes())?;
    eprintln!(
        "Wrote {} (secret) and {} (give it to whoever verifies).",
        secret.display(),
        public.display()
    );
    Ok(())
}

fn write(file: &Path, mode: u32, bytes: &[u8]) -> Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(file)
        .and_then(|mut opened| opened.write_all(bytes))
        .with_context(|| format!("cannot write {}", file.display()))
}

/// Reads a private key, with its password from the environment or the terminal.
pub fn private(file: &Path) -> Result<PrivateKey> {
    let text = Zeroizing::new(
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?,
    );
    let password = if text.contains("ENCRYPTED") {
        password(&format!("Password of {}: ", file.display()))?
    } else {
        Zeroizing::default()
    };
    PrivateKey::from_pem(&text, password.as_bytes())
        .with_context(|| format!("cannot use {}", file.display()))
}

/// Reads a public key.
pub fn public(file: &Path) -> Result<PublicKey> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    PublicKey::from_pem(&text).with_context(|| format!("cannot use {}", file.display()))
}

fn password(prompt: &str) -> Result<Zeroizing<String>> {
    if let Ok(password) = std::env::var(PASSWORD) {
        return Ok(Zeroizing::new(password));
    }
    rpassword::prompt_password(prompt)
        .map(Zeroizing::new)
        .with_context(|| format!("cannot read a password; on no terminal, set {PASSWORD}"))
}
