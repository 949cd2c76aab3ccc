//! `http/request`: buffered, or the body in notifications.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use outpost_host::http::{BUFFERED_BODY_LIMIT, Body, Header, HttpRequest, Redirects};
use outpost_protocol::{
    RpcError,
    exec::http::{
        BodyDelta, BodyDeltaParams, HttpHeader, HttpRequestParams, HttpRequestResponse,
        RedirectPolicy,
    },
};
use outpost_rpc::{link::Closed, peer::Peer, router::Reply};

use super::{
    connection::{Call, StreamId},
    errors,
};

/// `http/request`.
pub(super) async fn request(
    call: Call,
    params: HttpRequestParams,
) -> Result<Reply<HttpRequestResponse>, RpcError> {
    let stream = params
        .stream_response
        .then(|| claim(&call, &params.request_id))
        .transpose()?;
    let request_id = params.request_id.clone();
    let answer = call
        .server
        .http
        .send(wanted(params))
        .await
        .map_err(|error| errors::http(&error))?;
    let header = |(name, value)| HttpHeader {
        name,
        value,
        value_env_var: None,
    };
    let mut response = HttpRequestResponse {
        status: answer.status,
        headers: answer.headers.into_iter().map(header).collect(),
        body_base64: Bytes::new().into(),
    };
    let Some(stream) = stream else {
        let body = answer.body.collect(BUFFERED_BODY_LIMIT).await;
        response.body_base64 = body.map_err(|error| errors::http(&error))?.into();
        return Ok(response.into());
    };
    let client = Arc::clone(&call.client);
    Ok(Reply::then(response, move || {
        let peer = client.peer.clone();
        client.spawn(async move {
            if let Err(closed) = send_body(answer.body, request_id, stream, &peer).await {
                tracing::debug!(%closed, "nobody is there to read a body");
            }
        });
    }))
}

fn claim(call: &Call, id: &str) -> Result<StreamId, RpcError> {
    call.stream_id(id).ok_or_else(|| {
        RpcError::invalid_params(format!(
            "http/request streamResponse requestId `{id}` is already active"
        ))
    })
}

fn wanted(params: HttpRequestParams) -> HttpRequest {
    let header = |header: HttpHeader| Header {
        name: header.name,
        value: header.value,
        value_env_var: header.value_env_var,
    };
    HttpRequest {
        method: params.method,
        url: params.url,
        headers: params.headers.into_iter().map(header).collect(),
        body: params.body_base64.map(|body| body.0),
        timeout: params.timeout_ms.map(Duration::from_millis),
        redirects: match params.redirect_policy {
            RedirectPolicy::Follow => Redirects::Follow,
            RedirectPolicy::Stop => Redirects::Stop,
        },
    }
}

/// Sends a body as it comes; the connection's queue holds it back when the client is slow.
async fn send_body(
    mut body: Body,
    request_id: String,
    stream: StreamId,
    peer: &Peer,
) -> Result<(), Closed> {
    let mut stream = Some(stream);
    let mut delta = BodyDeltaParams {
        request_id,
        seq: 0,
        delta_base64: Bytes::new().into(),
        done: false,
        error: None,
    };
    while !delta.done {
        delta.seq += 1;
        delta.delta_base64 = match body.next().await {
            Ok(Some(data)) => data.into(),
            Ok(None) => {
                delta.done = true;
                Bytes::new().into()
            }
            Err(error) => {
                delta.done = true;
                delta.error = Some(error.reason());
                Bytes::new().into()
            }
        };
        if delta.done {
            // Before the end is told: who hears of it may use the id again at once.
            drop(stream.take());
        }
        peer.notify::<BodyDelta>(&delta).await?;
    }
    Ok(())
}
