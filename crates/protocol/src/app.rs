//! The app-server's methods, by family.
//!
//! Parameter types carry the reference's type names, because those are on the wire: a request
//! whose parameters are no object is told `expected struct CommandExecParams`. The order of their
//! fields is the order in which the reference reads an array in place of an object, and that of an
//! answer's fields is the order in which it writes them. Members of answers that may be `null`
//! are written as `null`; those that the reference leaves out are left out.
//!
//! Of turns only the outer form is here, where threads are answered. [`table`] has all names of the dialect, these too, and what a
//! client may use without saying `experimentalApi`.

pub mod account;
pub mod choices;
pub mod command;
pub mod config;
pub mod diagnostics;
pub mod environment;
pub mod extensions;
pub mod fs;
pub mod hooks;
pub mod model;
mod params;
mod path;
pub mod policy;
pub mod process;
pub mod search;
mod secret;
pub mod session;
mod setting;
pub mod skills;
pub mod table;
pub mod thread;
mod write;

use serde::{Deserialize, Serialize};

pub use self::{
    params::{BadParams, decode_params},
    path::AbsolutePath,
    secret::Secret,
    setting::Setting,
    write::{failure, notification, request},
};

/// The answer of a call that only does something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {}
