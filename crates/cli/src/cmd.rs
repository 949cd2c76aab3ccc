//! The commands: each takes its arguments and gives an exit status.

pub(crate) mod app_proxy;
pub(crate) mod app_server;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod exec_server;
pub(crate) mod fs;
mod paths;
mod policy;
pub(crate) mod processes;
pub(crate) mod run;
pub(crate) mod schema;
