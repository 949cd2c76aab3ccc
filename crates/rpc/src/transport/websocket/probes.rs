//! Who asked whether the peer is there, and which pong answers whom. Pure.

use std::collections::VecDeque;

use bytes::Bytes;
use tokio::sync::oneshot;

/// The probes that wait for their pong, oldest first.
#[derive(Debug, Default)]
pub(super) struct Probes {
    asked: u64,
    waiting: VecDeque<(u64, oneshot::Sender<()>)>,
}

/// Probes that wait at the same time; the link queues no more than this either. The oldest is
/// given up for a new one.
const MAX_PROBES: usize = 16;

// === impl Probes ===

impl Probes {
    /// Notes who asks; returns the payload of the ping.
    pub(super) fn ask(&mut self, answer: oneshot::Sender<()>) -> Bytes {
        self.asked += 1;
        if self.waiting.len() == MAX_PROBES {
            self.waiting.pop_front();
        }
        self.waiting.push_back((self.asked, answer));
        Bytes::copy_from_slice(&self.asked.to_be_bytes())
    }

    /// A pong came. It answers the ping with its payload and all before it; one that nobody asked
    /// for answers none.
    pub(super) fn answered(&mut self, payload: &[u8]) {
        let Ok(number) = payload.try_into().map(u64::from_be_bytes) else {
            return;
        };
        if number > self.asked {
            return;
        }
        while self
            .waiting
            .front()
            .is_some_and(|(asked, _)| *asked <= number)
        {
            if let Some((_, answer)) = self.waiting.pop_front() {
                answer.send(()).ok();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pong_answers_its_ping_and_those_before_it() {
        let mut probes = Probes::default();
        let mut answers = Vec::new();
        let payloads: Vec<_> = (0..3)
            .map(|_| {
                let (tx, rx) = oneshot::channel();
                answers.push(rx);
                probes.ask(tx)
            })
            .collect();
        for stranger in [
            &b""[..],
            b"x",
            &0u64.to_be_bytes(),
            &4u64.to_be_bytes(),
            &[0xff; 8],
        ] {
            probes.answered(stranger);
        }
        assert!(answers.iter_mut().all(|answer| answer.try_recv().is_err()));
        probes.answered(&payloads[1]);
        let states: Vec<_> = answers
            .iter_mut()
            .map(|answer| answer.try_recv().is_ok())
            .collect();
        assert_eq!(states, [true, true, false]);
    }

    #[test]
    fn only_so_many_probes_wait() {
        let mut probes = Probes::default();
        let (first, mut oldest) = oneshot::channel();
        probes.ask(first);
        for _ in 0..MAX_PROBES {
            assert_eq!(oldest.try_recv(), Err(oneshot::error::TryRecvError::Empty));
            probes.ask(oneshot::channel().0);
        }
        assert_eq!(oldest.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        assert_eq!(probes.waiting.len(), MAX_PROBES);
    }
}
