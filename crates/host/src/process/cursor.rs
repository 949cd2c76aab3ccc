//! Pure: how far a process's client has come, and so what its log may give up.
//!
//! While attached, what was delivered may be evicted; what was not is never touched, the pipe
//! waits. While detached nothing delivered counts any more, since it may have been lost with the
//! connection: only what a reader claims to have (by reading *after* it) may go. After a resume
//! the client reads its gap; until it has, or `catch_up` is over, new output must not push that
//! gap out of the log, however fast the process is. Until then it is also told only [`AHEAD`] of
//! what follows the gap: a client keeps what it cannot put in order yet, and must not be drowned.
//! With [`OnFull::Evict`] a detached log gives up its oldest output instead.

use super::limits::OnFull;

/// How many bytes of output a resumed client is told before it was shown what it missed. A client of
/// the reference gives a process up when more than 1 MiB waits behind a gap; a chunk may come on top.
const AHEAD: usize = 256 << 10;

#[derive(Debug)]
pub(super) struct Cursor {
    on_full: OnFull,
    attached: bool,
    /// Whether there was an audience at any time.
    introduced: bool,
    /// The next sequence number to deliver.
    next: u64,
    /// What a resumed client still has to read.
    gap: Option<Gap>,
    /// What it may be told before it was shown that.
    ahead: Option<Ahead>,
    /// The highest sequence number a reader has certainly had.
    claimed: u64,
}

#[derive(Debug)]
struct Gap {
    /// Its end, exclusive.
    end: u64,
    /// The highest sequence number reads of this attachment have returned.
    returned: u64,
}

#[derive(Debug)]
struct Ahead {
    /// The end of what it has to be shown, exclusive.
    end: u64,
    /// How many bytes it may still be told.
    left: usize,
}

impl Cursor {
    pub(super) fn new(on_full: OnFull) -> Self {
        Self {
            on_full,
            attached: false,
            introduced: false,
            next: 1,
            gap: None,
            ahead: None,
            claimed: 0,
        }
    }

    pub(super) fn is_attached(&self) -> bool {
        self.attached
    }

    /// Whether there was an audience at any time. The first one may come late.
    pub(super) fn is_introduced(&self) -> bool {
        self.introduced
    }

    /// The next sequence number to deliver.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Whether a resumed client still has to read what it missed, or to be shown it.
    pub(super) fn is_catching_up(&self) -> bool {
        self.gap.is_some() || self.ahead.is_some()
    }

    /// Whether the next event may be delivered now.
    pub(super) fn may_deliver(&self) -> bool {
        self.ahead.as_ref().is_none_or(|ahead| ahead.left > 0)
    }

    /// An audience is there. The first one is told everything from the start; a later one is
    /// told what follows `end`, the next number to be assigned, and reads the rest itself.
    pub(super) fn attach(&mut self, end: u64) {
        self.attached = true;
        if std::mem::replace(&mut self.introduced, true) {
            self.next = end;
            let missing = self.claimed + 1 < end;
            self.gap = missing.then_some(Gap {
                end,
                returned: self.claimed,
            });
            self.ahead = missing.then_some(Ahead { end, left: AHEAD });
        }
    }

    pub(super) fn detach(&mut self) {
        self.attached = false;
        self.end_catch_up();
    }

    /// The event at `seq` was delivered, with so many bytes of output in it.
    pub(super) fn delivered(&mut self, seq: u64, bytes: usize) {
        self.next = seq + 1;
        if let Some(ahead) = &mut self.ahead {
            ahead.left = ahead.left.saturating_sub(bytes);
        }
    }

    /// Whether telling of [`shown`](Self::shown) would let more be delivered.
    pub(super) fn waits_for(&self, until: u64) -> bool {
        self.ahead.as_ref().is_some_and(|ahead| ahead.end <= until)
    }

    /// The client has everything below `until` in order, or soon will.
    pub(super) fn shown(&mut self, until: u64) {
        self.ahead.take_if(|ahead| ahead.end <= until);
    }

    /// A reader asked for what follows `after` and was given everything below `until`, of a log
    /// that ends at `end`. What it was given counts for this attachment alone: the answer may
    /// still be lost with the connection.
    pub(super) fn read(&mut self, after: u64, until: u64, end: u64) {
        self.claimed = self.claimed.max(after.min(end - 1));
        if let Some(gap) = &mut self.gap {
            gap.returned = gap.returned.max(self.claimed).max(until - 1);
            if gap.returned + 1 >= gap.end {
                self.gap = None;
            }
        }
    }

    /// The client has had its time to read the gap.
    pub(super) fn end_catch_up(&mut self) {
        self.gap = None;
        self.ahead = None;
    }

