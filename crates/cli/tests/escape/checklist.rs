//! What a sandbox shows: files, devices, privileges, one by one.

use std::{fs, os::unix::fs::symlink};

use serde_json::{Value, json};

use crate::{
    policy::{Policy, entry, sandbox},
    room::{Ended, Room},
};

/// Everything may be read, and what the entries say.
pub(crate) fn reading(room: &Room, more: &[Value]) -> Value {
    let root = json!({"path": {"type": "special", "value": {"kind": "root"}}, "access": "read"});
    sandbox(&room.arena.work(), &[&[root], more].concat(), "restricted")
}

/// Only what programs need and the workspace may be read, and what the entries say.
fn minimal(room: &Room, more: &[Value]) -> Value {
    let root = json!({"path": {"type": "special", "value": {"kind": "minimal"}}, "access": "read"});
    let work = room.arena.work();
    let entries = [&[root, entry(&work, "read")], more].concat();
    sandbox(&work, &entries, "restricted")
}

/// What it said, without the last line's end.
pub(crate) fn said(ended: &Ended) -> &str {
    ended.stdout.trim_end()
}

#[test]
fn b05_programs_can_be_read_and_nothing_outside_written() {
    for mut room in Room::all() {
        let before = room.outside();
        let out = room.arena.path("outside").display().to_string();
        for policy in [Policy::ReadOnly, Policy::Workspace, Policy::Minimal] {
            let ended = room.bash(policy, "ls /bin | grep -cx sh");
            assert_eq!(said(&ended), "1", "{policy:?}");
            for script in [
                format!("echo x > {out}/file"),
                format!("echo x > {out}/new"),
                "echo x > /etc/x".to_owned(),
            ] {
                let ended = room.bash(policy, &script);
                assert_ne!(ended.code, 0, "{policy:?} {script}");
            }
        }
        room.leave(&before);
    }
}

#[test]
fn b05_the_device_nodes_are_few_and_work() {
    for mut room in Room::all() {
        for policy in [Policy::ReadOnly, Policy::Workspace, Policy::Minimal] {
            let script = "echo x > /dev/null && head -c 2 /dev/zero | od -An -tx1 && \
                head -c 1 /dev/urandom | wc -c && head -c 1 /dev/random | wc -c && \
                test -c /dev/tty && test -e /dev/ptmx && ! echo x > /dev/full; echo $?";
            let ended = room.bash(policy, script);
            assert_eq!(
                said(&ended).split_whitespace().collect::<Vec<_>>(),
                ["00", "00", "1", "1", "0"],
                "{ended:?}"
            );
            let ended = room.bash(policy, "cd /dev && find . -maxdepth 1 -type c -o -maxdepth 1 -type b | sort | tr '\\n' ' '");
            let few = [
                "./full",
                "./null",
                "./ptmx",
                "./random",
                "./tty",
                "./urandom",
                "./zero",
            ];
            let more: Vec<&str> = said(&ended)
                .split_whitespace()
                .filter(|node| !few.contains(node))
                .collect();
            assert_eq!(more, Vec::<&str>::new(), "{policy:?}");
        }
        room.server.stop();
    }
}

#[test]
fn b05_shared_memory_is_private_unless_it_is_granted() {
    for mut room in Room::all() {
        let name = format!("outpost-test-{}-{}", std::process::id(), room.base.user);
        let path = std::path::Path::new("/dev/shm").join(&name);
        let script = format!("echo x > /dev/shm/{name}; cat /dev/shm/{name}");
        let ended = room.bash(Policy::Workspace, &script);
        assert!(!path.exists(), "{ended:?}");
        let granted = reading(&room, &[entry("/dev/shm".as_ref(), "write")]);
        let ended = room.bash_in(&granted, &script);
        assert_eq!(said(&ended), "x", "{ended:?}");
        let there = path.exists();
        fs::remove_file(&path).ok();
        assert!(there, "it was granted");
        room.server.stop();
    }
}

