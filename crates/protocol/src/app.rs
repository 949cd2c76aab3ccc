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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Done {}

/// Everything that is said on this face, by its types.
#[cfg(feature = "schema")]
pub(crate) fn described() -> crate::schema::Book {
    let mut book = crate::schema::Book::new();
    account::describe_methods(&mut book);
    choices::describe_methods(&mut book);
    command::describe_methods(&mut book);
    config::describe_methods(&mut book);
    diagnostics::describe_methods(&mut book);
    environment::describe_methods(&mut book);
    extensions::describe_methods(&mut book);
    fs::describe_methods(&mut book);
    hooks::describe_methods(&mut book);
    model::describe_methods(&mut book);
    process::describe_methods(&mut book);
    search::describe_methods(&mut book);
    session::describe_methods(&mut book);
    skills::describe_methods(&mut book);
    thread::describe_methods(&mut book);
    account::describe_notifications(&mut book);
    command::describe_notifications(&mut book);
    config::describe_notifications(&mut book);
    diagnostics::describe_notifications(&mut book);
    environment::describe_notifications(&mut book);
    fs::describe_notifications(&mut book);
    process::describe_notifications(&mut book);
    search::describe_notifications(&mut book);
    session::describe_notifications(&mut book);
    skills::describe_notifications(&mut book);
    thread::describe_notifications(&mut book);
    book
}
