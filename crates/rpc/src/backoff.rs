//! How long to wait before the next attempt. Pure: chance is an argument.

use std::time::Duration;

/// Waits that double up to a bound, each shortened by chance to at least half, so that many
/// clients of one server do not come back at the same moment.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    /// The next wait before chance.
    wait: Duration,
}

// === impl Backoff ===

impl Backoff {
    /// Begins with `first`, never exceeds `longest`.
    #[must_use]
    pub fn new(first: Duration, longest: Duration) -> Self {
        let first = first.min(longest);
        Self {
            first,
            longest,
            wait: first,
        }
    }

    /// The next wait; `chance` is any number, evenly spread.
    pub fn next(&mut self, chance: u32) -> Duration {
        let wait = self.wait;
        self.wait = wait.saturating_mul(2).min(self.longest);
        let half = wait / 2;
        half + half.mul_f64(f64::from(chance) / f64::from(u32::MAX))
    }

    /// Begins anew, after an attempt that succeeded.
    pub fn reset(&mut self) {
        self.wait = self.first;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(5);

    #[test]
    fn waits_double_up_to_the_bound_and_begin_anew() {
        let mut backoff = Backoff::new(FIRST, LONGEST);
        let waits: Vec<_> = (0..8).map(|_| backoff.next(u32::MAX).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        backoff.reset();
        assert_eq!(backoff.next(0).as_millis(), 50);
    }

    proptest! {
        #[test]
        fn a_wait_is_between_half_and_whole(chances in prop::collection::vec(any::<u32>(), 1..100)) {
            let mut backoff = Backoff::new(FIRST, LONGEST);
            let mut whole = FIRST;
            for chance in chances {
                let wait = backoff.next(chance);
                prop_assert!(wait >= whole / 2 && wait <= whole);
                whole = (whole * 2).min(LONGEST);
            }
        }
    }
}
