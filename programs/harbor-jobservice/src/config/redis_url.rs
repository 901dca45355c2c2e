//! Redis' URL, as Harbor writes it (Harbor `src/jobservice/common/utils`, `src/lib/redis`).

use url::Url;

const SCHEMES: [&str; 4] = ["redis", "rediss", "redis+sentinel", "rediss+sentinel"];

/// The URL in full: `host:port…` gets `redis://`. The reason if it is none; without the URL, which
/// may hold a password.
pub fn complete(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    let text = if text.contains("://") {
        text.to_owned()
    } else {
        format!("redis://{text}")
    };
    let scheme = text.split("://").next().unwrap_or_default();
    if !SCHEMES.contains(&scheme) {
        return Err(format!(
            "its scheme {scheme:?} is none of {}",
            SCHEMES.join(", ")
        ));
    }
    if scheme.ends_with("sentinel") {
        // Several hosts with commas between them are no URL for a parser.
        let rest = text.split("://").nth(1).unwrap_or_default();
        let mut parts = rest.split('?').next().unwrap_or_default().split('/');
        let hosts = parts.next().unwrap_or_default();
        if hosts.rsplit('@').next().unwrap_or_default().is_empty() {
            return Err("it names no sentinel".to_owned());
        }
        if parts.next().unwrap_or_default().is_empty() {
            return Err(
                "it names no master: redis+sentinel://host:port,host:port/master/0".to_owned(),
            );
        }
        return Ok(text);
    }
    let url: Url = text
        .parse()
        .map_err(|error| format!("it is no URL: {error}"))?;
    if url.host_str().unwrap_or_default().is_empty() {
        return Err("it names no host".to_owned());
    }
    Ok(text)
}

/// The URL without what stands before `@`.
pub fn masked(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            format!("{}://***{}", &url[..scheme], &url[at..])
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harbors_ways_to_write_it_are_understood() {
        for (text, url) in [
            ("redis:6379/2", "redis://redis:6379/2"),
            ("10.0.0.1:6379", "redis://10.0.0.1:6379"),
            (
                "redis://:pw@redis:6379/2?idle_timeout_seconds=30",
                "redis://:pw@redis:6379/2?idle_timeout_seconds=30",
            ),
            ("rediss://redis:6379", "rediss://redis:6379"),
            (
                "redis+sentinel://u:p@a:26379,b:26379/mymaster/1?idle_timeout_seconds=30",
                "redis+sentinel://u:p@a:26379,b:26379/mymaster/1?idle_timeout_seconds=30",
            ),
        ] {
            assert_eq!(complete(text).as_deref(), Ok(url));
        }
        for text in [
            "",
            " ",
            "http://redis",
            "redis://",
            "redis+sentinel://a:1",
            "redis+sentinel:///m",
            "redis://a:port",
        ] {
            assert!(complete(text).is_err(), "{text}");
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(masked("redis://u:p@h:1/2"), "redis://***@h:1/2");
        assert_eq!(masked("redis://h:1/2"), "redis://h:1/2");
    }
}
