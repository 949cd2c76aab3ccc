//! A client that writes its bytes by hand, so that it can write wrong ones.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

use crate::server::{Server, soon};

pub(crate) const FIN: u8 = 0x80;
pub(crate) const CONTINUE: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// The headers of a correct upgrade, after the request line.
pub(crate) const UPGRADE: &str = "Host: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Sends a request and returns the whole answer, up to the end of the stream.
pub(crate) async fn request(address: SocketAddr, request: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_ref()).await.unwrap();
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer))
        .await
        .expect("the answer arrives without a reset");
    String::from_utf8(answer).unwrap()
}

/// Status and body of an answer.
pub(crate) fn parts(answer: &str) -> (u16, &str) {
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    let status = head.split(' ').nth(1).expect("a status line");
    (status.parse().unwrap(), body)
}

/// A frame with a mask.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = header(first, 0x80, payload.len() as u64);
    bytes.extend_from_slice(&mask);
    bytes.extend(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    bytes
}

/// First byte and length; `masked` is 0x80 or 0.
pub(crate) fn header(first: u8, masked: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..=125 => bytes.push(masked | u8::try_from(length).unwrap()),
        126..=0xffff => {
            bytes.push(masked | 126);
            bytes.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        }
        _ => {
            bytes.push(masked | 127);
            bytes.extend_from_slice(&length.to_be_bytes());
        }
    }
    bytes
}

/// A close frame's payload.
pub(crate) fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], reason].concat()
}

/// A connection after its upgrade.
pub(crate) struct Raw<S = TcpStream> {
    pub(crate) stream: S,
}

impl Raw {
    pub(crate) async fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.socket()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::upgrade(stream, "").await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Raw<S> {
    /// Upgrades a stream with these further headers.
    pub(crate) async fn upgrade(mut stream: S, headers: &str) -> Self {
        let request = format!("GET / HTTP/1.1\r\n{UPGRADE}{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(stream.read_u8()).await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        assert!(head.starts_with("http/1.1 101 "), "{head}");
        assert!(
            head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="),
            "{head}"
        );
        assert!(
            !head.contains("extensions") && !head.contains("protocol:"),
            "{head}"
        );
        Self { stream }
    }

    pub(crate) async fn send(&mut self, first: u8, payload: &[u8]) {
        self.write(&frame(first, payload)).await;
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        soon(self.stream.write_all(bytes)).await.unwrap();
    }

    /// The next frame: its first byte and its payload.
    pub(crate) async fn frame(&mut self) -> (u8, Vec<u8>) {
        soon(async {
            let first = self.stream.read_u8().await.unwrap();
            let length = match self.stream.read_u8().await.unwrap() {
                126 => u64::from(self.stream.read_u16().await.unwrap()),
                127 => self.stream.read_u64().await.unwrap(),
                length @ 0..126 => u64::from(length),
                _ => panic!("a server does not mask"),
            };
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.stream.read_exact(&mut payload).await.unwrap();
            (first, payload)
        })
        .await
    }

    /// Expects this frame next.
    pub(crate) async fn expect(&mut self, first: u8, payload: &[u8]) {
        let (got, bytes) = self.frame().await;
        assert!(
            got == first && bytes == payload,
            "{got:#x} {}",
            bytes.escape_ascii()
        );
    }

    /// Proves that the connection works.
    pub(crate) async fn echo(&mut self, text: &str) {
        self.send(FIN | TEXT, text.as_bytes()).await;
        self.expect(FIN | TEXT, text.as_bytes()).await;
    }

    /// Expects a close frame with this code, then the end of the stream, and no reset. Returns the
    /// reason.
    pub(crate) async fn expect_close(mut self, code: u16) -> String {
        let (first, payload) = self.frame().await;
        assert_eq!(first, FIN | CLOSE, "{}", payload.escape_ascii());
        let (got, reason) = payload.split_at(payload.len().min(2));
        assert_eq!(got, code.to_be_bytes(), "{}", reason.escape_ascii());
        self.expect_end().await;
        String::from_utf8(reason.to_vec()).unwrap()
    }

    pub(crate) async fn expect_end(&mut self) {
        let rest = soon(self.stream.read(&mut [0; 16])).await;
        assert_eq!(rest.expect("the stream ends without a reset"), 0);
    }
}
