//! Environments that break.

use std::time::{Duration, Instant};

use outpost_rpc::listen::Auth;
use outpost_server::app::{AppConfig, AppServer};
use outpost_testkit::proxy::Fault;
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::timeout};

use super::{
    Far, PATIENCE, Server, add, configured, info, knowing, plain, sh, status, there, told,
};
use crate::{
    app::with,
    client::{Client, encode},
};

/// A command of `box` that waits for a line and then prints `script`.
async fn waiting(client: &mut Client, script: &str, more: &Value) -> i64 {
    let params = json!({
        "command": ["sh", "-c", format!("echo up; read _; {script}")], "processId": "c",
        "streamStdin": true, "streamStdoutStderr": true, "disableTimeout": true,
        "environmentId": "box",
    });
    let id = client.ask("command/exec", with(params, more)).await;
    let delta = client.told().await;
    assert_eq!(delta["params"]["deltaBase64"], encode(b"up\n").as_str());
    id
}

async fn go(client: &mut Client) {
    let line = json!({"processId": "c", "deltaBase64": encode(b"\n")});
    client.call("command/exec/write", line).await.unwrap();
}

/// A server that gives a lost session up soon.
fn impatient(far: &Far, recovery: Duration) -> Server {
    let text = format!("[[environments]]\nid = \"box\"\nurl = \"{}\"\n", far.url());
    configured(&text, |config| config.environment_recovery = recovery)
}

fn numbers() -> Vec<u8> {
    let lines = (1..=100_000).map(|number| format!("{number}\n"));
    lines.collect::<String>().into_bytes()
}

#[tokio::test]
async fn e02_a_cable_that_is_cut_in_the_middle_of_a_command_loses_no_byte() {
    let mut far = Far::start().await;
    let server = knowing(&far);
    let mut client = plain(&server).await;
    let id = waiting(&mut client, "seq 100000; exit 3", &json!({})).await;
    far.proxy.cut();
    go(&mut client).await;
    let (output, answer) = told(&mut client, id).await;
    assert_eq!(answer["result"]["exitCode"], 3);
    assert!(output == numbers(), "{} bytes", output.len());
    assert_eq!(far.asked("process/start"), 1);
    assert_eq!(status(&mut client, "box").await, json!({"status": "ready"}));
    server.shutdown().await;
    far.end().await;
}

#[tokio::test]
async fn e07_a_reader_that_stops_stops_the_command_there_and_loses_nothing() {
    let mut far = Far::start().await;
    let server = knowing(&far);
    let mut client = plain(&server).await;
    let script = "head -c 20000000 /dev/zero | tr '\\0' a; echo done";
    let id = waiting(&mut client, script, &json!({"disableOutputCap": true})).await;
    go(&mut client).await;
    // Another connection is served meanwhile, by the same session.
    let mut other = plain(&server).await;
    assert_eq!(
        sh(&mut other, "echo x", &there()).await.unwrap()["stdout"],
        "x\n"
    );
    let (output, answer) = told(&mut client, id).await;
    assert_eq!(answer["result"]["exitCode"], 0);
    assert_eq!(output.len(), 20_000_005);
    assert!(output.ends_with(b"aaaadone\n"));
    server.shutdown().await;
    far.end().await;
}

#[tokio::test]
async fn e01_a_server_that_dies_in_the_middle_of_a_command_is_named() {
    let mut far = Far::start().await;
    let server = impatient(&far, Duration::from_millis(200));
    let mut client = plain(&server).await;
    let id = waiting(&mut client, "true", &json!({})).await;
    let spawn = json!({
        "command": ["sleep", "600"], "cwd": "/", "processHandle": "h", "environmentId": "box",
    });
    assert_eq!(client.call("process/spawn", spawn).await, Ok(json!({})));
    far.end().await;
    let (code, words) = client.answer(id).await.unwrap_err();
    assert_eq!(code, -32603);
    let begins = "environment `box` was lost while the command ran, and what became of it is not \
                  known: ";
    assert!(words.starts_with(begins), "{words}");
    let end = client.told().await;
    assert_eq!(end["method"], "process/exited");
    assert_eq!(end["params"]["exitCode"], -1);
    let words = end["params"]["stderr"].as_str().unwrap();
    assert!(words.starts_with("environment `box` was lost"), "{words}");
    // Its names are free, it is not there, and another one takes its place.
    let (_, words) = sh(&mut client, "true", &there()).await.unwrap_err();
    let begins = "failed to spawn command: environment `box` cannot be reached: ";
    assert!(words.starts_with(begins), "{words}");
    assert_eq!(status(&mut client, "box").await["status"], "disconnected");
    let mut next = Far::start().await;
    let url = json!({"execServerUrl": next.url()});
    assert_eq!(add(&mut client, "box", &url).await, Ok(json!({})));
    let id = waiting(&mut client, "exit 6", &json!({})).await;
    go(&mut client).await;
    assert_eq!(told(&mut client, id).await.1["result"]["exitCode"], 6);
    server.shutdown().await;
    next.end().await;
}

