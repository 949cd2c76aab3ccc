//! What the server and its keeper say to each other: length-prefixed binary frames.
//!
//! Pure: bytes in, messages out, no I/O. Both ends are the same program file, so the version is
//! only there to refuse a keeper that was replaced on disk under a running server.
//! A frame is a length (four bytes, little endian), a tag and the fields in order. Descriptors
//! travel beside the bytes; a frame says how many belong to it, and the [`Inbox`] deals them out
//! in the order they came.

pub(crate) mod fields;
mod inbox;
mod order;

use self::fields::{Reader, bytes, count, frame, tagged_id};
pub(crate) use self::{inbox::Inbox, order::Order};
use crate::process::ResourceLimits;

/// The version of this protocol; both ends must name the same.
pub(crate) const VERSION: u16 = 4;

/// The longest frame either end accepts. The kernel takes at most 6 MiB of arguments and
/// environment, whatever the limits, so with 8 MiB it is always the kernel that decides.
pub(crate) const MAX_FRAME: usize = 8 << 20;

/// The most descriptors one frame carries: three pipe ends and a pidfd.
pub(crate) const MAX_FDS: usize = 4;

/// What a frame that makes no sense was.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum WireError {
    /// The announced length is above [`MAX_FRAME`].
    #[error("frame of {0} bytes is too long")]
    TooLong(usize),
    /// The fields do not fill the frame as its tag says.
    #[error("malformed frame")]
    Malformed,
    /// The frame names descriptors that did not come.
    #[error("descriptors are missing")]
    MissingFds,
}

/// What the server asks of the keeper, and the keeper of a guard or of a spare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Request {
    /// The first frame: how to work.
    Hello {
        version: u16,
        containment: u8,
        max_processes: u32,
    },
    /// Start a command under a fresh id.
    Spawn(Box<Command>),
    /// Send a signal to the leader's group or to every member.
    Signal { id: u64, signal: i32, to: To },
    /// End every member with SIGKILL.
    Kill { id: u64 },
    /// Say nothing more about this id.
    Forget { id: u64 },
    /// Make everything ready for a command behind these walls, and wait for it.
    Prepare(Box<Order>),
    /// Start this command, for whose like everything was made ready; its streams are the `fds`
    /// descriptors that belong to this frame.
    Use { command: Box<Command>, fds: u8 },
}

/// Whom a signal is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    /// The process group of the command's leader.
    Group,
    /// Every process below the command.
    Tree,
}

/// A command to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// Chosen by the asker, never used twice.
    pub(crate) id: u64,
    /// Program and arguments.
    pub(crate) argv: Vec<Vec<u8>>,
    /// What the program sees as its own name, when it is not `argv[0]`.
    pub(crate) arg0: Option<Vec<u8>>,
    /// The working directory.
    pub(crate) cwd: Vec<u8>,
    /// The whole environment.
    pub(crate) env: Vec<(Vec<u8>, Vec<u8>)>,
    /// What descriptors 0 to 2 are.
    pub(crate) stdio: Stdio,
    /// How much it may use.
    pub(crate) limits: ResourceLimits,
    /// What it is to be walled in by, if by anything.
    pub(crate) walls: Option<Order>,
}

/// What is known of an end beside its status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Something was refused by the walls while it ran.
    pub denied: bool,
    /// The bound that was exceeded.
    pub exceeded: Option<Exceeded>,
}

/// A bound that a command exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exceeded {
    /// [`ResourceLimits::memory_bytes`].
    Memory,
    /// [`ResourceLimits::cpu_seconds`].
    Cpu,
    /// [`ResourceLimits::pids`].
    Pids,
    /// [`ResourceLimits::file_size_bytes`].
    FileSize,
}

/// What a command's descriptors 0 to 2 are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stdio {
    /// Pipes; descriptor 0 is the null device unless `stdin`.
    Pipes { stdin: bool },
    /// A terminal of this size.
    Terminal { rows: u16, cols: u16 },
}

/// Where a start failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// A pipe, a terminal, a process or a table entry could not be had.
    Resource,
    /// The working directory could not be entered.
    Directory,
    /// The program could not be executed.
    Program,
    /// The walls could not be raised.
    Walls,
    /// A limit cannot be kept.
    Limits,
}

