//! The log against everything that was ever pushed, as one flat list of bytes.

use proptest::prelude::*;

use super::{entry::REMEMBERED_EVICTIONS, *};
use crate::process::exit::ExitReason;

const BOUNDS: Bounds = Bounds {
    bytes: 40,
    chunks: 5,
    chunk_bytes: 8,
};
const EXIT: Exit = Exit {
    code: 0,
    reason: ExitReason::Exited,
    denied: false,
    exceeded: None,
};

#[derive(Clone, Debug)]
enum Op {
    /// Pushes up to so many bytes, as much as there is room for, giving up what was seen so far
    /// (`true`) or nothing.
    Push {
        errors: bool,
        bytes: usize,
        release: bool,
    },
    /// Reads after a cursor that lies so far back.
    Read {
        back: u64,
        max_bytes: Option<usize>,
    },
    Exit,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (any::<bool>(), 1_usize..60, any::<bool>())
            .prop_map(|(errors, bytes, release)| Op::Push { errors, bytes, release }),
        3 => (0_u64..8, proptest::option::of(0_usize..20))
            .prop_map(|(back, max_bytes)| Op::Read { back, max_bytes }),
        1 => Just(Op::Exit),
    ]
}

/// Everything ever pushed, and what readers found out about it.
#[derive(Default)]
struct Model {
    pushed: Vec<(Stream, u8)>,
    /// How many of the bytes each sequence number ends after, where someone has seen it.
    ends: Vec<(u64, usize)>,
    seen: u64,
}

impl Model {
    /// What a read must find, from what earlier readers were told.
    fn check(&mut self, log: &mut Log, after: u64, max_bytes: Option<usize>) {
        let (next, first) = (log.next_seq(), log.first_available_seq());
        let slice = log.read(after, max_bytes);
        self.seen = next - 1;
        let known = self.ends.iter().rev().find(|(seq, _)| *seq <= after);
        let had = known.map_or(0, |&(_, end)| end);
        let mut at = had + usize::try_from(slice.lost_bytes).unwrap();
        let mut last = after;
        for chunk in &slice.chunks {
            assert!(chunk.seq > last && chunk.seq >= first && chunk.seq < next);
            assert!(!chunk.data.is_empty() && chunk.data.len() <= BOUNDS.chunk_bytes);
            let expected = &self.pushed[at..at + chunk.data.len()];
            assert!(expected.iter().all(|&(stream, _)| stream == chunk.stream));
            assert!(
                expected
                    .iter()
                    .map(|&(_, byte)| byte)
                    .eq(chunk.data.iter().copied())
            );
            at += chunk.data.len();
            last = chunk.seq;
            if self.ends.last().is_none_or(|&(seq, _)| seq < chunk.seq) {
                self.ends.push((chunk.seq, at));
            }
        }
        self.check_extent(&slice, max_bytes, at, next);
        assert!(slice.lost_bytes == 0 || after + 1 < first);
    }

    /// Nothing retained is skipped: a slice ends at the end or at its budget.
    fn check_extent(&self, slice: &Slice, max_bytes: Option<usize>, at: usize, next: u64) {
        let bytes: usize = slice.chunks.iter().map(|chunk| chunk.data.len()).sum();
        match (max_bytes, slice.chunks.last()) {
            (Some(max), Some(last)) => {
                assert_eq!(slice.next_seq, last.seq + 1);
                assert!(bytes <= max || slice.chunks.len() == 1);
                assert!(at == self.pushed.len() || bytes + BOUNDS.chunk_bytes > max);
            }
            _ => {
                assert_eq!(slice.next_seq, next);
                assert_eq!(at, self.pushed.len());
            }
        }
    }
}