    /// The highest sequence number the log may give up.
    pub(super) fn releasable(&self) -> u64 {
        match (self.attached, &self.gap, self.on_full) {
            (true, None, _) | (true, Some(_), OnFull::Evict) => self.next - 1,
            (true, Some(gap), OnFull::Block) => gap.returned,
            (false, _, OnFull::Block) => self.claimed,
            (false, _, OnFull::Evict) => u64::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Op {
        Append,
        Deliver,
        Attach,
        Detach,
        Read { after: u64, until: u64 },
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            3 => Just(Op::Append),
            3 => Just(Op::Deliver),
            1 => Just(Op::Attach),
            1 => Just(Op::Detach),
            2 => (0_u64..30, 0_u64..30).prop_map(|(after, until)| Op::Read { after, until }),
        ]
    }

    proptest! {
        /// With back-pressure nothing is given up that the client may still need: it was claimed,
        /// or it was delivered or returned to a client that is attached and has no gap.
        #[test]
        fn blocking_never_releases_what_a_client_may_miss(ops in proptest::collection::vec(op(), 0..60)) {
            let mut cursor = Cursor::new(OnFull::Block);
            let (mut end, mut claimed, mut attached, mut told) = (1_u64, 0_u64, false, 0_u64);
            for op in ops {
                match op {
                    Op::Append => end += 1,
                    Op::Deliver if attached && cursor.next() < end => {
                        told = told.max(cursor.next());
                        cursor.delivered(cursor.next(), 1);
                    }
                    Op::Deliver => {}
                    Op::Attach => { cursor.attach(end); attached = true; }
                    Op::Detach => { cursor.detach(); attached = false; told = 0; }
                    Op::Read { after, until } => {
                        let until = until.clamp(1, end);
                        cursor.read(after, until, end);
                        claimed = claimed.max(after.min(end - 1));
                        told = told.max(if attached { until - 1 } else { 0 });
                    }
                }
                let allowed = if attached { claimed.max(told).max(cursor.next() - 1) } else { claimed };
                prop_assert!(cursor.releasable() <= allowed);
                prop_assert!(cursor.releasable() < end);
                prop_assert!(!attached || cursor.next() <= end);
            }
        }
    }

    #[test]
    fn the_first_audience_is_told_everything_and_a_later_one_what_follows() {
        let mut cursor = Cursor::new(OnFull::Block);
        cursor.attach(5);
        assert_eq!((cursor.next(), cursor.is_catching_up()), (1, false));
        (1..5).for_each(|seq| cursor.delivered(seq, 1));
        cursor.detach();
        cursor.attach(9);
        assert_eq!((cursor.next(), cursor.is_catching_up()), (9, true));
    }

    #[test]
    fn what_was_delivered_is_protected_again_by_a_disconnect() {
        let mut cursor = Cursor::new(OnFull::Block);
        cursor.attach(1);
        (1..5).for_each(|seq| cursor.delivered(seq, 1));
        assert_eq!(cursor.releasable(), 4);
        cursor.detach();
        assert_eq!(cursor.releasable(), 0);
    }

    #[test]
    fn a_gap_is_kept_until_it_was_read() {
        let mut cursor = Cursor::new(OnFull::Block);
        cursor.attach(1);
        (1..5).for_each(|seq| cursor.delivered(seq, 1));
        cursor.detach();
        cursor.attach(9);
        assert_eq!(cursor.releasable(), 0);
        cursor.read(3, 6, 9);
        assert_eq!((cursor.releasable(), cursor.is_catching_up()), (5, true));
        cursor.read(5, 9, 9);
        cursor.shown(9);
        assert_eq!((cursor.releasable(), cursor.is_catching_up()), (8, false));
    }

    #[test]
    fn a_resumed_client_is_told_only_so_much_until_it_was_shown_what_it_missed() {
        let mut cursor = Cursor::new(OnFull::Block);
        cursor.attach(1);
        cursor.delivered(1, AHEAD * 2);
        assert!(cursor.may_deliver(), "the first audience misses nothing");
        cursor.detach();
        cursor.attach(9);
        cursor.delivered(9, AHEAD - 1);
        assert!(cursor.may_deliver());
        cursor.delivered(10, 1);
        assert!(!cursor.may_deliver());
        cursor.read(1, 11, 11);
        cursor.shown(8);
        assert!(!cursor.may_deliver(), "it was not shown all of it");
        assert!(!cursor.waits_for(8) && cursor.waits_for(11));
        cursor.shown(11);
        assert!(!cursor.waits_for(11));
        assert!(cursor.may_deliver());
    }

    #[test]
    fn a_client_that_never_reads_its_gap_is_let_go() {
        let mut cursor = Cursor::new(OnFull::Block);
        cursor.attach(1);
        cursor.detach();
        cursor.attach(9);
        cursor.delivered(9, AHEAD);
        cursor.end_catch_up();
        assert_eq!(cursor.releasable(), 9);
        assert!(cursor.may_deliver());
    }
}
