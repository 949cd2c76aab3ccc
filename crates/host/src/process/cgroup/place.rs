//! Where control groups lie: the caller's own group in a hierarchy, and where a keeper's group is
//! best made.
//!
//! What the kernel tells in `mountinfo` and `cgroup` is read purely.

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use rustix::{fs::Access, process::geteuid};

/// One of the trees of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hierarchy {
    /// That of cgroup v2.
    Unified,
    /// That of cgroup v1 with this controller.
    Of(&'static str),
}

/// What systemd sets on a group that it has given away, and everything below it.
const DELEGATE: [&str; 2] = ["trusted.delegate", "user.delegate"];

/// The directory of the caller's own group: `mounts` and `own` are what the kernel tells in
/// `mountinfo` and `cgroup`.
pub(super) fn locate(mounts: &[u8], own: &[u8], hierarchy: Hierarchy) -> Option<PathBuf> {
    let own = own
        .split(|byte| *byte == b'\n')
        .find_map(|line| hierarchy.path_in(line))?;
    let own = Path::new(OsStr::from_bytes(own));
    mounts.split(|byte| *byte == b'\n').find_map(|line| {
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        let separator = fields.iter().position(|field| *field == b"-")?;
        if !hierarchy.is_mounted_as(fields.get(separator + 1..)?) {
            return None;
        }
        let (root, point) = (unescape(fields.get(3)?), unescape(fields.get(4)?));
        // A group outside the mounted part cannot be reached.
        let below = own.strip_prefix(OsStr::from_bytes(&root)).ok()?;
        let reachable = !below.components().any(|part| part.as_os_str() == "..");
        reachable.then(|| Path::new(OsStr::from_bytes(&point)).join(below))
    })
}

/// Where a keeper of cgroup v2 that was started in `own` makes its group.
///
/// A group with processes of its own cannot bound those below it, and ours has at least the
/// server, unless it is the root. So the group is made beside the server instead, where the group
/// above was given to us as a whole: never above that border, where somebody else's bounds end.
pub(super) fn beside_or_below(own: PathBuf) -> PathBuf {
    let above = own.parent().filter(|_| !is_root(&own));
    match above {
        Some(above) if is_delegated(above) && can_bound(above) => above.to_owned(),
        _ => own,
    }
}

fn is_root(group: &Path) -> bool {
    !group.join("cgroup.type").exists()
}

fn is_delegated(group: &Path) -> bool {
    let procs = group.join("cgroup.procs");
    let given = |name: &str| {
        let mut value = [0; 8];
        let length = rustix::fs::getxattr(group, name, &mut value[..]);
        length.is_ok_and(|length| &value[..length] == b"1")
    };
    // Whoever is not root may only write to what was given.
    rustix::fs::access(&procs, Access::WRITE_OK).is_ok()
        && (!geteuid().is_root() || DELEGATE.into_iter().any(given))
}

fn can_bound(group: &Path) -> bool {
    let read = |name: &str| fs::read_to_string(group.join(name));
    let bounds = |list: &str| {
        let mut names = list.split_ascii_whitespace();
        names.any(|name| name == "memory" || name == "pids")
    };
    let free = is_root(group) || read("cgroup.procs").is_ok_and(|procs| procs.is_empty());
    free && read("cgroup.controllers").is_ok_and(|list| bounds(&list))
}

/// Undoes the octal escapes of `mountinfo`.
fn unescape(field: &[u8]) -> Vec<u8> {
    let (mut plain, mut rest) = (Vec::with_capacity(field.len()), field);
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..3).filter(|_| *first == b'\\');
        let code = code.and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            plain.push(byte);
            rest = &tail[3..];
        } else {
            plain.push(*first);
            rest = tail;
        }
    }
    plain
}

// === impl Hierarchy ===

