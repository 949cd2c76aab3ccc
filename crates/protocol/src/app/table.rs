//! All names of the dialect, with how far each is: what `docs/coverage.md` is made from.
//!
//! The order of each list is the reference's; that of the requests is on the wire.

mod coverage;
mod gate;
mod requests;
mod told;

pub use self::{
    coverage::coverage,
    gate::{GATED, Gate, gated},
    requests::REQUESTS,
    told::{NOTIFICATIONS, SERVER_REQUESTS},
};

/// One name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// On the wire.
    pub name: &'static str,
    /// Who may use it.
    pub surface: Surface,
    /// How far it is.
    pub state: State,
}

/// Who may use a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Everybody.
    Stable,
    /// Clients that said `experimentalApi`.
    Experimental,
    /// Everybody; it is of an older dialect, and in no schema.
    Legacy,
}

/// How far a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has a type here; what of these is served, the face says.
    Implemented,
    /// It belongs to turns, in which a model answers, or to threads that had some; this server
    /// does not have them yet.
    Later,
    /// It belongs to a service that this server does not have and will not have.
    Refused {
        /// What this server is like, in words that follow "not offered by this server: ".
        why: &'static str,
    },
}

/// The request of that name.
#[must_use]
pub fn request(name: &str) -> Option<&'static Entry> {
    REQUESTS.iter().find(|entry| entry.name == name)
}

/// The words for a name that is no request, which the face puts `Invalid request: ` in front of.
#[must_use]
pub fn unknown_request(name: &str) -> String {
    let mut words = format!("unknown variant `{name}`, expected one of ");
    for (index, entry) in REQUESTS.iter().enumerate() {
        if index > 0 {
            words.push_str(", ");
        }
        words.push('`');
        words.push_str(entry.name);
        words.push('`');
    }
    words
}

// === impl Entry ===

impl Entry {
    /// What somebody is told who asks for what is not implemented; `None` if it is.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        let why = match self.state {
            State::Implemented => return None,
            State::Later => "this version of Outpost has no model turns yet",
            State::Refused { why } => why,
        };
        Some(format!(
            "{} is not offered by this server: {why}",
            self.name
        ))
    }
}

const fn here(surface: Surface, name: &'static str) -> Entry {
    Entry {
        name,
        surface,
        state: State::Implemented,
    }
}

const fn later(surface: Surface, name: &'static str) -> Entry {
    Entry {
        name,
        surface,
        state: State::Later,
    }
}

const fn closed(surface: Surface, name: &'static str, why: &'static str) -> Entry {
    Entry {
        name,
        surface,
        state: State::Refused { why },
    }
}
