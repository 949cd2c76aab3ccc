//! What the machine outside of a sandbox looks like, before and after.

use std::{
    collections::BTreeMap,
    fs,
    net::{TcpListener, UdpSocket},
    os::fd::AsRawFd,
    os::linux::net::SocketAddrExt,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        net::{SocketAddr, UnixDatagram, UnixListener},
    },
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// Everything about every file below some folders, but for when it was last read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeMap<PathBuf, String>);

/// Sockets outside, which are to hear nothing.
#[derive(Debug)]
pub(crate) struct Listeners {
    tcp: TcpListener,
    udp: UdpSocket,
    stream: UnixListener,
    datagram: UnixDatagram,
    /// Bound by a name that the kernel does not know its path by.
    odd: UnixListener,
    renamed: UnixListener,
    named: UnixListener,
    named_datagram: UnixDatagram,
}

// === impl Snapshot ===

impl Snapshot {
    pub(crate) fn of(folders: &[PathBuf]) -> Self {
        let mut snapshot = Self::default();
        for folder in folders {
            snapshot.add(folder);
        }
        snapshot
    }

    fn add(&mut self, path: &Path) {
        let Ok(facts) = fs::symlink_metadata(path) else {
            return;
        };
        let content = if facts.is_file() {
            let bytes = fs::read(path).unwrap_or_default();
            format!("{:x}", Sha256::digest(bytes))
        } else {
            fs::read_link(path)
                .map(|link| link.display().to_string())
                .unwrap_or_default()
        };
        let described = format!(
            "mode {:o}, owner {}:{}, {} links, {} bytes, written {}.{:09}, changed {}.{:09}, {content}",
            facts.mode(),
            facts.uid(),
            facts.gid(),
            facts.nlink(),
            facts.size(),
            facts.mtime(),
            facts.mtime_nsec(),
            facts.ctime(),
            facts.ctime_nsec(),
        );
        self.0.insert(path.to_owned(), described);
        if facts.is_dir() {
            for entry in fs::read_dir(path).into_iter().flatten().flatten() {
                self.add(&entry.path());
            }
        }
    }

    /// What is different now.
    pub(crate) fn changes(&self, after: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        for (path, before) in &self.0 {
            match after.0.get(path) {
                None => changes.push(format!("{} is gone", path.display())),
                Some(now) if now != before => {
                    changes.push(format!("{}: {before} became {now}", path.display()));
                }
                Some(_) => {}
            }
        }
        let new = after.0.keys().filter(|path| !self.0.contains_key(*path));
        changes.extend(new.map(|path| format!("{} is new", path.display())));
        changes
    }
}

// === impl Listeners ===

impl Listeners {
    /// Two sockets in `folder`, two by `name`, two on the loopback.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let named = |name: String| SocketAddr::from_abstract_name(name).expect("a short name");
        let datagrams = named(format!("{name}-datagrams"));
        let opened = fs::File::open(folder).expect("it was just made");
        let by_descriptor = format!("/proc/self/fd/{}/odd.socket", opened.as_raw_fd());
        let listeners = Self {
            odd: UnixListener::bind(by_descriptor).expect("a new socket"),
            renamed: UnixListener::bind(folder.join("before.socket")).expect("a new socket"),
            tcp: TcpListener::bind(("127.0.0.1", 0)).expect("a free port"),
            udp: UdpSocket::bind(("127.0.0.1", 0)).expect("a free port"),
            stream: UnixListener::bind(folder.join("stream.socket")).expect("a new socket"),
            datagram: UnixDatagram::bind(folder.join("datagram.socket")).expect("a new socket"),
            named: UnixListener::bind_addr(&named(name.to_owned())).expect("a new name"),
            named_datagram: UnixDatagram::bind_addr(&datagrams).expect("a new name"),
        };
        let (before, after) = (folder.join("before.socket"), folder.join("renamed.socket"));
        fs::rename(before, after).expect("our own socket");
        for socket in ["stream", "datagram", "odd", "renamed"].map(|name| format!("{name}.socket"))
        {
            let open = fs::Permissions::from_mode(0o777);
            fs::set_permissions(folder.join(socket), open).expect("our own socket");
        }
        let quiet = [
            listeners.tcp.set_nonblocking(true),
            listeners.udp.set_nonblocking(true),
            listeners.stream.set_nonblocking(true),
            listeners.datagram.set_nonblocking(true),
            listeners.odd.set_nonblocking(true),
            listeners.renamed.set_nonblocking(true),
            listeners.named.set_nonblocking(true),
            listeners.named_datagram.set_nonblocking(true),
        ];
        quiet
            .into_iter()
            .collect::<Result<(), _>>()
            .expect("sockets can be told not to wait");
        listeners
    }

    pub(crate) fn tcp(&self) -> u16 {
        self.tcp.local_addr().expect("it is bound").port()
    }

    pub(crate) fn udp(&self) -> u16 {
        self.udp.local_addr().expect("it is bound").port()
    }

    /// Which of them heard something since they were asked last.
    pub(crate) fn heard(&self) -> Vec<&'static str> {
        let mut byte = [0];
        let all = [
            ("tcp", self.tcp.accept().is_ok()),
            ("udp", self.udp.recv(&mut byte).is_ok()),
            ("stream", self.stream.accept().is_ok()),
            ("datagram", self.datagram.recv(&mut byte).is_ok()),
            ("odd", self.odd.accept().is_ok()),
            ("renamed", self.renamed.accept().is_ok()),
            ("named", self.named.accept().is_ok()),
            (
                "named datagram",
                self.named_datagram.recv(&mut byte).is_ok(),
            ),
        ];
        all.into_iter()
            .filter_map(|(name, heard)| heard.then_some(name))
            .collect()
    }
}