#[test]
fn b14_a_place_to_write_can_be_written() {
    for mut room in Room::all() {
        let folder = room.arena.path("outside/folder");
        let both = [
            entry(&folder, "write"),
            entry("/no/such/place".as_ref(), "write"),
        ];
        for sandbox in [reading(&room, &both), minimal(&room, &both)] {
            let script = format!(
                "echo new > {0}/new && cat {0}/new && rm {0}/new",
                folder.display()
            );
            let ended = room.bash_in(&sandbox, &script);
            assert_eq!((said(&ended), ended.code), ("new", 0), "{ended:?}");
        }
        room.server.stop();
    }
}

#[test]
fn b05_a_folder_denied_within_a_place_to_write_and_a_place_to_write_within_that() {
    for mut room in Room::all() {
        let work = room.arena.work();
        fs::create_dir(work.join("vault/island")).expect("new");
        room.base.user.give(&work.join("vault/island"));
        let entries = [
            entry(&work, "write"),
            entry(&work.join("vault"), "deny"),
            entry(&work.join("vault/island"), "write"),
        ];
        for sandbox in [reading(&room, &entries), minimal(&room, &entries)] {
            let ended = room.bash_in(&sandbox, "cat vault/key; ls vault; echo x > vault/new; echo y > vault/island/y; cat vault/island/y");
            assert!(
                !ended.stdout.contains("secret") && ended.stdout.ends_with("y\n"),
                "{ended:?}"
            );
            assert!(!work.join("vault/new").exists());
            assert!(work.join("vault/island/y").exists());
            fs::remove_file(work.join("vault/island/y")).expect("it was made");
        }
        room.server.stop();
    }
}

#[test]
fn b05_a_folder_denied_where_all_may_be_read() {
    for mut room in Room::all() {
        let secret = room.arena.path("secret");
        let sandbox = reading(&room, &[entry(&secret, "deny")]);
        let script = format!(
            "cat {0}/key; ls {0}; cat {0}/../secret/key; cat own",
            secret.display()
        );
        let ended = room.bash_in(&sandbox, &script);
        assert_eq!(said(&ended), "own", "{ended:?}");
        room.server.stop();
    }
}

#[test]
fn b05_temporary_folders_can_be_denied() {
    for mut room in Room::all() {
        let tmp = room.base.path("tmp");
        fs::write(tmp.join("there"), "there").expect("new");
        room.base.user.give(&tmp.join("there"));
        let name = format!(
            "/tmp/outpost-test-{}-{}",
            std::process::id(),
            room.base.user
        );
        fs::write(&name, "there").expect("new");
        let denied = [
            json!({"path": {"type": "special", "value": {"kind": "slash_tmp"}}, "access": "deny"}),
            json!({"path": {"type": "special", "value": {"kind": "tmpdir"}}, "access": "deny"}),
        ];
        for sandbox in [reading(&room, &denied), minimal(&room, &denied)] {
            let script = format!(
                "cat {name} {0}/there; echo x > {name}; echo x > {0}/new; echo end",
                tmp.display()
            );
            let ended = room.bash_in(&sandbox, &script);
            assert_eq!(said(&ended), "end", "{ended:?}");
        }
        let kept = fs::read_to_string(&name);
        fs::remove_file(&name).ok();
        assert_eq!(kept.expect("it is there"), "there");
        assert!(!tmp.join("new").exists());
        room.server.stop();
    }
}

