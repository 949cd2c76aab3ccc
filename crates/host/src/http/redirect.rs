//! Where a redirect leads. Pure: one answer in, one decision out.

use bytes::Bytes;
use reqwest::{
    Method, StatusCode, Url,
    header::{
        AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderMap,
        HeaderName, HeaderValue, PROXY_AUTHORIZATION, REFERER, TRANSFER_ENCODING,
    },
};

use super::HttpError;

/// How many requests one call may send, the first included; what common clients allow.
pub(super) const MAX_REQUESTS: usize = 10;

/// Headers that say who asks, or whom: never shown to another origin.
const PRIVATE: [HeaderName; 4] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, HOST];

/// Headers that describe a body.
const ABOUT_BODY: [HeaderName; 4] = [
    CONTENT_TYPE,
    CONTENT_LENGTH,
    CONTENT_ENCODING,
    TRANSFER_ENCODING,
];

/// One request on the way to the answer.
#[derive(Debug, Clone)]
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
}

/// What to do with an answer.
#[derive(Debug)]
pub(super) enum Step {
    /// It is the answer.
    Answer,
    /// Ask there instead.
    Follow(Hop),
    /// Give up.
    Refuse(HttpError),
}

/// Decides what an answer to `hop`, the `sent`th request of the call, means. A `location` that is
/// missing or no address makes the redirect itself the answer.
pub(super) fn next(
    mut hop: Hop,
    status: StatusCode,
    location: Option<&HeaderValue>,
    sent: usize,
) -> Step {
    let Some(target) = location.and_then(|location| target(&hop.url, location)) else {
        return Step::Answer;
    };
    let drops_body = match status.as_u16() {
        301 | 302 => hop.method == Method::POST,
        303 => hop.method != Method::HEAD,
        307 | 308 => false,
        _ => return Step::Answer,
    };
    if sent >= MAX_REQUESTS {
        return Step::Refuse(HttpError::TooManyRedirects);
    }
    if !matches!(target.scheme(), "http" | "https") {
        return Step::Refuse(HttpError::RedirectScheme(target.scheme().to_owned()));
    }
    if drops_body {
        hop.method = Method::GET;
        hop.body = None;
        remove(&mut hop.headers, &ABOUT_BODY);
    }
    if hop.url.origin() != target.origin() {
        remove(&mut hop.headers, &PRIVATE);
    }
    match referer(&hop.url, &target) {
        Some(referer) => drop(hop.headers.insert(REFERER, referer)),
        None => drop(hop.headers.remove(REFERER)),
    }
    hop.url = target;
    Step::Follow(hop)
}

/// The address a `Location` names. User and password stay with their origin.
fn target(from: &Url, location: &HeaderValue) -> Option<Url> {
    let mut target = from.join(location.to_str().ok()?).ok()?;
    if target.origin() == from.origin() && target.username().is_empty() {
        target.set_username(from.username()).ok()?;
        target.set_password(from.password()).ok()?;
    }
    Some(target)
}

/// Where we come from: the whole address within an origin, the origin alone to another, and
/// nothing from a protected page to an open one.
fn referer(from: &Url, to: &Url) -> Option<HeaderValue> {
    if from.scheme() == "https" && to.scheme() == "http" {
        return None;
    }
    let mut shown = from.clone();
    shown.set_fragment(None);
    shown.set_username("").ok()?;
    shown.set_password(None).ok()?;
    if from.origin() != to.origin() {
        shown.set_path("/");
        shown.set_query(None);
    }
    HeaderValue::from_str(shown.as_str()).ok()
}

fn remove(headers: &mut HeaderMap, names: &[HeaderName]) {
    for name in names {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests;
