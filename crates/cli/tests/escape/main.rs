//! Programs that try to get out of a sandbox, and the promises of the rows B and F08 to F11.
//!
//! This binary is two programs. Started by the test runner it is the tests; started with
//! `hostile` as its first word it is one of the attacks in [`hostile`]. A test has a real server
//! start attacks under a policy, as root and as nobody, and holds the attack's own verdict
//! against what the machine outside looks like afterwards. Each attack that can do so without
//! harm is also run without a sandbox, where it has to succeed: one that never works would be no
//! test.

#[cfg(test)]
mod arena;
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod checklist;
#[cfg(test)]
#[path = "../faults/client.rs"]
#[expect(
    dead_code,
    reason = "shared with the tests of faults, which use all of it"
)]
mod client;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod fallback;
#[cfg(test)]
mod files;
#[cfg(test)]
mod hostile;
#[cfg(test)]
#[path = "../faults/meter.rs"]
#[expect(
    dead_code,
    reason = "shared with the tests of faults, which use all of it"
)]
mod meter;
#[cfg(test)]
mod names;
#[cfg(test)]
mod network;
#[cfg(test)]
mod outside;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod room;
#[cfg(test)]
mod server;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod trees;