#[tokio::test]
async fn e03_a_session_that_is_lost_for_good_is_followed_by_another() {
    let mut far = Far::start().await;
    let server = impatient(&far, Duration::from_millis(200));
    let mut client = plain(&server).await;
    let id = waiting(&mut client, "true", &json!({})).await;
    far.proxy.set(Fault::Refuse);
    far.proxy.cut();
    client.answer(id).await.unwrap_err();
    assert_eq!(status(&mut client, "box").await["status"], "disconnected");
    far.proxy.set(Fault::None);
    // The proxy takes a moment to listen again.
    let answer = timeout(PATIENCE, async {
        loop {
            if let Ok(answer) = sh(&mut client, "echo x", &there()).await {
                break answer;
            }
        }
    });
    assert_eq!(answer.await.unwrap()["stdout"], "x\n");
    assert_eq!(status(&mut client, "box").await, json!({"status": "ready"}));
    server.shutdown().await;
    far.end().await;
}

#[tokio::test]
async fn e04_the_time_of_a_command_is_over_also_when_nobody_can_be_reached() {
    let mut far = Far::start().await;
    let server = knowing(&far);
    let mut client = plain(&server).await;
    let timeout = json!({"disableTimeout": false, "timeoutMs": 2000});
    let id = waiting(&mut client, "true", &timeout).await;
    far.proxy.set(Fault::Refuse);
    far.proxy.cut();
    let began = Instant::now();
    let (output, answer) = told(&mut client, id).await;
    assert_eq!(output, b"");
    let ended = json!({"exitCode": 124, "stdout": "", "stderr": ""});
    assert_eq!(answer["result"], ended);
    // Before the session would be given up.
    assert!(began.elapsed() < Duration::from_secs(40));
    let recovering = json!({
        "status": "disconnected", "error": "exec-server environment is recovering",
    });
    assert_eq!(status(&mut client, "box").await, recovering);
    drop(server);
    far.end().await;
}

#[tokio::test]
async fn e05_a_server_that_never_answers_is_given_up() {
    // Connections wait to be accepted, and nobody does.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let server = super::server(|_| {});
    let mut client = plain(&server).await;
    let more = json!({"execServerUrl": url, "connectTimeoutMs": 60_000});
    assert_eq!(add(&mut client, "box", &more).await, Ok(json!({})));
    assert_eq!(
        status(&mut client, "box").await,
        json!({"status": "pending"})
    );
    let more = json!({"execServerUrl": url, "connectTimeoutMs": 50});
    assert_eq!(add(&mut client, "box", &more).await, Ok(json!({})));
    let (_, words) = info(&mut client, "box").await.unwrap_err();
    assert!(words.ends_with("within 50ms"), "{words}");
    let (_, words) = sh(&mut client, "true", &there()).await.unwrap_err();
    let begins = "failed to spawn command: environment `box` cannot be reached: ";
    assert!(words.starts_with(begins), "{words}");
    assert_eq!(status(&mut client, "box").await["status"], "disconnected");
    server.shutdown().await;
}

#[tokio::test]
async fn e06_a_wrong_token_is_told_and_never_shown() {
    let mut far = Far::with(|_| {}, Auth::token("s3cret")).await;
    let server = super::server(|_| {});
    let mut client = plain(&server).await;
    for (token, reason) in [
        (None, "missing websocket bearer token"),
        (Some(""), "missing websocket bearer token"),
        (Some("wr0ng"), "invalid websocket bearer token"),
    ] {
        let more = json!({"execServerUrl": far.url(), "authBearerToken": token});
        assert_eq!(add(&mut client, "box", &more).await, Ok(json!({})));
        let (_, words) = sh(&mut client, "true", &there()).await.unwrap_err();
        assert!(words.contains(reason), "{words}");
        let status = status(&mut client, "box").await;
        assert_eq!(status["status"], "disconnected");
        let said = format!("{words} {status}");
        assert!(
            !said.contains("wr0ng") && !said.contains("s3cret"),
            "{said}"
        );
    }
    let more = json!({"execServerUrl": far.url(), "authBearerToken": "s3cret"});
    assert_eq!(add(&mut client, "box", &more).await, Ok(json!({})));
    let answer = sh(&mut client, "echo x", &there()).await.unwrap();
    assert_eq!(answer["stdout"], "x\n");
    server.shutdown().await;
    far.end().await;
}

#[tokio::test]
async fn connections_that_come_and_go_are_told_by_their_environment() {
    let mut far = Far::start().await;
    let folder = tempfile::tempdir().unwrap();
    let places = outpost_agent::config::Places {
        home: folder.path().join("home"),
        system: folder.path().join("system"),
    };
    let configuration = outpost_agent::config::Configuration::open(places, &[] as &[&str]);
    let text = format!("[[environments]]\nid = \"box\"\nurl = \"{}\"\n", far.url());
    let server = AppServer::new(AppConfig {
        environments: outpost_client::config::Environments::parse(&text, "/".as_ref()).unwrap(),
        ..AppConfig::new(configuration.unwrap())
    });
    let mut events = server.environment_events();
    for (connected, cuts) in [(true, true), (false, false), (true, true), (false, false)] {
        let event = events.recv().await.unwrap();
        assert_eq!(&*event.environment_id, "box");
        assert_eq!(event.connected, connected);
        if cuts {
            far.proxy.cut();
        }
    }
    server.shutdown().await;
    far.end().await;
}
