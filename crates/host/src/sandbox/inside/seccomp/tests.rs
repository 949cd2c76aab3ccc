//! Each refusal, for real, as whoever runs the tests and as nobody; and what must go on working.

use std::os::fd::AsRawFd;

use libc::{
    AF_ALG, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX, AF_VSOCK, SOCK_CLOEXEC, SOCK_DGRAM,
    SOCK_NONBLOCK, SOCK_RAW, SOCK_SEQPACKET, SOCK_STREAM, SYS_bind, SYS_clone, SYS_clone3,
    SYS_connect, SYS_getpeername, SYS_getpid, SYS_getsockname, SYS_ioctl, SYS_listen,
    SYS_personality, SYS_prlimit64, SYS_sendto, SYS_setpriority, SYS_socket, SYS_socketpair,
    SYS_unshare,
};
use proptest::prelude::{ProptestConfig, any, prop, prop_assert_eq, proptest};
use rustix::{
    io::Errno,
    process::getppid,
    pty::{OpenptFlags, openpt},
    thread::gettid,
};

use super::*;
use crate::sandbox::{
    inside::{
        capabilities::give_up_what_there_is,
        trial::{apart, call, killed, shell, shell_fails},
    },
    policy::Network,
};

fn seal(namespaces: bool, network: Network) -> Seal {
    Seal {
        namespaces,
        network,
        read: Vec::new(),
        write: Vec::new(),
        guarded: Vec::new(),
    }
}

/// Closes this process in; whether a supervisor is said to be there.
fn enter(namespaces: bool, network: Network, supervised: bool) {
    let filter = Filter::compile(&seal(namespaces, network), supervised).unwrap();
    give_up_what_there_is().unwrap();
    filter.install().unwrap();
}

fn enter_restricted() {
    enter(true, Network::Restricted, false);
}

fn word(number: i32) -> u64 {
    number.cast_unsigned().into()
}

fn socket(family: i32, kind: i32, protocol: i32) -> Result<i64, Errno> {
    call(SYS_socket, [family, kind, protocol].map(word))
}

fn pair(family: i32, kind: i32) -> Result<[i32; 2], Errno> {
    let mut ends = [0_i32; 2];
    let at = ends.as_mut_ptr() as u64;
    call(SYS_socketpair, [word(family), word(kind), 0, at])?;
    Ok(ends)
}

/// Each call that is refused whatever its arguments are.
fn always(rules: &Rules) -> impl Iterator<Item = i64> {
    let without = rules.iter().filter(|(_, rules)| rules.is_empty());
    without.map(|(call, _)| *call)
}

fn all_are_refused(rules: &Rules) {
    for number in always(rules) {
        assert_eq!(call(number, [0; 6]), Err(Errno::PERM), "call {number}");
    }
}

#[test]
fn whatever_is_always_refused_is_refused() {
    apart(|| {
        // Not by the filter yet: these need no capability.
        assert_ne!(call(libc::SYS_keyctl, [0]), Err(Errno::PERM));
        assert_ne!(call(libc::SYS_kcmp, [0; 5]), Err(Errno::PERM));
        enter_restricted();
        let rules = refused::rules().unwrap();
        assert!(always(&rules).count() > 45);
        all_are_refused(&rules);
        assert!(call(SYS_getpid, []).is_ok());
    });
}

#[test]
fn no_namespace_can_be_made_or_entered() {
    apart(|| {
        enter_restricted();
        for flag in [0x80, 0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000]
            .into_iter()
            .chain([0x1000_0000, 0x2000_0000, 0x4000_0000])
        {
            assert_eq!(call(SYS_unshare, [flag]), Err(Errno::PERM), "{flag:x}");
            // Among others, and with nonsense in the half that is not looked at.
            let among = flag | 0x400 | 1 << 40;
            assert_eq!(call(SYS_unshare, [among]), Err(Errno::PERM), "{flag:x}");
            if flag > 0xff {
                let flag = flag | word(libc::SIGCHLD);
                assert_eq!(call(SYS_clone, [flag, 0]), Err(Errno::PERM), "{flag:x}");
            }
        }
        assert_eq!(call(SYS_clone3, [0, 0]), Err(Errno::NOSYS));
        assert_eq!(call(SYS_unshare, [word(libc::CLONE_FILES)]), Ok(0));
        std::thread::spawn(|| assert!(call(SYS_getpid, []).is_ok()))
            .join()
            .unwrap();
        shell_fails("unshare -Ur true", "Operation not permitted");
    });
}

