//! A request as the client wrote it, and the checks that make it one we can send.

use std::{fmt, time::Duration};

use bytes::Bytes;
use reqwest::{
    Method, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
};

use super::{
    HttpError,
    redirect::Hop,
    variables::{HeaderVariables, Lookup},
};

/// One request.
#[derive(Clone)]
pub struct HttpRequest {
    /// Any token; its case is kept.
    pub method: String,
    /// An absolute `http` or `https` address; user and password in it become basic authentication.
    pub url: String,
    /// Sent in this order, repeats kept. `accept: */*` is added when no header says what is
    /// accepted, and `host` may be overridden.
    pub headers: Vec<Header>,
    /// The body, if any.
    pub body: Option<Bytes>,
    /// From the call to the end of the body; none is unlimited.
    pub timeout: Option<Duration>,
    /// What to do with an answer that points elsewhere.
    pub redirects: Redirects,
}

/// One header of a request.
#[derive(Clone)]
pub struct Header {
    /// The name; sent in lower case.
    pub name: String,
    /// The value, or its beginning.
    pub value: String,
    /// A variable of this computer whose value is appended, if the operator allowed it.
    pub value_env_var: Option<String>,
}

/// Whether redirects are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Redirects {
    /// The answer is that of the last address.
    #[default]
    Follow,
    /// The redirect is the answer.
    Stop,
}

impl fmt::Debug for HttpRequest {
    /// Without addresses' details, header values and the body, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("headers", &self.headers)
            .field("body_len", &self.body.as_ref().map(Bytes::len))
            .field("timeout", &self.timeout)
            .field("redirects", &self.redirects)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header")
            .field("name", &self.name)
            .field("value_env_var", &self.value_env_var)
            .finish_non_exhaustive()
    }
}

/// Checks `request` and fills in the variables its headers ask for.
pub(super) fn prepare(request: HttpRequest, variables: &HeaderVariables) -> Result<Hop, HttpError> {
    let method =
        Method::from_bytes(request.method.as_bytes()).map_err(|_| HttpError::InvalidMethod)?;
    let url = Url::parse(&request.url).map_err(HttpError::InvalidUrl)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(HttpError::UnsupportedScheme(url.scheme().to_owned()));
    }
    let mut headers = HeaderMap::new();
    for header in request.headers {
        let name =
            HeaderName::from_bytes(header.name.as_bytes()).map_err(HttpError::InvalidHeaderName)?;
        headers
            .try_append(name, header_value(header, variables)?)
            .map_err(|_| HttpError::TooManyHeaders)?;
    }
    Ok(Hop {
        method,
        url,
        headers,
        body: request.body,
    })
}

fn header_value(header: Header, variables: &HeaderVariables) -> Result<HeaderValue, HttpError> {
    let Header {
        name,
        mut value,
        value_env_var,
    } = header;
    let secret = value_env_var.is_some();
    if let Some(variable) = value_env_var {
        match variables.get(&variable) {
            Lookup::Value(found) => value.push_str(found),
            Lookup::Missing => {
                return Err(HttpError::MissingVariable {
                    header: name,
                    variable,
                });
            }
            Lookup::NotAllowed => {
                return Err(HttpError::VariableNotAllowed {
                    header: name,
                    variable,
                });
            }
        }
    }
    let mut value = HeaderValue::from_str(&value)
        .map_err(|source| HttpError::InvalidHeaderValue { name, source })?;
    value.set_sensitive(secret);
    Ok(value)
}

#[cfg(test)]
mod tests;
