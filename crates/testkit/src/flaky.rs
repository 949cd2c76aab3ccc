//! A byte stream that splits, delays and cuts by seed.
//!
//! Every read and write passes at most a few bytes at a time, often finds nothing ready and is
//! woken a little later, and after a number of bytes the stream may be cut: then reads find the
//! end or an error, and writes fail, as with a peer that went away. The same seed gives the same
//! decisions, so a failure is repeated by its number.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// A stream with faults.
#[derive(Debug)]
pub struct Flaky<S> {
    inner: S,
    reads: Faults,
    writes: Faults,
    /// Bytes that still pass in either direction; `None` for all.
    until_cut: Option<usize>,
    /// Whether a cut stream ends or fails.
    cut_is_error: bool,
}

/// The decisions of one direction.
#[derive(Debug)]
struct Faults {
    random: Random,
    delay: Option<Pin<Box<Sleep>>>,
    /// Whether the next call may pass without a delay.
    waited: bool,
}

/// SplitMix64: small, even, and the same everywhere.
#[derive(Clone, Debug)]
pub struct Random(u64);

/// The longest delay. Under paused time it costs nothing.
const LONGEST_DELAY_MILLIS: usize = 20;

// === impl Random ===

impl Random {
    /// Numbers that depend on nothing but the seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bounded = (mixed ^ (mixed >> 31)) % bound.max(1) as u64;
        usize::try_from(bounded).expect("it is below a usize")
    }
}

// === impl Flaky ===

impl<S> Flaky<S> {
    /// A stream with the faults of this seed. `cut_after` is the bound of the bytes after which
    /// it is cut, also chosen by seed; `None` never cuts.
    pub fn new(inner: S, seed: u64, cut_after: Option<usize>) -> Self {
        let mut random = Random::new(seed);
        let until_cut = cut_after.map(|bound| random.below(bound));
        let cut_is_error = random.below(2) == 0;
        let reads = Faults::new(random.below(usize::MAX));
        let writes = Faults::new(random.below(usize::MAX));
        Self {
            inner,
            reads,
            writes,
            until_cut,
            cut_is_error,
        }
    }

    /// How much may pass at once: a little, and never beyond the cut.
    fn share(random: &mut Random, until_cut: Option<usize>, wanted: usize) -> usize {
        let most = match random.below(4) {
            0 => 1,
            1 => 7,
            2 => 200,
            _ => 20_000,
        };
        let share = 1 + random.below(most);
        share.min(wanted).min(until_cut.unwrap_or(usize::MAX))
    }

    fn passed(&mut self, bytes: usize) {
        self.until_cut = self.until_cut.map(|rest| rest.saturating_sub(bytes));
    }
}

impl Faults {
    fn new(seed: usize) -> Self {
        Self {
            random: Random::new(seed as u64),
            delay: None,
            waited: false,
        }
    }

    /// Sometimes nothing is ready, for a while.
    fn poll_delay(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.delay.is_none() && !self.waited && self.random.below(8) == 0 {
            let millis = self.random.below(LONGEST_DELAY_MILLIS) as u64;
            self.delay = Some(Box::pin(sleep(Duration::from_millis(millis))));
        }
        if let Some(delay) = &mut self.delay {
            ready!(delay.as_mut().poll(cx));
            self.delay = None;
            self.waited = true;
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Flaky<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.reads.poll_delay(cx));
        if self.until_cut == Some(0) {
            return Poll::Ready(match self.cut_is_error {
                true => Err(io::ErrorKind::ConnectionReset.into()),
                false => Ok(()),
            });
        }
        let until_cut = self.until_cut;
        let share = Self::share(&mut self.reads.random, until_cut, buf.remaining());
        let mut part = vec![0; share];
        let mut part = ReadBuf::new(&mut part);
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut part))?;
        buf.put_slice(part.filled());
        self.passed(part.filled().len());
        self.reads.waited = false;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Flaky<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.writes.poll_delay(cx));
        if self.until_cut == Some(0) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let until_cut = self.until_cut;
        let share = Self::share(&mut self.writes.random, until_cut, buf.len());
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, &buf[..share]))?;
        self.passed(written);
        self.writes.waited = false;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    /// What arrives of `sent` over a stream with these faults, and in how many reads.
    async fn arrives(seed: u64, cut_after: Option<usize>, sent: &[u8]) -> (Vec<u8>, usize) {
        let (near, far) = duplex(1 << 20);
        let (mut near, mut far) = (near, Flaky::new(far, seed, cut_after));
        near.write_all(sent).await.unwrap();
        drop(near);
        let (mut arrived, mut reads, mut chunk) = (Vec::new(), 0, vec![0; 64 << 10]);
        while let Ok(1..) = far.read(&mut chunk).await.inspect(|read| {
            arrived.extend_from_slice(&chunk[..*read]);
            reads += 1;
        }) {}
        (arrived, reads)
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_are_split_and_delayed_but_never_changed() {
        let sent: Vec<u8> = (0..100_000u32)
            .map(|number| number.to_le_bytes()[0])
            .collect();
        let started = tokio::time::Instant::now();
        let (arrived, reads) = arrives(7, None, &sent).await;
        assert!(arrived == sent);
        assert!(reads > 20, "{reads}");
        assert!(started.elapsed() > Duration::ZERO);
        assert_eq!(
            arrives(7, None, &sent).await.1,
            reads,
            "the same seed, the same faults"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_cut_stream_passes_a_beginning_and_no_more() {
        let sent = vec![b'x'; 10_000];
        let mut lengths = Vec::new();
        for seed in 0..50 {
            let (arrived, _) = arrives(seed, Some(10_000), &sent).await;
            assert!(arrived.len() < sent.len());
            lengths.push(arrived.len());
        }
        lengths.sort_unstable();
        lengths.dedup();
        assert!(lengths.len() > 40, "the cuts are spread");
    }
}
