//! The HTTP client against servers that behave, and servers that do not.

mod bounds;
mod faults;
mod redirects;
mod server;
mod transfer;

use std::time::Duration;

use outpost_host::http::{
    BUFFERED_BODY_LIMIT, Header, HttpClient, HttpConfig, HttpError, HttpRequest, HttpResponse,
    Redirects,
};

/// Long enough for any step of a test on a busy machine; reaching it means a hang.
const PATIENCE: Duration = Duration::from_secs(60);

fn client() -> HttpClient {
    HttpClient::new(HttpConfig::default())
}

fn get(url: &str) -> HttpRequest {
    HttpRequest {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: None,
        timeout: None,
        redirects: Redirects::Follow,
    }
}

fn with_headers(url: &str, headers: &[(&str, &str)]) -> HttpRequest {
    let headers = headers.iter().map(|(name, value)| Header {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
        value_env_var: None,
    });
    HttpRequest {
        headers: headers.collect(),
        ..get(url)
    }
}

fn within(timeout: Duration, url: &str) -> HttpRequest {
    HttpRequest {
        timeout: Some(timeout),
        ..get(url)
    }
}

async fn send(request: HttpRequest) -> Result<HttpResponse, HttpError> {
    tokio::time::timeout(PATIENCE, client().send(request))
        .await
        .expect("an answer or an error")
}

/// The whole answer: status and body.
async fn fetch(request: HttpRequest) -> Result<(u16, Vec<u8>), HttpError> {
    let response = send(request).await?;
    let body = tokio::time::timeout(PATIENCE, response.body.collect(BUFFERED_BODY_LIMIT))
        .await
        .expect("a body or an error")?;
    Ok((response.status, body.to_vec()))
}
