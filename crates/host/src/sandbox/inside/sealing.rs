//! How a command's process closes itself in, in the one order that works.
//!
//! Everything that can fail for want of something is made beforehand by the first process; the
//! command's process, a copy of it, only applies. Landlock comes before the filters, which refuse
//! what would be needed to apply it; the listener is handed over before the filter that refuses.

use std::{
    io,
    sync::{Arc, atomic::AtomicBool},
};

use crate::sandbox::seal::Seal;

/// What a command's process closes itself in with.
#[derive(Debug)]
pub(crate) struct Sealing {}

// === impl Sealing ===

impl Sealing {
    /// Makes everything ready, in the first process; gives up its powers.
    pub(crate) fn prepare(_seal: &Seal) -> io::Result<Self> {
        Ok(Self {})
    }

    /// Closes this process in, for good.
    pub(crate) fn apply(&self) -> io::Result<()> {
        Ok(())
    }

    /// Watches over the command, from the first process, once it runs. Returns whether something
    /// was refused since.
    pub(crate) fn begin(self) -> Arc<AtomicBool> {
        Arc::default()
    }
}
