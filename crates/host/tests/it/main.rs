//! Integration tests of the host: what it does to a real computer.

mod environment;
mod fs_changes;
mod fs_copy;
mod fs_disk;
mod fs_faults;
mod fs_handles;
mod fs_kit;
mod fs_look;
mod fs_read;
mod fs_tree;
mod fs_watch;
mod fs_write;
mod http;
mod keeper;
mod process_attach;
mod process_end;
mod process_input;
mod process_output;
mod process_support;
mod process_terminal;
mod sandbox;
mod search;
