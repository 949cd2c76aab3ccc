//! Acting on this computer: processes, files, HTTP.
pub mod fs;
pub mod http;
pub mod keeper;
pub mod process;
