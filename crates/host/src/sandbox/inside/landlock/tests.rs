//! The wall, for real, as whoever runs the tests and as nobody; and the choice of directories.

use std::{
    ffi::CString,
    fs,
    io::ErrorKind,
    os::{
        fd::OwnedFd,
        unix::{
            fs::{PermissionsExt as _, symlink},
            net::UnixListener,
        },
    },
    path::{Path, PathBuf},
};

use proptest::{
    collection::vec,
    prelude::{ProptestConfig, Strategy, prop_assert, prop_assert_eq, proptest},
};
use rustix::{
    fs::{Mode, OFlags},
    io::Errno,
    process::{Signal, getppid, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};
use tempfile::TempDir;

use super::{
    grants::{ALL_LISTED, LISTED, READ},
    *,
};
use crate::sandbox::{
    inside::{
        capabilities::give_up_what_there_is,
        trial::{apart, command, shell, shell_fails},
    },
    seal::Guarded,
};

fn seal(write: &[&Path], guarded: &[&Path]) -> Seal {
    let guarded = guarded.iter().map(|directory| Guarded {
        directory: directory.to_path_buf(),
        names: vec![".git".into()],
    });
    Seal {
        namespaces: true,
        network: Network::Restricted,
        read: vec!["/".into()],
        write: write.iter().map(|path| path.to_path_buf()).collect(),
        guarded: guarded.collect(),
    }
}

/// Closes this process in; what was granted.
fn enter(seal: &Seal) -> Grants {
    give_up_what_there_is().unwrap();
    let ruleset = Ruleset::prepare(seal, None).unwrap();
    ruleset.restrict().unwrap();
    ruleset.grants().clone()
}

/// A folder without a symbolic link in its path.
fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    (folder, path)
}

/// A folder in memory, for very many entries.
fn wide_folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let path = folder.path().canonicalize().unwrap();
    (folder, path)
}

