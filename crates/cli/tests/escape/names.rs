//! Names of tools: kept as they are, or kept from coming into being, and nothing left behind.

use std::{fs, os::unix::fs::symlink};

use serde_json::{Value, json};

use crate::{
    checklist::{reading, said},
    policy::{Policy, entry, sandbox},
    room::Room,
};

#[test]
fn f11_names_of_tools_are_kept_and_their_siblings_are_free() {
    for mut room in Room::all() {
        let work = room.arena.work();
        for name in crate::hostile::METADATA {
            let script = format!(
                "mkdir {name}; echo x > {name}; mkdir -p {name}/hooks; ln -s x {name}; mkdir {name}x && \
                 echo y > {name}y && mkdir -p sub{name} && echo made"
            );
            let ended = room.bash(Policy::Workspace, &script);
            assert!(ended.stdout.ends_with("made\n"), "{ended:?}");
            assert!(fs::symlink_metadata(work.join(name)).is_err(), "{name}");
            assert!(ended.denied || ended.code == 0, "{ended:?}");
        }
        room.server.stop();
    }
}

#[test]
fn f11_every_place_to_write_is_kept_so() {
    for mut room in Room::all() {
        let folder = room.arena.path("outside/folder");
        let both = reading(
            &room,
            &[entry(&room.arena.work(), "write"), entry(&folder, "write")],
        );
        let tmp = room.base.path("tmp");
        let script = format!(
            "mkdir {0}/.git {0}/.codex; mkdir {0}/ok && echo ok",
            folder.display()
        );
        let ended = room.bash_in(&both, &script);
        assert_eq!(said(&ended), "ok", "{ended:?}");
        assert!(!folder.join(".git").exists() && !folder.join(".codex").exists());
        let script = format!(
            "mkdir {0}/.git {0}/.aws /tmp/.codex; mkdir {0}/ok && echo ok",
            tmp.display()
        );
        let mut entries = Policy::Workspace.entries(&room.base);
        entries.push(
            json!({"path": {"type": "special", "value": {"kind": "slash_tmp"}}, "access": "write"}),
        );
        let temporary = sandbox(&room.arena.work(), &entries, "restricted");
        let ended = room.bash_in(&temporary, &script);
        assert_eq!(said(&ended), "ok", "{ended:?}");
        assert!(!tmp.join(".git").exists() && !tmp.join(".aws").exists());
        room.server.stop();
    }
}

#[test]
fn f11_git_finds_the_repository_above_and_its_own_folder_is_kept() {
    if !std::path::Path::new("/usr/bin/git").exists()
        && !std::path::Path::new("/usr/local/bin/git").exists()
    {
        panic!("this test takes git");
    }
    for mut room in Room::all() {
        let work = room.arena.work();
        let made = room.bash_in(
            &Value::Null,
            "git init -q . && mkdir child && git rev-parse --is-inside-work-tree",
        );
        assert_eq!(said(&made), "true", "{made:?}");
        let child = work.join("child");
        let root =
            json!({"path": {"type": "special", "value": {"kind": "root"}}, "access": "read"});
        let sandbox = sandbox(&child, &[root, entry(&child, "write")], "restricted");
        let script = "cd child && git rev-parse --show-toplevel; mkdir .git .codex .agents; git init -q .; ls -A; git status --short | head -1";
        let ended = room.bash_in(&sandbox, script);
        assert!(
            ended.stdout.starts_with(&work.display().to_string()),
            "{ended:?}"
        );
        assert_eq!(
            fs::read_dir(&child).expect("it is there").count(),
            0,
            "{ended:?}"
        );
        room.server.stop();
    }
}

#[test]
fn f11_a_pointer_to_a_repository_protects_what_it_points_to() {
    for mut room in Room::all() {
        let work = room.arena.work();
        fs::create_dir_all(work.join("real-git/hooks")).expect("new");
        fs::write(work.join("real-git/config"), "[core]\n").expect("new");
        fs::write(work.join(".git"), "gitdir: real-git\n").expect("new");
        for path in ["real-git", "real-git/hooks", "real-git/config", ".git"] {
            room.base.user.give(&work.join(path));
        }
        let before = room.arena.snapshot(&["work/real-git", "work/.git"]);
        let script = "echo x > real-git/config; echo x > real-git/hooks/pre-commit; echo x > .git; rm .git; mv real-git other";
        let ended = room.bash(Policy::Workspace, script);
        let after = room.arena.snapshot(&["work/real-git", "work/.git"]);
        assert_eq!(before.changes(&after), Vec::<String>::new(), "{ended:?}");
        room.server.stop();
    }
}

#[test]
fn f11_a_name_of_tools_that_is_a_link_opens_nothing() {
    for mut room in Room::all() {
        let work = room.arena.work();
        let before = room.outside();
        fs::create_dir(work.join("elsewhere")).expect("new");
        room.base.user.give(&work.join("elsewhere"));
        symlink("elsewhere", work.join(".codex")).expect("new");
        symlink(room.arena.path("outside"), work.join(".aws")).expect("new");
        let sandbox = room.sandbox(Policy::Workspace);
        let argv = [
            "/bin/bash",
            "-c",
            "echo x > .codex/config; echo x > .aws/file; rm .codex; mkdir .codex; echo done",
        ];
        // It is refused, or held; a panic of ours is neither.
        match room.run(&sandbox, &argv) {
            Err((_, words)) => assert!(!words.contains("panicked"), "{words}"),
            Ok(ended) => {
                assert!(!ended.stderr.contains("panicked"), "{ended:?}");
                assert!(
                    fs::read_link(work.join(".codex")).is_ok(),
                    "it was replaced: {ended:?}"
                );
                assert!(!work.join("elsewhere/config").exists(), "{ended:?}");
            }
        }
        assert_eq!(before.changes(&room.outside()), Vec::<String>::new());
        room.server.stop();
    }
}
