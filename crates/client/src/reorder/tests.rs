use proptest::prelude::*;

use super::*;

fn exit() -> Exit {
    Exit {
        code: 7,
        reason: None,
        signal: None,
        sandbox_denied: false,
        limit_exceeded: None,
    }
}

fn output(byte: u8) -> Entry {
    Entry::Output(OutputStream::Stdout, Bytes::from(vec![byte; 3]))
}

fn drain(log: &mut Reorder) -> Vec<Entry> {
    std::iter::from_fn(|| log.pop()).collect()
}

/// What a server has: entry `n` stands at number `n + 1`; output below `evicted` is gone.
#[derive(Clone, Debug)]
struct Server {
    log: Vec<Entry>,
    evicted: u64,
}

impl Server {
    /// Output, the exit somewhere after the first of it, more output, the close.
    fn new(before: usize, after: usize) -> Self {
        let mut log: Vec<_> = (0..before)
            .map(|n| output(u8::try_from(n).unwrap()))
            .collect();
        log.push(Entry::Exited(exit()));
        log.extend((0..after).map(|n| output(u8::try_from(100 + n).unwrap())));
        log.push(Entry::Closed);
        Self { log, evicted: 0 }
    }

    /// The answer to a read when only the first `written` entries have happened.
    fn read(&self, written: usize, after: u64, max_chunks: Option<usize>) -> Page {
        let entries = || (1u64..).zip(&self.log[..written]);
        let chunks: Vec<_> = entries()
            .filter(|(seq, _)| *seq > after && *seq > self.evicted)
            .filter_map(|(seq, entry)| match entry {
                Entry::Output(stream, bytes) => Some((seq, *stream, bytes.clone())),
                _ => None,
            })
            .take(max_chunks.unwrap_or(usize::MAX))
            .collect();
        let complete = max_chunks.is_none() || chunks.is_empty();
        let next_seq = match chunks.last() {
            Some((seq, ..)) if !complete => seq + 1,
            _ => written as u64 + 1,
        };
        let lost = entries()
            .filter(|(seq, entry)| {
                *seq > after && *seq <= self.evicted && matches!(entry, Entry::Output(..))
            })
            .count() as u64;
        let exited = self.log[..written].contains(&Entry::Exited(exit()));
        Page {
            after,
            complete,
            next_seq,
            chunks,
            exit: exited.then(exit),
            closed: written == self.log.len(),
            lost_bytes: (lost > 0).then_some(3 * lost),
            first_available: (lost > 0).then_some(self.evicted + 1),
        }
    }
}

#[derive(Clone, Debug)]
enum Op {
    /// The process gets on by one entry; whether its notification arrives, and how often.
    Happens { told: usize },
    /// A late or repeated notification of something that happened.
    Told(prop::sample::Index),
    /// A read after the cursor.
    Read { max_chunks: Option<usize> },
    /// A read after a number from before.
    OldRead(prop::sample::Index),
    /// The reader takes what it can.
    Take,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        4 => (0..3usize).prop_map(|told| Op::Happens { told }),
        2 => any::<prop::sample::Index>().prop_map(Op::Told),
        2 => prop::option::of(1..4usize).prop_map(|max_chunks| Op::Read { max_chunks }),
        1 => any::<prop::sample::Index>().prop_map(Op::OldRead),
        2 => Just(Op::Take),
    ];
    prop::collection::vec(op, 0..40)
}

proptest! {
    #[test]
    fn any_order_and_any_repeats_become_the_log(
        before in 0..8usize, after in 0..4usize, ops in ops(),
    ) {
        let server = Server::new(before, after);
        let (mut log, mut taken, mut written) = (Reorder::new(), Vec::new(), 0);
        for op in ops {
            match op {
                Op::Happens { told } if written < server.log.len() => {
                    written += 1;
                    for _ in 0..told {
                        log.push(written as u64, server.log[written - 1].clone());
                    }
                }
                Op::Told(which) if written > 0 => {
                    let at = which.index(written);
                    log.push(at as u64 + 1, server.log[at].clone());
                }
                Op::Read { max_chunks } => log.apply(server.read(written, log.cursor(), max_chunks)),
                Op::OldRead(which) => {
                    let after = which.index(written + 1) as u64;
                    log.apply(server.read(written, after.min(log.cursor()), None));
                }
                Op::Take => taken.extend(drain(&mut log)),
                Op::Happens { .. } | Op::Told(_) => {}
            }
            prop_assert_eq!(&taken[..], &server.log[..taken.len()]);
        }
        for _ in 0..2 {
            log.apply(server.read(server.log.len(), log.cursor(), None));
        }
        taken.extend(drain(&mut log));
        prop_assert_eq!(taken, server.log);
        prop_assert!(log.is_ended() && log.bytes() == 0 && !log.has_hole());
    }

    #[test]
    fn what_was_evicted_is_one_loss_at_its_place(
        before in 1..8usize, after in 0..4usize, seen in 0..8usize, evicted in 0..8u64,
        pages in prop::option::of(1..4usize),
    ) {
        let mut server = Server::new(before, after);
        server.evicted = evicted.min(before as u64);
        let mut log = Reorder::new();
        for n in 0..seen.min(before) {
            log.push(n as u64 + 1, server.log[n].clone());
        }
        while !log.is_ended() {
            log.apply(server.read(server.log.len(), log.cursor(), pages));
        }
        let expected: Vec<_> = server.log.iter().zip(1u64..)
            .filter(|(_, seq)| *seq <= seen as u64 || *seq > server.evicted)
            .map(|(entry, _)| entry.clone())
            .collect();
        let lost = server.evicted.saturating_sub(seen as u64);
        let (losses, kept): (Vec<_>, Vec<_>) =
            drain(&mut log).into_iter().partition(|entry| matches!(entry, Entry::Lost(_)));
        prop_assert_eq!(kept, expected);
        let all = (lost > 0).then_some(Entry::Lost(Some(3 * lost)));
        prop_assert_eq!(losses, Vec::from_iter(all));
    }
}

#[test]
fn an_exit_that_overtakes_output_waits_for_it() {
    let mut log = Reorder::new();
    log.push(3, Entry::Closed);
    log.push(2, Entry::Exited(exit()));
    assert!(log.has_hole() && log.pop().is_none());
    log.push(1, output(1));
    assert_eq!(
        drain(&mut log),
        [output(1), Entry::Exited(exit()), Entry::Closed]
    );
}

#[test]
fn a_page_of_the_older_dialect_ends_the_log_without_numbers_for_it() {
    let mut log = Reorder::new();
    log.push(1, output(1));
    let page = Page {
        after: 1,
        complete: true,
        next_seq: 2,
        chunks: Vec::new(),
        exit: Some(exit()),
        closed: true,
        lost_bytes: None,
        first_available: None,
    };
    log.apply(page);
    assert_eq!(
        drain(&mut log),
        [output(1), Entry::Exited(exit()), Entry::Closed]
    );
}

#[test]
fn a_silent_eviction_is_told_from_the_exit_by_its_count() {
    let page = |next_seq| Page {
        after: 0,
        complete: true,
        next_seq,
        chunks: vec![(4, OutputStream::Stdout, Bytes::from_static(b"x"))],
        exit: Some(exit()),
        closed: false,
        lost_bytes: None,
        first_available: None,
    };
    let mut log = Reorder::new();
    log.apply(page(6));
    let last = Entry::Output(OutputStream::Stdout, Bytes::from_static(b"x"));
    assert_eq!(
        drain(&mut log),
        [Entry::Lost(None), last, Entry::Exited(exit())]
    );
}
