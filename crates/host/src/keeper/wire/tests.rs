use std::{ffi::OsString, os::unix::ffi::OsStringExt, path::PathBuf};

use proptest::{collection::vec, option, prelude::*};

use super::*;
use crate::sandbox::{
    Network,
    seal::{Guarded, Seal},
    stamp::{Identity, Mark, Stamp},
};

fn text() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..20)
}

fn stdio() -> impl Strategy<Value = Stdio> {
    prop_oneof![
        any::<bool>().prop_map(|stdin| Stdio::Pipes { stdin }),
        any::<(u16, u16)>().prop_map(|(rows, cols)| Stdio::Terminal { rows, cols }),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let fields = (any::<u64>(), vec(text(), 0..5), option::of(text()), text());
    let bounds = (limits(), option::of(walls()));
    (fields, vec((text(), text()), 0..5), stdio(), bounds).prop_map(
        |((id, argv, arg0, cwd), env, stdio, (limits, walls))| Command {
            id,
            argv,
            arg0,
            cwd,
            env,
            stdio,
            limits,
            walls,
        },
    )
}

fn limits() -> impl Strategy<Value = ResourceLimits> {
    any::<[Option<u64>; 5]>().prop_map(|[memory, cpu, pids, files, size]| ResourceLimits {
        memory_bytes: memory,
        cpu_seconds: cpu,
        pids,
        open_files: files,
        file_size_bytes: size,
    })
}

fn walls() -> impl Strategy<Value = Order> {
    let path = || text().prop_map(|bytes| PathBuf::from(OsString::from_vec(bytes)));
    let guarded = (path(), vec(text().prop_map(OsString::from_vec), 0..3));
    let guarded = guarded.prop_map(|(directory, names)| Guarded { directory, names });
    let seal = (
        any::<[bool; 2]>(),
        vec(path(), 0..3),
        vec(path(), 0..3),
        vec(guarded, 0..3),
    );
    let seal = seal.prop_map(|([namespaces, network], read, write, guarded)| Seal {
        namespaces,
        network: if network {
            Network::Enabled
        } else {
            Network::Restricted
        },
        read,
        write,
        guarded,
    });
    let identity = any::<(u64, u64)>().prop_map(|(device, inode)| Identity { device, inode });
    let mark = (path(), option::of(identity)).prop_map(|(path, shown)| Mark { path, shown });
    let stamp = option::of(vec(mark, 0..3).prop_map(Stamp));
    (vec(text(), 0..4), seal, stamp, any::<bool>()).prop_map(|(launcher, seal, stamp, recurs)| {
        Order {
            launcher,
            seal,
            stamp,
            recurs,
        }
    })
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        any::<(u16, u8, u32)>().prop_map(|(version, containment, max_processes)| Request::Hello {
            version,
            containment,
            max_processes
        }),
        command().prop_map(|command| Request::Spawn(Box::new(command))),
        any::<(u64, i32, bool)>().prop_map(|(id, signal, tree)| Request::Signal {
            id,
            signal,
            to: if tree { To::Tree } else { To::Group }
        }),
        any::<u64>().prop_map(|id| Request::Kill { id }),
        any::<u64>().prop_map(|id| Request::Forget { id }),
        walls().prop_map(|order| Request::Prepare(Box::new(order))),
        (command(), any::<u8>()).prop_map(|(command, fds)| Request::Use {
            command: Box::new(command),
            fds
        }),
    ]
}

fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        (any::<u16>(), any::<u8>(), text()).prop_map(|(version, containment, group)| {
            Reply::Ready {
                version,
                containment,
                group,
            }
        }),
        any::<(u64, u32)>().prop_map(|(id, pid)| Reply::Spawned { id, pid, fds: 0 }),
        (any::<u64>(), 0..5_u8, any::<i32>(), text()).prop_map(|(id, stage, errno, words)| {
            Reply::SpawnFailed {
                id,
                stage: Stage::from_byte(stage).unwrap(),
                errno,
                words,
            }
        }),
        (any::<(u64, i32, bool)>(), 0..5_u8).prop_map(|((id, status, denied), exceeded)| {
            Reply::Exited {
                id,
                status,
                verdict: Verdict {
                    denied,
                    exceeded: Exceeded::from_byte(exceeded).unwrap(),
                },
            }
        }),
        any::<u64>().prop_map(|id| Reply::Empty { id }),
        any::<u64>().prop_map(|id| Reply::Taken { id }),
    ]
}