/// What the keeper reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The answer to [`Request::Hello`]: what is in effect. `group` is empty without a cgroup.
    Ready {
        version: u16,
        containment: u8,
        group: Vec<u8>,
    },
    /// The command runs; `fds` descriptors belong to this frame.
    Spawned { id: u64, pid: u32, fds: u8 },
    /// Nothing runs.
    /// `words` are what a program said that was to raise walls, or which limit cannot be kept.
    SpawnFailed {
        id: u64,
        stage: Stage,
        errno: i32,
        words: Vec<u8>,
    },
    /// The leader ended with this raw wait status.
    Exited {
        id: u64,
        status: i32,
        verdict: Verdict,
    },
    /// No member is alive any more.
    Empty { id: u64 },
    /// A spare shows what it should and starts the command now: from here on it is this one's
    /// failure, and nobody else may start it.
    Taken { id: u64 },
}

// === impl Request ===

impl Request {
    /// Appends this request as one frame.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        frame(out, |w| match self {
            Self::Hello {
                version,
                containment,
                max_processes,
            } => {
                w.push(0);
                w.extend(version.to_le_bytes());
                w.push(*containment);
                w.extend(max_processes.to_le_bytes());
            }
            Self::Spawn(command) => {
                w.push(1);
                command.encode(w);
            }
            Self::Signal { id, signal, to } => {
                w.push(2);
                w.extend(id.to_le_bytes());
                w.extend(signal.to_le_bytes());
                w.push(u8::from(*to == To::Tree));
            }
            Self::Kill { id } => tagged_id(w, 3, *id),
            Self::Forget { id } => tagged_id(w, 4, *id),
            Self::Prepare(order) => {
                w.push(5);
                order.encode(w);
            }
            Self::Use { command, fds } => {
                w.extend([6, *fds]);
                command.encode(w);
            }
        });
    }

    /// Reads the body of one frame.
    pub(crate) fn decode(body: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader(body);
        let request = match r.u8()? {
            0 => Self::Hello {
                version: r.u16()?,
                containment: r.u8()?,
                max_processes: r.u32()?,
            },
            1 => Self::Spawn(Box::new(Command::decode(&mut r)?)),
            2 => Self::Signal {
                id: r.u64()?,
                signal: r.i32()?,
                to: if r.bool()? { To::Tree } else { To::Group },
            },
            3 => Self::Kill { id: r.u64()? },
            4 => Self::Forget { id: r.u64()? },
            5 => Self::Prepare(Box::new(Order::decode(&mut r)?)),
            6 => Self::Use {
                fds: r.u8()?,
                command: Box::new(Command::decode(&mut r)?),
            },
            _ => return Err(WireError::Malformed),
        };
        r.end(request)
    }
}

// === impl Command ===

impl Command {
    fn encode(&self, w: &mut Vec<u8>) {
        w.extend(self.id.to_le_bytes());
        count(w, self.argv.len());
        self.argv.iter().for_each(|argument| bytes(w, argument));
        w.push(u8::from(self.arg0.is_some()));
        if let Some(arg0) = &self.arg0 {
            bytes(w, arg0);
        }
        bytes(w, &self.cwd);
        count(w, self.env.len());
        for (name, value) in &self.env {
            bytes(w, name);
            bytes(w, value);
        }
        match self.stdio {
            Stdio::Pipes { stdin } => w.extend([0, u8::from(stdin)]),
            Stdio::Terminal { rows, cols } => {
                w.push(1);
                w.extend(rows.to_le_bytes());
                w.extend(cols.to_le_bytes());
            }
        }
        for limit in limits(&mut { self.limits }) {
            w.push(u8::from(limit.is_some()));
            w.extend(limit.unwrap_or(0).to_le_bytes());
        }
        w.push(u8::from(self.walls.is_some()));
        if let Some(order) = &self.walls {
            order.encode(w);
        }
    }

    fn decode(r: &mut Reader<'_>) -> Result<Self, WireError> {
        let id = r.u64()?;
        let argv = r.list(Reader::bytes)?;
        let arg0 = if r.bool()? { Some(r.bytes()?) } else { None };
        let cwd = r.bytes()?;
        let env = r.list(|r| Ok((r.bytes()?, r.bytes()?)))?;
        let stdio = match r.u8()? {
            0 => Stdio::Pipes { stdin: r.bool()? },
            1 => Stdio::Terminal {
                rows: r.u16()?,
                cols: r.u16()?,
            },
            _ => return Err(WireError::Malformed),
        };
        let mut bounds = ResourceLimits::default();
        for limit in limits(&mut bounds) {
            let (is_some, value) = (r.bool()?, r.u64()?);
            if !is_some && value != 0 {
                return Err(WireError::Malformed);
            }
            *limit = is_some.then_some(value);
        }
        let walls = if r.bool()? {
            Some(Order::decode(r)?)
        } else {
            None
        };
        Ok(Self {
            id,
            argv,
            arg0,
            cwd,
            env,
            stdio,
            limits: bounds,
            walls,
        })
    }
}

