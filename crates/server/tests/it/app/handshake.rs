use outpost_protocol::app::table::{GATED, Gate};
use outpost_rpc::frame::Frame;
use serde_json::{Value, json};

use super::{client, plain, refused, server, sh, with};
use crate::client::Client;

#[tokio::test]
async fn nothing_is_served_before_the_handshake_and_there_is_one() {
    let server = server(|_| {});
    let mut client = Client::over(server.connect());
    let run = json!({"command": ["true"]});
    assert_eq!(
        client.call("command/exec", run.clone()).await,
        refused(-32600, "Not initialized")
    );
    // What does not decode is told first.
    assert_eq!(
        client.call("command/exec", json!({})).await,
        refused(-32600, "Invalid request: missing field `command`")
    );
    assert_eq!(
        client.call("initialize", json!(null)).await,
        refused(-32600, "Invalid request: missing field `params`")
    );
    assert_eq!(
        client.call("thread/start", json!({})).await,
        refused(-32600, "Not initialized")
    );
    let bad = json!({"clientInfo": {"name": "a\nb", "version": ""}});
    let (code, words) = client.call("initialize", bad).await.unwrap_err();
    assert_eq!(code, -32600);
    assert!(words.starts_with("Invalid clientInfo.name: 'a\nb'."));
    let good = json!({"clientInfo": {"name": "me", "title": null, "version": "7"}});
    let opened = client.call("initialize", good.clone()).await.unwrap();
    let members: Vec<&String> = opened.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        ["codexHome", "platformFamily", "platformOs", "userAgent"]
    );
    assert_eq!(opened["codexHome"], json!(server.home()));
    let agent = opened["userAgent"].as_str().unwrap();
    assert!(
        agent.starts_with("me/0.169.0 (") && agent.ends_with("(me; 7)"),
        "{agent}"
    );
    assert_eq!(
        client.call("initialize", good).await,
        refused(-32600, "Already initialized")
    );
    // `initialized` is not waited for.
    assert!(client.call("command/exec", run).await.is_ok());
    server.shutdown().await;
}

#[tokio::test]
async fn the_first_thing_told_is_that_nobody_steers_from_elsewhere() {
    let server = server(|_| {});
    let mut client = client(&server, json!(null)).await;
    let told = client.told().await;
    assert_eq!(told["method"], "remoteControl/status/changed");
    assert_eq!(told["params"]["status"], "disabled");
    assert_eq!(told["params"]["environmentId"], Value::Null);
    assert!(told["emittedAtMs"].as_i64().unwrap() > 1_700_000_000_000);
    server.shutdown().await;
}

#[tokio::test]
async fn each_connection_has_its_own_identity_and_its_own_ids() {
    let server = server(|_| {});
    let mut one = client(&server, json!({"experimentalApi": true})).await;
    let mut other = client(&server, json!({"experimentalApi": false})).await;
    let params = json!({"processHandle": "h"});
    assert_eq!(
        one.call("process/kill", params.clone()).await,
        refused(-32600, "no active process for process handle \"h\"")
    );
    assert_eq!(
        other.call("process/kill", params).await,
        refused(-32600, "process/kill requires experimentalApi capability")
    );
    assert_eq!(
        sh(&mut other, "true", &json!({"permissionProfile": ":x"})).await,
        refused(
            -32600,
            "command/exec.permissionProfile requires experimentalApi capability"
        )
    );
    // The same request id and the same process id, at the same time.
    let wait = json!({"command": ["cat"], "processId": "p", "streamStdin": true});
    let (first, second) = (
        one.ask("command/exec", wait.clone()).await,
        other.ask("command/exec", wait).await,
    );
    let close = json!({"processId": "p", "deltaBase64": "MQ==", "closeStdin": true});
    one.call("command/exec/write", close).await.unwrap();
    assert_eq!(one.answer(first).await.unwrap()["stdout"], "1");
    let close = json!({"processId": "p", "deltaBase64": "Mg==", "closeStdin": true});
    other.call("command/exec/write", close).await.unwrap();
    assert_eq!(other.answer(second).await.unwrap()["stdout"], "2");
    server.shutdown().await;
}

/// What a request needs besides the member that is looked at.
fn least(method: &str) -> Value {
    match method {
        "command/exec" => json!({"command": ["true"]}),
        "thread/start" | "thread/list" => json!({}),
        "turn/start" => json!({"threadId": "t", "input": []}),
        "turn/steer" => json!({"threadId": "t", "input": [], "expectedTurnId": "u"}),
        _ => json!({"threadId": "t"}),
    }
}

