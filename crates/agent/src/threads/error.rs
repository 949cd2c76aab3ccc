//! Why a thread does not begin or change.

#[cfg(doc)]
use super::ThreadLimits;

/// A thread cannot begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// As many as [`ThreadLimits::loaded`] are in use.
    #[error("{0} threads are in use; unsubscribe from one first")]
    TooMany(usize),
    /// It would hold more than [`ThreadLimits::bytes_each`].
    #[error(transparent)]
    TooLong(#[from] TooLong),
}

/// A thread would hold more text than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a thread's name and settings have at most {limit} bytes together")]
pub struct TooLong {
    /// [`ThreadLimits::bytes_each`].
    pub limit: usize,
}

/// A thread was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// It is not at hand.
    #[error("not at hand")]
    Unknown,
    /// The name is nothing but white space.
    #[error("thread name must not be empty")]
    EmptyName,
    /// It is never to be kept, so it has no name.
    #[error("ephemeral")]
    Ephemeral,
    /// It would hold more than [`ThreadLimits::bytes_each`].
    #[error(transparent)]
    TooLong(#[from] TooLong),
}
