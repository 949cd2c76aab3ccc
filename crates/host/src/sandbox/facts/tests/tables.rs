use std::path::{Path, PathBuf};

use crate::sandbox::facts::{libraries::mapped, mounts::Mounts};

#[test]
fn mounts_are_read_with_their_kinds_and_odd_names() {
    let text = b"22 1 0:20 / /proc rw,relatime shared:5 - proc proc rw\n\
        23 22 0:21 / /proc/fs/nfsd rw - nfsd nfsd rw\n\
        24 1 8:1 / / rw shared:1 master:2 - ext4 /dev/sda1 rw\n\
        25 1 0:30 / /mnt/a\\040b\\134c rw - tmpfs tmpfs rw\n\nshort line\n";
    let mounts = Mounts::parse(text);
    assert_eq!(mounts.kernel(), [PathBuf::from("/proc")]);
    assert!(mounts.is_kernel(Path::new("/proc/fs/nfsd")));
    assert!(mounts.is_point(Path::new("/mnt/a b\\c")) && mounts.is_point(Path::new("/")));
}

#[test]
fn libraries_are_the_files_of_code_in_memory() {
    let text = b"55d0-55d1 r--p 00000000 fd:00 11 /usr/bin/p\n\
        55d1-55d2 r-xp 00001000 fd:00 11 /usr/bin/p\n\
        7f00-7f01 r-xp 00001000 fd:00 12                     /usr/lib/a b.so\n\
        7f02-7f03 r--p 00001000 fd:00 13 /usr/share/locale\n\
        7ffc-7ffd r-xp 00000000 00:00 0 [vdso]\n";
    let found: Vec<PathBuf> = mapped(text).into_iter().collect();
    assert_eq!(found, ["/usr/bin/p", "/usr/lib/a b.so"].map(PathBuf::from));
}
