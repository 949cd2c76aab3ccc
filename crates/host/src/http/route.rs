//! Which connection pool a request uses, and when that pool is made.
//!
//! Three pools, each made by the first request that needs it: `Plain` knows no certificate and
//! no proxy, `Secure` knows the root certificates of this computer, `Proxied` also the proxies.
//! Loopback targets never go through a proxy: it could not reach them, being elsewhere.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, Url, redirect};
use tokio::sync::OnceCell;
use url::Host;

use super::HttpError;

/// How many unused connections to one host are kept: a burst is served again without new
/// handshakes, and an idle server holds few descriptors.
const MAX_IDLE_PER_HOST: usize = 8;

/// How long an unused connection is kept: below the minute after which servers commonly close it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Which proxies stand between this computer and the network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Proxies {
    /// Those named by this process's `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`
    /// (either case).
    #[default]
    Environment,
    /// This one, for every address that is not loopback.
    All(Url),
    /// None.
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Plain,
    Secure,
    Proxied,
}

#[derive(Debug)]
pub(super) struct Pools {
    proxies: Proxies,
    plain: OnceCell<Client>,
    secure: OnceCell<Client>,
    proxied: OnceCell<Client>,
}

impl Pools {
    pub(super) fn new(proxies: Proxies) -> Self {
        let proxies = match proxies {
            Proxies::Environment if !names_proxy() => Proxies::None,
            other => other,
        };
        Self {
            proxies,
            plain: OnceCell::new(),
            secure: OnceCell::new(),
            proxied: OnceCell::new(),
        }
    }

    /// The pool for `url`, made now if it is the first to need it. Reading the certificates
    /// happens off the runtime's threads.
    pub(super) async fn client(&self, url: &Url) -> Result<&Client, HttpError> {
        let route = route(url, self.proxies != Proxies::None);
        let pool = match route {
            Route::Plain => &self.plain,
            Route::Secure => &self.secure,
            Route::Proxied => &self.proxied,
        };
        pool.get_or_try_init(|| async {
            let proxies = self.proxies.clone();
            tokio::task::spawn_blocking(move || build(route, &proxies))
                .await
                .expect(
                    "building does not panic, and a runtime that shuts down no longer polls this",
                )
        })
        .await
    }
}

fn route(url: &Url, has_proxies: bool) -> Route {
    if has_proxies && !is_loopback(url) {
        Route::Proxied
    } else if url.scheme() == "https" {
        Route::Secure
    } else {
        Route::Plain
    }
}

/// Whether the address names this computer itself: a loopback address, or `localhost`.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        None => false,
    }
}

fn names_proxy() -> bool {
    ["http_proxy", "https_proxy", "all_proxy"]
        .into_iter()
        .flat_map(|name| [name.to_owned(), name.to_ascii_uppercase()])
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

fn build(route: Route, proxies: &Proxies) -> Result<Client, HttpError> {
    let builder = ClientBuilder::new()
        .redirect(redirect::Policy::none())
        .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tcp_nodelay(true);
    let builder = match (route, proxies) {
        (Route::Plain, _) => builder.no_proxy().tls_certs_only([]),
        (Route::Secure, _) | (Route::Proxied, Proxies::None) => builder.no_proxy(),
        (Route::Proxied, Proxies::Environment) => builder,
        (Route::Proxied, Proxies::All(url)) => {
            let proxy = reqwest::Proxy::all(url.clone()).map_err(HttpError::Setup)?;
            builder.no_proxy().proxy(proxy)
        }
    };
    builder.build().map_err(HttpError::Setup)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_recognized_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "127.9.9.9",
            "127.1",
            "2130706433",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
        ] {
            let url = Url::parse(&format!("http://{host}:1/")).unwrap();
            assert!(is_loopback(&url), "{host}");
        }
        for host in [
            "128.0.0.1",
            "10.0.0.1",
            "[::2]",
            "localhost.example",
            "notlocalhost",
        ] {
            let url = Url::parse(&format!("http://{host}:1/")).unwrap();
            assert!(!is_loopback(&url), "{host}");
        }
    }

    #[test]
    fn certificates_are_for_tls_and_proxies_for_the_far() {
        let cases = [
            ("http://127.0.0.1/", true, Route::Plain),
            ("https://127.0.0.1/", true, Route::Secure),
            ("http://example.com/", true, Route::Proxied),
            ("https://example.com/", true, Route::Proxied),
            ("http://example.com/", false, Route::Plain),
            ("https://example.com/", false, Route::Secure),
        ];
        for (url, has_proxies, expected) in cases {
            let url = Url::parse(url).unwrap();
            assert_eq!(route(&url, has_proxies), expected, "{url}");
        }
    }
}
