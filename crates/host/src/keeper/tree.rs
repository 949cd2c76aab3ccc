//! The tree of processes: who descends from whom, and signals to all of them.
//!
//! A process is only ever signalled through a pidfd whose identity was checked after it was
//! opened (same start time and parent as in the picture that named it), so a process id that was
//! used again never hits a stranger.
//! A picture of `/proc` is not taken at one instant: a member may be missing from it. Nobody here
//! concludes from a picture that a tree is empty; that is what `waitpid` and the cgroup say.

use std::{collections::HashMap, fs, io};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// What is known of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    /// Its id.
    pub(crate) pid: u32,
    /// Its parent.
    pub(crate) parent: u32,
    /// Its process group.
    pub(crate) group: u32,
    /// Its session.
    pub(crate) session: u32,
    /// Clock ticks since boot at which it started.
    pub(crate) started: u64,
    /// Whether it has ended and waits to be reaped.
    pub(crate) zombie: bool,
}

/// Reads a line of `/proc/PID/stat`. The name in it may hold anything, parentheses too.
pub(crate) fn parse_stat(line: &[u8]) -> Option<Stat> {
    let open = line.iter().position(|byte| *byte == b'(')?;
    let close = line.iter().rposition(|byte| *byte == b')')?;
    let pid = std::str::from_utf8(line.get(..open)?)
        .ok()?
        .trim()
        .parse()
        .ok()?;
    let rest = std::str::from_utf8(line.get(close + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    Some(Stat {
        pid,
        zombie: matches!(*fields.first()?, "Z" | "X"),
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        session: fields.get(3)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

/// Everyone below `root`, without `root` itself and without the `spared` and what is below them.
pub(crate) fn descendants(picture: &[Stat], root: u32, spared: impl Fn(u32) -> bool) -> Vec<Stat> {
    let mut children: HashMap<u32, Vec<&Stat>> = HashMap::new();
    for stat in picture {
        children.entry(stat.parent).or_default().push(stat);
    }
    let (mut found, mut parents) = (Vec::new(), vec![root]);
    while let Some(parent) = parents.pop() {
        // Taken out, so that a picture with a circle in it ends as well.
        for stat in children.remove(&parent).unwrap_or_default() {
            if stat.pid != root && !spared(stat.pid) {
                found.push(*stat);
                parents.push(stat.pid);
            }
        }
    }
    found
}

/// A picture of all processes.
pub(crate) fn picture() -> io::Result<Vec<Stat>> {
    let mut picture = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        picture.extend(look(pid));
    }
    Ok(picture)
}

/// What is known of one process now.
pub(crate) fn look(pid: u32) -> Option<Stat> {
    parse_stat(&fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// Sends a signal to exactly this process. Nothing happens when it is gone or was replaced.
pub(crate) fn signal(stat: &Stat, signal: Signal) {
    let Some(pid) = i32::try_from(stat.pid).ok().and_then(Pid::from_raw) else {
        return;
    };
    let Ok(pidfd) = pidfd_open(pid, PidfdFlags::empty()) else {
        return;
    };
    let same = |now: Stat| now.started == stat.started && now.session == stat.session;
    if look(stat.pid).is_some_and(same) {
        // An error means that it ended meanwhile, or became another user's: nothing to be done.
        pidfd_send_signal(&pidfd, signal).ok();
    }
}

/// Sends a signal to every process below `root` that `wanted` names.
pub(crate) fn signal_below(root: u32, number: Signal, wanted: impl Fn(&Stat) -> bool) {
    let picture = picture().unwrap_or_default();
    for stat in descendants(&picture, root, |_| false) {
        if !stat.zombie && wanted(&stat) {
            signal(&stat, number);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn stat(pid: u32, parent: u32) -> Stat {
        Stat {
            pid,
            parent,
            group: pid,
            session: pid,
            started: 1,
            zombie: false,
        }
    }

    proptest! {
        #[test]
        fn descendants_are_those_whose_line_of_parents_reaches_the_root(
            parents in vec(0..20_u32, 1..20),
            root in 0..20_u32,
            spared in 0..20_u32,
        ) {
            let picture: Vec<_> =
                (0..).zip(&parents).map(|(pid, parent)| stat(pid, *parent)).collect();
            let found: HashSet<u32> =
                descendants(&picture, root, |pid| pid == spared).iter().map(|s| s.pid).collect();
            for stat in &picture {
                // Walk up; a circle ends after as many steps as there are processes.
                let (mut at, mut below) = (stat.pid, false);
                for _ in 0..=picture.len() {
                    if at == root || at == spared {
                        break;
                    }
                    let Some(parent) = parents.get(at as usize) else { break };
                    at = *parent;
                    below = at == root;
                }
                let expected = below && stat.pid != root && stat.pid != spared;
                prop_assert_eq!(found.contains(&stat.pid), expected, "process {}", stat.pid);
            }
        }

        #[test]
        fn any_name_can_stand_in_the_line(name in "\\PC{0,15}") {
            let line = format!(
                "42 ({name}) S 7 8 9 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 12345 1 2 3"
            );
            let expected =
                Stat { pid: 42, parent: 7, group: 8, session: 9, started: 12345, zombie: false };
            prop_assert_eq!(parse_stat(line.as_bytes()), Some(expected));
        }

        #[test]
        fn damaged_lines_are_refused_without_a_panic(line in vec(any::<u8>(), 0..80)) {
            // Random bytes practically never hold twenty numbers after a parenthesis.
            prop_assert_eq!(parse_stat(&line), None);
        }
    }

    #[test]
    fn this_process_is_in_the_picture() {
        let me = look(std::process::id()).unwrap();
        assert!(picture().unwrap().iter().any(|stat| stat.pid == me.pid));
        assert!(!me.zombie);
    }
}
