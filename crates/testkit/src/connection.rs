//! A raw client of an exec-server: texts out, texts in, nothing understood.
//!
//! A thread reads; what it reads waits in a bounded queue, so a server that is
//! not listened to feels it. The thread answers pings and the close, and ends
//! with the connection. Dropping a [`Connection`] over WebSocket ends it without a close
//! frame; over stdio it closes the server's stdin.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    process::{ChildStdin, ChildStdout},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use parking_lot::Mutex;

use crate::frame::{Message, Opcode, Reader, encode};

/// How many messages wait before the reading thread stops reading.
const MESSAGES_HELD: usize = 1024;

/// A fixed mask: a mask is no secret here, only a rule of the protocol.
const MASK: [u8; 4] = [0x5a, 0x11, 0xc3, 0x0f];

/// Something that came from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A text, as one message or line.
    Text(String),
    /// A close frame, with its code and reason.
    Close(Option<(u16, String)>),
    /// The end of the connection, whatever its manner.
    End,
}

/// Why an upgrade to a WebSocket was refused.
#[derive(Debug)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    sender: Sender,
    incoming: Receiver<Incoming>,
}

#[derive(Debug)]
enum Sender {
    Lines(ChildStdin),
    Frames(Socket),
    Gone,
}

#[derive(Debug, Clone)]
struct Socket(Arc<Mutex<TcpStream>>);

// === impl Connection ===

impl Connection {
    /// Speaks to a server on its stdin and stdout.
    pub fn over_stdio(stdin: ChildStdin, stdout: ChildStdout) -> Self {
        let (tx, incoming) = sync_channel(MESSAGES_HELD);
        thread::spawn(move || read_lines(stdout, &tx));
        Self {
            sender: Sender::Lines(stdin),
            incoming,
        }
    }

    /// Opens a WebSocket; each header without its line end.
    ///
    /// # Errors
    /// The server's own words when it does not upgrade.
    pub fn over_websocket(address: SocketAddr, headers: &[String]) -> Result<Self, Refusal> {
        let io = |error: io::Error| Refusal {
            status: 0,
            body: error.to_string(),
        };
        let mut socket = TcpStream::connect(address).map_err(io)?;
        socket.set_nodelay(true).map_err(io)?;
        let mut head = format!(
            "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        );
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        socket.write_all(head.as_bytes()).map_err(io)?;
        let mut reader = BufReader::new(socket.try_clone().map_err(io)?);
        upgraded(&mut reader)?;
        let (tx, incoming) = sync_channel(MESSAGES_HELD);
        let socket = Socket(Arc::new(Mutex::new(socket)));
        let pongs = socket.clone();
        thread::spawn(move || read_frames(reader, &pongs, &tx));
        Ok(Self {
            sender: Sender::Frames(socket),
            incoming,
        })
    }

    /// Sends one message: a text frame or a line.
    ///
    /// # Panics
    /// When the connection is gone.
    pub fn send(&mut self, text: &str) {
        let sent = match &mut self.sender {
            Sender::Lines(stdin) => stdin.write_all(format!("{text}\n").as_bytes()),
            Sender::Frames(socket) => socket.send(Opcode::Text, text.as_bytes()),
            Sender::Gone => Err(io::ErrorKind::NotConnected.into()),
        };
        sent.unwrap_or_else(|error| panic!("sending {text:?} failed: {error}"));
    }

    /// Sends bytes: a binary frame, or as they are over stdio.
    ///
    /// # Panics
    /// When the connection is gone.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let sent = match &mut self.sender {
            Sender::Lines(stdin) => stdin.write_all(bytes),
            Sender::Frames(socket) => socket.send(Opcode::Binary, bytes),
            Sender::Gone => Err(io::ErrorKind::NotConnected.into()),
        };
        sent.expect("an open connection takes bytes");
    }

    /// Sends bytes as they are, such as a frame that was made before or a part of one; false when
    /// the connection is gone.
    pub fn send_raw(&mut self, bytes: &[u8]) -> bool {
        match &mut self.sender {
            Sender::Lines(stdin) => stdin.write_all(bytes).is_ok(),
            Sender::Frames(socket) => socket.0.lock().write_all(bytes).is_ok(),
            Sender::Gone => false,
        }
    }

    /// What came next; nothing after `patience`. After the end it is always
    /// [`Incoming::End`].
    pub fn receive(&self, patience: Duration) -> Option<Incoming> {
        match self.incoming.recv_timeout(patience) {
            Ok(incoming) => Some(incoming),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Incoming::End),
        }
    }

    /// Closes politely: a close frame, or the end of stdin.
    pub fn close(&mut self) {
        if let Sender::Frames(socket) = std::mem::replace(&mut self.sender, Sender::Gone) {
            // A server that has gone before needs no goodbye.
            let _said = socket.send(Opcode::Close, &1000_u16.to_be_bytes()).is_ok();
        }
    }

    /// Ends the connection without a word.
    pub fn cut(&mut self) {
        if let Sender::Frames(socket) = std::mem::replace(&mut self.sender, Sender::Gone) {
            // It may have ended already.
            let _was_open = socket.0.lock().shutdown(Shutdown::Both).is_ok();
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.cut();
    }
}

