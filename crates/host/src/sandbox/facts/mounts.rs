//! What is mounted where, as far as it matters to a sandbox.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

use crate::sandbox::plan::PlanError;

/// Where the kernel tells it.
const MOUNTS: &str = "/proc/self/mountinfo";

/// The file systems by which the kernel, or every process on the computer, is spoken with.
const KERNEL: [&str; 20] = [
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "functionfs",
    "fusectl",
    "nfsd",
    "proc",
    "pstore",
    "resctrl",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "sysfs",
    "tracefs",
];

/// What is mounted where.
#[derive(Debug, Default)]
pub(super) struct Mounts {
    points: BTreeSet<PathBuf>,
    kernel: BTreeSet<PathBuf>,
}

// === impl Mounts ===

impl Mounts {
    /// What is mounted now.
    pub(super) fn read() -> Result<Self, PlanError> {
        match fs::read(MOUNTS) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(source) => Err(PlanError::Unreadable {
                path: MOUNTS.into(),
                source,
            }),
        }
    }

    /// Reads the kernel's table, of which a line is `id parent device root point options… - type
    /// source options`.
    pub(super) fn parse(text: &[u8]) -> Self {
        let mut mounts = Self::default();
        for line in text.split(|byte| *byte == b'\n') {
            let mut words = line.split(|byte| *byte == b' ');
            let Some(point) = words.nth(4).map(unescape) else {
                continue;
            };
            let kind = words.skip_while(|word| *word != b"-").nth(1);
            if kind.is_some_and(|kind| KERNEL.iter().any(|known| known.as_bytes() == kind)) {
                mounts.kernel.insert(point.clone());
            }
            mounts.points.insert(point);
        }
        mounts
    }

    /// Whether something is mounted right there.
    pub(super) fn is_point(&self, path: &Path) -> bool {
        self.points.contains(path)
    }

    /// Whether an interface of the kernel is mounted right there.
    pub(super) fn is_kernel(&self, path: &Path) -> bool {
        self.kernel.contains(path)
    }

    /// The places where interfaces of the kernel are mounted: the uppermost of each.
    pub(super) fn kernel(&self) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = Vec::new();
        for path in &self.kernel {
            if !found.iter().any(|above| path.starts_with(above)) {
                found.push(path.clone());
            }
        }
        found
    }
}

/// The kernel writes a blank, a tab, a line end and a backslash as three octal digits.
fn unescape(word: &[u8]) -> PathBuf {
    let mut plain = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((&first, after)) = rest.split_first() {
        let code = match (first, after) {
            (b'\\', [a, b, c, ..]) => octal(&[*a, *b, *c]),
            _ => None,
        };
        plain.push(code.unwrap_or(first));
        rest = if code.is_some() { &after[3..] } else { after };
    }
    PathBuf::from(OsString::from_vec(plain))
}

fn octal(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok()?;
    u8::from_str_radix(text, 8).ok()
}
