//! Acting on this computer: processes, files, HTTP.