// === impl Socket ===

impl Socket {
    fn send(&self, opcode: Opcode, payload: &[u8]) -> io::Result<()> {
        self.0
            .lock()
            .write_all(&encode(opcode, true, payload, Some(MASK)))
    }
}

/// Reads the answer to an upgrade.
fn upgraded(reader: &mut impl BufRead) -> Result<(), Refusal> {
    let mut head = String::new();
    let io = |error: io::Error| Refusal {
        status: 0,
        body: error.to_string(),
    };
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).map_err(io)? == 0 {
            return Err(Refusal {
                status: 0,
                body: head,
            });
        }
    }
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    if status == 101 {
        return Ok(());
    }
    let length = head.to_ascii_lowercase().lines().find_map(|line| {
        line.strip_prefix("content-length:")
            .and_then(|length| length.trim().parse().ok())
    });
    let mut body = String::new();
    reader
        .take(length.unwrap_or(0))
        .read_to_string(&mut body)
        .map_err(io)?;
    Err(Refusal { status, body })
}

fn read_lines(stdout: ChildStdout, tx: &SyncSender<Incoming>) {
    for line in BufReader::new(stdout).lines() {
        let Ok(line) = line else { break };
        if tx.send(Incoming::Text(line)).is_err() {
            return;
        }
    }
}

fn read_frames(mut reader: impl Read, pongs: &Socket, tx: &SyncSender<Incoming>) {
    let mut frames = Reader::default();
    let mut buffer = vec![0; 64 << 10];
    loop {
        while let Some(message) = frames.message() {
            let incoming = match message {
                Message::Text(text) => Incoming::Text(text),
                Message::Close(reason) => {
                    let code = reason.as_ref().map(|(code, _)| code.to_be_bytes());
                    let code = code.as_ref().map_or(&[][..], |code| &code[..]);
                    // A server that does not wait for it may have gone.
                    let _said = pongs.send(Opcode::Close, code).is_ok();
                    Incoming::Close(reason)
                }
                Message::Ping(payload) => {
                    if pongs.send(Opcode::Pong, &payload).is_err() {
                        return;
                    }
                    continue;
                }
                Message::Binary(_) | Message::Pong(_) => continue,
            };
            if tx.send(incoming).is_err() {
                return;
            }
        }
        match reader.read(&mut buffer) {
            Ok(0) | Err(_) => {
                // The server waits for our half to end; it may have gone.
                let _was_open = pongs.0.lock().shutdown(Shutdown::Both).is_ok();
                return;
            }
            Ok(read) => frames.push(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Server;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[test]
    fn a_refusal_keeps_the_words_of_the_server() {
        let server = Server::start(|_, reply| reply.whole(403, &[], "go away"));
        let refusal = Connection::over_websocket(server.address(), &[]).unwrap_err();
        assert_eq!((refusal.status, refusal.body.as_str()), (403, "go away"));
    }

    #[test]
    fn texts_pings_and_the_close_are_seen_in_order() {
        let server = Server::start(|_, reply| {
            reply.raw("HTTP/1.1 101 Go\r\n\r\n")?;
            reply.raw(encode(Opcode::Ping, true, b"?", None))?;
            reply.raw(encode(Opcode::Text, true, b"hello", None))?;
            reply.raw(encode(Opcode::Close, true, &1002_u16.to_be_bytes(), None))
        });
        let connection = Connection::over_websocket(server.address(), &[]).unwrap();
        let next = || connection.receive(PATIENCE).unwrap();
        assert_eq!(next(), Incoming::Text("hello".to_owned()));
        assert_eq!(next(), Incoming::Close(Some((1002, String::new()))));
        assert_eq!(next(), Incoming::End);
    }
}
