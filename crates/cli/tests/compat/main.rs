//! The real Codex runs its commands on this server.
//!
//! Each story starts an exec-server, a recording proxy in front of it and a
//! scripted model, lets the unmodified client run, and then judges what passed
//! on the wire. The exit status of the client is no evidence: it is 0 when every
//! tool call has failed. The client is never offered an environment of its own.
//!
//! The client is `OUTPOST_CODEX_BIN`, else the one that npm installs below
//! `target/compat`; a Python that has its SDK is `OUTPOST_PYTHON_SDK`, else one of a virtual
//! environment there. Without either the stories are skipped, loudly, unless
//! `OUTPOST_REQUIRE_COMPAT=1` says that this is a failure.
//! `OUTPOST_COMPAT_SERVER=reference` runs the stories against the client's own
//! exec-server, which shows what a story is worth. It passes them all but these:
//!
//! | story | what it does instead |
//! |---|---|
//! | the outage | loses output |
//! | an interrupt in a sandbox, also nobody's | ends the wrapper; the command's trap does not run |
//! | words alone | takes words in the output for a denial |
//! | what was denied, a walled terminal | looks for the words too early now and then, and says that nothing was denied |
//! | a shell that the profile hides | starts a program that is not there, which then panics |

#[cfg(test)]
#[macro_use]
mod ways;

#[cfg(test)]
mod app_server;
#[cfg(test)]
mod client;
#[cfg(test)]
mod environments;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod held;
#[cfg(test)]
mod nobody;
#[cfg(test)]
mod people;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod server;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod told;
#[cfg(test)]
mod tools;
#[cfg(test)]
mod walls;
