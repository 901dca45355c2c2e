//! Who the client is and how it reached us: `X-Forwarded-For`, `-Proto` and `-Host` count only when the peer of the
//! connection is a trusted proxy.

use std::net::IpAddr;

use http::{HeaderMap, Uri, header::HOST};
use ipnet::IpNet;

use crate::request::Origin;

/// The client's address: of the addresses in `X-Forwarded-For`, from the right, the first that is no trusted proxy.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    if !is_trusted(peer, trusted) {
        return peer;
    }
    let mut client = peer;
    let values: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|v| v.to_str().ok())
        .collect();
    for entry in values.iter().flat_map(|value| value.split(',')).rev() {
        let Some(address) = parse_address(entry.trim()) else {
            break;
        };
        client = address;
        if !is_trusted(address, trusted) {
            break;
        }
    }
    client
}

/// Scheme and authority under which the client reached us.
pub(crate) fn origin(
    peer: IpAddr,
    tls: bool,
    uri: &Uri,
    headers: &HeaderMap,
    trusted: &[IpNet],
) -> Origin {
    let own_scheme = if tls { "https" } else { "http" };
    let own_host = uri
        .authority()
        .map(http::uri::Authority::as_str)
        .or_else(|| text(headers, HOST.as_str()));
    let (scheme, host) = if is_trusted(peer.to_canonical(), trusted) {
        let scheme = match text(headers, "x-forwarded-proto").map(first) {
            Some("https") => "https",
            Some("http") => "http",
            _ => own_scheme,
        };
        (
            scheme,
            text(headers, "x-forwarded-host").map(first).or(own_host),
        )
    } else {
        (own_scheme, own_host)
    };
    Origin {
        scheme,
        host: host.filter(|host| is_authority(host)).map(str::to_owned),
    }
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn parse_address(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().ok().or_else(|| {
        text.parse::<std::net::SocketAddr>()
            .map(|socket| socket.ip())
            .ok()
            .or_else(|| {
                text.strip_prefix('[')
                    .and_then(|rest| rest.strip_suffix(']'))
                    .and_then(|inner| inner.parse().ok())
            })
    });
    address.map(|address| address.to_canonical())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn first(list: &str) -> &str {
    list.split(',').next().unwrap_or_default().trim()
}

/// Only what a `host[:port]` can hold, since it is written into headers and pages.
fn is_authority(host: &str) -> bool {
    !host.is_empty()
        && host.len() <= 255
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    fn trusted() -> Vec<IpNet> {
        vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]
    }

    #[test]
    fn a_stranger_cannot_name_another_address() {
        let forged = headers(&[
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-proto", "https"),
            ("host", "a:1"),
        ]);
        let peer = [192, 0, 2, 1].into();
        assert_eq!(client_address(peer, &forged, &trusted()), peer);
        assert_eq!(
            origin(peer, false, &Uri::from_static("/"), &forged, &trusted())
                .url()
                .unwrap(),
            "http://a:1"
        );
    }

    #[test]
    fn the_nearest_address_that_is_no_proxy_is_the_client() {
        let chain = headers(&[
            ("x-forwarded-for", "6.6.6.6, 192.0.2.9:4711"),
            ("x-forwarded-for", "10.1.1.1"),
        ]);
        assert_eq!(
            client_address([10, 0, 0, 1].into(), &chain, &trusted()),
            IpAddr::from([192, 0, 2, 9])
        );
    }

    #[test]
    fn a_mapped_peer_counts_as_ipv4() {
        let peer: IpAddr = "::ffff:10.0.0.1".parse().unwrap();
        let from = headers(&[("x-forwarded-for", "[2001:db8::1]")]);
        assert_eq!(
            client_address(peer, &from, &trusted()),
            "2001:db8::1".parse::<IpAddr>().unwrap()
        );
    }

    #[test]
    fn a_proxy_names_scheme_and_host() {
        let from = headers(&[
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "hub.example"),
            ("host", "inner"),
        ]);
        let origin = origin(
            [10, 0, 0, 1].into(),
            false,
            &Uri::from_static("/"),
            &from,
            &trusted(),
        );
        assert_eq!(origin.url().unwrap(), "https://hub.example");
    }

    #[test]
    fn a_host_that_breaks_a_header_is_dropped() {
        let from = headers(&[("host", "a\"b")]);
        assert_eq!(
            origin(
                [1, 1, 1, 1].into(),
                true,
                &Uri::from_static("/"),
                &from,
                &[]
            )
            .url(),
            None
        );
    }
}
