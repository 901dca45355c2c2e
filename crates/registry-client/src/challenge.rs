//! `WWW-Authenticate`: how a registry wants to be asked.

/// What a registry wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// Name and password.
    Basic,
    /// A token of the service at `realm`.
    Bearer {
        realm: String,
        service: Option<String>,
        scope: Option<String>,
    },
}

impl Challenge {
    /// Reads the header's value; none if it asks for something else.
    pub(crate) fn read(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let find = |name: &str| parameter(rest, name);
        Some(Self::Bearer {
            realm: find("realm")?,
            service: find("service"),
            scope: find("scope"),
        })
    }
}

/// `name="value"` or `name=value` in a list with commas, some of them inside quotes.
fn parameter(mut list: &str, name: &str) -> Option<String> {
    loop {
        let (key, rest) = list.trim_start_matches([' ', ',']).split_once('=')?;
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_once(',').unwrap_or((rest, "")),
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        list = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_read() {
        assert_eq!(
            Challenge::read("Basic realm=\"harbor\""),
            Some(Challenge::Basic)
        );
        assert_eq!(Challenge::read("basic"), Some(Challenge::Basic));
        assert_eq!(
            Challenge::read(
                "Bearer service=harbor-registry, realm=\"https://a/token?b=c,d\",scope=\"repository:a/b:pull,push\""
            ),
            Some(Challenge::Bearer {
                realm: "https://a/token?b=c,d".to_owned(),
                service: Some("harbor-registry".to_owned()),
                scope: Some("repository:a/b:pull,push".to_owned()),
            })
        );
        for none in [
            "",
            "Bearer",
            "Bearer realm",
            "Bearer realm=\"a",
            "Negotiate x",
            "Bearer service=\"a\"",
        ] {
            assert_eq!(Challenge::read(none), None, "{none}");
        }
    }
}