#[test]
fn a_terminal_takes_no_input_from_its_program() {
    apart(|| {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        let fd = word(terminal.as_raw_fd());
        let mut letter = [0_u8; 64];
        let at = letter.as_mut_ptr() as u64;
        let control = |control: u64| call(SYS_ioctl, [fd, control, at]);
        assert_ne!(control(libc::TIOCSETD), Err(Errno::PERM));
        enter_restricted();
        for refused in [
            libc::TIOCSTI,
            libc::TIOCLINUX,
            libc::TIOCCONS,
            libc::TIOCSETD,
        ] {
            assert_eq!(control(refused), Err(Errno::PERM));
            assert_eq!(control(refused | 1 << 32), Err(Errno::PERM));
        }
        // Subvolumes of btrfs and bcachefs.
        assert_eq!(control(0x5000_940e), Err(Errno::PERM));
        assert_eq!(control(0x4020_bc10), Err(Errno::PERM));
        assert_eq!(control(libc::TIOCGWINSZ), Ok(0));
        assert_eq!(control(libc::TCGETS), Ok(0));
    });
}

#[test]
fn calls_that_are_newer_or_of_x32_do_not_exist() {
    apart(|| {
        enter_restricted();
        let last = i64::from(LAST_CALL);
        for number in [last + 1, 999, 0x4000_0000 | SYS_getpid, 0x4000_0000 | 521] {
            assert_eq!(call(number, [0; 6]), Err(Errno::NOSYS), "{number:x}");
        }
        // The kernel's word, if it is old enough to lack this; else a complaint about arguments.
        let known = call(last - 1, [u64::MAX, 0, 0, 0, 7]);
        assert!(known.is_err());
    });
    // The edge itself, which the kernel cannot be asked about on every version.
    assert_eq!(newer()[1].k, LAST_CALL);
    assert_eq!(LAST_CALL, 469);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn a_call_of_another_architecture_kills() {
    killed(libc::SIGSYS, || {
        enter_restricted();
        crate::sandbox::inside::trial::foreign_call(20);
    });
}

#[test]
fn a_personality_can_be_asked_but_not_made_weak() {
    apart(|| {
        enter_restricted();
        assert!(call(SYS_personality, [0xffff_ffff]).is_ok());
        assert!(call(SYS_personality, [0]).is_ok());
        // Pages that can be read can be executed.
        assert_eq!(call(SYS_personality, [0x40_0000]), Err(Errno::PERM));
        assert_eq!(call(SYS_personality, [0x10_0000]), Err(Errno::PERM));
    });
}

#[test]
fn a_restricted_network_leaves_pairs_of_sockets() {
    apart(|| {
        enter_restricted();
        let flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
        for family in [AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_ALG, AF_VSOCK] {
            for kind in [SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_DGRAM | flags] {
                assert_eq!(socket(family, kind, 0), Err(Errno::PERM), "{family}");
                assert_eq!(pair(family, kind), Err(Errno::PERM), "{family}");
            }
        }
        for kind in [SOCK_DGRAM, SOCK_RAW, SOCK_DGRAM | flags, SOCK_RAW | flags] {
            assert_eq!(socket(AF_UNIX, kind, 0), Err(Errno::PERM), "{kind}");
            assert_eq!(pair(AF_UNIX, kind), Err(Errno::PERM), "{kind}");
        }
        assert!(pair(AF_UNIX, SOCK_SEQPACKET | flags).is_ok());
        let alone = socket(AF_UNIX, SOCK_STREAM | flags, 0).unwrap();
        let alone = alone.cast_unsigned();
        for number in [SYS_connect, SYS_bind, SYS_listen, libc::SYS_accept4] {
            assert_eq!(call(number, [alone]), Err(Errno::PERM), "{number}");
        }
        let [one, other] = pair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC).unwrap().map(word);
        let text = b"hi";
        let at = text.as_ptr() as u64;
        assert_eq!(call(SYS_sendto, [one, at, 2, 0, at, 2]), Err(Errno::PERM));
        assert_eq!(call(SYS_sendto, [one, at, 2]), Ok(2));
        let mut heard = [0_u8; 2];
        let room = heard.as_mut_ptr() as u64;
        assert_eq!(call(libc::SYS_recvfrom, [other, room, 2]), Ok(2));
        assert_eq!(&heard, text);
        let mut address = [0_u8; 128];
        let mut length = 128_u32;
        let asked = [one, address.as_mut_ptr() as u64, &raw mut length as u64];
        assert_eq!(call(SYS_getpeername, asked), Ok(0));
        assert_eq!(call(SYS_getsockname, asked), Ok(0));
        assert_eq!(call(SYS_getpeername, [0]), Err(Errno::NOTSOCK));
    });
}

