use std::os::unix::fs::{PermissionsExt as _, symlink};

use proptest::prelude::*;

use super::*;

/// A disk that dies: at some operation it stops doing anything, as a killed process does. A write
/// may get some of its bytes done.
struct DyingDisk {
    disk: RealDisk,
    /// How many operations are done before the last.
    left: usize,
    /// How many bytes of a write are done if it is the last.
    bytes: usize,
}

impl DyingDisk {
    fn live(&mut self) -> io::Result<()> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(io::Error::other("dead")),
        }
    }
}

impl Disk for DyingDisk {
    fn create(&mut self, path: &Path, like: Option<&Metadata>) -> io::Result<()> {
        self.live()?;
        self.disk.create(path, like)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(dead) = self.live() {
            self.disk.write(&bytes[..self.bytes.min(bytes.len())])?;
            return Err(dead);
        }
        self.disk.write(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.live()?;
        self.disk.sync()
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.live()?;
        self.disk.rename(from, to)
    }

    fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        self.live()?;
        self.disk.sync_folder(folder)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.live()?;
        self.disk.remove(path)
    }
}

/// The operations of a write, when all goes well.
const OPERATIONS: usize = 6;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whenever_a_writer_dies_the_file_is_old_or_new(
        old in prop::option::of(prop::collection::vec(any::<u8>(), 0..64)),
        new in prop::collection::vec(any::<u8>(), 0..64),
        left in 0..=OPERATIONS,
        bytes in 0..64_usize,
        left_behind in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("config.toml");
        if let Some(old) = &old {
            fs::write(&target, old).unwrap();
        }
        if left_behind {
            fs::write(beside(&target), "of an earlier death").unwrap();
        }
        let mut disk = DyingDisk { disk: RealDisk::default(), left, bytes };
        let result = replace(&mut disk, &target, &new);
        prop_assert_eq!(result.is_ok(), left == OPERATIONS);
        let now = fs::read(&target).ok();
        // The rename is the fifth; from then on it is new, and before that old.
        let expected = if left >= 5 { Some(&new) } else { old.as_ref() };
        prop_assert_eq!(now.as_ref(), expected);

        // And the next writer is not disturbed by what was left.
        replace(&mut RealDisk::default(), &target, &new).unwrap();
        prop_assert_eq!(fs::read(&target).unwrap(), new);
        prop_assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_file_is_private_whatever_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("config.toml");
    let mode = || fs::metadata(&target).unwrap().mode() & 0o7777;
    replace(&mut RealDisk::default(), &target, b"a").unwrap();
    assert_eq!(mode(), 0o600);
    for old in [0o644, 0o440] {
        fs::set_permissions(&target, fs::Permissions::from_mode(old)).unwrap();
        replace(&mut RealDisk::default(), &target, b"b").unwrap();
        assert_eq!(mode(), 0o600);
    }
}

#[test]
fn links_are_followed_to_a_file_that_need_not_be_there() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    symlink("b", at("a")).unwrap();
    symlink(at("far/c"), at("b")).unwrap();
    assert_eq!(follow(&at("a")).unwrap(), at("far/c"));
    assert_eq!(follow(&at("none")).unwrap(), at("none"));
    symlink("loop", at("loop")).unwrap();
    assert!(follow(&at("loop")).is_err());
    let link = |index: usize| at(&format!("l{index}"));
    for index in 0..=MAX_LINKS {
        symlink(link(index + 1), link(index)).unwrap();
    }
    assert!(follow(&link(1)).is_err());
    assert_eq!(follow(&link(2)).unwrap(), link(MAX_LINKS + 1));
}

#[test]
fn only_one_has_the_turn() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("made/on/the/way");
    let turn = Turn::take(&folder).unwrap();
    let other = File::open(&folder).unwrap();
    let held = flock(&other, FlockOperation::NonBlockingLockExclusive);
    assert_eq!(held, Err(rustix::io::Errno::WOULDBLOCK));
    drop(turn);
    flock(&other, FlockOperation::NonBlockingLockExclusive).unwrap();
    let mode = fs::metadata(&folder).unwrap().mode();
    assert_eq!(mode & 0o7777, 0o700);
}
