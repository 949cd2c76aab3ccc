use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn claim(name: &str, access: Access) -> Vec<Claim> {
    vec![Claim::new("file", name, access)]
}

#[test]
fn reads_share_and_a_write_waits_for_them_and_holds_back_what_follows() {
    let mut lanes = Lanes::new(9, 9);
    assert!(lanes.admit(1, claim("f", Access::Shared), Pool::Work));
    assert!(lanes.admit(2, claim("f", Access::Shared), Pool::Work));
    assert!(!lanes.admit(3, claim("f", Access::Exclusive), Pool::Work));
    assert!(!lanes.admit(4, claim("f", Access::Shared), Pool::Work));
    assert!(lanes.admit(5, claim("g", Access::Exclusive), Pool::Work));
    assert!(lanes.finish(2).is_empty());
    assert_eq!(lanes.finish(1), [3]);
    assert_eq!(lanes.finish(3), [4]);
}

#[test]
fn a_long_poll_waits_for_the_start_and_holds_nobody_back() {
    let mut lanes = Lanes::new(9, 9);
    assert!(lanes.admit(1, claim("p", Access::Exclusive), Pool::Work));
    assert!(!lanes.admit(2, claim("p", Access::After), Pool::Wait));
    assert_eq!(lanes.finish(1), [2]);
    assert!(lanes.admit(3, claim("p", Access::Exclusive), Pool::Work));
}

#[test]
fn control_never_waits_for_a_place() {
    let mut lanes = Lanes::new(1, 1);
    assert!(lanes.admit(1, vec![], Pool::Work));
    assert!(!lanes.admit(2, vec![], Pool::Work));
    assert!(lanes.admit(3, vec![], Pool::Wait));
    assert!(!lanes.admit(4, vec![], Pool::Wait));
    assert!(lanes.admit(5, vec![], Pool::Control));
    assert_eq!(lanes.finish(1), [2]);
    assert_eq!(lanes.finish(3), [4]);
}

/// The model: everything is kept in a list, and a request may run when no earlier unfinished one
/// conflicts and its pool has a place for it in order of becoming clear.
#[derive(Default)]
struct Model {
    requests: Vec<(Ticket, Vec<Claim>)>,
}

impl Model {
    fn clear(&self, ticket: Ticket) -> bool {
        let at = self
            .requests
            .iter()
            .position(|(t, _)| *t == ticket)
            .unwrap();
        let (_, claims) = &self.requests[at];
        !self.requests[..at].iter().any(|(_, earlier)| {
            claims
                .iter()
                .any(|mine| earlier.iter().any(|other| conflict(other, mine)))
        })
    }
}

fn conflict(earlier: &Claim, later: &Claim) -> bool {
    earlier.resource == later.resource
        && match earlier.access {
            Access::Exclusive => true,
            Access::Shared => later.access == Access::Exclusive,
            Access::After => false,
        }
}

fn any_claims() -> impl Strategy<Value = Vec<Claim>> {
    let access = prop_oneof![
        Just(Access::Shared),
        Just(Access::Exclusive),
        Just(Access::After)
    ];
    prop::collection::btree_map("[abc]", access, 0..3).prop_map(|claims| {
        claims
            .into_iter()
            .map(|(name, access)| Claim::new("r", name, access))
            .collect()
    })
}

fn any_pool() -> impl Strategy<Value = Pool> {
    prop_oneof![Just(Pool::Control), Just(Pool::Work), Just(Pool::Wait)]
}

proptest! {
    #[test]
    fn nothing_runs_too_early_and_everything_runs(
        arrivals in prop::collection::vec((any_claims(), any_pool()), 1..40),
        finishes in prop::collection::vec(any::<prop::sample::Index>(), 40),
        work in 1..4usize,
    ) {
        let mut lanes = Lanes::new(work, 2);
        let mut model = Model::default();
        let mut running = BTreeSet::new();
        let mut pools = HashMap::new();
        let mut finishes = finishes.into_iter();
        let check = |running: &BTreeSet<Ticket>, model: &Model, pools: &HashMap<Ticket, Pool>| {
            running.iter().all(|&t| model.clear(t))
                && running.iter().filter(|t| pools[t] == Pool::Work).count() <= work
                && running.iter().filter(|t| pools[t] == Pool::Wait).count() <= 2
        };
        for (ticket, (claims, pool)) in (0u64..).zip(arrivals) {
            model.requests.push((ticket, claims.clone()));
            pools.insert(ticket, pool);
            if lanes.admit(ticket, claims, pool) {
                running.insert(ticket);
            }
            prop_assert!(check(&running, &model, &pools));
            let Some(which) = finishes.next().filter(|_| running.len() > 2) else { continue };
            let done = *running.iter().nth(which.index(running.len())).unwrap();
            running.remove(&done);
            model.requests.retain(|(t, _)| *t != done);
            running.extend(lanes.finish(done));
            prop_assert!(check(&running, &model, &pools));
        }
        while let Some(done) = running.pop_first() {
            model.requests.retain(|(t, _)| *t != done);
            running.extend(lanes.finish(done));
            prop_assert!(check(&running, &model, &pools));
        }
        prop_assert!(lanes.is_empty() && lanes.resources.is_empty());
        prop_assert!(model.requests.is_empty());
    }
}