#[test]
fn b05_single_files_can_be_denied() {
    for mut room in Room::all() {
        let work = room.arena.work();
        for path in [room.arena.path("outside/file"), work.join("own")] {
            let entries = [entry(&work, "write"), entry(&path, "deny")];
            let sandbox = reading(&room, &entries);
            let script = format!(
                "cat {0}; echo x > {0}; rm -f {0}; mv {0} {0}-2; ls {1}",
                path.display(),
                work.display()
            );
            let ended = room.bash_in(&sandbox, &script);
            let text = fs::read_to_string(&path).expect("it is still there");
            assert!(
                !ended.stdout.contains("outside") && !ended.stdout.starts_with("own\nown"),
                "{ended:?}"
            );
            assert!(["outside", "own"].contains(&text.as_str()), "{text}");
        }
        room.server.stop();
    }
}

#[test]
fn b05_a_pattern_denies_what_it_matches() {
    for mut room in Room::all() {
        let work = room.arena.work();
        fs::create_dir(work.join("sub")).expect("new");
        for path in ["a.env", "sub/b.env", "sub/c.txt"] {
            fs::write(work.join(path), format!("content of {path}\n")).expect("new");
        }
        let pattern = json!({"path": {"type": "glob_pattern", "pattern": format!("{}/**/*.env", work.display())}, "access": "deny"});
        let sandbox = reading(&room, &[entry(&work, "write"), pattern]);
        let ended = room.bash_in(&sandbox, "cat a.env sub/b.env sub/c.txt");
        assert_eq!(said(&ended), "content of sub/c.txt", "{ended:?}");
        room.server.stop();
    }
}

#[test]
fn f08_a_hard_link_inside_keeps_its_inode_when_it_is_written() {
    use std::os::unix::fs::MetadataExt;
    for mut room in Room::all() {
        let work = room.arena.work();
        let sandbox = room.sandbox(Policy::Workspace);
        room.bash(Policy::Workspace, "echo 1 > one; ln one two");
        let inode = fs::metadata(work.join("one")).expect("it was made").ino();
        let params = json!({"path": crate::policy::uri(&work.join("two")), "dataBase64": "bmV3", "sandbox": sandbox});
        room.client
            .call("fs/writeFile", &params)
            .expect("it is the workspace");
        let one = fs::metadata(work.join("one")).expect("it is there");
        assert_eq!((one.ino(), one.nlink()), (inode, 2));
        assert_eq!(fs::read_to_string(work.join("one")).expect("text"), "new");
        room.server.stop();
    }
}

#[test]
fn f08_a_root_may_be_named_by_a_link() {
    for mut room in Room::all() {
        let alias = room.arena.path("alias");
        symlink(room.arena.work(), &alias).expect("new");
        let sandbox = reading(&room, &[entry(&alias, "write")]);
        let path = crate::policy::uri(&alias.join("through"));
        let params = json!({"path": path, "dataBase64": "aGk=", "sandbox": sandbox});
        room.client
            .call("fs/writeFile", &params)
            .expect("the link stands for its target");
        assert!(room.arena.path("work/through").exists());
        let asked = json!({"path": path, "sandbox": sandbox});
        let real = room
            .client
            .call("fs/canonicalize", &asked)
            .expect("it may be read");
        assert_eq!(
            real["path"],
            crate::policy::uri(&room.arena.path("work/through"))
        );
        room.server.stop();
    }
}

#[test]
fn b08_what_was_denied_is_told_and_what_was_not_is_not() {
    for mut room in Room::all() {
        let out = room.arena.path("outside").display().to_string();
        let port = room.arena.listeners().tcp();
        for (script, denied) in [
            (format!("echo x > {out}/file"), true),
            (format!("echo x > {out}/new"), true),
            ("mkdir .git".to_owned(), true),
            (format!("exec 3<>/dev/tcp/127.0.0.1/{port}"), true),
            (
                "echo Read-only file system; echo operation not permitted; exit 1".to_owned(),
                false,
            ),
            ("cat /no/such/file".to_owned(), false),
            ("exit 3".to_owned(), false),
            ("true".to_owned(), false),
        ] {
            let ended = room.bash(Policy::Workspace, &script);
            assert_eq!(ended.denied, denied, "{script}: {ended:?}");
        }
        room.server.stop();
    }
}
