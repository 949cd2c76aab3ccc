//! Processes below the keeper that belong to no command it knows any more.

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    process::{Signal, WaitOptions, getpid, wait},
};

use super::{
    main::{Keeper, LOOK_AGAIN},
    tree,
};

/// How many rounds are spent on the orphans of a guard that was killed before its command counts
/// as gone. Each takes a picture of all processes, so most of them die in the first.
const STRAY_ROUNDS: u32 = 64;

// === impl Keeper: strays ===

impl Keeper {
    /// Kills whatever came down to us from a guard that is gone.
    pub(super) fn kill_strays(&self) {
        for _ in 0..STRAY_ROUNDS {
            let strays = self.strays();
            if strays.is_empty() {
                return;
            }
            strays
                .iter()
                .for_each(|stray| tree::signal(stray, Signal::KILL));
        }
    }

    fn strays(&self) -> Vec<tree::Stat> {
        let spares = self.spares.held().map(|spare| spare.pid);
        let ours: Vec<u32> = self.table.children().chain(spares).collect();
        let picture = tree::picture().unwrap_or_default();
        let me = getpid().as_raw_pid().unsigned_abs();
        let below = tree::descendants(&picture, me, |pid| ours.contains(&pid));
        below.into_iter().filter(|stat| !stat.zombie).collect()
    }

    /// Kills and reaps until this process has no child at all.
    pub(super) fn end_strays(&self) {
        loop {
            loop {
                match wait(WaitOptions::NOHANG) {
                    Ok(Some(_)) | Err(Errno::INTR) => {}
                    Ok(None) => break,
                    Err(_) => return,
                }
            }
            self.strays()
                .iter()
                .for_each(|stray| tree::signal(stray, Signal::KILL));
            poll(
                &mut [PollFd::new(&self.signals, PollFlags::IN)],
                Some(&LOOK_AGAIN),
            )
            .ok();
            let mut drained = [0; 1024];
            rustix::io::read(&self.signals, &mut drained).ok();
        }
    }
}
