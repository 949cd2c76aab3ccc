//! What an agent does, whoever asks for it and over whatever wire.
//!
//! This crate knows no connection, no JSON-RPC and not how a command is run. Of its matters it
//! has [`config`]: what the administrator, the user, a project and the command line say how work
//! is to be done. Threads, turns, approvals and their store belong here too, and come with the
//! work that brings them.

pub mod config;
