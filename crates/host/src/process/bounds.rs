//! Pure: which limits of a command can be kept here, and why one cannot.
//!
//! Nothing is bent silently: a limit is kept as it was asked for, or the start is refused.

use std::fmt;

use rustix::process::Resource;

use super::resources::ResourceLimits;

/// Less than a page is nothing at all to the kernel.
const LEAST_MEMORY: u64 = 4096;

/// The kernel counts memory in a signed number; more would be no limit.
const MOST_MEMORY: u64 = i64::MAX.unsigned_abs();

/// A command begins with three descriptors.
const LEAST_FILES: u64 = 3;

/// The most processes any Linux has.
const MOST_PIDS: u64 = 1 << 22;

/// The most seconds whose end can be said: one second later is the hard limit, and the highest
/// number of all means none.
const MOST_SECONDS: u64 = u64::MAX - 2;

/// One of the [`ResourceLimits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// [`ResourceLimits::memory_bytes`].
    Memory,
    /// [`ResourceLimits::cpu_seconds`].
    Cpu,
    /// [`ResourceLimits::pids`].
    Pids,
    /// [`ResourceLimits::open_files`].
    OpenFiles,
    /// [`ResourceLimits::file_size_bytes`].
    FileSize,
}

/// A limit that cannot be kept here, so that nothing was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{limit}: {why}")]
pub struct Unenforceable {
    /// Which.
    pub limit: Limit,
    /// Why not.
    pub why: Why,
}

/// Why a limit cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Nothing can run with so little.
    #[error("nothing runs with less than {least}")]
    TooSmall {
        /// The least that makes sense.
        least: u64,
    },
    /// More than the server itself may give.
    #[error("no more than {most} can be given here")]
    TooLarge {
        /// The most that can be given.
        most: u64,
    },
    /// It takes a control group, and none can be made.
    #[error(
        "no control group can be made here that keeps it; start the server as root, or in a \
         group of cgroup v2 that is delegated to it"
    )]
    NoGroup,
    /// It takes a keeper, and commands are started without one.
    #[error("commands without a keeper cannot be limited")]
    NoKeeper,
}

/// What the keeper can do for one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Able {
    /// Bound its memory.
    pub(crate) memory: bool,
    /// Bound its processes.
    pub(crate) pids: bool,
    /// The most seconds, descriptors and bytes of a file that this process may still give.
    pub(crate) most: Most,
}

/// The limits that this process is itself held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Most {
    /// Seconds of processor time.
    pub(crate) cpu: Option<u64>,
    /// Descriptors.
    pub(crate) files: Option<u64>,
    /// Bytes of a file.
    pub(crate) size: Option<u64>,
}

impl ResourceLimits {
    /// Refuses what can never be kept, whoever is to keep it.
    pub(crate) fn check(&self) -> Result<(), Unenforceable> {
        self.check_with(&Able {
            memory: true,
            pids: true,
            most: Most {
                cpu: None,
                files: None,
                size: None,
            },
        })
    }

    /// Refuses what cannot be kept with these means.
    pub(crate) fn check_with(&self, able: &Able) -> Result<(), Unenforceable> {
        let most = able.most;
        within(Limit::Memory, self.memory_bytes, LEAST_MEMORY, MOST_MEMORY)?;
        within(
            Limit::Cpu,
            self.cpu_seconds,
            1,
            most.cpu.unwrap_or(MOST_SECONDS),
        )?;
        within(Limit::Pids, self.pids, 1, MOST_PIDS)?;
        let files = most.files.unwrap_or(u64::MAX - 1);
        within(Limit::OpenFiles, self.open_files, LEAST_FILES, files)?;
        let size = most.size.unwrap_or(u64::MAX - 1);
        within(Limit::FileSize, self.file_size_bytes, 0, size)?;
        let grouped = |limit, asked: Option<u64>, able: bool| match asked {
            Some(_) if !able => Err(Unenforceable {
                limit,
                why: Why::NoGroup,
            }),
            _ => Ok(()),
        };
        grouped(Limit::Memory, self.memory_bytes, able.memory)?;
        grouped(Limit::Pids, self.pids, able.pids)
    }

    /// The first limit that is asked for, if any is.
    pub(crate) fn any(&self) -> Option<Limit> {
        let asked = [
            self.memory_bytes,
            self.cpu_seconds,
            self.pids,
            self.open_files,
            self.file_size_bytes,
        ];
        let first = asked.iter().position(Option::is_some)?;
        Limit::ALL.get(first).copied()
    }
}

fn within(limit: Limit, asked: Option<u64>, least: u64, most: u64) -> Result<(), Unenforceable> {
    let why = match asked {
        Some(asked) if asked < least => Why::TooSmall { least },
        Some(asked) if asked > most => Why::TooLarge { most },
        _ => return Ok(()),
    };
    Err(Unenforceable { limit, why })
}

// === impl Most ===

impl Most {
    /// What this very process may still give.
    pub(crate) fn here() -> Self {
        let hard = |resource| rustix::process::getrlimit(resource).maximum;
        Self {
            cpu: hard(Resource::Cpu),
            files: hard(Resource::Nofile),
            size: hard(Resource::Fsize),
        }
    }
}

// === impl Limit ===

