//! The helpers that do file calls under policies: when they run, and what becomes of their files.

use std::{fs, os::fd::OwnedFd, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};
use tokio::time::{advance, pause, resume};

use super::*;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Timespec = Timespec {
    tv_sec: 60,
    tv_nsec: 0,
};

/// A helper as its own `/proc` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Helper {
    /// When it was started, in ticks since the computer was.
    started: u64,
    /// Its first mount: of those that run at a time, each has its own.
    mount: u64,
}

impl Helper {
    /// The one that does file calls under a policy.
    async fn of(client: &mut Client, sandbox: &Value) -> Self {
        let mut texts = Vec::new();
        for name in ["stat", "mountinfo"] {
            let path = format!("file:///proc/self/{name}");
            let params = json!({"path": path, "sandbox": sandbox});
            let text = client.call("fs/readFile", params).await.unwrap();
            let text = decode(text["dataBase64"].as_str().unwrap());
            texts.push(String::from_utf8(text).unwrap());
        }
        Self {
            started: started(&texts[0]),
            mount: first_number(&texts[1]),
        }
    }

    /// The one with this number outside.
    fn seen(number: i32) -> Option<Self> {
        let text = |name| fs::read_to_string(format!("/proc/{number}/{name}")).ok();
        let texts = text("stat").zip(text("mountinfo"));
        // One that has just ended shows nothing.
        let (stat, mounts) =
            texts.filter(|(stat, mounts)| !stat.is_empty() && !mounts.is_empty())?;
        Some(Self {
            started: started(&stat),
            mount: first_number(&mounts),
        })
    }

    /// Its process, from outside.
    fn pidfd(self) -> OwnedFd {
        self.process().0
    }

    /// Its process, and the end of the pipe that it reads calls from.
    fn process(self) -> (OwnedFd, OwnedFd) {
        let all = fs::read_dir("/proc").unwrap().flatten();
        let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let mut found = numbers.filter(|number| {
            let line = fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
            line == b"outpost\0files\0" && Self::seen(*number) == Some(self)
        });
        let number = found.next().expect("it runs");
        assert_eq!(found.next(), None, "two helpers share a mount");
        let pidfd = pidfd_open(Pid::from_raw(number).unwrap(), PidfdFlags::empty()).unwrap();
        let input = fs::File::open(format!("/proc/{number}/fd/0")).unwrap();
        (pidfd, input.into())
    }
}

/// The 22nd field; the second one, in parentheses, may hold anything.
fn started(stat: &str) -> u64 {
    let after_name = stat.rsplit_once(')').unwrap().1;
    after_name
        .split_whitespace()
        .nth(19)
        .unwrap()
        .parse()
        .unwrap()
}

fn first_number(text: &str) -> u64 {
    let number = text.split_whitespace().next().unwrap();
    number.parse().unwrap()
}

/// Waits for the end of a process.
async fn ended(pidfd: OwnedFd) {
    readable(pidfd).await;
}

/// Waits until there is something to be read.
async fn readable(fd: OwnedFd) {
    let look = move || {
        let mut fds = [PollFd::new(&fd, PollFlags::IN)];
        poll(&mut fds, Some(&PATIENCE)).unwrap()
    };
    let ready = tokio::task::spawn_blocking(look).await.unwrap();
    assert_eq!(ready, 1, "it comes");
}

/// Policies that differ in nothing that matters to a test.
fn policies(tree: &Tree, count: usize) -> Vec<Value> {
    let different = |number: usize| {
        let folder = tree.path("in").join(number.to_string());
        fs::create_dir_all(&folder).unwrap();
        policy(&[special("root", "read"), at(&folder, "write")])
    };
    (0..count).map(different).collect()
}

#[tokio::test]
async fn a_helper_stays_warm_and_another_policy_has_another_one() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (server, tree) = (server(), Tree::new());
    let (mut client, _) = Client::new(&server).await;
    let policies = policies(&tree, 2);
    let first = Helper::of(&mut client, &policies[0]).await;
    let second = Helper::of(&mut client, &policies[1]).await;
    for _ in 0..3 {
        assert_eq!(Helper::of(&mut client, &policies[0]).await, first);
        assert_eq!(Helper::of(&mut client, &policies[1]).await, second);
    }
    let (first, second) = (first.pidfd(), second.pidfd());
    server.shutdown().await;
    ended(first).await;
    ended(second).await;
}

