//! A small HTTP/1.1 server for fixtures, on a free port of the loopback.
//!
//! One thread accepts and one serves each connection; a connection carries one
//! request. Dropping the [`Server`] shuts down every socket and joins every
//! thread, so a handler that never answers ends too.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread::{self, JoinHandle},
};

use parking_lot::Mutex;

/// The largest request body that is taken, in bytes.
const BODY_MAX: usize = 256 << 20;

/// A request, read whole.
#[derive(Debug)]
pub struct Request {
    /// The method, as it was sent.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Names and values in the order they came, names as they were sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The connection a handler answers on.
#[derive(Debug)]
pub struct Reply(TcpStream);

/// A running server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    open: Vec<TcpStream>,
    serving: Vec<JoinHandle<()>>,
}

// === impl Request ===

impl Request {
    /// The value of the first header with this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn read(socket: TcpStream) -> io::Result<Self> {
        let mut reader = BufReader::new(socket);
        let mut line = || {
            let mut line = String::new();
            reader
                .read_line(&mut line)
                .map(|_| line.trim_end().to_owned())
        };
        let first = line()?;
        let mut words = first.split(' ').map(str::to_owned);
        let (method, path) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        let mut headers = Vec::new();
        loop {
            let line = line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        let mut request = Self {
            method,
            path,
            headers,
            body: Vec::new(),
        };
        let length = request
            .header("content-length")
            .and_then(|length| length.parse().ok());
        let length: usize = length.unwrap_or(0);
        assert!(length <= BODY_MAX, "a request of {length} bytes");
        request.body.resize(length, 0);
        reader.read_exact(&mut request.body)?;
        Ok(request)
    }
}

// === impl Reply ===

impl Reply {
    /// Sends bytes as they are.
    pub fn raw(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.0.write_all(bytes.as_ref())
    }

    /// Sends a whole answer; each header line without its line end.
    pub fn whole(
        &mut self,
        status: u16,
        headers: &[&str],
        body: impl AsRef<[u8]>,
    ) -> io::Result<()> {
        let body = body.as_ref();
        self.head(status, headers, &format!("content-length: {}", body.len()))?;
        self.raw(body)
    }

    /// Sends the head of an answer whose body is what follows, until the
    /// connection ends.
    pub fn stream(&mut self, status: u16, headers: &[&str]) -> io::Result<()> {
        self.head(status, headers, "cache-control: no-store")
    }

    /// Waits until the client gives up or the server is dropped.
    pub fn hang(&mut self) {
        // Any outcome is the end of the connection.
        let _end = self.0.read(&mut [0]).is_ok();
    }

    fn head(&mut self, status: u16, headers: &[&str], last: &str) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {status} Status\r\nconnection: close\r\n");
        for header in headers.iter().chain([&last]) {
            head.push_str(header);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        self.raw(head)
    }
}

// === impl Server ===

impl Server {
    /// Starts a server; `handler` runs once per request, on its own thread. Its
    /// error means that the client has gone, which is none of the server's
    /// business.
    pub fn start(
        handler: impl Fn(Request, &mut Reply) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let shared = Arc::<Shared>::default();
        let (accepted, handler) = (Arc::clone(&shared), Arc::new(handler));
        let accepting = thread::spawn(move || {
            for socket in listener.incoming() {
                let socket = socket.expect("a loopback listener accepts");
                let handler = Arc::clone(&handler);
                if !accepted.serve(socket, move |request, reply| handler(request, reply)) {
                    return;
                }
            }
        });
        Self {
            address,
            shared,
            accepting: Some(accepting),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://` and the address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Shared {
    /// Serves one connection on a thread of its own; false when stopped.
    fn serve(
        &self,
        socket: TcpStream,
        handler: impl FnOnce(Request, &mut Reply) -> io::Result<()> + Send + 'static,
    ) -> bool {
        let mut state = self.state.lock();
        if state.stopped {
            return false;
        }
        state
            .open
            .push(socket.try_clone().expect("a socket can be duplicated"));
        state.serving.push(thread::spawn(move || {
            let Ok(reading) = socket.try_clone() else {
                return;
            };
            let Ok(request) = Request::read(reading) else {
                return;
            };
            let mut reply = Reply(socket);
            // Whatever came of it, the connection ends here.
            let _served = handler(request, &mut reply).is_ok();
            let _ended = reply.0.shutdown(Shutdown::Both).is_ok();
        }));
        true
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let (open, serving) = {
            let mut state = self.shared.state.lock();
            state.stopped = true;
            (
                std::mem::take(&mut state.open),
                std::mem::take(&mut state.serving),
            )
        };
        for socket in open {
            // It may have ended already.
            let _was_open = socket.shutdown(Shutdown::Both).is_ok();
        }
        // The connection that wakes the accepting thread, which then stops.
        let _woken = TcpStream::connect(self.address).is_ok();
        let threads = serving.into_iter().chain(self.accepting.take());
        let panicked = threads.map(JoinHandle::join).filter(Result::is_err).count();
        if panicked > 0 && !thread::panicking() {
            panic!("{panicked} handlers of the fixture server panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(server: &Server, request: &str) -> String {
        let mut socket = TcpStream::connect(server.address()).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn a_request_reaches_its_handler_whole() {
        let server = Server::start(|request, reply| {
            assert_eq!(
                (request.method.as_str(), request.path.as_str()),
                ("PUT", "/a?b")
            );
            assert_eq!(request.header("x-y"), Some("z"));
            reply.whole(201, &["a: b"], request.body)
        });
        let answer = ask(
            &server,
            "PUT /a?b HTTP/1.1\r\nX-Y: z\r\nContent-Length: 4\r\n\r\nbody",
        );
        assert!(answer.starts_with("HTTP/1.1 201 "));
        assert!(answer.contains("\r\na: b\r\n"));
        assert!(answer.ends_with("\r\n\r\nbody"));
    }

    #[test]
    fn a_drop_ends_a_handler_that_hangs() {
        let server = Server::start(|_, reply| {
            reply.hang();
            Ok(())
        });
        let mut socket = TcpStream::connect(server.address()).unwrap();
        socket.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        drop(server);
        assert!(matches!(socket.read(&mut [0]), Ok(0) | Err(_)));
    }
}
