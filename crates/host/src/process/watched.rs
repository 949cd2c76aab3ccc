//! Descriptors the runtime watches. The one step of registering them is `unsafe`.
#![expect(
    unsafe_code,
    reason = "registering a descriptor promises that it stays the same one"
)]

use std::{io, os::fd::OwnedFd, sync::Arc};

use tokio::io::unix::AsyncFd;

/// A descriptor the runtime watches; closed with its last clone.
pub(super) type Watched = Arc<AsyncFd<OwnedFd>>;

/// Has the runtime watch a non-blocking descriptor.
///
/// # Panics
/// Outside a runtime with I/O.
pub(super) fn watch(fd: OwnedFd) -> io::Result<Watched> {
    // SAFETY: an owned descriptor is open and stays the same one until it is dropped, which only
    // the `AsyncFd` that owns it from here on can do, after it has left the runtime.
    let registered = unsafe { AsyncFd::register(fd) };
    registered.map(Arc::new).map_err(Into::into)
}
