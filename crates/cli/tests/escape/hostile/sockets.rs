//! Ways to talk: to the network, to the kernel, to other processes of the machine.

use std::{
    fs,
    net::{TcpStream, UdpSocket},
    os::{
        fd::AsRawFd,
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixDatagram, UnixStream},
    },
    path::Path,
};

use super::{
    Report, Scene,
    sys::{Tried, call, words},
};

fn socket(family: i32, kind: i32, protocol: i32) -> Tried {
    call!(SYS_socket, family, kind | libc::SOCK_CLOEXEC, protocol)
}

/// An address of IPv4's loopback.
fn loopback(port: u16) -> [u8; 16] {
    let mut address = [0; 16];
    address[..2].copy_from_slice(&u16::try_from(libc::AF_INET).expect("small").to_ne_bytes());
    address[2..4].copy_from_slice(&port.to_be_bytes());
    address[4..8].copy_from_slice(&[127, 0, 0, 1]);
    address
}

/// The address of a socket file, or of a name that is none.
fn local(name: &[u8]) -> Vec<u8> {
    let mut address = u16::try_from(libc::AF_UNIX)
        .expect("small")
        .to_ne_bytes()
        .to_vec();
    address.extend_from_slice(name);
    address
}

/// Sends a byte by each call that can name whom it is for.
fn send_to(report: &mut Report, what: &str, family: i32, kind: i32, address: &[u8]) {
    let byte = b"!".as_slice();
    let sent = |way: &dyn Fn(usize) -> Tried| {
        let opened = socket(family, kind | libc::SOCK_NONBLOCK, 0)?;
        let outcome = way(opened);
        call!(SYS_close, opened).and(outcome)
    };
    let outcome = sent(&|fd| call!(SYS_sendto, fd, byte, 1, 0, address, address.len()));
    report.way(format_args!("{what}: sendto"), outcome);
    let part = words(&[byte.as_ptr() as u64, 1]);
    let message = words(&[
        address.as_ptr() as u64,
        address.len() as u64,
        part.as_ptr() as u64,
        1,
        0,
        0,
        0,
        0,
    ]);
    let message = message.as_slice();
    let outcome = sent(&|fd| call!(SYS_sendmsg, fd, message, 0));
    report.way(format_args!("{what}: sendmsg"), outcome);
    let outcome = sent(&|fd| call!(SYS_sendmmsg, fd, message, 1, 0));
    report.way(format_args!("{what}: sendmmsg"), outcome);
    let outcome = sent(&|fd| {
        call!(SYS_connect, fd, address, address.len())?;
        call!(SYS_write, fd, byte, 1)
    });
    report.way(format_args!("{what}: connect and write"), outcome);
}

/// A stream to a listener on the machine's loopback.
pub(crate) fn tcp(scene: &Scene, report: &mut Report) {
    report.way("connect", TcpStream::connect(("127.0.0.1", scene.tcp)));
    report.way(
        "connect by any address",
        TcpStream::connect(("0.0.0.0", scene.tcp)),
    );
    report.way(
        "connect as IPv6",
        TcpStream::connect(("::ffff:127.0.0.1", scene.tcp)),
    );
    let (address, byte) = (loopback(scene.tcp), b"!".as_slice());
    let address = address.as_slice();
    let fast = socket(libc::AF_INET, libc::SOCK_STREAM, 0).and_then(|fd| {
        call!(
            SYS_sendto,
            fd,
            byte,
            1,
            libc::MSG_FASTOPEN,
            address,
            address.len()
        )
    });
    report.way("send with the first packet", fast);
    let several = socket(libc::AF_INET, libc::SOCK_STREAM, 262)
        .and_then(|fd| call!(SYS_connect, fd, address, address.len()));
    report.way("connect on several paths", several);
}

/// Datagrams.
pub(crate) fn udp(scene: &Scene, report: &mut Report) {
    send_to(
        report,
        "loopback",
        libc::AF_INET,
        libc::SOCK_DGRAM,
        &loopback(scene.udp),
    );
}

/// Questions to a resolver, which carry whatever is asked for.
pub(crate) fn resolver(_: &Scene, report: &mut Report) {
    let settings = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let named = settings
        .lines()
        .find_map(|line| line.strip_prefix("nameserver "));
    for server in ["127.0.0.53", named.unwrap_or("127.0.0.1").trim()] {
        let sent = UdpSocket::bind(("0.0.0.0", 0)).and_then(|own| own.send_to(b"?", (server, 53)));
        report.way(server, sent);
    }
}

