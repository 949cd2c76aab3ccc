//! What an agent does, whoever asks for it and over whatever wire.
//!
//! This crate knows no connection, no JSON-RPC and not how a command is run. Of its matters it
//! has [`config`]: what the administrator, the user, a project and the command line say how work
//! is to be done; and what follows from that: who is signed in ([`account`]), the models one may
//! choose from ([`catalog`]) and who provides them ([`providers`]), where skills are looked for
//! ([`skills`]), what runs at which moments ([`hooks`]). [`threads`] are what clients and models work
//! on together. Turns, approvals and their store belong here too, and come with the work that brings
//! them.

pub mod account;
pub mod catalog;
pub mod config;
pub mod features;
pub mod hooks;
pub mod paging;
pub mod providers;
pub mod skills;
pub mod threads;
