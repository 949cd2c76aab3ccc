//! Where threads end, and what there may be of them.

use std::time::Duration;

use serde_json::{Value, json};

use super::{STRANGER, loaded, server, started};
use crate::{
    app::{plain, refused},
    client::Client,
};

#[tokio::test]
async fn a_thread_nobody_watches_goes_and_everybody_is_told() {
    let server = server(|config| config.threads.unload_after = Duration::ZERO);
    let (mut one, mut other) = (plain(&server).await, plain(&server).await);
    let id = started(&mut one, json!({})).await;
    other.told().await;
    let this = json!({"threadId": id});
    let status = |status: &str| Ok(json!({"status": status}));
    assert_eq!(
        other.call("thread/unsubscribe", this.clone()).await,
        status("notSubscribed")
    );
    assert_eq!(
        one.call("thread/unsubscribe", this.clone()).await,
        status("unsubscribed")
    );
    gone(&mut one, &id).await;
    gone(&mut other, &id).await;
    assert_eq!(
        one.call("thread/unsubscribe", this.clone()).await,
        status("notLoaded")
    );
    let words = format!("thread not loaded: {id}");
    assert_eq!(one.call("thread/read", this).await, refused(-32600, &words));

    // A connection that ends watches no longer.
    let id = started(&mut one, json!({})).await;
    assert_eq!(other.told().await["params"]["thread"]["id"], json!(id));
    drop(one);
    gone(&mut other, &id).await;
    assert_eq!(loaded(&mut other).await, json!([]));
    server.shutdown().await;
}

async fn gone(client: &mut Client, id: &str) {
    let told = client.told().await;
    assert_eq!(told["method"], "thread/status/changed");
    assert_eq!(
        told["params"],
        json!({"threadId": id, "status": {"type": "notLoaded"}})
    );
    let told = client.told().await;
    assert_eq!(told["method"], "thread/closed");
    assert_eq!(told["params"], json!({"threadId": id}));
}

#[tokio::test]
async fn for_one_thread_more_the_one_that_was_left_makes_room() {
    let server = server(|config| config.threads.loaded = 2);
    let mut client = plain(&server).await;
    let first = started(&mut client, json!({})).await;
    let second = started(&mut client, json!({})).await;
    let full = "the thread cannot begin: 2 threads are in use; unsubscribe from one first";
    let more = json!({"model": "m"});
    assert_eq!(
        client.call("thread/start", more.clone()).await,
        refused(-32600, full)
    );
    client
        .call("thread/unsubscribe", json!({"threadId": first}))
        .await
        .unwrap();
    let third = client.call("thread/start", more).await.unwrap()["thread"]["id"].clone();
    gone(&mut client, &first).await;
    assert_eq!(client.told().await["method"], "thread/started");
    assert_eq!(loaded(&mut client).await, json!([second, third]));
    server.shutdown().await;
}

#[tokio::test]
async fn ids_come_in_pages() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(started(&mut client, json!({})).await);
    }
    let mut page = async |params: Value| {
        let page = client.call("thread/loaded/list", params).await.unwrap();
        (page["data"].clone(), page["nextCursor"].clone())
    };
    assert_eq!(page(json!({"limit": 3})).await, (json!(ids), Value::Null));
    let first = (json!([ids[0], ids[1]]), json!(ids[1]));
    assert_eq!(page(json!({"limit": 2})).await, first);
    let rest = (json!([ids[2]]), Value::Null);
    assert_eq!(page(json!({"limit": 2, "cursor": ids[1]})).await, rest);
    // No page is empty that has something behind it, and a cursor need not be there any more.
    assert_eq!(
        page(json!({"limit": 0})).await,
        (json!([ids[0]]), json!(ids[0]))
    );
    assert_eq!(
        page(json!({"cursor": STRANGER})).await,
        (json!(ids), Value::Null)
    );
    server.shutdown().await;
}

#[tokio::test]
async fn who_never_reads_is_sent_away_and_holds_up_nobody() {
    let server = server(|config| config.limits.outbox_bytes = 64 << 10);
    let mut deaf = plain(&server).await;
    let mut client = plain(&server).await;
    let id = started(&mut client, json!({})).await;
    let name = "n".repeat(32 << 10);
    // Far more than its queue holds and what may wait for it.
    for number in 0..200 {
        let name = format!("{number} {name}");
        let params = json!({"threadId": id, "name": name});
        client.call("thread/name/set", params).await.unwrap();
        assert_eq!(client.told().await["params"]["threadName"], json!(name));
    }
    while deaf.next().await.is_some() {}
    let close = deaf.link.rx.close_reason().unwrap();
    assert_eq!(close.code, 1013, "{close}");
    server.shutdown().await;
}
