//! What runs inside a sandbox, in processes of its own, before the command does.
//!
//! Nothing here runs in the server. One thread, no runtime; what is promised of it is said in
//! [`init`].

pub(crate) mod capabilities;
pub(crate) mod init;
pub(crate) mod landlock;
pub(crate) mod notify;
pub(crate) mod sealing;
pub(crate) mod seccomp;
mod spare;
pub(crate) mod supervisor;
#[cfg(test)]
mod trial;
