//! The exec-server's methods, by family.
//!
//! Parameter types carry the reference's type names where those are on the wire: a request whose
//! parameters are no object is told `expected struct WireExecParams`. The order of their fields is
//! the order in which the reference reads an array in place of an object. Members that Outpost
//! added come last, are optional, and are announced in [`environment::Capabilities`].

pub mod environment;
pub mod fs;
pub mod http;
pub mod process;
pub mod sandbox;
pub mod session;

/// The reference whose wire this is.
pub const REFERENCE_VERSION: &str = "0.169.0";

/// Everything that is said on this face, by its types.
#[cfg(feature = "schema")]
pub(crate) fn described() -> crate::schema::Book {
    let mut book = crate::schema::Book::new();
    environment::describe_methods(&mut book);
    fs::describe_methods(&mut book);
    http::describe_methods(&mut book);
    process::describe_methods(&mut book);
    session::describe_methods(&mut book);
    fs::describe_notifications(&mut book);
    http::describe_notifications(&mut book);
    process::describe_notifications(&mut book);
    session::describe_notifications(&mut book);
    book
}