#[test]
fn an_enabled_network_is_that_of_the_internet_and_not_of_paths() {
    apart(|| {
        enter(true, Network::Enabled, false);
        for kind in [SOCK_STREAM, SOCK_DGRAM | SOCK_CLOEXEC] {
            for family in [AF_INET, AF_INET6] {
                assert_ne!(socket(family, kind, 0), Err(Errno::PERM), "{family}");
            }
        }
        assert!(socket(AF_NETLINK, SOCK_RAW, libc::NETLINK_ROUTE).is_ok());
        for protocol in 1..=22 {
            let netlink = socket(AF_NETLINK, SOCK_RAW, protocol);
            assert_eq!(netlink, Err(Errno::PERM), "netlink {protocol}");
        }
        let open = [AF_INET, AF_INET6, AF_NETLINK];
        for family in (0..64).filter(|family| !open.contains(family)) {
            let refused = socket(family, SOCK_STREAM, 0);
            assert_eq!(refused, Err(Errno::PERM), "family {family}");
        }
        assert_eq!(socket(AF_INET, 10, 0), Err(Errno::PERM));
        let flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
        for kind in [SOCK_STREAM, SOCK_SEQPACKET].map(|kind| kind | flags) {
            assert!(pair(AF_UNIX, kind).is_ok());
            assert_eq!(socket(AF_UNIX, kind, 0), Err(Errno::PERM), "{kind}");
        }
        for kind in [SOCK_DGRAM, SOCK_RAW].map(|kind| kind | flags) {
            assert_eq!(pair(AF_UNIX, kind), Err(Errno::PERM), "{kind}");
            assert_eq!(socket(AF_UNIX, kind, 0), Err(Errno::PERM), "{kind}");
        }
        assert_eq!(pair(AF_INET, SOCK_STREAM), Err(Errno::PERM));
    });
}

#[test]
fn local_sockets_are_refused_also_where_a_supervisor_is() {
    apart(|| {
        enter(true, Network::Enabled, true);
        for kind in [SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET] {
            assert_eq!(socket(AF_UNIX, kind, 0), Err(Errno::PERM), "{kind}");
        }
        // The supervisor's.
        assert!(socket(AF_NETLINK, SOCK_RAW, libc::NETLINK_GENERIC).is_ok());
    });
}

#[test]
fn what_a_supervisor_refuses_is_left_to_it() {
    apart(|| {
        enter(true, Network::Restricted, true);
        assert!(socket(AF_INET, SOCK_STREAM, 0).is_ok());
        assert_ne!(call(SYS_connect, [0]), Err(Errno::PERM));
        all_are_refused(&refused::rules().unwrap());
    });
}

