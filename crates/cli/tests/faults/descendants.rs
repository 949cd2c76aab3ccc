//! Nothing is left alive: fifty trees for each way to end, with cgroups and with guards.
//!
//! Each tree leaves its session, forks twice, loses its parents and ignores what can be ignored;
//! every other one has lost its leader before the end comes.

use std::time::Duration;

use outpost_testkit::leaks::{Marker, VARIABLE};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    client::Client,
    meter::until,
    server::{Home, Server},
};

const TREES: usize = 50;

/// For the ends of a whole server: so many of them, with so many trees each.
const SERVERS: usize = 5;

/// How long the last of a tree may take to be gone.
const GONE: Duration = Duration::from_secs(5);

/// Two daemons, one of them below a terminal's session of its own, then what the leader does.
fn script(number: usize) -> String {
    let leader = if number.is_multiple_of(2) {
        "exit 0"
    } else {
        "trap '' TERM HUP INT; sleep 600; wait"
    };
    format!(
        "(setsid sh -c 'trap \"\" TERM HUP INT QUIT; \
         (setsid sleep 600 </dev/null >/dev/null 2>&1 &); echo up; exec sleep 600' &); {leader}"
    )
}

/// Starts a tree that carries `mark`, and waits until it is up.
fn plant(client: &mut Client, id: &str, mark: &Marker, number: usize) {
    let environment = json!({"PATH": "/usr/bin:/bin", VARIABLE: mark.value()});
    let script = script(number);
    client.start(id, &["sh", "-c", &script], &json!({"env": environment}));
    assert_eq!(client.output(id), "up\n");
    if number.is_multiple_of(2) {
        client.until(|message| is(message, "process/exited", id));
    }
    until("the daemons are up", || mark.living().len() >= 2);
}

fn is(message: &Value, method: &str, id: &str) -> bool {
    message["method"] == method && message["params"]["processId"] == id
}

#[test]
fn p05_double_fork_and_setsid_dies_with_terminate() {
    for home in Home::of_both_kinds() {
        let mut server = home.server(&[]);
        let mut client = Client::new(&server);
        for number in 0..TREES {
            let (id, mark) = (number.to_string(), Marker::new());
            plant(&mut client, &id, &mark, number);
            client.terminate(&id);
            mark.assert_gone(GONE);
            client.until(|message| is(message, "process/closed", &id));
        }
        server.stop();
    }
}

#[test]
fn p08_the_expiry_of_a_session_takes_everything_along() {
    for home in Home::of_both_kinds() {
        let mut server = home.server(&["--session-ttl", "300ms"]);
        for number in 0..TREES {
            let mut client = Client::new(&server);
            plant(&mut client, "tree", home.marker(), number);
            client.connection.cut();
        }
        until("every session has expired", || {
            home.marker()
                .living()
                .iter()
                .all(|one| one.command.contains("outpost"))
        });
        server.stop();
        home.assert_nothing_left();
    }
}

/// Ends servers with trees by `end`, and sees everything go, the keeper too.
fn dies_with_the_server(end: impl Fn(&mut Server)) {
    for home in Home::of_both_kinds() {
        for _ in 0..SERVERS {
            let mut server = home.server(&[]);
            let mut client = Client::new(&server);
            for number in 0..TREES / SERVERS {
                plant(&mut client, &number.to_string(), home.marker(), number);
            }
            let keeper = server.keeper();
            end(&mut server);
            home.marker().assert_gone(GONE);
            until("the keeper is gone", || {
                keeper.state().is_none_or(|state| state == 'Z')
            });
        }
    }
}

#[test]
fn p09_sigterm_takes_everything_along() {
    dies_with_the_server(Server::stop);
}

#[test]
fn p10_sigkill_of_the_server_takes_everything_along() {
    dies_with_the_server(|server| {
        server.program.signal(Signal::KILL);
        assert!(server.program.wait(GONE).is_some());
    });
}