proptest! {
    /// No holes, no byte skipped or repeated, bounds kept, losses told exactly.
    #[test]
    fn a_read_finds_what_was_pushed_or_says_what_was_lost(ops in proptest::collection::vec(op(), 1..80)) {
        let mut log = Log::new(BOUNDS);
        let mut model = Model::default();
        let mut letter = 0_u8;
        for op in ops {
            match op {
                Op::Push { errors, bytes, release } => {
                    let stream = if errors { Stream::Stderr } else { Stream::Stdout };
                    let releasable = if release { model.seen } else { 0 };
                    let fits = bytes.min(log.room(stream, releasable));
                    let before = log.bytes();
                    letter = letter.wrapping_add(1);
                    model.pushed.extend(std::iter::repeat_n((stream, letter), fits));
                    let freed = log.push(stream, &vec![letter; fits], releasable);
                    prop_assert_eq!(log.bytes(), before + fits - freed);
                    prop_assert!(log.first_available_seq() <= releasable.max(log.evicted.through) + 1);
                }
                Op::Read { back, max_bytes } => {
                    // A cursor someone was told: an earlier chunk's, or none.
                    let told = model.ends.len().checked_sub(usize::try_from(back).unwrap() + 1);
                    let after = told.map_or(0, |at| model.ends[at].0);
                    model.check(&mut log, after, max_bytes);
                }
                Op::Exit if log.exit().is_none() => {
                    log.push_exit(EXIT);
                }
                Op::Exit => {}
            }
            prop_assert!(log.bytes() <= BOUNDS.bytes);
            prop_assert!(log.entries.len() <= BOUNDS.chunks);
        }
        model.check(&mut log, 0, None);
    }

    /// Events come one by one without a hole, whatever was pushed between.
    #[test]
    fn events_have_no_holes(pieces in proptest::collection::vec((any::<bool>(), 1_usize..20), 0..20), exit_at in 0_usize..20) {
        let mut log = Log::new(Bounds { bytes: 10_000, chunks: 1000, chunk_bytes: 8 });
        for (at, (errors, bytes)) in pieces.iter().enumerate() {
            if at == exit_at {
                log.push_exit(EXIT);
            }
            let stream = if *errors { Stream::Stderr } else { Stream::Stdout };
            log.push(stream, &vec![0; *bytes], 0);
        }
        if log.exit().is_none() {
            log.push_exit(EXIT);
        }
        log.push_closed();
        let mut kinds = String::new();
        for seq in 1..log.next_seq() {
            let event = log.event_from(seq).unwrap();
            prop_assert_eq!(event.seq(), seq);
            kinds.push(match event {
                Event::Output(_) => 'o',
                Event::Exited { .. } => 'e',
                Event::Closed { .. } => 'c',
            });
        }
        prop_assert_eq!(log.event_from(log.next_seq()), None);
        prop_assert_eq!(kinds.matches('e').count(), 1);
        prop_assert!(kinds.ends_with('c') && kinds.matches('c').count() == 1);
    }
}

#[test]
fn p21_tiny_writes_nobody_has_seen_share_a_chunk() {
    let mut log = Log::new(Bounds {
        bytes: 1 << 20,
        chunks: 7,
        chunk_bytes: 64 << 10,
    });
    for _ in 0..200_000 {
        assert!(log.room(Stream::Stdout, 0) > 0);
        log.push(Stream::Stdout, b"y\n", 0);
    }
    let slice = log.read(0, None);
    let data: Vec<u8> = slice
        .chunks
        .iter()
        .flat_map(|chunk| chunk.data.to_vec())
        .collect();
    assert_eq!(data, b"y\n".repeat(200_000));
}

#[test]
fn a_chunk_someone_saw_does_not_grow() {
    let mut log = Log::new(BOUNDS);
    log.push(Stream::Stdout, b"a", 0);
    assert_eq!(log.read(0, None).next_seq, 2);
    log.push(Stream::Stdout, b"b", 0);
    assert_eq!(log.read(1, None).chunks[0].data, "b");
}

#[test]
fn streams_do_not_share_a_chunk_and_an_exit_ends_one() {
    let mut log = Log::new(BOUNDS);
    log.push(Stream::Stdout, b"a", 0);
    log.push(Stream::Stderr, b"b", 0);
    log.push_exit(EXIT);
    log.push(Stream::Stderr, b"c", 0);
    let seqs: Vec<u64> = log
        .read(0, None)
        .chunks
        .iter()
        .map(|chunk| chunk.seq)
        .collect();
    assert_eq!(seqs, [1, 2, 4]);
}

#[test]
fn the_bounds_are_met_exactly() {
    let mut log = Log::new(BOUNDS);
    assert_eq!(log.room(Stream::Stdout, 0), 40);
    log.push(Stream::Stdout, &[0; 40], 0);
    assert_eq!((log.bytes(), log.entries.len()), (40, 5));
    assert_eq!(log.room(Stream::Stdout, 0), 0);
    assert_eq!(log.room(Stream::Stdout, 1), 8);
    // An exit is not output: what a pipe held may exceed the bounds.
    log.push(Stream::Stdout, b"x", 0);
    assert_eq!(log.bytes(), 41);
    assert_eq!((log.trim(0), log.trim(9), log.bytes()), (0, 8, 33));
}

#[test]
fn p22_a_reader_far_behind_is_told_of_all_that_was_evicted() {
    let mut log = Log::new(Bounds {
        bytes: 8,
        chunks: 1,
        chunk_bytes: 8,
    });
    for _ in 0..REMEMBERED_EVICTIONS + 10 {
        log.seal();
        log.push(Stream::Stdout, &[0; 8], u64::MAX);
    }
    let evicted = (REMEMBERED_EVICTIONS as u64 + 9) * 8;
    assert_eq!(log.read(0, None).lost_bytes, evicted);
    assert_eq!(log.read(2, None).lost_bytes, evicted, "never too small");
    assert_eq!(log.read(20, None).lost_bytes, evicted - 20 * 8);
    assert_eq!(log.read(log.first_available_seq() - 1, None).lost_bytes, 0);
}
