//! `outpost run`: on machines behind URLs, names and cut connections.

use outpost_testkit::proxy::Proxy;

use crate::support::{Home, Running};

#[test]
fn a_command_runs_on_a_server_by_its_url_and_by_its_name() {
    let home = Home::new();
    let server = home.server(&[]);
    let script = "cat; echo err >&2; exit 3";
    let arguments = ["run", "--on", &server.url, "--", "sh", "-c", script];
    let finished = home.run_with(&arguments, b"in".to_vec());
    finished.assert(3, "in", "err\n");
    let entry = format!("[[environments]]\nid = \"box\"\nurl = \"{}\"\n", server.url);
    home.write("environments.toml", entry);
    home.run(&["run", "--on", "box", "--", "echo", "hi"])
        .assert(0, "hi\n", "");
    let unknown = home.run(&["run", "--on", "other", "--", "true"]);
    assert_eq!(unknown.status, Some(125));
    assert!(unknown.stderr.contains("other"), "{unknown:?}");
    server.stop();
    home.assert_nothing_left();
}

#[test]
fn a_program_of_the_configuration_is_a_server() {
    let home = Home::new();
    let program = env!("CARGO_BIN_EXE_outpost");
    let entry = format!(
        "default = \"here\"\n[[environments]]\nid = \"here\"\nprogram = \"{program}\"\n\
         args = [\"exec-server\", \"--listen\", \"stdio\"]\n"
    );
    home.write("environments.toml", entry);
    let finished = home.run_with(&["run", "--", "sh", "-c", "cat; exit 6"], b"in".to_vec());
    finished.assert(6, "in", "");
    home.assert_nothing_left();
}

#[test]
fn a_variable_names_the_machine_when_nothing_else_does() {
    let home = Home::new();
    let server = home.server(&[]);
    for variable in ["OUTPOST_EXEC_SERVER_URL", "CODEX_EXEC_SERVER_URL"] {
        // Only the server has it, so whoever shows it runs there.
        let mut command = home.outpost(&["run", "--", "sh", "-c", "echo ${OWN-none}"]);
        command.env("OWN", "ours").env(variable, &server.url);
        Running::start(&mut command)
            .finish()
            .assert(0, "none\n", "");
    }
    let mut command = home.outpost(&["run", "--", "true"]);
    let finished = Running::start(command.env("OUTPOST_EXEC_SERVER_URL", "none")).finish();
    let words = "outpost: no machine is configured to be used; name one with --on\n";
    finished.assert(125, "", words);
    let mut command = home.outpost(&["run", "--on", "local", "--", "true"]);
    let finished = Running::start(command.env("OUTPOST_EXEC_SERVER_URL", "none")).finish();
    finished.assert(0, "", "");
    server.stop();
}

#[test]
fn a11_a_token_comes_from_a_file_and_is_never_shown() {
    let home = Home::new();
    let token = home.write("token", "s3cret-of-the-test\n");
    let token = token.to_str().unwrap();
    let flags = ["--ws-auth", "capability-token", "--ws-token-file", token];
    let server = home.server(&flags);
    let url = &server.url;
    let refused = home.run(&["run", "--on", url, "--recovery", "0", "--", "true"]);
    assert_eq!(refused.status, Some(125));
    assert!(
        refused.stderr.contains("missing websocket bearer token"),
        "{refused:?}"
    );
    let arguments = [
        "run",
        "--log",
        "trace",
        "--on",
        url,
        "--token-file",
        token,
        "--",
        "true",
    ];
    let allowed = home.run(&arguments);
    assert_eq!(allowed.status, Some(0), "{allowed:?}");
    assert!(!allowed.stderr.contains("s3cret-of-the-test"));
    server.stop();
}

#[test]
fn a_connection_that_is_cut_costs_one_line_and_no_byte() {
    let home = Home::new();
    let server = home.server(&[]);
    let proxy = Proxy::start(server.address());
    let url = format!("ws://{}", proxy.address());
    let (ready, go) = (home.fifo("ready"), home.fifo("go"));
    let script = "echo before; echo >ready; read _ <go; seq 100000";
    let running =
        Running::start(&mut home.outpost(&["run", "--on", &url, "--", "sh", "-c", script]));
    ready.hear();
    proxy.cut();
    go.say();
    let finished = running.finish();
    let expected: String = (1..=100_000).map(|number| format!("{number}\n")).collect();
    assert_eq!(finished.status, Some(0), "{}", finished.stderr);
    assert!(finished.stdout() == format!("before\n{expected}"));
    assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("connection"),
        "{}",
        finished.stderr
    );
    server.stop();
}
