//! What is noted as refused, and what is not.

use std::{
    fs,
    io::{self, Write},
    net::TcpStream,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use rustix::io::Errno;

use super::{World, behind, behind_walls};
use crate::sandbox::inside::trial::{apart, command};

#[test]
fn a_refusal_is_known_and_everything_else_is_none() {
    apart(|| {
        behind_walls(|world| {
            let outside = world.root.with_file_name("outside");
            assert!(fs::write(&outside, "").is_err());
            assert!(world.denied());
            assert!(fs::create_dir(&outside).is_err());
            assert!(world.denied());
            assert!(fs::rename(world.path("file"), &outside).is_err());
            assert!(world.denied());
            let error = TcpStream::connect(("127.0.0.1", 9)).unwrap_err();
            assert_eq!(Errno::from_io_error(&error), Some(Errno::PERM));
            assert!(world.denied());
            // Nothing of this is the walls' doing.
            assert!(fs::write("/nowhere/at/all", "").is_err());
            assert!(fs::create_dir("/").is_err());
            assert!(fs::create_dir("/usr").is_err());
            assert!(fs::File::create_new("/etc/passwd").is_err());
            assert!(fs::rename("/nowhere", "/usr").is_err());
            assert!(fs::remove_file(world.path("missing")).is_err());
            fs::write("/dev/null", "").unwrap();
            let mut null = fs::File::options().write(true).open("/dev/null").unwrap();
            null.write_all(b"x").unwrap();
            fs::write(world.path("file"), "more").unwrap();
            let shared = Path::new("/dev/shm").join(format!("outpost-{}", std::process::id()));
            fs::write(&shared, "").unwrap();
            fs::remove_file(&shared).unwrap();
            world.line("echo > /dev/null; echo x > /dev/stdout; echo y >> /proc/self/fd/1; cat < /proc/self/comm");
            assert!(!world.denied());
        });
    });
}

#[test]
fn without_mounts_a_refused_change_is_known_too() {
    apart(|| {
        behind(false, |world| {
            let beside = world.root.with_file_name("beside");
            let own = world.path("file");
            assert!(fs::File::options().write(true).open(&beside).is_err());
            assert!(world.denied());
            assert!(fs::remove_file(&beside).is_err());
            assert!(world.denied());
            assert!(fs::File::create(&beside).is_err());
            assert!(world.denied());
            assert!(fs::write(&own, "").is_err());
            assert!(world.denied());
            assert!(fs::create_dir(world.path("new")).is_err());
            assert!(world.denied());
            fs::File::open(&own).unwrap();
            assert!(!world.denied());
        });
    });
}

/// Where a process that was started behind mounts finds the read-only one.
const MOUNTED: &str = "OUTPOST_MOUNTED";

#[test]
fn what_a_read_only_mount_keeps_is_known() {
    // Behind walls none can be raised, and the question is not asked again.
    if let Some(place) = std::env::var_os(MOUNTED) {
        return behind_walls(|world| changes_are_told(world, Path::new(&place)));
    }
    if outpost_testkit::walls::missing() {
        return;
    }
    apart(|| {
        let place = tempfile::tempdir().unwrap();
        let place = place.path().canonicalize().unwrap();
        fs::create_dir(place.join("directory")).unwrap();
        fs::write(place.join("file"), "text").unwrap();
        let own = std::env::current_exe().unwrap();
        let test =
            "sandbox::inside::supervisor::tests::told::what_a_read_only_mount_keeps_is_known";
        let output = command("bwrap")
            .args(["--bind", "/", "/", "--dev", "/dev", "--proc", "/proc"])
            .args(["--unshare-user", "--unshare-pid", "--ro-bind"])
            .args([&place, &place])
            .args(["--cap-drop", "ALL"])
            .arg(own)
            .args([test, "--exact", "--nocapture"])
            .env(MOUNTED, &place)
            .output()
            .unwrap();
        let said = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy);
        let passed = output.status.success() && said[0].contains("1 passed");
        assert!(passed, "{}{}", said[0], said[1]);
    });
}

fn changes_are_told(world: &World, place: &Path) {
    let (file, directory) = (place.join("file"), place.join("directory"));
    let told = |what: &str, result: io::Result<()>| {
        let error = Errno::from_io_error(&result.unwrap_err());
        assert_eq!(error, Some(Errno::ROFS), "{what}");
        assert!(world.denied(), "{what}");
    };
    told("create", fs::File::create(place.join("new")).map(drop));
    told(
        "open",
        fs::File::options().write(true).open(&file).map(drop),
    );
    told("truncate", fs::File::create(&file).map(drop));
    told("mkdir", fs::create_dir(place.join("new")));
    told("unlink", fs::remove_file(&file));
    told("rmdir", fs::remove_dir(&directory));
    told("rename", fs::rename(&file, place.join("new")));
    told("link", fs::hard_link(&file, place.join("new")));
    told("symlink", symlink("file", place.join("new")));
    for path in [&file, &directory] {
        told(
            "chmod",
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)),
        );
    }
    // Neither reading nor what would fail anywhere is one.
    fs::File::open(&file).unwrap();
    assert!(fs::create_dir(&directory).is_err());
    assert!(fs::File::create_new(&file).is_err());
    assert!(fs::remove_file(place.join("missing")).is_err());
    assert!(fs::File::options().write(true).open(&directory).is_err());
    assert!(!world.denied());
}
