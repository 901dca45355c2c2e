//! Secrets, by their form. A mark alone is no secret: what must follow it is looked at too, so that
//! a program that reads keys is not taken for one.

/// The form of a secret.
#[derive(Debug)]
pub struct Form {
    /// What people call it.
    pub name: &'static str,
    /// What it begins with.
    pub mark: &'static str,
    /// Whether what follows the mark makes it one.
    pub follows: fn(&[u8]) -> bool,
}

/// How many bytes behind a mark are looked at.
pub const BEHIND: usize = 1024;

fn run(bytes: &[u8], of: fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| of(**byte)).count()
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// `RSA PRIVATE KEY-----`, and a body that is no string constant.
fn private_key(bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(5).take(60).position(|five| five == b"-----") else {
        return false;
    };
    let (title, body) = bytes.split_at(end);
    if !title.windows(11).any(|eleven| eleven == b"PRIVATE KEY") {
        return false;
    }
    body.get(5..)
        .unwrap_or_default()
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .take(8)
        .any(|line| line.len() >= 32 && line.iter().copied().all(base64))
}

fn aws_id(bytes: &[u8]) -> bool {
    let upper = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    run(bytes, upper) == 16 && !bytes.starts_with(b"IOSFODNN7EXAMPLE")
}

fn aws_secret(bytes: &[u8]) -> bool {
    let separators = run(bytes, |byte| {
        matches!(byte, b' ' | b'=' | b':' | b'"' | b'\'')
    });
    separators > 0 && run(bytes.get(separators..).unwrap_or_default(), base64) == 40
}

/// `"<base64 of name:password>"` behind `"auth":`.
fn registry_login(bytes: &[u8]) -> bool {
    let space = run(bytes, |byte| matches!(byte, b' ' | b':' | b'"'));
    space > 1 && run(bytes.get(space..).unwrap_or_default(), base64) >= 8
}

fn token(bytes: &[u8]) -> bool {
    let mut parts = bytes.splitn(3, |byte| *byte == b'.');
    let head = parts
        .next()
        .is_some_and(|part| part.iter().copied().all(url_safe));
    let payload = parts
        .next()
        .is_some_and(|part| part.len() >= 10 && part.iter().copied().all(url_safe));
    head && payload && parts.next().is_some_and(|part| run(part, url_safe) >= 16)
}

/// Every form that is known.
pub const FORMS: &[Form] = &[
    Form {
        name: "a private key",
        mark: "-----BEGIN ",
        follows: private_key,
    },
    Form {
        name: "a PuTTY key",
        mark: "PuTTY-User-Key-File-",
        follows: |bytes| bytes.get(1) == Some(&b':'),
    },
    Form {
        name: "an age key",
        mark: "AGE-SECRET-KEY-1",
        follows: |bytes| run(bytes, word) >= 50,
    },
    Form {
        name: "an AWS access key",
        mark: "AKIA",
        follows: aws_id,
    },
    Form {
        name: "an AWS secret key",
        mark: "aws_secret_access_key",
        follows: aws_secret,
    },
    Form {
        name: "a GitHub token",
        mark: "ghp_",
        follows: |bytes| run(bytes, word) == 36,
    },
    Form {
        name: "a GitHub token",
        mark: "ghs_",
        follows: |bytes| run(bytes, word) == 36,
    },
    Form {
        name: "a GitHub token",
        mark: "github_pat_",
        follows: |bytes| run(bytes, url_safe) >= 60,
    },
    Form {
        name: "a GitLab token",
        mark: "glpat-",
        follows: |bytes| run(bytes, url_safe) >= 20,
    },
    Form {
        name: "a Slack token",
        mark: "xoxb-",
        follows: |bytes| run(bytes, url_safe) >= 40,
    },
    Form {
        name: "a Stripe key",
        mark: "sk_live_",
        follows: |bytes| run(bytes, word) >= 24,
    },
    Form {
        name: "a Google key",
        mark: "AIza",
        follows: |bytes| run(bytes, url_safe) == 35,
    },
    Form {
        name: "an npm token",
        mark: "_authToken=",
        follows: |bytes| run(bytes, url_safe) >= 20,
    },
    Form {
        name: "a registry's login",
        mark: "\"auth\"",
        follows: registry_login,
    },
    Form {
        name: "a bearer token",
        mark: "eyJhbGciOi",
        follows: token,
    },
];

/// The name of the first secret in a text.
pub fn in_text(text: &str) -> Option<&'static str> {
    let bytes = text.as_bytes();
    FORMS.iter().find_map(|form| {
        let found = text.match_indices(form.mark).any(|(at, mark)| {
            let behind = bytes.get(at + mark.len()..).unwrap_or_default();
            (form.follows)(behind)
        });
        found.then_some(form.name)
    })
}

/// Words of a variable's name that tell of a secret, as dockle has them.
const WORDS: [&str; 7] = [
    "PASS", "PASSWD", "PASSWORD", "SECRET", "KEY", "ACCESS", "TOKEN",
];
/// Variables that have such a word and hold no secret.
const HARMLESS: [&str; 6] = [
    "GPG_KEY",
    "GPG_KEYS",
    "RELEASE_KEYS",
    "PUBLIC_KEY",
    "SSH_PUBLIC_KEY",
    "APT_KEY_DONT_WARN_ON_DANGEROUS_USAGE",
];

/// Whether a variable of this name is there to hold a secret.
pub fn is_name_of_one(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    !HARMLESS.contains(&upper.as_str())
        && !upper.ends_with("_FILE")
        && WORDS.iter().any(|word| upper.contains(word))
}
