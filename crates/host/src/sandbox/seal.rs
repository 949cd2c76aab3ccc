//! What the first process inside a sandbox is told: how its command closes itself in.
//!
//! Pure data and its bytes. Both ends are the same program file (see [`crate::keeper::wire`]).

use std::{
    ffi::OsString,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use super::policy::Network;
use crate::keeper::wire::{
    WireError,
    fields::{Reader, bytes, count},
};

/// What Landlock, seccomp and the guard of names enforce.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Seal {
    /// Whether namespaces and mounts stand around; where not, everything rests on this.
    pub(crate) namespaces: bool,
    /// Whether the network may be reached.
    pub(crate) network: Network,
    /// Below these may be read and executed.
    pub(crate) read: Vec<PathBuf>,
    /// Below these may also be changed.
    pub(crate) write: Vec<PathBuf>,
    /// What may not come into being.
    pub(crate) guarded: Vec<Guarded>,
}

/// Names that do not exist in a directory that may be changed, and must not begin to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Guarded {
    /// The directory, without a symbolic link in it.
    pub(crate) directory: PathBuf,
    /// The names.
    pub(crate) names: Vec<OsString>,
}

// === impl Seal ===

impl Seal {
    /// Appends it.
    pub(crate) fn encode(&self, w: &mut Vec<u8>) {
        w.push(u8::from(self.namespaces));
        w.push(u8::from(self.network == Network::Enabled));
        paths(w, &self.read);
        paths(w, &self.write);
        count(w, self.guarded.len());
        for guarded in &self.guarded {
            bytes(w, guarded.directory.as_os_str().as_bytes());
            count(w, guarded.names.len());
            for name in &guarded.names {
                bytes(w, name.as_bytes());
            }
        }
    }

    /// Reads what [`Seal::encode`] wrote.
    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, WireError> {
        let path = |r: &mut Reader<'_>| Ok(PathBuf::from(OsString::from_vec(r.bytes()?)));
        let name = |r: &mut Reader<'_>| Ok(OsString::from_vec(r.bytes()?));
        Ok(Self {
            namespaces: r.bool()?,
            network: if r.bool()? {
                Network::Enabled
            } else {
                Network::Restricted
            },
            read: r.list(path)?,
            write: r.list(path)?,
            guarded: r.list(|r| {
                Ok(Guarded {
                    directory: path(r)?,
                    names: r.list(name)?,
                })
            })?,
        })
    }
}

fn paths(w: &mut Vec<u8>, paths: &[PathBuf]) {
    count(w, paths.len());
    for path in paths.iter().map(AsRef::<Path>::as_ref) {
        bytes(w, path.as_os_str().as_bytes());
    }
}