impl Limit {
    const ALL: [Self; 5] = [
        Self::Memory,
        Self::Cpu,
        Self::Pids,
        Self::OpenFiles,
        Self::FileSize,
    ];
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Cpu => "processor seconds",
            Self::Pids => "processes",
            Self::OpenFiles => "open files",
            Self::FileSize => "file size",
        })
    }
}

// === impl Unenforceable ===

impl Unenforceable {
    /// How long it is in bytes.
    const LENGTH: usize = 10;

    /// This refusal as bytes.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let limit = Limit::ALL.iter().position(|limit| *limit == self.limit);
        let (why, number) = match self.why {
            Why::TooSmall { least } => (0, least),
            Why::TooLarge { most } => (1, most),
            Why::NoGroup => (2, 0),
            Why::NoKeeper => (3, 0),
        };
        let limit = limit
            .and_then(|limit| u8::try_from(limit).ok())
            .unwrap_or(0);
        let mut bytes = vec![limit, why];
        bytes.extend(u64::to_le_bytes(number));
        bytes
    }

    /// The refusal of bytes made by [`Unenforceable::to_bytes`].
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let [limit, why, number @ ..] = bytes.first_chunk::<{ Self::LENGTH }>()?;
        let number = u64::from_le_bytes(*number);
        let why = match why {
            0 => Why::TooSmall { least: number },
            1 => Why::TooLarge { most: number },
            2 => Why::NoGroup,
            3 => Why::NoKeeper,
            _ => return None,
        };
        let limit = *Limit::ALL.get(usize::from(*limit))?;
        (bytes.len() == Self::LENGTH).then_some(Self { limit, why })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL_ABLE: Able = Able {
        memory: true,
        pids: true,
        most: Most {
            cpu: Some(100),
            files: Some(1024),
            size: None,
        },
    };

    fn of(limit: Limit, value: u64) -> ResourceLimits {
        let mut limits = ResourceLimits::default();
        *match limit {
            Limit::Memory => &mut limits.memory_bytes,
            Limit::Cpu => &mut limits.cpu_seconds,
            Limit::Pids => &mut limits.pids,
            Limit::OpenFiles => &mut limits.open_files,
            Limit::FileSize => &mut limits.file_size_bytes,
        } = Some(value);
        limits
    }

    fn why(limit: Limit, value: u64) -> Option<Why> {
        let refused = of(limit, value).check_with(&ALL_ABLE).err()?;
        assert_eq!(refused.limit, limit);
        Some(refused.why)
    }

    #[test]
    fn each_edge_is_kept_and_one_beyond_refused() {
        let edges = [
            (Limit::Memory, Some(4096), Some(i64::MAX.unsigned_abs())),
            (Limit::Cpu, Some(1), Some(100)),
            (Limit::Pids, Some(1), Some(4_194_304)),
            (Limit::OpenFiles, Some(3), Some(1024)),
            (Limit::FileSize, None, Some(u64::MAX - 1)),
        ];
        for (limit, least, most) in edges {
            for edge in [least, most].into_iter().flatten() {
                assert_eq!(why(limit, edge), None, "{limit:?} {edge}");
                assert_eq!(of(limit, edge).any(), Some(limit));
            }
            if let Some(least) = least {
                assert_eq!(why(limit, least - 1), Some(Why::TooSmall { least }));
            }
            if let Some(most) = most {
                assert_eq!(why(limit, most + 1), Some(Why::TooLarge { most }));
            }
        }
        assert_eq!(why(Limit::FileSize, 0), None, "an empty file may be made");
    }

    #[test]
    fn what_no_group_keeps_is_refused_and_the_rest_is_not() {
        let unable = Able {
            memory: false,
            pids: false,
            ..ALL_ABLE
        };
        for limit in Limit::ALL {
            let refused = of(limit, 100).check_with(&unable);
            let alone = matches!(limit, Limit::Memory | Limit::Pids);
            assert_eq!(refused.is_err(), alone, "{limit:?}");
        }
        let refused = of(Limit::Memory, 1 << 20).check_with(&unable);
        let why = Why::NoGroup;
        assert_eq!(
            refused,
            Err(Unenforceable {
                limit: Limit::Memory,
                why
            })
        );
        assert_eq!(ResourceLimits::default().check_with(&unable), Ok(()));
        assert_eq!(ResourceLimits::default().any(), None);
    }

    proptest! {
        #[test]
        fn a_refusal_comes_out_as_it_went_in(limit in 0..5_usize, why in 0..4, number: u64) {
            let why = match why {
                0 => Why::TooSmall { least: number },
                1 => Why::TooLarge { most: number },
                2 => Why::NoGroup,
                _ => Why::NoKeeper,
            };
            let refused = Unenforceable { limit: Limit::ALL[limit], why };
            let bytes = refused.to_bytes();
            prop_assert_eq!(Unenforceable::from_bytes(&bytes), Some(refused));
            prop_assert_eq!(Unenforceable::from_bytes(&bytes[1..]), None);
        }

        #[test]
        fn no_bytes_are_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
            let refused = Unenforceable::from_bytes(&bytes);
            prop_assert!(refused.is_none_or(|refused| refused.to_bytes().len() == bytes.len()));
        }
    }
}
