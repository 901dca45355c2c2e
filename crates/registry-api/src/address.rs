//! Under which URL clients know this registry: the one that the settings give, else the one by which
//! this request came.

use http::Extensions;
use seawall_http::Origin;

/// `https://registry.example.org`, without a slash at the end.
///
/// A `Host` that is no host is not repeated to the client: it would end up in a quoted header value.
pub fn base_url(external_url: Option<&str>, request: &Extensions) -> String {
    if let Some(url) = external_url {
        return url.trim_end_matches('/').to_owned();
    }
    request
        .get::<Origin>()
        .filter(|origin| origin.host.as_deref().is_some_and(is_authority))
        .and_then(Origin::url)
        .unwrap_or_else(|| "http://localhost".to_owned())
}

fn is_authority(host: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    !host.is_empty() && host.len() <= 255 && host.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(scheme: &'static str, host: Option<&str>) -> Extensions {
        let mut extensions = Extensions::new();
        extensions.insert(Origin {
            scheme,
            host: host.map(str::to_owned),
        });
        extensions
    }

    #[test]
    fn the_settings_come_before_the_request() {
        let extensions = request("http", Some("10.0.0.1:8080"));
        assert_eq!(
            base_url(Some("https://r.example/"), &extensions),
            "https://r.example"
        );
        assert_eq!(base_url(None, &extensions), "http://10.0.0.1:8080");
        assert_eq!(
            base_url(None, &request("https", Some("[::1]:443"))),
            "https://[::1]:443"
        );
    }

    #[test]
    fn a_host_that_is_none_is_not_repeated() {
        for host in [
            None,
            Some(""),
            Some("a\"b"),
            Some("a b"),
            Some("a/b"),
            Some("a\\b"),
        ] {
            assert_eq!(
                base_url(None, &request("http", host)),
                "http://localhost",
                "{host:?}"
            );
        }
        assert_eq!(base_url(None, &Extensions::new()), "http://localhost");
    }
}
