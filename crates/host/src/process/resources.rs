//! How much of this computer one command may use.
//!
//! Pure data. What cannot be enforced here is refused before anything starts.

/// Bounds of one command and everything it starts. `None` is no bound of ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ResourceLimits {
    /// Memory of all its processes together, in bytes.
    pub memory_bytes: Option<u64>,
    /// Processor time of each of its processes, in seconds.
    pub cpu_seconds: Option<u64>,
    /// Processes and threads at once.
    pub pids: Option<u64>,
    /// Open descriptors of each of its processes.
    pub open_files: Option<u64>,
    /// The size of any file it writes, in bytes.
    pub file_size_bytes: Option<u64>,
}

impl ResourceLimits {
    /// Whether there is no bound at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
