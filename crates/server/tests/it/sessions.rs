use std::time::Duration;

use outpost_rpc::link::Received;
use serde_json::{Value, json};

use crate::client::{Client, decode, server};

#[tokio::test]
async fn s01_output_made_while_away_is_read_in_order() {
    let server = server(|_| {});
    let (mut client, session) = Client::new(&server).await;
    client.sh("p", "echo one; read x; echo two; exit 5").await;
    client.until(|m| m["method"] == "process/output").await;
    drop(client);
    let mut client = Client::resumed(&server, &session).await;
    client
        .call(
            "process/write",
            json!({"processId": "p", "chunk": "Cg==", "writeId": "1"}),
        )
        .await
        .unwrap();
    let page = client
        .call(
            "process/read",
            json!({"processId": "p", "afterSeq": 1, "waitMs": 10_000}),
        )
        .await
        .unwrap();
    let two: Vec<u8> = page["chunks"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|chunk| decode(chunk["chunk"].as_str().unwrap()))
        .collect();
    assert!(b"two\n".starts_with(&two[..]) && !two.is_empty());
    let exit = client.until(|m| m["method"] == "process/exited").await;
    assert_eq!(exit["params"]["exitCode"], 5);
    client.until(|m| m["method"] == "process/closed").await;
    server.shutdown().await;
}

#[tokio::test]
async fn s03_a_live_client_keeps_its_session_and_a_dead_one_loses_it() {
    let server = server(|_| {});
    let (mut first, session) = Client::new(&server).await;
    first.sh("p", "sleep 100").await;
    let resume = json!({"clientName": "t", "resumeSessionId": session});
    let mut second = Client::silent(&server);
    let id = second.ask("initialize", resume.clone()).await;
    // The first one answers the server's question whether it is there.
    let Some(Received::Probe(probe)) = first.link.rx.recv().await else {
        panic!("no probe")
    };
    probe.send(()).unwrap();
    let words = format!("session {session} is already attached to another connection");
    assert_eq!(second.answer(id).await, Err((-32010, words)));
    // Silent now: it is replaced, on the same second connection.
    assert!(second.call("initialize", resume).await.is_ok());
    second.say(json!({"method": "initialized"})).await;
    assert_eq!(
        second
            .call("process/terminate", json!({"processId": "p"}))
            .await,
        Ok(json!({"running": true}))
    );
    second.until(|m| m["method"] == "process/closed").await;
    let reason = loop {
        match first.link.rx.recv().await {
            Some(_) => {}
            None => break first.link.rx.close_reason().unwrap(),
        }
    };
    assert_eq!(
        (reason.code, &*reason.reason),
        (1008, "session has been resumed by another connection")
    );
    server.shutdown().await;
}

#[tokio::test]
async fn s04_of_twelve_racers_exactly_one_wins() {
    let server = server(|_| {});
    let (client, session) = Client::new(&server).await;
    drop(client);
    let racers = (0..12).map(|_| async {
        let mut client = Client::silent(&server);
        let resume = json!({"clientName": "t", "resumeSessionId": session});
        let id = client.ask("initialize", resume).await;
        let won = client
            .until(|m| m.get("id") == Some(&json!(id)))
            .await
            .get("result")
            .is_some();
        // The winner stays, and answers probes.
        (won, client)
    });
    let mut racers: Vec<_> = racers.map(Box::pin).collect();
    let mut won = Vec::new();
    // Polled by hand so that whoever has won goes on answering.
    while !racers.is_empty() {
        let (result, _, rest) = futures_util::future::select_all(racers).await;
        racers = rest;
        won.push(result);
        let mut answering = won
            .iter_mut()
            .filter(|(won, _)| *won)
            .map(|(_, client)| client);
        if let Some(winner) = answering.next() {
            while let Some(Received::Probe(probe)) = winner.link.rx.try_recv() {
                probe.send(()).unwrap();
            }
        }
    }
    assert!(won.iter().any(|(won, _)| *won));
    server.shutdown().await;
}

#[tokio::test]
async fn a_session_nobody_came_back_to_ends_with_its_processes() {
    let server = server(|config| config.session_ttl = Duration::from_millis(100));
    let (mut client, session) = Client::new(&server).await;
    client.sh("p", "echo $$; exec sleep 100").await;
    let told = client.until(|m| m["method"] == "process/output").await;
    let pid = String::from_utf8(decode(told["params"]["chunk"].as_str().unwrap())).unwrap();
    let process = std::path::PathBuf::from(format!("/proc/{}", pid.trim()));
    assert!(process.exists());
    drop(client);
    while process.exists() {
        tokio::task::yield_now().await;
    }
    let mut late = Client::silent(&server);
    let refused = late
        .call(
            "initialize",
            json!({"clientName": "t", "resumeSessionId": session}),
        )
        .await;
    assert_eq!(
        refused,
        Err((-32600, format!("unknown session id {session}")))
    );
    server.shutdown().await;
}

#[tokio::test]
async fn s10_processes_of_another_session_are_invisible() {
    let server = server(|_| {});
    let (mut first, _) = Client::new(&server).await;
    let (mut second, _) = Client::new(&server).await;
    first.sh("p", "sleep 100").await;
    assert_eq!(
        second.call("process/read", json!({"processId": "p"})).await,
        Err((-32600, "unknown process id p".to_owned()))
    );
    assert_eq!(
        second.call("process/list", Value::Null).await,
        Ok(json!({"processes": []}))
    );
    second.sh("p", "true").await;
    server.shutdown().await;
}