/// Feeds `stream` in pieces of the given lengths and collects what `next` yields.
fn feed<T>(stream: &[u8], cuts: &[usize], next: impl Fn(&mut Inbox) -> Option<T>) -> Vec<T> {
    let (mut inbox, mut rest, mut seen) = (Inbox::default(), stream, Vec::new());
    for cut in cuts.iter().copied().chain([stream.len()]) {
        let (head, tail) = rest.split_at(cut.min(rest.len()));
        inbox.push(head);
        rest = tail;
        seen.extend(std::iter::from_fn(|| next(&mut inbox)));
    }
    seen
}

proptest! {
    #[test]
    fn requests_come_out_as_they_went_in(
        requests in vec(request(), 0..8),
        cuts in vec(0..40_usize, 0..40),
    ) {
        let mut stream = Vec::new();
        requests.iter().for_each(|request| request.encode(&mut stream));
        prop_assert_eq!(feed(&stream, &cuts, |inbox| inbox.request().unwrap()), requests);
    }

    #[test]
    fn replies_come_out_as_they_went_in(
        replies in vec(reply(), 0..8),
        cuts in vec(0..40_usize, 0..40),
    ) {
        let mut stream = Vec::new();
        replies.iter().for_each(|reply| reply.encode(&mut stream));
        let seen = feed(&stream, &cuts, |inbox| inbox.reply().unwrap().map(|(reply, _)| reply));
        prop_assert_eq!(seen, replies);
    }

    #[test]
    fn damaged_frames_are_refused_and_never_panic(
        request in request(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut stream = Vec::new();
        request.encode(&mut stream);
        let at = at.index(stream.len() - 4) + 4;
        stream[at] = byte;
        // Either it is refused or it is another request that encodes to exactly these bytes.
        if let Ok(other) = Request::decode(&stream[4..]) {
            let mut again = Vec::new();
            other.encode(&mut again);
            prop_assert_eq!(again, stream);
        }
    }
}

#[test]
fn the_longest_frame_is_waited_for_and_one_byte_more_is_refused() {
    let longest = u32::try_from(MAX_FRAME).unwrap();
    let mut inbox = Inbox::default();
    inbox.push(&longest.to_le_bytes());
    assert_eq!(inbox.request(), Ok(None));
    let mut inbox = Inbox::default();
    inbox.push(&(longest + 1).to_le_bytes());
    assert_eq!(inbox.request(), Err(WireError::TooLong(MAX_FRAME + 1)));
}

#[test]
fn a_frame_gets_its_own_descriptors_in_order() {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let mut inbox = Inbox::default();
    inbox.push_fds(vec![reader]);
    inbox.push_fds(vec![writer]);
    inbox.push_fds(Vec::new());
    let mut stream = Vec::new();
    Reply::Spawned {
        id: 1,
        pid: 10,
        fds: 1,
    }
    .encode(&mut stream);
    Reply::Spawned {
        id: 2,
        pid: 20,
        fds: 1,
    }
    .encode(&mut stream);
    for id in [3, 4] {
        Reply::Spawned {
            id,
            pid: 30,
            fds: 1,
        }
        .encode(&mut stream);
    }
    inbox.push(&stream);
    let (_, mut first) = inbox.reply().unwrap().unwrap();
    let (_, mut second) = inbox.reply().unwrap().unwrap();
    let (third, none) = inbox.reply().unwrap().unwrap();
    assert_eq!(
        (third.fds(), none.len()),
        (1, 0),
        "lost on the way, and nobody else's"
    );
    assert_eq!(inbox.reply().unwrap_err(), WireError::MissingFds);
    rustix::io::write(second.pop().unwrap(), b"x").unwrap();
    let mut byte = [0];
    rustix::io::read(first.pop().unwrap(), &mut byte).unwrap();
    assert_eq!(&byte, b"x");
}
