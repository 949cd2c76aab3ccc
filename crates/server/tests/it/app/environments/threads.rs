//! Threads in environments that go and come back.

use std::time::Duration;

use outpost_testkit::proxy::Fault;
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};

use super::{Far, PATIENCE, Server, add, configured, info, plain, refused};
use crate::client::Client;

/// A server whose `box` nobody can reach yet, with threads that stay for ever.
async fn apart(far: &Far, recovery: Duration) -> Server {
    refuse(far).await;
    let text = format!("[[environments]]\nid = \"box\"\nurl = \"{}\"\n", far.url());
    configured(&text, |config| {
        config.environment_recovery = recovery;
        config.threads.unload_after = Duration::from_secs(1 << 30);
    })
}

/// From now on nobody new reaches it.
async fn refuse(far: &Far) {
    far.proxy.set(Fault::Refuse);
    let address = far.proxy.address();
    let dialling = async { while TcpStream::connect(address).await.is_ok() {} };
    timeout(PATIENCE, dialling).await.expect("nobody listens");
}

/// Asks until `box` answers: its address takes a moment to be there again.
async fn reached(client: &mut Client) {
    let asking = async { while info(client, "box").await.is_err() {} };
    timeout(PATIENCE, asking).await.expect("it can be reached");
}

/// Begins a thread in these environments; everybody here is told.
async fn begun(client: &mut Client, others: &mut [&mut Client], environments: &[&str]) -> String {
    let answer = client.call("thread/start", params(environments)).await;
    let thread = answer.unwrap()["thread"].clone();
    let shown = environments.iter().map(|id| shown(id));
    assert_eq!(thread["environments"], shown.collect::<Value>());
    assert_eq!(client.told().await["method"], "thread/started");
    for other in others {
        assert_eq!(other.told().await["method"], "thread/started");
    }
    thread["id"].as_str().unwrap().to_owned()
}

fn params(environments: &[&str]) -> Value {
    json!({"cwd": "/ws", "model": "m", "environments": asked(environments)})
}

fn asked(environments: &[&str]) -> Value {
    let asked = environments.iter();
    asked
        .map(|id| json!({"environmentId": id, "cwd": "/there"}))
        .collect()
}

fn shown(id: &str) -> Value {
    json!({"environmentId": id, "cwd": "/there", "runtimeWorkspaceRoots": ["/there"]})
}

/// The next things a client is told are these, of `box`.
async fn told(client: &mut Client, what: &str, threads: &[&str]) {
    for thread in threads {
        let told = client.told().await;
        assert_eq!(told["method"], format!("thread/environment/{what}"));
        let params = json!({"threadId": thread, "environmentId": "box"});
        assert_eq!(told["params"], params);
    }
}

async fn moved(client: &mut Client, thread: &str, environments: &[&str]) {
    let params = json!({"threadId": thread, "environments": asked(environments)});
    let answer = client.call("thread/settings/update", params).await;
    assert_eq!(answer, Ok(json!({})));
    assert_eq!(client.told().await["method"], "thread/settings/updated");
}

/// Nothing else was told: what is told to everybody now is what comes next.
async fn nothing_more(clients: &mut [&mut Client], thread: &str) {
    let name = json!({"threadId": thread, "name": "end"});
    let answer = clients[0].call("thread/name/set", name).await;
    assert_eq!(answer, Ok(json!({})));
    for client in clients {
        assert_eq!(client.told().await["method"], "thread/name/updated");
    }
}

#[tokio::test]
async fn e09_who_watches_a_thread_is_told_when_its_environment_is_gone_and_back() {
    let mut far = Far::start().await;
    let server = apart(&far, Duration::from_secs(600)).await;
    let (mut one, mut other) = (plain(&server).await, plain(&server).await);
    let first = begun(&mut one, &mut [&mut other], &["box"]).await;
    let second = begun(&mut one, &mut [&mut other], &["local", "box"]).await;
    let here = begun(&mut one, &mut [&mut other], &["local"]).await;
    let theirs = begun(&mut other, &mut [&mut one], &["box"]).await;
    // Whoever asks has it connected.
    far.proxy.set(Fault::None);
    reached(&mut one).await;
    told(&mut one, "connected", &[&first, &second]).await;
    told(&mut other, "connected", &[&theirs]).await;
    refuse(&far).await;
    far.proxy.cut();
    told(&mut one, "disconnected", &[&first, &second]).await;
    told(&mut other, "disconnected", &[&theirs]).await;
    // It counts where a thread is then, and who watches it.
    let gone = one.call("thread/unsubscribe", json!({"threadId": first}));
    assert_eq!(gone.await, Ok(json!({"status": "unsubscribed"})));
    moved(&mut one, &second, &["local"]).await;
    moved(&mut one, &here, &["local", "box"]).await;
    far.proxy.set(Fault::None);
    told(&mut one, "connected", &[&here]).await;
    told(&mut other, "connected", &[&theirs]).await;
    nothing_more(&mut [&mut one, &mut other], &theirs).await;
    server.shutdown().await;
    far.end().await;
}

#[tokio::test]
async fn an_environment_that_is_lost_for_good_or_replaced_is_told_of_once() {
    let mut far = Far::start().await;
    let server = apart(&far, Duration::ZERO).await;
    let mut client = plain(&server).await;
    let thread = begun(&mut client, &mut [], &["box"]).await;
    far.proxy.set(Fault::None);
    for _ in 0..2 {
        reached(&mut client).await;
        told(&mut client, "connected", &[&thread]).await;
        far.proxy.cut();
        told(&mut client, "disconnected", &[&thread]).await;
    }
    reached(&mut client).await;
    told(&mut client, "connected", &[&thread]).await;
    // Another one of the same name is connected to at once, if it can be.
    let same = json!({"execServerUrl": far.url()});
    assert_eq!(add(&mut client, "box", &same).await, Ok(json!({})));
    told(&mut client, "disconnected", &[&thread]).await;
    told(&mut client, "connected", &[&thread]).await;
    let nowhere = json!({"execServerUrl": "ws://127.0.0.1:1"});
    assert_eq!(add(&mut client, "box", &nowhere).await, Ok(json!({})));
    told(&mut client, "disconnected", &[&thread]).await;
    info(&mut client, "box").await.unwrap_err();
    nothing_more(&mut [&mut client], &thread).await;
    server.shutdown().await;
    far.end().await;
}

#[tokio::test]
async fn a_thread_begins_only_in_environments_that_are_known_and_once_in_each() {
    let server = configured("", |_| {});
    let mut client = plain(&server).await;
    let thread = begun(&mut client, &mut [], &[]).await;
    for (environments, words) in [
        (&["local", "box"], "unknown turn environment id `box`"),
        (&["local", "local"], "duplicate turn environment id `local`"),
    ] {
        let refusal = refused(-32600, words);
        let answer = client.call("thread/start", params(environments)).await;
        assert_eq!(answer, refusal);
        let params = json!({"threadId": thread, "environments": asked(environments)});
        let answer = client.call("thread/settings/update", params).await;
        assert_eq!(answer, refusal);
    }
    nothing_more(&mut [&mut client], &thread).await;
    server.shutdown().await;
}