#[tokio::test]
async fn calls_that_come_while_a_helper_starts_share_it() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (server, tree) = (server(), Tree::new());
    let (mut client, _) = Client::new(&server).await;
    let sandbox = tree.policy();
    let params = json!({"path": "file:///proc/self/stat", "sandbox": sandbox});
    let mut asked = Vec::new();
    for _ in 0..16 {
        asked.push(client.ask("fs/readFile", params.clone()).await);
    }
    let helper = Helper::of(&mut client, &sandbox).await;
    for id in asked {
        let stat = client.answer(id).await.unwrap();
        let stat = decode(stat["dataBase64"].as_str().unwrap());
        assert_eq!(started(&String::from_utf8(stat).unwrap()), helper.started);
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_killed_helper_fails_the_calls_it_has_and_the_next_call_starts_another() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (server, tree) = (server(), Tree::new());
    let (mut client, _) = Client::new(&server).await;
    let sandbox = tree.policy();
    let helper = Helper::of(&mut client, &sandbox).await;
    let open = json!({"handleId": "h", "path": tree.uri("ro/f"), "sandbox": sandbox});
    client.call("fs/open", open.clone()).await.unwrap();
    let (pidfd, input) = helper.process();
    pidfd_send_signal(&pidfd, Signal::STOP).unwrap();
    let look = json!({"path": tree.uri("ro/f"), "sandbox": sandbox});
    let asked = client.ask("fs/getMetadata", look.clone()).await;
    readable(input).await;
    pidfd_send_signal(&pidfd, Signal::KILL).unwrap();
    let (code, words) = client.answer(asked).await.unwrap_err();
    assert_eq!(code, -32603);
    assert!(
        words.contains("ended before it answered `fs/getMetadata`"),
        "{words}"
    );
    // Its open file went with it, and the id is free once it is closed.
    let block = json!({"handleId": "h", "offset": 0, "len": 9});
    assert!(client.call("fs/readBlock", block.clone()).await.is_err());
    assert_eq!(
        client.call("fs/close", json!({"handleId": "h"})).await,
        Ok(json!({}))
    );
    client.call("fs/open", open).await.unwrap();
    let read = client.call("fs/readBlock", block).await;
    assert_eq!(read, Ok(json!({"chunk": encode(b"ro"), "eof": true})));
    assert_ne!(Helper::of(&mut client, &sandbox).await, helper);
    assert!(client.call("fs/getMetadata", look).await.is_ok());
    server.shutdown().await;
}

#[tokio::test]
async fn the_helper_used_longest_ago_makes_room_unless_it_holds_a_file() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (server, tree) = (server(), Tree::new());
    let (mut client, _) = Client::new(&server).await;
    // One more than a connection keeps.
    let policies = policies(&tree, 5);
    let mut helpers = Vec::new();
    for sandbox in &policies[..4] {
        helpers.push(Helper::of(&mut client, sandbox).await);
    }
    let open = |number: usize| {
        let id = format!("h{number}");
        json!({"handleId": id, "path": tree.uri("ro/f"), "sandbox": policies[number]})
    };
    client.call("fs/open", open(0)).await.unwrap();
    let (held, given_up) = (helpers[0].pidfd(), helpers[1].pidfd());
    Helper::of(&mut client, &policies[4]).await;
    ended(given_up).await;
    assert_eq!(Helper::of(&mut client, &policies[0]).await, helpers[0]);

    // With a file open in each there is room for none.
    for number in [2, 3, 4] {
        client.call("fs/open", open(number)).await.unwrap();
    }
    let look = json!({"path": tree.uri("ro/f"), "sandbox": policies[1]});
    let (code, words) = client
        .call("fs/getMetadata", look.clone())
        .await
        .unwrap_err();
    assert_eq!(code, -32600);
    assert!(words.contains("close"), "{words}");
    client
        .call("fs/close", json!({"handleId": "h0"}))
        .await
        .unwrap();
    assert!(client.call("fs/getMetadata", look).await.is_ok());
    ended(held).await;
    server.shutdown().await;
}

#[tokio::test]
async fn an_unused_helper_is_ended_in_time_and_one_with_an_open_file_is_not() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (server, tree) = (server(), Tree::new());
    let (mut client, _) = Client::new(&server).await;
    let policies = policies(&tree, 2);
    let unused = Helper::of(&mut client, &policies[0]).await.pidfd();
    let open = json!({"handleId": "h", "path": tree.uri("ro/f"), "sandbox": policies[1]});
    client.call("fs/open", open).await.unwrap();
    let holding = Helper::of(&mut client, &policies[1]).await;
    pause();
    advance(Duration::from_secs(61)).await;
    resume();
    ended(unused).await;
    assert_eq!(Helper::of(&mut client, &policies[1]).await, holding);
    server.shutdown().await;
}

