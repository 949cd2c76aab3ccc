//! What the filter is made of, and how its listener travels.

use std::path::PathBuf;

use super::*;
use crate::sandbox::{inside::trial::apart, policy::Network, seal::Guarded};

fn seal(network: Network, write: &[&str], guarded: bool) -> Seal {
    Seal {
        namespaces: true,
        network,
        read: vec!["/".into()],
        write: write.iter().map(PathBuf::from).collect(),
        guarded: Vec::from_iter(guarded.then(|| Guarded {
            directory: "/".into(),
            names: vec![".git".into()],
        })),
    }
}

fn program(seal: &Seal) -> BpfProgram {
    Filter::compile(seal).unwrap().unwrap().program
}

fn returned(program: &BpfProgram) -> Vec<u32> {
    let ends = program.iter().filter(|one| one.code == RETURN);
    ends.map(|one| one.k).collect()
}

#[test]
fn nothing_is_handed_to_a_tracer() {
    for network in [Network::Restricted, Network::Enabled] {
        let program = program(&seal(network, &["/home"], true));
        let ends = returned(&program);
        assert!(ends.contains(&libc::SECCOMP_RET_USER_NOTIF));
        assert!(ends.contains(&libc::SECCOMP_RET_ALLOW));
        let known = [
            libc::SECCOMP_RET_USER_NOTIF,
            libc::SECCOMP_RET_ALLOW,
            // Another architecture.
            libc::SECCOMP_RET_KILL_PROCESS,
        ];
        assert!(ends.iter().all(|end| known.contains(end)), "{ends:x?}");
        // The kernel's bound.
        assert!(program.len() < 4096);
    }
}

#[test]
fn a_program_that_reports_nothing_or_something_else_is_none() {
    let instruction = |k| seccompiler::sock_filter {
        code: RETURN,
        jt: 0,
        jf: 0,
        k,
    };
    let stand_in = libc::SECCOMP_RET_TRACE | STAND_IN;
    assert_eq!(report(vec![]), None);
    assert_eq!(report(vec![instruction(libc::SECCOMP_RET_ALLOW)]), None);
    let other = vec![instruction(stand_in), instruction(stand_in + 1)];
    assert_eq!(report(other), None);
    assert_eq!(
        report(vec![instruction(stand_in)]),
        Some(vec![instruction(libc::SECCOMP_RET_USER_NOTIF)])
    );
}

#[test]
fn files_are_watched_where_not_all_may_be_changed() {
    assert!(watches_files(&seal(Network::Enabled, &["/home"], false)));
    assert!(watches_files(&seal(Network::Enabled, &[], false)));
    assert!(watches_files(&seal(Network::Enabled, &["/"], true)));
    assert!(!watches_files(&seal(Network::Enabled, &["/"], false)));
    let all = program(&seal(Network::Restricted, &["/home"], false));
    let network = program(&seal(Network::Restricted, &["/"], false));
    assert!(network.len() < all.len());
}

#[test]
fn a_listener_travels_and_its_sender_can_be_gone() {
    apart(|| {
        let flags = rustix::net::SocketFlags::CLOEXEC;
        let (ours, theirs) = rustix::net::socketpair(
            rustix::net::AddressFamily::UNIX,
            rustix::net::SocketType::STREAM,
            flags,
            None,
        )
        .unwrap();
        rustix::thread::set_no_new_privs(true).unwrap();
        let filter = Filter::compile(&seal(Network::Restricted, &["/"], false));
        let listener = filter.unwrap().unwrap().install().unwrap();
        send_listener(theirs.as_fd(), &listener).unwrap();
        let received = receive_listener(ours.as_fd()).unwrap();
        let what = |fd: &OwnedFd| {
            let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(fd));
            std::fs::read_link(path).unwrap()
        };
        assert_eq!(what(&received), what(&listener));
        assert_eq!(what(&received), PathBuf::from("anon_inode:seccomp notify"));
        drop(theirs);
        let error = receive_listener(ours.as_fd()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    });
}