#[tokio::test]
async fn every_experimental_member_of_what_is_served_is_refused_without_the_capability() {
    let server = server(|_| {});
    let mut knows = plain(&server).await;
    let mut plain = client(&server, json!({})).await;
    for (method, member, gate) in GATED {
        let (code, words) = knows.call(method, json!(5)).await.unwrap_err();
        if code == -32601 {
            assert!(words.starts_with(method), "{words}");
            continue;
        }
        let granular = json!({"granular": {
            "sandbox_approval": true, "rules": true, "mcp_elicitations": true,
        }});
        let some = [
            json!(""),
            json!([]),
            json!({}),
            json!(true),
            json!("paginated"),
            json!("proactive"),
        ];
        let (values, what) = match gate {
            Gate::Some => (some.to_vec(), member),
            Gate::True => (vec![json!(true)], member),
            Gate::Granular => (vec![granular], ""),
        };
        let needs = match what {
            "" => "askForApproval.granular".to_owned(),
            member => format!("{method}.{member}"),
        };
        let mut heard = Vec::new();
        // Its type is one of these; the others do not decode.
        for value in values {
            let params = with(least(method), &json!({member: value}));
            heard.extend(plain.call(method, params).await.err());
        }
        let needs = format!("{needs} requires experimentalApi capability");
        assert!(
            heard.contains(&(-32600, needs)),
            "{method}.{member}: {heard:?}"
        );
    }
    server.shutdown().await;
}

#[tokio::test]
async fn what_is_not_told_is_named_exactly() {
    let server = server(|_| {});
    let unwanted = ["remoteControl/status/changed", "process/exite", "nope"];
    let capabilities = json!({"experimentalApi": true, "optOutNotificationMethods": unwanted});
    let mut client = client(&server, capabilities).await;
    let spawn = json!({"command": ["true"], "cwd": "/", "processHandle": "h"});
    client.call("process/spawn", spawn).await.unwrap();
    assert_eq!(client.told().await["method"], "process/exited");
    server.shutdown().await;
}

#[tokio::test]
async fn envelopes_are_answered_and_the_connection_lives_on() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let say = |client: &Client, text: &str| {
        let (tx, text) = (client.link.tx.clone(), text.to_owned());
        async move { tx.send(Frame::Text(text)).await.unwrap() }
    };
    for (text, code, words) in [
        ("{nope", -32700, "Parse error: "),
        ("[]", -32600, "Invalid request: "),
        (r#"{"id":null,"method":"x"}"#, -32600, "Invalid request: "),
        (r#"{"id":1.5,"method":"x"}"#, -32600, "Invalid request: "),
        (
            r#"{"id":1,"id":1,"method":"x"}"#,
            -32600,
            "Invalid request: ",
        ),
    ] {
        say(&client, text).await;
        let answer = client.next().await.unwrap();
        assert_eq!(answer["id"], Value::Null, "{text}");
        assert_eq!(answer["error"]["code"], code, "{text}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.starts_with(words), "{text}: {message}");
    }
    // Notifications nobody knows, and answers to nothing, are passed over.
    say(&client, r#"{"method":"nope","params":{}}"#).await;
    say(&client, r#"{"id":99,"result":{}}"#).await;
    say(&client, r#"{"id":99,"error":{"code":1,"message":""}}"#).await;
    say(
        &client,
        r#"{"id":"","jsonrpc":"2.0","more":1,"method":"nope"}"#,
    )
    .await;
    let answer = client.next().await.unwrap();
    assert_eq!(answer["id"], "");
    assert_eq!(answer["error"]["code"], -32600);
    let (code, words) = client.call("thread/resume", json!({})).await.unwrap_err();
    assert_eq!(code, -32601);
    assert!(words.starts_with("thread/resume"), "{words}");
    server.shutdown().await;
}

#[tokio::test]
async fn a_burst_is_answered_whole_within_the_smallest_bounds() {
    let server = server(|config| config.limits = outpost_rpc::limits::Limits::tiny());
    let mut client = plain(&server).await;
    let tx = client.link.tx.clone();
    let asking = async {
        for id in 0..500 {
            let request = json!({
                "id": format!("r{id}"), "method": "command/exec/terminate", "params": {"processId": "x"},
            });
            tx.send(Frame::Text(request.to_string())).await.unwrap();
        }
    };
    let hearing = async {
        let mut heard = std::collections::BTreeSet::new();
        while heard.len() < 500 {
            let answer = client.next().await.unwrap();
            assert_eq!(answer["error"]["code"], -32600, "{answer}");
            assert!(heard.insert(answer["id"].as_str().unwrap().to_owned()));
        }
    };
    tokio::join!(asking, hearing);
    server.shutdown().await;
}
