//! How long a wrong credential waits for its answer. Pure: `now` is an argument.
//!
//! The first few mistakes of a source cost nothing; then each costs more, up to a second, until
//! the source has been quiet for a while. A right credential never waits: it is the answer that is
//! delayed, not the check, so whoever knows the token gets in past any number of guessers.
//! A source that has all its waits taken is answered at once that it tries too much.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use tokio::time::Instant;

/// Mistakes of one source that are answered at once.
const FREE: u32 = 3;

/// The first wait; each further mistake doubles it.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// The longest wait: a person who mistyped should not notice.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// A source that was quiet for this long starts anew.
const FORGET: Duration = Duration::from_secs(60);

/// Answers that wait at the same time for one source. Each holds a connection.
const WAITING: u32 = 32;

/// Sources remembered; about 300 KiB. The one that was quiet longest makes room.
const SOURCES: usize = 4096;

/// The sources that made mistakes lately.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    sources: HashMap<IpAddr, Source>,
}

#[derive(Debug)]
struct Source {
    failures: u32,
    last: Instant,
    waiting: u32,
}

/// What a mistake costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sentence {
    /// Answer after this long, then say [`Throttle::served`].
    Wait(Duration),
    /// Answer at once, with a refusal to try more.
    TooMany,
}

// === impl Throttle ===

impl Throttle {
    /// A source sent a wrong credential.
    pub(crate) fn failed(&mut self, address: IpAddr, now: Instant) -> Sentence {
        let address = source(address);
        if !self.sources.contains_key(&address) {
            self.make_room(now);
        }
        let fresh = Source {
            failures: 0,
            last: now,
            waiting: 0,
        };
        let source = self.sources.entry(address).or_insert(fresh);
        if now.duration_since(source.last) >= FORGET {
            source.failures = 0;
        }
        source.last = now;
        source.failures = source.failures.saturating_add(1);
        if source.waiting == WAITING {
            return Sentence::TooMany;
        }
        source.waiting += 1;
        Sentence::Wait(wait(source.failures))
    }

    /// A waiting answer was given, or its connection is gone.
    pub(crate) fn served(&mut self, address: IpAddr) {
        if let Some(source) = self.sources.get_mut(&source(address)) {
            source.waiting = source.waiting.saturating_sub(1);
        }
    }

    fn make_room(&mut self, now: Instant) {
        if self.sources.len() < SOURCES {
            return;
        }
        self.sources
            .retain(|_, source| source.waiting > 0 || now < source.last + FORGET);
        if self.sources.len() < SOURCES {
            return;
        }
        let quietest = self
            .sources
            .iter()
            .min_by_key(|(_, source)| (source.waiting, source.last));
        if let Some(address) = quietest.map(|(address, _)| *address) {
            self.sources.remove(&address);
        }
    }
}

fn wait(failures: u32) -> Duration {
    match failures.saturating_sub(FREE) {
        0 => Duration::ZERO,
        more => FIRST_WAIT
            .saturating_mul(1 << (more - 1).min(16))
            .min(LONGEST_WAIT),
    }
}

/// What counts as one source: an address, or the network a single IPv6 customer has.
fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    const ONE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn a02_mistakes_cost_more_and_more_and_are_forgotten() {
        let (mut throttle, mut now) = (Throttle::default(), Instant::now());
        let mut cost = |now| match throttle.failed(ONE, now) {
            Sentence::Wait(wait) => {
                throttle.served(ONE);
                wait.as_millis()
            }
            Sentence::TooMany => panic!("nothing waits"),
        };
        let costs: Vec<_> = (0..10).map(|_| cost(now)).collect();
        assert_eq!(costs, [0, 0, 0, 50, 100, 200, 400, 800, 1000, 1000]);
        now += Duration::from_secs(59);
        assert_eq!(cost(now), 1000);
        now += Duration::from_secs(60);
        assert_eq!(cost(now), 0);
    }

    #[test]
    fn a02_waits_of_one_source_are_bounded_and_others_are_not_touched() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..WAITING {
            assert!(matches!(throttle.failed(ONE, now), Sentence::Wait(_)));
        }
        assert_eq!(throttle.failed(ONE, now), Sentence::TooMany);
        let other = "127.0.0.2".parse().unwrap();
        assert_eq!(throttle.failed(other, now), Sentence::Wait(Duration::ZERO));
        throttle.served(ONE);
        assert!(matches!(throttle.failed(ONE, now), Sentence::Wait(_)));
    }

    #[test]
    fn addresses_of_one_network_are_one_source() {
        let same = |a: &str, b: &str| source(a.parse().unwrap()) == source(b.parse().unwrap());
        assert!(same("2001:db8:0:1::1", "2001:db8:0:1:ffff::9"));
        assert!(!same("2001:db8:0:1::1", "2001:db8:0:2::1"));
        assert!(same("::ffff:10.0.0.1", "10.0.0.1"));
        assert!(!same("10.0.0.1", "10.0.0.2"));
    }

    #[test]
    fn a02_the_table_is_bounded_and_keeps_those_who_wait() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        throttle.failed(ONE, now);
        for number in 0..2 * u32::try_from(SOURCES).unwrap() {
            let address = IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number));
            throttle.failed(address, now);
            throttle.served(address);
            assert!(throttle.sources.len() <= SOURCES);
        }
        assert!(throttle.sources.contains_key(&ONE));
    }

    proptest! {
        #[test]
        fn a_wait_is_never_too_long(failures: u32) {
            prop_assert!(wait(failures) <= LONGEST_WAIT);
        }
    }
}
