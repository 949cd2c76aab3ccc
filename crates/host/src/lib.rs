//! Acting on this computer: processes, files, HTTP.
pub mod environment;
pub mod fs;
pub mod http;
pub mod keeper;
pub mod process;
pub mod sandbox;
pub mod search;
