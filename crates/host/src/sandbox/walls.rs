//! Walls that are ready to be raised around a command.

use super::seal::Seal;
use crate::keeper::wire::Order;

/// What a command or a file call is walled in by. Made once per policy.
#[derive(Debug, PartialEq, Eq)]
pub struct Walls {
    launcher: Vec<Vec<u8>>,
    seal: Seal,
}

// === impl Walls ===

impl Walls {
    /// What the keeper is told.
    pub(crate) fn order(&self) -> Order {
        Order {
            launcher: self.launcher.clone(),
            seal: self.seal.clone(),
        }
    }
}
