use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const LIMIT: usize = 3;
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
enum Op {
    Take(u8),
    GiveBack(prop::sample::Index),
    Hold(prop::sample::Index),
    LetGo(prop::sample::Index),
    Wait(u64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let which = any::<prop::sample::Index>;
    let op = prop_oneof![
        5 => (0..6u8).prop_map(Op::Take),
        4 => which().prop_map(Op::GiveBack),
        2 => which().prop_map(Op::Hold),
        2 => which().prop_map(Op::LetGo),
        2 => (1..50u64).prop_map(Op::Wait),
    ];
    prop::collection::vec(op, 0..80)
}

/// The naive model: what each value is used by, and when it was used last. Values are numbers that
/// are never given twice.
#[derive(Default)]
struct Model {
    values: BTreeMap<u32, Used>,
    made: u32,
}

struct Used {
    key: u8,
    number: u64,
    calls: usize,
    files: usize,
    last: Instant,
}

impl Model {
    fn with_key(&self, key: u8) -> Option<u32> {
        let found = self.values.iter().find(|(_, used)| used.key == key);
        found.map(|(value, _)| *value)
    }

    fn idle(&self) -> Vec<u32> {
        let idle = |(value, used): (&u32, &Used)| (used.calls + used.files == 0).then_some(*value);
        self.values.iter().filter_map(idle).collect()
    }

    /// One of those that fit.
    fn pick(&self, which: prop::sample::Index, fits: impl Fn(&Used) -> bool) -> Option<u32> {
        let fitting: Vec<u32> = self
            .values
            .iter()
            .filter(|(_, used)| fits(used))
            .map(|(value, _)| *value)
            .collect();
        (!fitting.is_empty()).then(|| fitting[which.index(fitting.len())])
    }

    fn take(&mut self, key: u8, now: Instant, taken: &Taken<u32>) {
        let known = self.with_key(key);
        let full = self.values.len() == LIMIT;
        match taken {
            Taken::Value {
                number,
                value,
                given_up,
            } => {
                match known {
                    Some(known) => assert_eq!((*value, *given_up), (known, None)),
                    None => assert_eq!(*value, self.made - 1, "a new key has a new value"),
                }
                if let Some(old) = given_up {
                    assert!(full && self.idle().contains(old), "only the idle make room");
                    let last = |value: &u32| self.values[value].last;
                    assert!(self.idle().iter().all(|other| last(old) <= last(other)));
                    self.values.remove(old);
                }
                let used = self.values.entry(*value).or_insert(Used {
                    key,
                    number: *number,
                    calls: 0,
                    files: 0,
                    last: now,
                });
                assert_eq!(used.number, *number);
                used.calls += 1;
                used.last = now;
            }
            Taken::AllBusy | Taken::AllHeld => {
                assert!(known.is_none() && full && self.idle().is_empty());
                let busy = self.values.values().any(|used| used.calls > 0);
                assert_eq!(*taken == Taken::AllBusy, busy);
            }
        }
        assert!(self.values.len() <= LIMIT);
    }
}

proptest! {
    #[test]
    fn what_is_used_stays_and_what_is_not_makes_room(ops in ops()) {
        let mut shelf = Shelf::new(LIMIT, PATIENCE);
        let (mut model, mut now) = (Model::default(), Instant::now());
        for op in ops {
            match op {
                Op::Take(key) => {
                    let made = &mut model.made;
                    let taken = shelf.take(&key, now, || { *made += 1; *made - 1 });
                    model.take(key, now, &taken);
                }
                Op::GiveBack(which) => if let Some(value) = model.pick(which, |used| used.calls > 0) {
                    let used = model.values.get_mut(&value).unwrap();
                    used.calls -= 1;
                    used.last = now;
                    shelf.give_back(used.number, now);
                },
                Op::Hold(which) => if let Some(value) = model.pick(which, |used| used.calls > 0) {
                    let used = model.values.get_mut(&value).unwrap();
                    used.files += 1;
                    shelf.hold(used.number);
                },
                Op::LetGo(which) => if let Some(value) = model.pick(which, |used| used.files > 0) {
                    let used = model.values.get_mut(&value).unwrap();
                    used.files -= 1;
                    used.last = now;
                    shelf.let_go(used.number, now);
                },
                Op::Wait(seconds) => {
                    now += Duration::from_secs(seconds);
                    let due: Vec<u32> = model.idle().into_iter().filter(|value| now >= model.values[value].last + PATIENCE).collect();
                    let mut expired = shelf.expire(now);
                    expired.sort_unstable();
                    prop_assert_eq!(&expired, &due);
                    model.values.retain(|value, _| !due.contains(value));
                }
            }
            let next = model.idle().iter().map(|value| model.values[value].last + PATIENCE).min();
            prop_assert_eq!(shelf.next_expiry(), next);
        }
    }
}
