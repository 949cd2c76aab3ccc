//! Which `Host` a listener on loopback serves. Pure.
//!
//! A web page whose name is made to resolve to 127.0.0.1 can reach such a listener through the
//! browser of whoever looks at it. Its requests carry the page's name, so names other than
//! `localhost` are refused. A literal address cannot be made to resolve to anything else.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::{
    HeaderMap, Uri,
    header::{self, HeaderValue},
};

/// Whether a request may be served on loopback. A request without any `Host` comes from no
/// browser and is served.
pub(super) fn is_local(uri: &Uri, headers: &HeaderMap) -> bool {
    let named = uri
        .authority()
        .is_none_or(|authority| is_local_name(authority.as_str()));
    named && headers.get_all(header::HOST).iter().all(is_local_header)
}

fn is_local_header(value: &HeaderValue) -> bool {
    value.to_str().is_ok_and(is_local_name)
}

/// Whether `name` or `name:port` is this computer by its spelling alone.
fn is_local_name(text: &str) -> bool {
    if let Some(rest) = text.strip_prefix('[') {
        return rest
            .split_once(']')
            .is_some_and(|(address, port)| address.parse::<Ipv6Addr>().is_ok() && is_port(port));
    }
    let (name, port) = match text.find(':') {
        Some(colon) => text.split_at(colon),
        None => (text, ""),
    };
    is_port(port) && (name.eq_ignore_ascii_case("localhost") || name.parse::<Ipv4Addr>().is_ok())
}

/// Nothing, or a colon and a number.
fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':');
    text.is_empty() || digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(uri: &str, hosts: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, host.parse().unwrap());
        }
        is_local(&uri.parse().unwrap(), &headers)
    }

    #[test]
    fn w06_only_localhost_and_literal_addresses_are_served() {
        for host in [
            "localhost",
            "LocalHost:80",
            "127.0.0.1",
            "127.0.0.1:1234",
            "127.1.2.3",
            "[::1]",
            "[::1]:80",
            "192.168.0.7:80",
            "localhost:",
        ] {
            assert!(served("/", &[host]), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "",
            "localhost:80:80",
            "localhost:x",
            "[::1",
            "[evil.example]",
            "::1",
            "user@localhost",
            "0x7f000001",
            "127.1",
            "localhost evil.example",
        ] {
            assert!(!served("/", &[host]), "{host}");
        }
        assert!(served("/", &[]));
        assert!(!served("/", &["localhost", "evil.example"]));
        assert!(!served("http://evil.example/", &["localhost"]));
        assert!(served("http://127.0.0.1:80/", &["localhost"]));
    }
}
