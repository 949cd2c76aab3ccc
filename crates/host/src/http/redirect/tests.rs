use proptest::prelude::*;

use super::*;

fn hop(method: Method, url: &str) -> Hop {
    let headers = ["authorization", "cookie", "content-type", "host", "x-k"]
        .map(|name| (HeaderName::from_static(name), HeaderValue::from_static("v")));
    Hop {
        method,
        url: Url::parse(url).unwrap(),
        headers: HeaderMap::from_iter(headers),
        body: Some(Bytes::from_static(b"hi")),
    }
}

fn step(hop: Hop, status: u16, location: &str) -> Step {
    let location = HeaderValue::from_str(location).unwrap();
    next(
        hop,
        StatusCode::from_u16(status).unwrap(),
        Some(&location),
        1,
    )
}

fn followed(step: Step) -> Hop {
    match step {
        Step::Follow(hop) => hop,
        other => panic!("not followed: {other:?}"),
    }
}

fn names(hop: &Hop) -> Vec<&str> {
    let mut names: Vec<_> = hop.headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_post_becomes_a_get_without_its_body() {
    for status in [301, 302, 303] {
        let hop = followed(step(hop(Method::POST, "http://h/a"), status, "/b"));
        assert_eq!((hop.method, hop.body), (Method::GET, None));
        assert!(!hop.headers.contains_key(CONTENT_TYPE));
        assert_eq!(hop.url.as_str(), "http://h/b");
    }
}

#[test]
fn other_redirects_keep_the_request() {
    for (status, method) in [(307, Method::POST), (308, Method::POST), (302, Method::PUT)] {
        let hop = followed(step(hop(method.clone(), "http://h/a"), status, "b"));
        assert_eq!((hop.method, hop.body.is_some()), (method, true));
        assert!(hop.headers.contains_key(CONTENT_TYPE));
    }
    let head = followed(step(hop(Method::HEAD, "http://h/a"), 303, "b"));
    assert_eq!(head.method, Method::HEAD);
}

#[test]
fn another_origin_learns_nothing_private() {
    for target in ["http://other/", "http://h:81/", "https://h/"] {
        let hop = followed(step(hop(Method::GET, "http://u:p@h/a?q"), 307, target));
        assert_eq!(names(&hop), ["content-type", "referer", "x-k"], "{target}");
        assert_eq!(hop.headers[REFERER], "http://h/");
        assert_eq!((hop.url.username(), hop.url.password()), ("", None));
    }
}

#[test]
fn the_same_origin_keeps_its_credentials() {
    let hop = followed(step(
        hop(Method::GET, "http://u:p@h/a?q#f"),
        307,
        "http://h:80/b",
    ));
    assert_eq!(hop.url.as_str(), "http://u:p@h/b");
    assert!(hop.headers.contains_key(AUTHORIZATION) && hop.headers.contains_key(HOST));
    assert_eq!(hop.headers[REFERER], "http://h/a?q");
}

#[test]
fn a_protected_page_is_not_named_to_an_open_one() {
    let mut from = hop(Method::GET, "https://h/a");
    from.headers
        .insert(REFERER, HeaderValue::from_static("https://h/before"));
    let hop = followed(step(from, 302, "http://h/"));
    assert!(!hop.headers.contains_key(REFERER));
}

#[test]
fn h01_what_is_no_redirect_is_the_answer() {
    for status in [200, 201, 300, 304, 305, 306, 399, 404, 500] {
        assert!(matches!(
            step(hop(Method::GET, "http://h/"), status, "/b"),
            Step::Answer
        ));
    }
    for location in [&b"http://[bad"[..], b"//", b"\xff\xfe"] {
        let location = HeaderValue::from_bytes(location).unwrap();
        let step = next(
            hop(Method::GET, "http://h/"),
            StatusCode::FOUND,
            Some(&location),
            1,
        );
        assert!(matches!(step, Step::Answer), "{location:?}");
    }
    assert!(matches!(
        next(hop(Method::GET, "http://h/"), StatusCode::FOUND, None, 1),
        Step::Answer
    ));
}

#[test]
fn h01_a_redirect_out_of_http_is_refused() {
    for scheme in ["ftp", "file", "data"] {
        match step(
            hop(Method::GET, "http://h/"),
            302,
            &format!("{scheme}://x/"),
        ) {
            Step::Refuse(error) => assert_eq!(
                error.to_string(),
                format!(
                    "http/request failed: redirect target uses unsupported URL scheme: {scheme}"
                )
            ),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn h02_the_tenth_request_is_the_last() {
    let location = HeaderValue::from_static("/");
    let at = |sent| {
        next(
            hop(Method::GET, "http://h/"),
            StatusCode::FOUND,
            Some(&location),
            sent,
        )
    };
    assert!(matches!(at(MAX_REQUESTS - 1), Step::Follow(_)));
    assert!(matches!(
        at(MAX_REQUESTS),
        Step::Refuse(HttpError::TooManyRedirects)
    ));
}

proptest! {
    /// Whatever the server says, private headers never reach another origin, and what is
    /// followed is HTTP.
    #[test]
    fn private_headers_never_leave_their_origin(
        status in 300_u16..309,
        location in "((https?|ftp)://(h|g)(:8[01])?)?/?[a-z?#@:]{0,6}",
        protected in any::<bool>(),
    ) {
        let from = hop(Method::POST, if protected { "https://u:p@h/a" } else { "http://u:p@h/a" });
        let origin = from.url.origin();
        let location = HeaderValue::from_str(&location).unwrap();
        let status = StatusCode::from_u16(status).unwrap();
        if let Step::Follow(to) = next(from, status, Some(&location), 1) {
            prop_assert!(matches!(to.url.scheme(), "http" | "https"));
            if to.url.origin() != origin {
                prop_assert!(PRIVATE.iter().all(|name| !to.headers.contains_key(name)));
                prop_assert_ne!(to.url.password(), Some("p"));
            }
            prop_assert_eq!(to.body.is_none(), to.method == Method::GET);
        }
    }
}
