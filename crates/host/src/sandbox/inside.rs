//! What runs inside a sandbox, in processes of its own, before the command does.
//!
//! Nothing here runs in the server. One thread, no runtime; what is promised of it is said in
//! [`init`].

pub(crate) mod init;
pub(crate) mod sealing;
