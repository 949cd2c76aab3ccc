//! Buffers that large reads share.
//!
//! Memory that is touched for the first time costs more than reading a cached file into it, so the
//! buffers of windows and blocks are used again and again. A buffer comes back by itself when the
//! last `Bytes` made of it is dropped. At most [`SPARE`] wait unused; more than that are given back
//! to the system.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use parking_lot::Mutex;

/// The size of every shared buffer, in bytes: the largest window and the largest block.
pub(super) const BUFFER_BYTES: usize = 1024 * 1024;

/// How many unused buffers are kept: two large reads with one window at work and one ahead.
const SPARE: usize = 4;

/// Reads no longer than this get memory of their own: it costs little, and a shared buffer is not
/// tied up by a few bytes that somebody keeps.
const SMALL_BYTES: usize = 64 * 1024;

/// The spare buffers. Cloning shares them.
#[derive(Clone, Default)]
pub(super) struct Buffers {
    spare: Arc<Mutex<Vec<Box<[u8]>>>>,
}

/// A buffer in use.
struct Lent {
    memory: Box<[u8]>,
    filled: usize,
    home: Arc<Mutex<Vec<Box<[u8]>>>>,
}

impl Buffers {
    /// Lets `fill` write at most `len` bytes (cut to [`BUFFER_BYTES`]) and returns those it says it
    /// has written.
    ///
    /// # Errors
    ///
    /// Whatever `fill` fails with.
    pub(super) fn fill<E>(
        &self,
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<Bytes, E> {
        let len = len.min(BUFFER_BYTES);
        if len <= SMALL_BYTES {
            let mut memory = vec![0; len];
            let filled = fill(&mut memory)?;
            memory.truncate(filled);
            return Ok(memory.into());
        }
        let memory = self.spare.lock().pop();
        let mut lent = Lent {
            memory: memory.unwrap_or_else(|| vec![0; BUFFER_BYTES].into_boxed_slice()),
            filled: 0,
            home: Arc::clone(&self.spare),
        };
        let filled = fill(&mut lent.memory[..len])?;
        lent.filled = filled.min(len);
        Ok(Bytes::from_owner(lent))
    }
}

impl fmt::Debug for Buffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffers").finish_non_exhaustive()
    }
}

// === impl Lent ===

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.memory[..self.filled]
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        let mut spare = self.home.lock();
        if spare.len() < SPARE {
            spare.push(memory);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn lend(buffers: &Buffers, byte: u8) -> Bytes {
        let Ok(bytes) = buffers.fill(BUFFER_BYTES, |memory| {
            memory.fill(byte);
            Ok::<_, Infallible>(memory.len())
        });
        bytes
    }

    #[test]
    fn a_dropped_buffer_is_used_again_and_never_while_it_is_held() {
        let buffers = Buffers::default();
        let first = lend(&buffers, 1);
        let (address, part) = (first.as_ptr(), first.slice(10..20));
        drop(first);
        assert_ne!(lend(&buffers, 2).as_ptr(), address);
        assert_eq!(&part[..], &[1; 10]);
        drop(part);
        assert_eq!(lend(&buffers, 3).as_ptr(), address);
    }

    #[test]
    fn only_so_many_wait_unused() {
        let buffers = Buffers::default();
        let held: Vec<_> = (0..SPARE + 3).map(|_| lend(&buffers, 0)).collect();
        drop(held);
        assert_eq!(buffers.spare.lock().len(), SPARE);
    }

    #[test]
    fn a_failed_fill_gives_the_buffer_back_and_a_short_one_is_cut() {
        let buffers = Buffers::default();
        assert_eq!(buffers.fill(BUFFER_BYTES, |_| Err("no")), Err("no"));
        assert_eq!(buffers.spare.lock().len(), 1);
        assert_eq!(
            buffers
                .fill(SMALL_BYTES + 1, |_| Ok::<_, Infallible>(3))
                .unwrap()
                .len(),
            3
        );
        assert_eq!(
            buffers.fill(8, |_| Ok::<_, Infallible>(3)).unwrap().len(),
            3
        );
    }
}
