//! A server looks after itself first: it is killed late when memory runs out, and has descriptors
//! left when its commands have taken theirs.
//!
//! What it changes for itself is not for its commands: the keeper is told how it was, and gives
//! that to each of them.

use std::{fs, sync::OnceLock};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The variable by which a keeper is told what was normal for its server.
pub(crate) const NORMAL: &str = "OUTPOST_KEEPER_NORMAL";

/// Where a process finds how it ranks when memory runs out.
pub(crate) const OOM_SCORE_ADJ: &str = "/proc/self/oom_score_adj";

/// How a server and its keeper rank when memory runs out: long after the commands. With either of
/// them every command would end.
pub(crate) const OOM_SCORE: i32 = -900;

/// Descriptors that commands leave to the server, of plenty: for connections, of which a listener
/// takes 1,024, for files, and for what is on its way.
const SPARED: u64 = 2048;

/// Descriptors a server holds for a command: three ends of streams and its pidfd.
const OF_COMMAND: u64 = 4;

/// What was normal before this process changed it.
static BEFORE: OnceLock<Normal> = OnceLock::new();

/// What is normal for a command here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Normal {
    /// How it ranks when memory runs out, where there is such a rank.
    pub(crate) oom_score: Option<i32>,
    /// How many descriptors it may open, as its own soft limit; `None` is any number.
    pub(crate) descriptors: Option<u64>,
}

/// Makes this process, a server, one that is killed late when memory runs out, where it may, and
/// that can hold as many descriptors as it may. Its commands stay as they were. To be called before
/// the first command is started; called again it does nothing.
pub fn protect() {
    BEFORE.get_or_init(|| {
        let before = Normal::here();
        if let Some(score) = before.oom_score {
            // Refused to whoever has not the right; then commands rank higher instead.
            fs::write(OOM_SCORE_ADJ, OOM_SCORE.min(score).to_string()).ok();
        }
        let descriptors = getrlimit(Resource::Nofile);
        let most = Rlimit {
            current: descriptors.maximum,
            ..descriptors
        };
        setrlimit(Resource::Nofile, most).ok();
        before
    });
}

/// What a keeper is to be told, if there is anything to tell.
pub(crate) fn before() -> Option<Normal> {
    BEFORE.get().copied()
}

/// How many commands this process has descriptors for, beside those it needs itself.
pub(crate) fn room_for_commands() -> usize {
    getrlimit(Resource::Nofile)
        .current
        .map_or(usize::MAX, room_within)
}

/// The same of this many descriptors: at most a half of them is spared.
fn room_within(descriptors: u64) -> usize {
    let spared = SPARED.min(descriptors / 2);
    usize::try_from((descriptors - spared) / OF_COMMAND).unwrap_or(usize::MAX)
}

// === impl Normal ===

impl Normal {
    /// As it is in this very process.
    pub(crate) fn here() -> Self {
        let score = fs::read_to_string(OOM_SCORE_ADJ).ok();
        Self {
            oom_score: score.and_then(|text| text.trim().parse().ok()),
            descriptors: getrlimit(Resource::Nofile).current,
        }
    }

    /// As a text for [`NORMAL`].
    pub(crate) fn to_text(self) -> String {
        let or_none = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let score = or_none(self.oom_score.map(|score| score.to_string()));
        let descriptors = or_none(self.descriptors.map(|count| count.to_string()));
        format!("{score} {descriptors}")
    }

    /// Reads what [`Normal::to_text`] wrote.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        fn value<T: std::str::FromStr>(text: &str) -> Option<Option<T>> {
            match text {
                "-" => Some(None),
                value => value.parse().ok().map(Some),
            }
        }
        let (score, descriptors) = text.split_once(' ')?;
        Some(Self {
            oom_score: value(score)?,
            descriptors: value(descriptors)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_normal_comes_out_as_it_went_in(oom_score: Option<i32>, descriptors: Option<u64>) {
            let normal = Normal { oom_score, descriptors };
            prop_assert_eq!(Normal::from_text(&normal.to_text()), Some(normal));
        }

        #[test]
        fn commands_never_take_what_the_server_needs(descriptors: u64) {
            let taken = room_within(descriptors) as u64 * OF_COMMAND;
            prop_assert!(descriptors - taken >= SPARED.min(descriptors / 2));
        }
    }

    #[test]
    fn damaged_texts_are_not_understood() {
        for text in ["", "1", "x 1", "1 x", "1 -1", "1 2 3"] {
            assert_eq!(Normal::from_text(text), None, "{text}");
        }
    }

    #[test]
    fn usual_limits_leave_room() {
        assert_eq!(room_within(20_000), 4488);
        assert_eq!(room_within(1024), 128);
        assert_eq!(room_within(0), 0);
    }
}
