//! How the allocator treats memory that is free for a moment.
#![expect(unsafe_code, reason = "the allocator is told through a C function")]

/// Free memory the allocator keeps before it gives some back to the system.
const KEPT: i32 = 64 << 20;

/// Keeps the allocator from giving back what is needed again at once. Output goes through buffers
/// of some 100 KiB that are made and freed many thousand times a second; by default each of them
/// may shrink the heap, and growing it again costs more than everything else that is done with
/// them, because the system has to clear the pages. Idle memory does not grow by it: what was never
/// touched is not kept.
pub(crate) fn keep_what_was_touched() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt changes a number of the allocator; no other thread runs yet.
    let _kept = unsafe { libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT) };
}