#[tokio::test]
async fn helpers_and_their_files_end_with_the_connection() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (server, tree) = (server(), Tree::new());
    let (mut client, session) = Client::new(&server).await;
    let sandbox = tree.policy();
    let open = json!({"handleId": "h", "path": tree.uri("ro/f"), "sandbox": sandbox});
    client.call("fs/open", open.clone()).await.unwrap();
    let helper = Helper::of(&mut client, &sandbox).await;
    let pidfd = helper.pidfd();
    drop(client);
    ended(pidfd).await;
    let mut client = Client::resumed(&server, &session).await;
    client.call("fs/open", open).await.unwrap();
    assert_ne!(Helper::of(&mut client, &sandbox).await, helper);
    server.shutdown().await;
}

#[tokio::test]
async fn files_under_a_policy_count_with_the_others_and_are_read_and_written_by_blocks() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let server = client::server(|config| {
        config.keeper.program = KeeperProgram::Path(env!("CARGO_BIN_EXE_outpost-helper").into());
        config.files.handles = 2;
    });
    let tree = Tree::new();
    let (mut client, _) = Client::new(&server).await;
    let sandbox = tree.policy();
    let open = |id: &str, name: &str, mode: &str, sandbox: &Value| json!({"handleId": id, "path": tree.uri(name), "mode": mode, "sandbox": sandbox});
    let opened = client
        .call("fs/open", open("w", "in/w", "replace", &sandbox))
        .await;
    assert_eq!(opened, Ok(json!({"handleId": "w"})));
    client
        .call("fs/open", open("r", "ro/f", "read", &Value::Null))
        .await
        .unwrap();
    for policy in [&sandbox, &Value::Null] {
        let (_, words) = client
            .call("fs/open", open("x", "ro/f", "read", policy))
            .await
            .unwrap_err();
        assert_eq!(words, "at most 2 file handles may be open per connection");
        let (_, words) = client
            .call("fs/open", open("w", "ro/f", "read", policy))
            .await
            .unwrap_err();
        assert_eq!(words, "file handle `w` already exists");
        let (_, words) = client
            .call("fs/open", open(&"x".repeat(33), "ro/f", "read", policy))
            .await
            .unwrap_err();
        assert_eq!(words, "file handle ID must not exceed 32 bytes");
    }
    let bytes = vec![7; 1 << 20];
    for number in 0..2 {
        let write = json!({"handleId": "w", "offset": number << 20, "chunk": encode(&bytes)});
        assert_eq!(client.call("fs/writeBlock", write).await, Ok(json!({})));
    }
    assert_eq!(
        client.call("fs/close", json!({"handleId": "w"})).await,
        Ok(json!({}))
    );
    assert_eq!(
        client.call("fs/close", json!({"handleId": "w"})).await,
        Ok(json!({}))
    );
    client
        .call("fs/open", open("w", "in/w", "read", &sandbox))
        .await
        .unwrap();
    let block = json!({"handleId": "w", "offset": 1 << 20, "len": 1 << 20});
    let read = client.call("fs/readBlock", block).await.unwrap();
    assert!(decode(read["chunk"].as_str().unwrap()) == bytes && read["eof"] == false);
    server.shutdown().await;
}

#[tokio::test]
async fn a_large_file_under_a_policy_is_read_whole_and_a_client_that_leaves_ends_nothing_else() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (server, tree) = (server(), Tree::new());
    let bytes: Vec<u8> = (0..20_000_000u32)
        .map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[0])
        .collect();
    fs::write(tree.path("ro/large"), &bytes).unwrap();
    let (mut client, _) = Client::new(&server).await;
    let read = json!({"path": tree.uri("ro/large"), "sandbox": tree.policy()});
    for _ in 0..2 {
        let answer = client.call("fs/readFile", read.clone()).await.unwrap();
        assert!(decode(answer["dataBase64"].as_str().unwrap()) == bytes);
    }
    // Left in the middle of the answer.
    let (mut other, _) = Client::new(&server).await;
    other.ask("fs/readFile", read.clone()).await;
    drop(other);
    assert!(client.call("fs/readFile", read).await.is_ok());
    server.shutdown().await;
}
