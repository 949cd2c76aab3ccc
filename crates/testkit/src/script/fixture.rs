//! The HTTP server that scripts find at `${http}`.
//!
//! | path | answer |
//! |---|---|
//! | `/hello` | 200 `hello`, with the header `x-twice` twice |
//! | `/echo` | 200, the request as JSON: `method`, `path`, `headers`, `body` |
//! | `/status/N` | N |
//! | `/redirect`, `/loop` | 302 to `/hello`, to itself |
//! | `/latin` | 200, with a header value that is not UTF-8 |
//! | `/cut` | 200, breaks off after seven of a thousand bytes |
//! | `/hang` | nothing, until the client gives up |

use std::io;

use serde_json::json;

use crate::http::{Reply, Request, Server};

pub(super) fn start() -> Server {
    Server::start(|request, reply| answer(&request, reply))
}

fn answer(request: &Request, reply: &mut Reply) -> io::Result<()> {
    match request.path.split('?').next().unwrap_or_default() {
        "/hello" => reply.whole(200, &["X-Twice: one", "x-twice: two"], "hello"),
        "/echo" => {
            let echo = json!({
                "method": request.method, "path": request.path, "headers": request.headers,
                "body": String::from_utf8_lossy(&request.body),
            });
            reply.whole(200, &["content-type: application/json"], echo.to_string())
        }
        "/redirect" => reply.whole(302, &["location: /hello"], ""),
        "/loop" => reply.whole(302, &["location: /loop"], ""),
        "/latin" => {
            reply.raw(b"HTTP/1.1 200 OK\r\nx-latin: caf\xe9\r\nx-plain: tea\r\n")?;
            reply.raw("content-length: 0\r\nconnection: close\r\n\r\n")
        }
        "/cut" => reply.raw("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\npartial"),
        "/hang" => {
            reply.hang();
            Ok(())
        }
        path => {
            let status = path
                .strip_prefix("/status/")
                .and_then(|status| status.parse().ok());
            reply.whole(status.unwrap_or(404), &[], "")
        }
    }
}
