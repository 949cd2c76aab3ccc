//! Which bounds this computer can put on a whole tree of processes, by control groups.
//!
//! What is found here is where a bound may be had; whether it holds is known when it is set.

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use rustix::fs::{Access, access};

/// What can be bounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// The memory of a tree.
    pub memory: Option<Hierarchy>,
    /// How many processes and threads it has.
    pub pids: Option<Hierarchy>,
}

/// The interface that a bound is set by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hierarchy {
    /// A hierarchy for each kind of bound.
    V1,
    /// One hierarchy for all.
    V2,
}

/// A mounted hierarchy, and our own group in it.
#[derive(Debug, PartialEq, Eq)]
struct Mounted {
    hierarchy: Hierarchy,
    group: PathBuf,
}

// === impl Groups ===

impl Groups {
    /// Looks for them.
    pub(super) fn look() -> Self {
        let mounts = fs::read("/proc/self/mountinfo").unwrap_or_default();
        let own = fs::read("/proc/self/cgroup").unwrap_or_default();
        let usable = |controller: &str| {
            let found = mounted(&mounts, &own, controller);
            let found = found.into_iter().find(|found| found.usable(controller));
            found.map(|found| found.hierarchy)
        };
        Self {
            memory: usable("memory"),
            pids: usable("pids"),
        }
    }
}

// === impl Mounted ===

impl Mounted {
    /// Whether groups with this kind of bound can be made in it.
    fn usable(&self, controller: &str) -> bool {
        let writable = |path: &Path| access(path, Access::WRITE_OK).is_ok();
        let lists = |name: &str| {
            let list = fs::read_to_string(self.group.join(name)).unwrap_or_default();
            list.split_whitespace().any(|word| word == controller)
        };
        match self.hierarchy {
            Hierarchy::V1 => writable(&self.group),
            // A group that has processes, as ours has, cannot pass on what it has not passed on
            // already; only the root, which has no type, can.
            Hierarchy::V2 => {
                let root = !self.group.join("cgroup.type").exists();
                let control = "cgroup.subtree_control";
                writable(&self.group)
                    && (lists(control)
                        || (root
                            && lists("cgroup.controllers")
                            && writable(&self.group.join(control))))
            }
        }
    }
}

/// Where our own group may be given a bound of this kind, the newer interface first.
fn mounted(mounts: &[u8], own: &[u8], controller: &str) -> Vec<Mounted> {
    let mut found = Vec::new();
    for hierarchy in [Hierarchy::V2, Hierarchy::V1] {
        let Some(group) = own_group(own, hierarchy, controller) else {
            continue;
        };
        let here = lines(mounts).filter_map(|line| place(line, hierarchy, controller, group));
        found.extend(here.map(|group| Mounted { hierarchy, group }));
    }
    found
}

/// The name of our own group: `own` is the kernel's `cgroup`, lines of number, controllers, name.
fn own_group<'a>(own: &'a [u8], hierarchy: Hierarchy, controller: &str) -> Option<&'a [u8]> {
    lines(own).find_map(|line| {
        let mut fields = line.splitn(3, |byte| *byte == b':');
        let (_number, controllers, name) = (fields.next()?, fields.next()?, fields.next()?);
        let is_it = match hierarchy {
            Hierarchy::V1 => names(controllers, controller),
            Hierarchy::V2 => controllers.is_empty(),
        };
        is_it.then_some(name)
    })
}

/// Where a line of `mountinfo` shows the group of this name, if it does.
fn place(line: &[u8], hierarchy: Hierarchy, controller: &str, group: &[u8]) -> Option<PathBuf> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let dash = fields.iter().position(|field| *field == b"-")?;
    let (kind, options) = (*fields.get(dash + 1)?, *fields.get(dash + 3)?);
    let is_it = match hierarchy {
        Hierarchy::V1 => kind == b"cgroup" && names(options, controller),
        Hierarchy::V2 => kind == b"cgroup2",
    };
    let (root, point) = (*fields.get(3)?, *fields.get(4)?);
    // A name with a blank in it is written another way here; such a mount is passed over.
    let below = Path::new(OsStr::from_bytes(group))
        .strip_prefix(OsStr::from_bytes(root))
        .ok()?;
    let reachable = !below.components().any(|part| part.as_os_str() == "..");
    (is_it && reachable).then(|| Path::new(OsStr::from_bytes(point)).join(below))
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
}

/// Whether a list with commas has this word.
fn names(list: &[u8], word: &str) -> bool {
    list.split(|byte| *byte == b',')
        .any(|one| one == word.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &[u8] = b"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n\
        39 31 0:36 /pods /sys/fs/cgroup/pids rw shared:3 - cgroup cgroup rw,pids\n\
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

    fn found(own: &[u8], controller: &str) -> Vec<(Hierarchy, PathBuf)> {
        let found = mounted(MOUNTS, own, controller).into_iter();
        found.map(|one| (one.hierarchy, one.group)).collect()
    }

    #[test]
    fn our_group_is_found_in_each_hierarchy() {
        let own = b"9:cpu,memory:/a\n4:pids:/pods/b\n0::/c\n";
        assert_eq!(
            found(own, "memory"),
            [
                (Hierarchy::V2, "/sys/fs/cgroup/unified/c".into()),
                (Hierarchy::V1, "/sys/fs/cgroup/memory/a".into()),
            ]
        );
        assert_eq!(found(own, "pids")[1].1, Path::new("/sys/fs/cgroup/pids/b"));
    }

    #[test]
    fn what_is_not_mounted_or_out_of_reach_is_not_found() {
        assert_eq!(found(b"4:pids:/b\n", "pids"), []);
        assert_eq!(found(b"9:memory:/../x\n", "memory"), []);
        assert_eq!(found(b"9:memorable:/x\n", "memory"), []);
        assert_eq!(found(b"nonsense\n\n:", "memory"), []);
    }

    #[test]
    fn a_group_is_usable_as_far_as_its_files_say() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let usable = |hierarchy| {
            let group = folder.path().to_path_buf();
            Mounted { hierarchy, group }.usable("memory")
        };
        assert!(usable(Hierarchy::V1));
        assert!(!usable(Hierarchy::V2));
        write("cgroup.controllers", "cpu memory");
        write("cgroup.subtree_control", "cpu");
        assert!(usable(Hierarchy::V2), "the root passes on what it has");
        write("cgroup.type", "domain");
        assert!(!usable(Hierarchy::V2), "a group with processes does not");
        write("cgroup.subtree_control", "cpu memory");
        assert!(usable(Hierarchy::V2));
    }
}
