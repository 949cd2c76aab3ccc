use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    Offer(usize, OnFull),
    Pop,
    Drain,
}

/// A queue without a bound that remembers the dropped ones in their places.
#[derive(Default)]
struct Model {
    all: VecDeque<(usize, Option<u32>)>,
}

impl Model {
    fn waiting(&self) -> impl Iterator<Item = usize> {
        self.all
            .iter()
            .filter(|(_, event)| event.is_some())
            .map(|(bytes, _)| *bytes)
    }

    fn is_full_for(&self, bytes: usize, capacity: usize, bound: usize) -> bool {
        let count = self.waiting().count();
        count >= 1 && (count >= capacity || self.waiting().sum::<usize>() + bytes > bound)
    }

    fn pop(&mut self) -> Option<Popped<u32>> {
        let gap = self
            .all
            .iter()
            .take_while(|(_, event)| event.is_none())
            .count();
        if gap > 0 {
            self.all.drain(..gap);
            return Some(Popped::Lagged(gap as u64));
        }
        let (_, event) = self.all.pop_front()?;
        event.map(Popped::Event)
    }
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let on_full = prop_oneof![
        1 => Just(OnFull::Wait),
        2 => Just(OnFull::Drop),
        1 => Just(OnFull::GiveBack),
    ];
    let op = prop_oneof![
        6 => (0..12usize, on_full).prop_map(|(bytes, on_full)| Op::Offer(bytes, on_full)),
        4 => Just(Op::Pop),
        1 => Just(Op::Drain),
    ];
    prop::collection::vec(op, 0..80)
}

proptest! {
    #[test]
    fn order_is_kept_and_every_gap_is_told_where_it_is(
        ops in ops(), capacity in 0..5usize, bound in 0..30usize,
    ) {
        let mut queue = Queue::new(capacity, bound);
        let mut model = Model::default();
        for (name, op) in (0u32..).zip(ops) {
            match op {
                Op::Offer(bytes, on_full) => {
                    let full = model.is_full_for(bytes, capacity.max(1), bound);
                    let expected = match (full, on_full) {
                        (false, _) => Offered::Taken,
                        (true, OnFull::Wait) => Offered::Waits(name),
                        (true, OnFull::Drop) => Offered::Dropped,
                        (true, OnFull::GiveBack) => Offered::GivenBack(name),
                    };
                    match expected {
                        Offered::Taken => model.all.push_back((bytes, Some(name))),
                        Offered::Dropped => model.all.push_back((bytes, None)),
                        Offered::Waits(_) | Offered::GivenBack(_) => {}
                    }
                    prop_assert_eq!(queue.offer(name, bytes, on_full), expected);
                }
                Op::Pop => prop_assert_eq!(queue.pop(), model.pop()),
                Op::Drain => {
                    let waiting: Vec<_> = model.all.drain(..).filter_map(|(_, event)| event).collect();
                    prop_assert_eq!(queue.drain(), waiting);
                }
            }
        }
        loop {
            let popped = queue.pop();
            prop_assert_eq!(&popped, &model.pop());
            if popped.is_none() {
                break;
            }
        }
    }
}

#[test]
fn a_capacity_of_none_is_one() {
    let mut queue = Queue::new(0, 10);
    assert_eq!(queue.offer('a', 1, OnFull::Drop), Offered::Taken);
    assert_eq!(queue.offer('b', 1, OnFull::Drop), Offered::Dropped);
    assert_eq!(queue.pop(), Some(Popped::Event('a')));
    assert_eq!(queue.pop(), Some(Popped::Lagged(1)));
    assert_eq!(queue.pop(), None);
}

#[test]
fn an_event_over_the_bound_is_taken_alone() {
    let mut queue = Queue::new(4, 10);
    assert_eq!(queue.offer('a', 11, OnFull::Wait), Offered::Taken);
    assert_eq!(queue.offer('b', 0, OnFull::Wait), Offered::Waits('b'));
    assert_eq!(queue.pop(), Some(Popped::Event('a')));
    assert_eq!(queue.offer('b', 10, OnFull::Wait), Offered::Taken);
    assert_eq!(
        queue.offer('c', 1, OnFull::GiveBack),
        Offered::GivenBack('c')
    );
}
