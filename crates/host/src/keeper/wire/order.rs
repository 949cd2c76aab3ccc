//! What walls are to be raised, as one part of a frame.

use super::{
    WireError,
    fields::{Reader, bytes, count},
};
use crate::sandbox::{seal::Seal, stamp::Stamp};

/// How a command is walled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// The program that raises namespaces, and its arguments up to the program it is to run;
    /// empty where there are none to be raised.
    pub(crate) launcher: Vec<Vec<u8>>,
    /// What the command's own process closes itself in with.
    pub(crate) seal: Seal,
    /// What was at the places of its layers a moment ago. Without it, walls that were raised
    /// beforehand are neither used nor made.
    pub(crate) stamp: Option<Stamp>,
    /// Whether more are likely to come: those that are for one process and none after it neither
    /// use nor leave walls that were raised beforehand.
    pub(crate) recurs: bool,
}

// === impl Order ===

impl Order {
    pub(super) fn encode(&self, w: &mut Vec<u8>) {
        count(w, self.launcher.len());
        self.launcher.iter().for_each(|argument| bytes(w, argument));
        self.seal.encode(w);
        w.push(u8::from(self.stamp.is_some()));
        if let Some(stamp) = &self.stamp {
            stamp.encode(w);
        }
        w.push(u8::from(self.recurs));
    }

    pub(super) fn decode(r: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(Self {
            launcher: r.list(Reader::bytes)?,
            seal: Seal::decode(r)?,
            stamp: if r.bool()? {
                Some(Stamp::decode(r)?)
            } else {
                None
            },
            recurs: r.bool()?,
        })
    }
}
