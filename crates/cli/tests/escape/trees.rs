//! Trees of processes behind walls end whole, by whatever ends them.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::{
    meter::until,
    policy::Policy,
    room::Room,
    server::{Base, User},
};

/// Daemons in sessions of their own, which ignore what can be ignored.
const DAEMONS: &str = "(setsid sh -c 'trap \"\" TERM HUP INT QUIT; \
    (setsid sleep 600 </dev/null >/dev/null 2>&1 &); echo up; exec sleep 600' &); sleep 600";

#[test]
fn b06_terminate_takes_daemonised_children_along() {
    for mut room in Room::all() {
        for policy in [
            Policy::ReadOnly,
            Policy::Workspace,
            Policy::WorkspaceAndNetwork,
        ] {
            let sandbox = room.sandbox(policy);
            let id = room
                .start(&sandbox, &["sh", "-c", DAEMONS], &json!({}))
                .expect("it starts");
            assert_eq!(room.client.output(&id), "up\n");
            let sleeping = |room: &Room| {
                let living = room.base.marker().living();
                living
                    .iter()
                    .filter(|one| one.command.starts_with("sleep"))
                    .count()
            };
            until("the daemons are up", || sleeping(&room) >= 3);
            assert!(room.client.terminate(&id));
            room.ended(&id);
            until("they are gone", || sleeping(&room) == 0);
        }
        drop((room.client, room.arena));
        room.server.stop();
    }
}

#[test]
fn b06_a_leader_that_ends_leaves_its_daemons_to_terminate() {
    for mut room in Room::all() {
        let sandbox = room.sandbox(Policy::Workspace);
        let script = "(setsid sleep 601 </dev/null >/dev/null 2>&1 &); echo up";
        let id = room
            .start(&sandbox, &["sh", "-c", script], &json!({}))
            .expect("it starts");
        assert_eq!(room.ended(&id).code, 0);
        room.client.terminate(&id);
        let there = |room: &Room| {
            room.base
                .marker()
                .living()
                .iter()
                .any(|one| one.command.starts_with("sleep 601"))
        };
        until("the daemon is gone", || !there(&room));
        room.server.stop();
    }
}

/// How long a command may run, in milliseconds, until once the daemons were up before its end.
const TIMES: [u64; 4] = [500, 2_000, 8_000, 30_000];

#[test]
fn b06_a_time_limit_takes_daemonised_children_along() {
    for mut room in Room::all() {
        let sandbox = room.sandbox(Policy::Workspace);
        let up = TIMES.into_iter().any(|time| {
            let more = json!({"timeoutMs": time});
            let id = room
                .start(&sandbox, &["sh", "-c", DAEMONS], &more)
                .expect("it starts");
            let ended = room.ended(&id);
            assert_ne!(ended.code, 0, "{ended:?}");
            ended.stdout == "up\n"
        });
        assert!(up, "no daemon comes up");
        let sleeping = |room: &Room| {
            let living = room.base.marker().living();
            living.iter().any(|one| one.command.starts_with("sleep 60"))
        };
        until("they are gone", || !sleeping(&room));
        drop((room.client, room.arena));
        room.server.stop();
    }
}

/// How long a limit of time may be overrun.
const SLACK: Duration = Duration::from_secs(5);

#[test]
fn b06_a_session_that_expires_takes_what_is_behind_walls_along() {
    for user in User::all() {
        let base = Base::new(user);
        let mut command = base.command(base.outpost());
        let server = base.start(command.args(["exec-server", "--session-ttl", "300ms"]));
        let mut room = Room::with(base, server);
        let sandbox = room.sandbox(Policy::Workspace);
        let id = room
            .start(&sandbox, &["sh", "-c", DAEMONS], &json!({}))
            .expect("it starts");
        assert_eq!(room.client.output(&id), "up\n");
        room.client.connection.cut();
        drop(room.arena);
        let marker = room.base.marker().clone();
        until("all but the server is gone", || {
            marker
                .living()
                .iter()
                .all(|one| one.command.contains("outpost"))
        });
        room.server.stop();
        marker.assert_gone(SLACK);
    }
}

#[test]
fn b06_what_is_behind_walls_dies_with_a_killed_server() {
    for mut room in Room::all() {
        let sandbox = room.sandbox(Policy::Workspace);
        let script = "(setsid sh -c 'trap \"\" TERM HUP INT; echo up; sleep 600' &) ; sleep 600";
        let id = room
            .start(&sandbox, &["sh", "-c", script], &json!({}))
            .expect("it starts");
        assert_eq!(room.client.output(&id), "up\n");
        room.server.program.signal(Signal::KILL);
        assert!(room.server.program.wait(Duration::from_secs(5)).is_some());
        drop(room.arena);
        let marker = room.base.marker().clone();
        until("all are gone", || marker.living().is_empty());
    }
}