/// Each bound, in the order in which they are written.
fn limits(bounds: &mut ResourceLimits) -> [&mut Option<u64>; 5] {
    [
        &mut bounds.memory_bytes,
        &mut bounds.cpu_seconds,
        &mut bounds.pids,
        &mut bounds.open_files,
        &mut bounds.file_size_bytes,
    ]
}

// === impl Exceeded ===

impl Exceeded {
    const ALL: [Self; 4] = [Self::Memory, Self::Cpu, Self::Pids, Self::FileSize];

    fn to_byte(one: Option<Self>) -> u8 {
        let place = one.and_then(|one| Self::ALL.iter().position(|other| *other == one));
        place.map_or(0, |place| u8::try_from(place + 1).unwrap_or(0))
    }

    fn from_byte(byte: u8) -> Result<Option<Self>, WireError> {
        let Some(place) = usize::from(byte).checked_sub(1) else {
            return Ok(None);
        };
        let one = Self::ALL.get(place).ok_or(WireError::Malformed)?;
        Ok(Some(*one))
    }
}

// === impl Reply ===

impl Reply {
    /// Appends this reply as one frame.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        frame(out, |w| match self {
            Self::Ready {
                version,
                containment,
                group,
            } => {
                w.push(0);
                w.extend(version.to_le_bytes());
                w.push(*containment);
                bytes(w, group);
            }
            Self::Spawned { id, pid, fds } => {
                tagged_id(w, 1, *id);
                w.extend(pid.to_le_bytes());
                w.push(*fds);
            }
            Self::SpawnFailed {
                id,
                stage,
                errno,
                words,
            } => {
                tagged_id(w, 2, *id);
                w.push(stage.to_byte());
                w.extend(errno.to_le_bytes());
                bytes(w, words);
            }
            Self::Exited {
                id,
                status,
                verdict,
            } => {
                tagged_id(w, 3, *id);
                w.extend(status.to_le_bytes());
                w.push(u8::from(verdict.denied));
                w.push(Exceeded::to_byte(verdict.exceeded));
            }
            Self::Empty { id } => tagged_id(w, 4, *id),
            Self::Taken { id } => tagged_id(w, 5, *id),
        });
    }

    /// Reads the body of one frame.
    pub(crate) fn decode(body: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader(body);
        let reply = match r.u8()? {
            0 => Self::Ready {
                version: r.u16()?,
                containment: r.u8()?,
                group: r.bytes()?,
            },
            1 => Self::Spawned {
                id: r.u64()?,
                pid: r.u32()?,
                fds: r.u8()?,
            },
            2 => Self::SpawnFailed {
                id: r.u64()?,
                stage: Stage::from_byte(r.u8()?).ok_or(WireError::Malformed)?,
                errno: r.i32()?,
                words: r.bytes()?,
            },
            3 => Self::Exited {
                id: r.u64()?,
                status: r.i32()?,
                verdict: Verdict {
                    denied: r.bool()?,
                    exceeded: Exceeded::from_byte(r.u8()?)?,
                },
            },
            4 => Self::Empty { id: r.u64()? },
            5 => Self::Taken { id: r.u64()? },
            _ => return Err(WireError::Malformed),
        };
        r.end(reply)
    }

    /// How many descriptors belong to this frame.
    pub(crate) fn fds(&self) -> usize {
        match self {
            Self::Spawned { fds, .. } => usize::from(*fds),
            Self::Ready { .. }
            | Self::SpawnFailed { .. }
            | Self::Exited { .. }
            | Self::Empty { .. }
            | Self::Taken { .. } => 0,
        }
    }
}

// === impl Stage ===

impl Stage {
    /// This stage as one byte.
    pub(crate) fn to_byte(self) -> u8 {
        match self {
            Self::Resource => 0,
            Self::Directory => 1,
            Self::Program => 2,
            Self::Walls => 3,
            Self::Limits => 4,
        }
    }

    /// The stage of a byte made by [`Stage::to_byte`].
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Resource),
            1 => Some(Self::Directory),
            2 => Some(Self::Program),
            3 => Some(Self::Walls),
            4 => Some(Self::Limits),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