fn refused<T>(result: io::Result<T>) -> bool {
    result.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

fn names(granted: &[grants::Granted], root: &Path) -> Vec<String> {
    let mut names: Vec<_> = granted
        .iter()
        .map(|one| one.path.strip_prefix(root).unwrap().display().to_string())
        .collect();
    names.sort();
    names
}

#[test]
fn only_what_may_be_changed_can_be_changed() {
    apart(|| {
        let (_folder, root) = folder();
        let (open, shut) = (root.join("open"), root.join("shut"));
        for path in [&open, &shut] {
            fs::create_dir(path).unwrap();
            fs::write(path.join("old"), "old").unwrap();
        }
        enter(&seal(&[&open, &root.join("missing")], &[]));
        assert!(refused(fs::write(shut.join("new"), "")));
        assert!(refused(fs::write(shut.join("old"), "")));
        assert!(refused(fs::remove_file(shut.join("old"))));
        assert!(refused(fs::create_dir(shut.join("new"))));
        assert!(refused(symlink("x", shut.join("new"))));
        assert!(refused(fs::rename(&shut, root.join("else"))));
        let linked = fs::hard_link(shut.join("old"), open.join("alias"));
        assert!(linked.is_err(), "a name in reach for a file out of reach");
        assert!(fs::rename(shut.join("old"), open.join("moved")).is_err());
        let old = OFlags::TRUNC | OFlags::RDONLY;
        assert!(rustix::fs::open(shut.join("old"), old, Mode::empty()).is_err());
        assert_eq!(fs::read_to_string(shut.join("old")).unwrap(), "old");
        fs::write(open.join("new"), "new").unwrap();
        fs::create_dir_all(open.join("a/b")).unwrap();
        fs::rename(open.join("new"), open.join("a/b/new")).unwrap();
        fs::hard_link(open.join("a/b/new"), open.join("link")).unwrap();
        symlink("new", open.join("a/b/sym")).unwrap();
        drop(UnixListener::bind(open.join("path")).unwrap());
        fs::remove_dir_all(open.join("a")).unwrap();
        shell(&format!(
            "mkfifo {0}/fifo && echo x > {0}/y && cat {0}/y",
            open.display()
        ));
    });
}

#[test]
fn only_what_may_be_read_can_be_read() {
    apart(|| {
        let (_folder, root) = folder();
        fs::write(root.join("secret"), "x").unwrap();
        let mut seal = seal(&[], &[]);
        seal.read = ["/usr", "/bin", "/lib", "/lib64", "/etc"]
            .map(Into::into)
            .into();
        enter(&seal);
        assert!(refused(fs::read(root.join("secret"))));
        assert!(refused(fs::read_dir(&root)));
        shell("cat /etc/passwd | wc -l");
        // This program itself is somewhere else, and yet can be executed.
        let again = command("/proc/self/exe").arg("--help").output().unwrap();
        assert!(again.status.success());
    });
}

#[test]
fn in_a_guarded_directory_and_above_it_nothing_can_be_made() {
    apart(|| {
        let (_folder, root) = folder();
        let nested = root.join("a/nested");
        fs::create_dir_all(nested.join("deep/er")).unwrap();
        fs::create_dir_all(root.join("b/c")).unwrap();
        fs::write(root.join("file"), "x").unwrap();
        // What has another name must not come to have more rights by it.
        symlink(".", root.join("dot")).unwrap();
        symlink("a", root.join("alias")).unwrap();
        let granted = enter(&seal(&[&root], &[&root, &nested]));
        assert_eq!(names(&granted.partial, &root), ["", "a", "a/nested"]);
        assert_eq!(names(&granted.full, &root), ["a/nested/deep", "b"]);
        for partial in [&root, &root.join("dot"), &root.join("a"), &nested] {
            assert!(refused(fs::write(partial.join("new"), "")));
            assert!(refused(fs::create_dir(partial.join("new"))));
            assert!(refused(symlink("x", partial.join("new"))));
            assert!(refused(UnixListener::bind(partial.join("new"))));
            assert!(refused(fs::hard_link(
                root.join("file"),
                partial.join("new")
            )));
            let moved = fs::rename(root.join("b/c"), partial.join("new"));
            assert!(moved.is_err(), "moved into {}", partial.display());
        }
        fs::write(root.join("file"), "changed").unwrap();
        for full in [root.join("b"), nested.join("deep")] {
            fs::write(full.join("new"), "").unwrap();
            fs::create_dir(full.join("dir")).unwrap();
            fs::rename(full.join("new"), full.join("dir/new")).unwrap();
        }
        fs::rename(root.join("b/dir/new"), nested.join("deep/er/new")).unwrap();
        fs::remove_file(root.join("file")).unwrap();
        fs::remove_dir(root.join("b/c")).unwrap();
    });
}

#[test]
fn rights_stay_with_the_directory_and_not_with_its_name() {
    let (_folder, root) = folder();
    fs::create_dir(root.join("a")).unwrap();
    let ruleset = Ruleset::prepare(&seal(&[&root], &[&root]), None).unwrap();
    let of = |path: &Path| {
        let stat = rustix::fs::stat(path).unwrap();
        (stat.st_dev, stat.st_ino)
    };
    let [full] = &ruleset.grants().full[..] else {
        panic!("{:?}", ruleset.grants());
    };
    assert_eq!((full.device, full.inode), of(&root.join("a")));
    fs::rename(root.join("a"), root.join("b")).unwrap();
    assert_eq!((full.device, full.inode), of(&root.join("b")));
}

#[test]
fn no_more_directories_than_the_bound_are_listed() {
    let (_folder, root) = wide_folder();
    for number in 0..LISTED {
        fs::create_dir(root.join(number.to_string())).unwrap();
    }
    let listed = |guarded: &[&Path]| {
        let ruleset = Ruleset::prepare(&seal(&[&root], guarded), None).unwrap();
        ruleset.grants().full.len()
    };
    assert_eq!(listed(&[&root]), LISTED);
    fs::create_dir(root.join("more")).unwrap();
    assert_eq!(listed(&[&root]), LISTED);
    // Of all together: eight directories reach the bound, nine do not go beyond.
    assert_eq!(ALL_LISTED, 8 * LISTED);
    let mut guarded = Vec::new();
    for number in 0..9 {
        guarded.push(root.join(number.to_string()));
        for within in 0..LISTED {
            fs::create_dir(guarded[number].join(within.to_string())).unwrap();
        }
    }
    let guarded: Vec<_> = guarded.iter().map(PathBuf::as_path).collect();
    assert_eq!(listed(&guarded), ALL_LISTED);
}

#[test]
fn in_a_directory_of_everybody_none_are_listed() {
    let (_folder, root) = folder();
    fs::create_dir(root.join("theirs")).unwrap();
    let listed = || {
        Ruleset::prepare(&seal(&[&root], &[&root]), None)
            .unwrap()
            .grants()
            .full
            .len()
    };
    assert_eq!(listed(), 1);
    fs::set_permissions(&root, fs::Permissions::from_mode(0o1777)).unwrap();
    assert_eq!(listed(), 0);
}

#[test]
fn a_directory_of_many_files_is_not_read_to_its_end() {
    let (_folder, root) = wide_folder();
    for number in 0..READ + 64 {
        fs::write(root.join(number.to_string()), "").unwrap();
    }
    let mut looked_at = 0;
    grants::entries(&root, &mut |_, _, _| {
        looked_at += 1;
        Ok(true)
    })
    .unwrap();
    assert_eq!(looked_at, READ);
}

#[test]
fn a_link_in_the_path_of_a_root_gives_nothing() {
    apart(|| {
        let (_folder, root) = folder();
        fs::create_dir(root.join("real")).unwrap();
        symlink("real", root.join("link")).unwrap();
        let granted = enter(&seal(&[&root.join("link")], &[]));
        assert_eq!(granted, Grants::default());
        assert!(refused(fs::write(root.join("link/new"), "")));
    });
}

#[test]
fn no_device_can_be_made() {
    apart(|| {
        let (_folder, root) = folder();
        enter(&seal(&[&root], &[]));
        let null = root.join("null");
        shell_fails(&format!("mknod {} c 1 3", null.display()), "ermi");
        // A device that is nobody's: what removes a file in a layer above another.
        shell_fails(
            &format!("mknod {} c 0 0", null.display()),
            "Permission denied",
        );
    });
}

const TERMINAL: OFlags = OFlags::RDWR.union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// A new terminal's own path and end, and the other end.
fn terminal() -> (CString, OwnedFd, OwnedFd) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap();
    let slave = rustix::fs::open(&path, TERMINAL, Mode::empty()).unwrap();
    (path, slave, master)
}