/// Packets without the kernel's rules.
pub(crate) fn raw(_: &Scene, report: &mut Report) {
    for (family, protocol) in [
        (libc::AF_INET, 1),
        (libc::AF_INET, 255),
        (libc::AF_INET6, 58),
    ] {
        let outcome = socket(family, libc::SOCK_RAW, protocol);
        report.way(
            format_args!("family {family}, protocol {protocol}"),
            outcome,
        );
    }
}

/// Everything that passes the network interface.
pub(crate) fn packet(_: &Scene, report: &mut Report) {
    for kind in [libc::SOCK_RAW, libc::SOCK_DGRAM, 10] {
        let outcome = socket(libc::AF_PACKET, kind, 0x0300);
        report.way(format_args!("kind {kind}"), outcome);
    }
}

/// The kernel's own services.
pub(crate) fn netlink(_: &Scene, report: &mut Report) {
    for protocol in 0..22 {
        let outcome = socket(libc::AF_NETLINK, libc::SOCK_RAW, protocol);
        if protocol == 0 || outcome.is_ok() {
            report.way(format_args!("protocol {protocol}"), outcome);
        }
    }
}

/// The host of a virtual machine.
pub(crate) fn vsock(_: &Scene, report: &mut Report) {
    for kind in [libc::SOCK_STREAM, libc::SOCK_DGRAM, libc::SOCK_SEQPACKET] {
        let outcome = socket(libc::AF_VSOCK, kind, 0);
        report.way(format_args!("kind {kind}"), outcome);
    }
}

/// Every other family of sockets.
pub(crate) fn families(_: &Scene, report: &mut Report) {
    for family in (2..47).filter(|&family| family != libc::AF_VSOCK) {
        let kinds = [
            libc::SOCK_STREAM,
            libc::SOCK_DGRAM,
            libc::SOCK_SEQPACKET,
            libc::SOCK_RAW,
        ];
        let first = kinds.map(|kind| socket(family, kind, 0)).into_iter();
        let outcome = first
            .reduce(|best, next| best.or(next))
            .expect("four were tried");
        report.way(format_args!("family {family}"), outcome);
    }
}

/// Sockets that have a name but no file.
pub(crate) fn abstract_name(scene: &Scene, report: &mut Report) {
    let address = SocketAddr::from_abstract_name(&scene.name);
    let connected = address.and_then(|address| UnixStream::connect_addr(&address));
    report.way("connect", connected);
    let name = format!("\0{}-datagrams", scene.name);
    let address = local(name.as_bytes());
    send_to(
        report,
        "datagrams",
        libc::AF_UNIX,
        libc::SOCK_DGRAM,
        &address,
    );
}

/// Sockets that are files, connected to: under their own names, under those that the kernel does
/// not know them by, and under others.
pub(crate) fn path_stream(scene: &Scene, report: &mut Report) {
    for name in ["stream.socket", "odd.socket", "renamed.socket"] {
        report.way(name, UnixStream::connect(scene.out(name)));
    }
    let path = scene.out("stream.socket");
    let below = Path::new("/proc/self/root").join(path.strip_prefix("/").unwrap_or(&path));
    report.way("by another path", UnixStream::connect(below));
    let link = scene.own("stream");
    let linked = std::os::unix::fs::symlink(&path, &link);
    let outcome = linked.and_then(|()| UnixStream::connect(&link));
    report.way("by a link", outcome);
    let hard = scene.own("hard-stream");
    let outcome = fs::hard_link(&path, &hard).and_then(|()| UnixStream::connect(&hard));
    report.way("by a hard link", outcome);
}

/// The same with datagrams.
pub(crate) fn path_datagram(scene: &Scene, report: &mut Report) {
    let path = scene.out("datagram.socket");
    let name = format!("{}\0", path.display());
    send_to(
        report,
        "file",
        libc::AF_UNIX,
        libc::SOCK_DGRAM,
        &local(name.as_bytes()),
    );
    // A pair that was made unconnected to anything else can still name another.
    let outcome = UnixDatagram::pair().and_then(|(one, _other)| {
        let address = local(name.as_bytes());
        let address = address.as_slice();
        let fd = one.as_raw_fd();
        call!(SYS_connect, fd, address, address.len())
            .and_then(|_| call!(SYS_write, fd, b"!".as_slice(), 1))
            .map_err(|error| std::io::Error::from_raw_os_error(error.0))
    });
    report.way("one of a pair", outcome);
}
