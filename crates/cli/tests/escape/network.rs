//! The network: off, and on.

use std::path::Path;

use serde_json::json;

use crate::{policy::Policy, room::Room};

#[test]
fn b01_with_the_network_off_no_program_reaches_it() {
    for mut room in Room::all() {
        let before = room.outside();
        let port = room.arena.listeners().tcp();
        let tries = [
            (
                "/usr/bin/curl",
                format!("curl -s -m 5 http://127.0.0.1:{port}/"),
            ),
            (
                "/usr/bin/wget",
                format!("wget -q -T 5 -t 1 -O - http://127.0.0.1:{port}/"),
            ),
            ("/usr/bin/ping", "ping -c 1 -W 1 127.0.0.1".to_owned()),
            (
                "/usr/bin/nc",
                format!("nc -w 2 127.0.0.1 {port} </dev/null"),
            ),
            (
                "/usr/bin/ssh",
                format!("ssh -o ConnectTimeout=2 -o BatchMode=yes -p {port} 127.0.0.1 true"),
            ),
            ("/bin/bash", format!("exec 3<>/dev/tcp/127.0.0.1/{port}")),
            ("/bin/bash", "exec 3<>/dev/udp/127.0.0.1/53".to_owned()),
        ];
        for (program, script) in tries {
            if !Path::new(program).exists() {
                // What it would do is done by the attack `tcp` as well.
                continue;
            }
            let ended = room.bash(Policy::Workspace, &script);
            assert_ne!(ended.code, 0, "{script}: {ended:?}");
        }
        for attack in [
            "tcp",
            "udp",
            "resolver",
            "netlink",
            "raw-socket",
            "packet-socket",
            "vsock",
            "families",
        ] {
            let sandbox = room.sandbox(Policy::ReadOnly);
            let outcome = room.attack(&sandbox, attack);
            assert!(outcome.is_blocked(), "{attack}: {}", outcome.said);
        }
        assert_eq!(room.arena.listeners().heard(), Vec::<&str>::new());
        room.leave(&before);
    }
}

#[test]
fn b01_a_name_is_not_looked_up_in_the_network() {
    for mut room in Room::all() {
        // It works, where no network is needed.
        let ended = room.bash(Policy::Workspace, "getent hosts localhost");
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(ended.stdout.contains("localhost"), "{ended:?}");
        // Nobody has this name (RFC 6761), so only somebody in the network could be asked.
        let ended = room.bash(Policy::Workspace, "getent hosts outpost-test.invalid");
        assert_eq!((&*ended.stdout, ended.denied), ("", true), "{ended:?}");
        assert_ne!(ended.code, 0, "{ended:?}");
        room.server.stop();
    }
}

#[test]
fn b02_with_the_network_on_it_is_reached() {
    for mut room in Room::all() {
        let port = room.arena.listeners().tcp();
        let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port} && echo through");
        let ended = room.bash(Policy::WorkspaceAndNetwork, &script);
        assert_eq!(
            (ended.stdout.as_str(), ended.code),
            ("through\n", 0),
            "{ended:?}"
        );
        assert_eq!(room.arena.listeners().heard(), ["tcp"]);
        room.server.stop();
    }
}

#[test]
fn b01_a_socket_that_comes_later_is_not_reached_either() {
    for mut room in Room::all() {
        for policy in [Policy::Workspace, Policy::WorkspaceAndNetwork] {
            let sandbox = room.sandbox(policy);
            let late = room.arena.path(&format!("late-{policy:?}"));
            std::fs::create_dir(&late).expect("new");
            let script = format!(
                "echo up; read -r line; exec {}/hostile hostile path-socket outside={} work={}",
                room.base.path("tools").display(),
                late.display(),
                room.arena.work().display(),
            );
            let more = json!({"pipeStdin": true});
            let id = room
                .start(&sandbox, &["/bin/bash", "-c", &script], &more)
                .expect("it starts");
            assert_eq!(room.client.output(&id), "up\n");
            let listeners = crate::outside::Listeners::new(&late, &late.display().to_string());
            let asked = room.client.ask_write(&id, "1", b"\n");
            room.client.answer(asked).expect("it is typed");
            let ended = room.ended(&id);
            assert_eq!(
                listeners.heard(),
                Vec::<&str>::new(),
                "{policy:?}: {ended:?}"
            );
            assert_eq!(ended.code, 0, "{policy:?}: {ended:?}");
        }
        room.server.stop();
    }
}
