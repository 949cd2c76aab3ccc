//! What is noted as refused, and what is not.

use std::{fs, io::Write, net::TcpStream, path::Path};

use rustix::io::Errno;

use super::{behind, behind_walls};
use crate::sandbox::inside::trial::apart;

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
