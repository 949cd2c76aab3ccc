//! Order, acceptance, idempotence: against a model that never forgets a byte.

use proptest::prelude::*;

use super::*;

const BOUND: usize = 3 * WRITE_COST;

fn queue() -> StdinQueue {
    StdinQueue::new(BOUND, 2)
}

fn was_accepted(queue: &StdinQueue, id: &str) -> bool {
    matches!(queue.ids.known.get(&key(id)), Some(Known::Accepted))
}

/// Takes everything out.
fn drain(queue: &mut StdinQueue) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(front) = queue.front() {
        let length = front.len();
        bytes.extend_from_slice(front);
        queue.consume(length);
    }
    bytes
}

#[test]
fn p16_a_repeated_id_is_written_once_also_while_the_first_waits() {
    let mut queue = queue();
    assert_eq!(
        queue.offer(Some("a"), vec![b'a'; BOUND].into()),
        Offer::Accepted
    );
    assert_eq!(
        queue.offer(Some("a"), Bytes::from_static(b"x")),
        Offer::Accepted
    );
    let waiting = queue.offer(Some("b"), Bytes::from_static(b"b"));
    assert_eq!(waiting, Offer::Waiting(1));
    assert_eq!(queue.offer(Some("b"), Bytes::from_static(b"y")), waiting);
    queue.leave(1);
    assert_eq!(
        queue.outcome(1),
        waiting,
        "its second caller still waits for it"
    );
    assert_eq!(
        drain(&mut queue),
        [vec![b'a'; BOUND], b"b".to_vec()].concat()
    );
    assert_eq!(queue.outcome(1), Offer::Accepted);
    assert!(was_accepted(&queue, "b"));
}

#[test]
fn only_the_latest_ids_are_remembered() {
    let mut queue = queue();
    for id in ["1", "2", "3"] {
        assert_eq!(queue.offer(Some(id), Bytes::new()), Offer::Accepted);
    }
    assert!(!was_accepted(&queue, "1") && was_accepted(&queue, "2") && was_accepted(&queue, "3"));
}

#[test]
fn long_ids_are_told_apart_by_their_digest() {
    let (a, b) = ("x".repeat(5000), "x".repeat(5001));
    let mut queue = queue();
    assert_eq!(
        queue.offer(Some(&a), Bytes::from_static(b"1")),
        Offer::Accepted
    );
    assert!(was_accepted(&queue, &a) && !was_accepted(&queue, &b));
}

#[test]
fn an_ended_queue_still_writes_what_was_offered() {
    let mut queue = queue();
    queue.offer(None, Bytes::from_static(b"last"));
    queue.end();
    assert_eq!(queue.offer(None, Bytes::from_static(b"late")), Offer::Ended);
    assert_eq!(drain(&mut queue), b"last");
}

#[test]
fn a_discarded_write_that_waited_was_never_accepted() {
    let mut queue = queue();
    queue.offer(Some("a"), vec![0; BOUND].into());
    assert_eq!(
        queue.offer(Some("b"), Bytes::from_static(b"b")),
        Offer::Waiting(1)
    );
    queue.discard();
    assert_eq!(queue.outcome(1), Offer::Ended);
    assert!(!was_accepted(&queue, "b"));
    assert_eq!(queue.offer(Some("a"), Bytes::new()), Offer::Accepted);
    assert_eq!(queue.offer(Some("b"), Bytes::new()), Offer::Ended);
}

#[derive(Clone, Debug)]
enum Op {
    Offer { id: Option<u8>, length: usize },
    Consume(usize),
    Leave(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        (proptest::option::of(0_u8..5), 0_usize..2 * BOUND)
            .prop_map(|(id, length)| Op::Offer { id, length }),
        (1_usize..BOUND).prop_map(Op::Consume),
        (0_usize..8).prop_map(Op::Leave),
    ]
}

proptest! {
    /// What comes out is what was accepted, in order, and the accepted rest respects the bound.
    #[test]
    fn accepted_bytes_come_out_in_order(ops in proptest::collection::vec(op(), 0..60)) {
        let mut queue = StdinQueue::new(BOUND, 1000);
        // The bytes of each ticket, each ticket in its own letter.
        let mut offered: Vec<(Ticket, Vec<u8>)> = Vec::new();
        let mut out = Vec::new();
        for op in ops {
            match op {
                Op::Offer { id, length } => {
                    let ticket = queue.next;
                    let letter = u8::try_from(ticket % 251).unwrap();
                    let id = id.map(|id| id.to_string());
                    queue.offer(id.as_deref(), vec![letter; length].into());
                    if queue.next > ticket {
                        offered.push((ticket, vec![letter; length]));
                    }
                }
                Op::Consume(most) => {
                    if let Some(front) = queue.front() {
                        let taken = most.min(front.len());
                        out.extend_from_slice(&front[..taken]);
                        queue.consume(taken);
                    }
                }
                Op::Leave(at) => {
                    if let Some(write) = queue.writes.get(at).filter(|_| at >= queue.accepted) {
                        let (ticket, alone) = (write.ticket, write.callers == 1);
                        queue.leave(ticket);
                        if alone {
                            offered.retain(|(other, _)| *other != ticket);
                        }
                    }
                }
            }
            let costs = queue.writes.iter().take(queue.accepted).map(|write| write.cost);
            prop_assert_eq!(costs.sum::<usize>(), queue.cost);
            prop_assert!(queue.cost <= BOUND || queue.accepted == 1);
            prop_assert!(queue.accepted > 0 || queue.writes.is_empty());
        }
        out.extend(drain(&mut queue));
        let expected: Vec<u8> = offered.into_iter().flat_map(|(_, bytes)| bytes).collect();
        prop_assert_eq!(out, expected);
    }
}
