//! A network that may not be reached, and one that may.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    thread::{self, JoinHandle},
    time::Duration,
};

use outpost_testkit::mock::Step;

use super::{WORKSPACE, walled};
use crate::{held::Held, scene::Scene};

/// How long a caller may take to say what it wants.
const SAY_PATIENCE: Duration = Duration::from_secs(10);

/// What the last caller says.
const STOP: &[u8] = b"stop\n";

on_ways! {
    behind walls [(over_the_variable, Variable), (over_stdio, Program)];
    nobody_outside_is_reached,
    whoever_may_be_reached_is,
}

/// Somebody outside the sandbox who counts who calls.
struct Outside {
    calls: JoinHandle<usize>,
    address: SocketAddr,
    letters: UdpSocket,
}

impl Outside {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let letters = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        letters.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        Self {
            calls: thread::spawn(move || count(&listener)),
            address,
            letters,
        }
    }

    /// A step for each way to call.
    fn calls(&self) -> [Step; 4] {
        let (port, letters) = (
            self.address.port(),
            self.letters.local_addr().unwrap().port(),
        );
        let python = "import socket,sys; \
            socket.create_connection(('127.0.0.1',int(sys.argv[1])),5).sendall(b'python\\n')";
        [
            Step::shell(format!("echo bash > /dev/tcp/127.0.0.1/{port} || exit 9")),
            Step::shell(format!(
                "echo letter > /dev/udp/127.0.0.1/{letters} || exit 9"
            )),
            Step::shell(format!("curl -sS -m 5 http://127.0.0.1:{port}/")),
            Step::shell(format!("python3 -c \"{python}\" {port}")),
        ]
    }

    /// How many called and how many wrote.
    fn heard(self) -> (usize, usize) {
        let mut last = TcpStream::connect(self.address).unwrap();
        last.write_all(STOP).unwrap();
        let calls = self.calls.join().unwrap();
        let letters = (0..).take_while(|_| self.letters.recv(&mut [0; 64]).is_ok());
        (calls, letters.count())
    }
}

/// Answers whoever calls, until it is told to stop.
fn count(listener: &TcpListener) -> usize {
    for calls in 0.. {
        let (mut caller, _) = listener.accept().unwrap();
        caller.set_read_timeout(Some(SAY_PATIENCE)).unwrap();
        let mut said = [0; 256];
        let length = caller.read(&mut said).unwrap();
        if &said[..length] == STOP {
            return calls;
        }
        // Only the one that speaks HTTP listens.
        if said.starts_with(b"GET ") {
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nreached";
            caller.write_all(answer.as_bytes()).unwrap();
        }
    }
    unreachable!("somebody says stop");
}

fn nobody_outside_is_reached(scene: Scene) {
    let outside = Outside::start();
    let scene = outside
        .calls()
        .into_iter()
        .fold(scene.held(WORKSPACE), Scene::then);
    let told = scene.play();
    let ends = walled(&told);
    assert_eq!(outside.heard(), (0, 0), "nobody called");
    assert_eq!(ends.len(), 4);
    for end in &ends {
        assert_ne!(end.code, 0, "{}", end.run.start["argv"]);
        assert_eq!(
            end.run.start["sandbox"]["permissions"]["network"],
            "restricted"
        );
    }
    assert_eq!([ends[0].code, ends[2].code], [9, 7]);
    assert!(ends[0].denied, "the shell was refused a socket");
    assert!(
        ends[3]
            .run
            .text("stderr")
            .contains("Operation not permitted")
    );
}

fn whoever_may_be_reached_is(scene: Scene) {
    let outside = Outside::start();
    let held = Held::WorkspaceWrite { network: true };
    let scene = outside
        .calls()
        .into_iter()
        .fold(scene.held(held), Scene::then);
    let told = scene.then(Step::shell("echo x > ../beside/new")).play();
    let ends = walled(&told);
    assert_eq!(outside.heard(), (3, 1), "each way reached it");
    assert_eq!(ends.len(), 5);
    for end in &ends[..4] {
        assert_eq!((end.code, end.denied), (0, false));
        assert_eq!(
            end.run.start["sandbox"]["permissions"]["network"],
            "enabled"
        );
    }
    assert_eq!(ends[2].run.text("stdout"), "reached");
    assert_eq!(
        (ends[4].code, ends[4].denied),
        (1, true),
        "files are held still"
    );
    assert!(!told.is_there("../beside/new"));
}