impl Hierarchy {
    /// The path in a line of `cgroup`, `NUMBER:CONTROLLERS:PATH`, when it is about this hierarchy.
    fn path_in(self, line: &[u8]) -> Option<&[u8]> {
        let mut parts = line.splitn(3, |byte| *byte == b':');
        let (number, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        let ours = match self {
            Self::Unified => number == b"0" && controllers.is_empty(),
            Self::Of(name) => has(controllers, name),
        };
        ours.then_some(path)
    }

    /// Whether the end of a line of `mountinfo`, type, source and options, is about it.
    fn is_mounted_as(self, end: &[&[u8]]) -> bool {
        match (self, end) {
            (Self::Unified, [b"cgroup2", ..]) => true,
            (Self::Of(name), [b"cgroup", _, options, ..]) => has(options, name),
            _ => false,
        }
    }
}

fn has(list: &[u8], name: &str) -> bool {
    list.split(|byte| *byte == b',')
        .any(|item| item == name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &[u8] = b"30 25 0:26 / /sys/fs/cgroup ro shared:9 - tmpfs tmpfs ro\n\
        31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw\n\
        32 30 0:28 / /sys/fs/cgroup/pids rw shared:11 - cgroup cgroup rw,pids\n\
        33 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";

    fn unified(mounts: &[u8], own: &[u8]) -> Option<PathBuf> {
        locate(mounts, own, Hierarchy::Unified)
    }

    #[test]
    fn the_own_group_is_found_below_the_mount() {
        let found = unified(HYBRID, b"8:pids:/x\n0::/user.slice/a b\n");
        assert_eq!(found, Some("/sys/fs/cgroup/unified/user.slice/a b".into()));
        let root = unified(HYBRID, b"0::/\n").unwrap();
        assert_eq!(root, Path::new("/sys/fs/cgroup/unified"));
    }

    #[test]
    fn each_controller_has_a_hierarchy_of_its_own() {
        let own = b"9:name=systemd:/s\n8:pids:/x:y\n3:cpu,cpuacct:/z\n0::/u\n";
        let of = |name| locate(HYBRID, own, Hierarchy::Of(name));
        assert_eq!(of("pids"), Some("/sys/fs/cgroup/pids/x:y".into()));
        assert_eq!(of("cpuacct"), Some("/sys/fs/cgroup/cpu,cpuacct/z".into()));
        assert_eq!(of("memory"), None);
        assert_eq!(of("pid"), None);
        assert_eq!(
            unified(HYBRID, own),
            Some("/sys/fs/cgroup/unified/u".into())
        );
    }

    #[test]
    fn a_part_of_the_tree_can_be_mounted_under_any_name() {
        let mounts = b"31 30 0:27 /kubepods/p1 /my\\040groups rw - cgroup2 none rw\n";
        assert_eq!(
            unified(mounts, b"0::/kubepods/p1/c\n"),
            Some("/my groups/c".into())
        );
        assert_eq!(unified(mounts, b"0::/kubepods/p2\n"), None);
    }

    #[test]
    fn without_a_reachable_group_there_is_none() {
        assert_eq!(unified(HYBRID, b"8:pids:/x\n"), None);
        assert_eq!(unified(HYBRID, b"0::/../other\n"), None);
        assert_eq!(
            unified(b"30 25 0:26 / /x rw - tmpfs tmpfs rw\n", b"0::/\n"),
            None
        );
        assert_eq!(unified(b"garbage\n-\n", b"0::/\n"), None);
    }

    #[test]
    fn escapes_are_undone_and_other_backslashes_kept() {
        assert_eq!(unescape(b"a\\040b\\134c"), b"a b\\c");
        assert_eq!(unescape(b"\\04"), b"\\04");
        assert_eq!(unescape(b"\\999x"), b"\\999x");
    }

    /// A directory that looks like a group, not the root, with these processes.
    fn group(path: &Path, procs: &str) {
        fs::create_dir_all(path).unwrap();
        let files = [
            ("cgroup.type", "domain\n"),
            ("cgroup.procs", procs),
            ("cgroup.controllers", "cpu memory pids\n"),
        ];
        for (name, text) in files {
            fs::write(path.join(name), text).unwrap();
        }
    }

    #[test]
    fn a_group_is_made_beside_the_server_only_in_what_was_given_away() {
        let directory = tempfile::tempdir().unwrap();
        let (unit, own) = (
            directory.path().join("unit"),
            directory.path().join("unit/own"),
        );
        group(&unit, "");
        group(&own, "42\n");
        let given = rustix::fs::setxattr(
            &unit,
            "user.delegate",
            b"1",
            rustix::fs::XattrFlags::empty(),
        );
        let expected = if geteuid().is_root() && given.is_err() {
            &own
        } else {
            &unit
        };
        assert_eq!(&beside_or_below(own.clone()), expected);
        fs::write(unit.join("cgroup.procs"), "43\n").unwrap();
        assert_eq!(beside_or_below(own.clone()), own, "it has processes itself");
        fs::write(unit.join("cgroup.procs"), "").unwrap();
        fs::remove_file(own.join("cgroup.type")).unwrap();
        assert_eq!(beside_or_below(own.clone()), own, "it is the root");
    }

    #[test]
    fn root_goes_above_no_border() {
        let directory = tempfile::tempdir().unwrap();
        let (slice, own) = (
            directory.path().join("slice"),
            directory.path().join("slice/own"),
        );
        group(&slice, "");
        group(&own, "42\n");
        let expected = if geteuid().is_root() { &own } else { &slice };
        assert_eq!(&beside_or_below(own.clone()), expected);
    }
}