#[test]
fn alone_a_command_changes_devices_and_its_own_terminal_only() {
    apart(|| {
        let (_folder, root) = folder();
        let [own, other] = [terminal(), terminal()];
        // Whatever is said may be changed.
        let mut seal = seal(&[&root, Path::new("/dev/pts")], &[]);
        seal.namespaces = false;
        give_up_what_there_is().unwrap();
        let ruleset = Ruleset::prepare(&seal, Some(own.1.as_fd())).unwrap();
        ruleset.restrict().unwrap();
        for path in DEVICES.iter().filter(|path| **path != "/dev/tty") {
            rustix::fs::open(*path, TERMINAL, Mode::empty()).unwrap();
        }
        shell("echo x > /dev/null; head -c 4 /dev/urandom | wc -c");
        let again = rustix::fs::open(&own.0, TERMINAL, Mode::empty()).unwrap();
        rustix::termios::tcgetattr(&again).unwrap();
        let others = rustix::fs::open(&other.0, TERMINAL, Mode::empty());
        assert_eq!(others.unwrap_err(), Errno::ACCESS);
        assert!(refused(fs::write(root.join("new"), "")));
    });
}

#[test]
fn nobody_outside_can_be_signalled_or_looked_into() {
    apart(|| {
        let parent = getppid().unwrap();
        let memory = format!("/proc/{}/environ", parent.as_raw_pid());
        let mut seal = seal(&[], &[]);
        seal.namespaces = false;
        enter(&seal);
        assert_eq!(kill_process(parent, Signal::CONT), Err(Errno::PERM));
        assert!(refused(fs::read(memory)));
        shell("sleep 100 & kill $! && ! wait $!");
    });
}

#[test]
fn tcp_and_abstract_sockets_of_others_are_out_of_reach() {
    apart(|| {
        use std::{
            net::{TcpListener, TcpStream},
            os::{linux::net::SocketAddrExt, unix::net::SocketAddr},
        };
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let abstract_name = format!("outpost-trial-{}", std::process::id());
        let name = SocketAddr::from_abstract_name(abstract_name).unwrap();
        let _other = UnixListener::bind_addr(&name).unwrap();
        enter(&seal(&[], &[]));
        assert!(refused(TcpStream::connect(address)));
        assert!(refused(TcpListener::bind("127.0.0.1:0")));
        let reached = std::os::unix::net::UnixStream::connect_addr(&name);
        assert!(refused(reached));
    });
}

#[test]
fn with_the_network_enabled_tcp_is_open() {
    apart(|| {
        let mut seal = seal(&[], &[]);
        seal.network = Network::Enabled;
        enter(&seal);
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        std::net::TcpStream::connect(server.local_addr().unwrap()).unwrap();
    });
}

#[test]
fn what_an_old_kernel_cannot_keep_is_refused() {
    let plain = seal(&[], &[]);
    let guarded = seal(&[Path::new("/tmp")], &[Path::new("/tmp")]);
    let mut alone = seal(&[], &[]);
    alone.namespaces = false;
    for (seal, needed) in [(&plain, 0), (&guarded, REFER), (&alone, SCOPES)] {
        assert!(suffices(seal, needed).is_ok());
        assert!(suffices(seal, u32::MAX).is_ok());
        if let Some(less) = needed.checked_sub(1) {
            let error = suffices(seal, less).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains(&needed.to_string()));
        }
    }
    assert!(abi() >= SCOPES, "this kernel cannot run these tests");
}

/// Paths of few names, so that they are often above each other.
fn path() -> impl Strategy<Value = PathBuf> {
    vec(proptest::sample::select(vec!["a", "b"]), 0..4)
        .prop_map(|names| Path::new("/").join(names.into_iter().collect::<PathBuf>()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// A directory is partial exactly when it may be changed and a guarded one is at or below it.
    #[test]
    fn partial_directories_are_those_on_the_way(
        write in vec(path(), 0..4),
        guarded in vec(path(), 0..4),
        other in path(),
    ) {
        let refer = |paths: &[PathBuf]| -> Vec<PathBuf> { paths.to_vec() };
        let (roots, directories) = (refer(&write), refer(&guarded));
        let roots: Vec<_> = roots.iter().map(PathBuf::as_path).collect();
        let directories: Vec<_> = directories.iter().map(PathBuf::as_path).collect();
        let partial = grants::partial(&seal(&roots, &directories));
        let on_the_way = |path: &Path| {
            write.iter().any(|root| path.starts_with(root))
                && guarded.iter().any(|below| below.starts_with(path))
        };
        prop_assert_eq!(partial.contains(&other), on_the_way(&other));
        prop_assert!(partial.iter().all(|path| on_the_way(path)));
    }
}
