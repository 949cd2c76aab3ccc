//! One process an id, the bounds, and forgetting: against a list of what should be there.

use proptest::prelude::*;

use super::*;

/// A process in three facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fake {
    number: u64,
    closed: Option<Instant>,
    settled: bool,
}

impl Member for Fake {
    fn closed_at(&self) -> Option<Instant> {
        self.closed
    }

    fn is_settled(&self) -> bool {
        self.settled
    }
}

fn running(number: u64) -> Fake {
    Fake {
        number,
        closed: None,
        settled: false,
    }
}

fn closed(number: u64, at: Instant, settled: bool) -> Fake {
    Fake {
        number,
        closed: Some(at),
        settled,
    }
}

fn add(registry: &mut Registry<Fake>, id: &str, process: Fake) {
    let (reservation, _) = registry.reserve(id).unwrap();
    assert!(registry.fill(id, reservation, process));
}

#[test]
fn p20_an_id_is_free_again_once_its_close_was_told() {
    let now = Instant::now();
    let mut registry = Registry::new(9, 9);
    add(&mut registry, "a", running(1));
    add(&mut registry, "b", closed(2, now, false));
    add(&mut registry, "c", closed(3, now, true));
    assert_eq!(registry.reserve("a").unwrap_err(), Refusal::InUse);
    assert_eq!(registry.reserve("b").unwrap_err(), Refusal::InUse);
    assert_eq!(registry.reserve("c").unwrap().1, [closed(3, now, true)]);
    assert_eq!(
        registry.reserve("c").unwrap_err(),
        Refusal::InUse,
        "its start is under way"
    );
}

#[test]
fn a_failed_start_frees_its_id_and_no_other() {
    let mut registry = Registry::new(9, 9);
    let (first, _) = registry.reserve("a").unwrap();
    registry.release("a", first);
    let (second, _) = registry.reserve("a").unwrap();
    registry.release("a", first);
    assert_eq!(registry.find("a"), Some(Named::Starting));
    assert!(registry.fill("a", second, running(1)));
    assert_eq!(registry.find("a"), Some(Named::Ready(running(1))));
}

#[test]
fn a_cancelled_start_is_refused_its_place_and_frees_it() {
    let mut registry = Registry::new(9, 9);
    let (reservation, _) = registry.reserve("a").unwrap();
    assert!(registry.cancel("a") && !registry.cancel("b"));
    assert!(!registry.fill("a", reservation, running(1)));
    registry.release("a", reservation);
    assert_eq!(registry.find("a"), None);
}

#[test]
fn too_many_live_ones_are_refused_and_closed_ones_forgotten() {
    let now = Instant::now();
    let mut registry = Registry::new(2, 2);
    add(&mut registry, "a", closed(1, now, false));
    add(
        &mut registry,
        "b",
        closed(2, now + Duration::from_secs(1), false),
    );
    let (_, forgotten) = registry.reserve("c").unwrap();
    assert_eq!(forgotten, [closed(1, now, false)]);
    registry.reserve("d").unwrap();
    assert_eq!(registry.reserve("e").unwrap_err(), Refusal::TooMany);
}

#[test]
fn nothing_starts_after_the_end() {
    let mut registry = Registry::new(9, 9);
    add(&mut registry, "a", running(1));
    let (reservation, _) = registry.reserve("b").unwrap();
    assert_eq!(registry.end(), [running(1)]);
    assert!(!registry.fill("b", reservation, running(2)));
    assert_eq!(registry.reserve("c").unwrap_err(), Refusal::Ended);
}

proptest! {
    /// Pruning forgets exactly what is due, and says when the next one is.
    #[test]
    fn pruning_is_exact(closed_at in proptest::collection::vec(proptest::option::of(0_u64..20), 0..8), at in 0_u64..30) {
        let start = Instant::now();
        let keep = Duration::from_secs(5);
        let mut registry = Registry::new(9, 9);
        for (number, second) in (0_u64..).zip(&closed_at) {
            let closed = second.map(|second| start + Duration::from_secs(second));
            add(&mut registry, &number.to_string(), Fake { number, closed, settled: false });
        }
        let (forgotten, next) = registry.prune(start + Duration::from_secs(at), keep);
        let due = |second: &&Option<u64>| second.is_some_and(|second| second + 5 <= at);
        prop_assert_eq!(forgotten.len(), closed_at.iter().filter(due).count());
        let first = closed_at.iter().flatten().filter(|&&second| second + 5 > at).min();
        prop_assert_eq!(next, first.map(|&second| start + Duration::from_secs(second + 5)));
    }
}