#[test]
fn alone_nothing_of_a_file_or_of_another_process_changes() {
    apart(|| {
        let mut limit = [0_u64; 2];
        let at = limit.as_mut_ptr() as u64;
        enter(false, Network::Restricted, false);
        all_are_refused(&alone::rules().unwrap());
        all_are_refused(&refused::rules().unwrap());
        // FS_IOC_SETFLAGS and FS_IOC_ENABLE_VERITY need no descriptor that is open for change.
        for control in [0x4008_6602, 0x4080_6685] {
            let changed = call(SYS_ioctl, [0, control]);
            assert_eq!(changed, Err(Errno::PERM), "{control:x}");
        }
        assert_ne!(call(SYS_ioctl, [0, libc::FIONREAD, at]), Err(Errno::PERM));
        // By number, too; of the thread, because only this one is someone else here.
        let own = word(gettid().as_raw_pid());
        let parent = word(getppid().unwrap().as_raw_pid());
        let files = u64::from(libc::RLIMIT_NOFILE);
        assert_eq!(call(SYS_prlimit64, [0, files, 0, at]), Ok(0));
        assert_eq!(call(SYS_prlimit64, [0, files, at, 0]), Ok(0));
        assert_eq!(call(SYS_prlimit64, [own, files, 0, at]), Ok(0));
        let set = call(SYS_prlimit64, [parent, files, at, 0]);
        assert_eq!(set, Err(Errno::PERM));
        assert_eq!(call(SYS_setpriority, [0, 0, 5]), Ok(0));
        assert_eq!(call(SYS_setpriority, [0, parent, 5]), Err(Errno::PERM));
        assert_eq!(call(SYS_setpriority, [2, 0, 5]), Err(Errno::PERM));
        for number in [libc::SYS_sched_setaffinity, libc::SYS_sched_setscheduler] {
            assert_eq!(call(number, [parent, 0, 0]), Err(Errno::PERM));
            assert_ne!(call(number, [0, 0, 0]), Err(Errno::PERM));
        }
        shell("ls /; cat /etc/passwd; echo $(seq 3 | sort -r) | head -c 3; nice true");
    });
}

#[test]
fn ordinary_programs_run() {
    apart(|| {
        enter_restricted();
        assert_eq!(shell("echo a | cat | (read x; echo $x$x)"), "aa\n");
        shell(
            "cd $(mktemp -d) && mkdir a && touch a/b && mv a/b c && ls -l && rm -r ../$(basename $PWD)",
        );
        shell("cd $(mktemp -d) && git init -q . && git status && rm -r $PWD");
        shell("grep -q nobody /etc/passwd && find /etc -maxdepth 1 | wc -l && (sleep 0 & wait)");
        assert!(shell("script -qec 'stty size; tty' /dev/null").contains("/dev/pts/"));
        shell_fails("exec 3<>/dev/tcp/127.0.0.1/1", "Operation not permitted");
        if command_exists("python3") {
            let pair = "import socket, threading, subprocess; a, b = socket.socketpair(); \
                a.send(b'x'); print(b.recv(1)); subprocess.run(['true'], check=True); \
                threading.Thread(target=print).start()";
            shell(&format!("python3 -c \"{pair}\""));
        }
        if command_exists("node") {
            let run = "require('child_process').execSync('true'); \
                setTimeout(() => console.log(process.pid), 1)";
            shell(&format!("node -e \"{run}\""));
        }
    });
}

fn command_exists(name: &str) -> bool {
    shell(&format!("command -v {name} || true")).starts_with('/')
}

/// Few calls, so that two sets have some of them in common.
fn rules() -> impl proptest::strategy::Strategy<Value = BTreeMap<i64, Vec<u32>>> {
    prop::collection::btree_map(0_i64..6, prop::collection::vec(any::<u32>(), 0..3), 0..6)
}

fn compiled(from: &BTreeMap<i64, Vec<u32>>) -> Rules {
    let one = |value: &u32| SeccompRule::new(vec![rule::is(0, *value).unwrap()]).unwrap();
    from.iter()
        .map(|(call, values)| (*call, values.iter().map(one).collect()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// What either refuses, whatever the arguments are, both together refuse.
    #[test]
    fn merged_rules_refuse_what_either_does(one in rules(), other in rules()) {
        let refuses = |rules: &BTreeMap<i64, Vec<u32>>, call: i64| rules.get(&call).cloned();
        let merged = merge(compiled(&one), compiled(&other));
        for call in 0..6 {
            let expected = match (refuses(&one, call), refuses(&other, call)) {
                (Some(a), Some(b)) if a.is_empty() || b.is_empty() => Some(Vec::new()),
                (Some(a), Some(b)) => Some([a, b].concat()),
                (a, b) => a.or(b),
            };
            let expected = expected.map(|values| compiled(&BTreeMap::from([(call, values)])));
            let expected = expected.and_then(|mut rules| rules.remove(&call));
            prop_assert_eq!(merged.get(&call).cloned(), expected);
        }
    }
}
