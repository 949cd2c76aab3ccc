//! JSON-RPC: what is sent, however odd, is answered, and the server lives on.

use std::time::Duration;

use base64_simd::STANDARD;
use serde_json::{Value, json};

use crate::{
    client::{Client, outcome},
    meter::PATIENCE,
    server::{Home, corpus},
};

/// Files of the corpus whose text is right by the grammar and refused all the same: a key is there
/// twice, and two readers of it may see two different things.
const REPEATS_A_KEY: [&str; 2] = [
    "y_object_duplicated_key",
    "y_object_duplicated_key_and_value",
];

/// Files of the corpus that are no text; a text message cannot carry them.
fn text_of(case: &Value) -> Option<String> {
    let data = case["data"].as_str().expect("base64");
    String::from_utf8(STANDARD.decode_to_vec(data).expect("base64")).ok()
}

#[test]
fn j12_every_file_of_the_json_corpus_is_judged_rightly() {
    let Some(corpus) = corpus("jsontestsuite.jsonl") else {
        return;
    };
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut client = Client::new(&server);
    let mut judged = 0;
    for line in corpus.lines() {
        let case: Value = serde_json::from_str(line).expect("the corpus is JSON");
        let name = case["name"].as_str().expect("a name");
        let data = STANDARD
            .decode_to_vec(case["data"].as_str().expect("base64"))
            .expect("base64");
        judged += 1;
        // As the parameters of a method that is not known: those are read and not judged.
        let mut message = br#"{"id":"case","method":"corpus","params":"#.to_vec();
        message.extend(&data);
        message.push(b'}');
        match text_of(&case) {
            // A binary message is read as the same JSON.
            None => client.connection.send_bytes(&message),
            Some(_) if data.contains(&0) => client.connection.send_bytes(&message),
            Some(_) => client
                .connection
                .send(std::str::from_utf8(&message).expect("text")),
        }
        let answer = client.next();
        let read = answer["id"] == "case" && answer["error"]["code"] == -32601;
        let refused = answer["id"] == -1 && answer["error"]["code"] == -32600;
        assert!(read || refused, "{name}: {answer}");
        match case["expect"].as_str() {
            Some("y") => assert_eq!(read, !REPEATS_A_KEY.contains(&name), "{name}: {answer}"),
            Some("n") => assert!(refused, "{name}: {answer}"),
            _ => {}
        }
    }
    assert!(judged >= 318, "{judged}");
    client.assert_serves(PATIENCE);
    server.stop();
}

#[test]
fn j13_five_thousand_requests_before_the_first_read_leave_no_trace() {
    const REQUESTS: usize = 5000;
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut steady = Client::new(&server);
    steady.assert_serves(PATIENCE);
    let before = server.meter().descriptors();
    for round in 0..10 {
        let mut client = Client::new(&server);
        for id in 0..REQUESTS {
            let path = if id % 2 == 0 { "/" } else { "/nowhere/at/all" };
            client.ask("fs/getMetadata", &json!({"path": format!("file://{path}")}));
        }
        if round % 2 == 0 {
            let mut answered = vec![0; REQUESTS + 2];
            for _ in 0..REQUESTS {
                let id = client.next()["id"].as_u64().expect("an answer");
                answered[usize::try_from(id).expect("a small number")] += 1;
            }
            assert!(answered[2..].iter().all(|&times| times == 1), "each once");
        }
        // Every other time the client leaves with all of it on the way.
        client.connection.cut();
    }
    crate::meter::until("descriptors return", || {
        server.meter().descriptors() <= before
    });
    steady.assert_serves(Duration::from_secs(5));
    let peak = server.meter().peak();
    assert!(peak < 100 << 10, "{peak} KiB");
    server.stop();
}

#[test]
fn j15_damaged_traffic_harms_nobody() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut steady = Client::new(&server);
    let path = home.uri("file");
    let sound = [
        json!({"id": 5, "method": "fs/writeFile", "params": {"path": path, "dataBase64": "aGk="}}),
        json!({"id": 6, "method": "fs/readFile", "params": {"path": path}}),
        json!({"id": 7, "method": "process/read", "params": {"processId": "x", "afterSeq": 1}}),
        json!({"id": 8, "method": "process/write",
               "params": {"processId": "x", "chunk": "aGk=", "writeId": "1"}}),
        json!({"id": 9, "method": "environment/status"}),
    ]
    .map(|message| message.to_string().into_bytes());
    // A fixed seed: a failure is the same failure tomorrow.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).expect("below a usize")
    };
    let mut client = Client::new(&server);
    for _ in 0..2000 {
        let mut bytes = sound[random(sound.len())].clone();
        for _ in 0..=random(4) {
            if bytes.is_empty() {
                break;
            }
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] = u8::try_from(random(256)).expect("a byte"),
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, b"{}[]\",:\\0"[random(9)]),
                _ => bytes.truncate(at),
            }
        }
        client.connection.send_bytes(&bytes);
        let marked = client.ask("environment/status", &Value::Null);
        // The damaged one is answered or ends the connection, and nothing else happens.
        let mut ended = false;
        while !ended {
            match client.connection.receive(PATIENCE) {
                Some(outpost_testkit::connection::Incoming::Text(text)) => {
                    let answer: Value = serde_json::from_str(&text).expect("JSON");
                    if answer["id"] == marked {
                        break;
                    }
                    assert!(answer.get("id").is_some(), "{answer}");
                }
                Some(outpost_testkit::connection::Incoming::Close(Some((1002, _)))) => {
                    ended = true;
                }
                other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&bytes)),
            }
        }
        if ended {
            client = Client::new(&server);
        }
    }
    steady.assert_serves(Duration::from_secs(5));
    server.stop();
}

#[test]
fn j16_two_requests_with_one_id_are_both_answered() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut client = Client::new(&server);
    client.start("sleep", &["sleep", "600"], &json!({}));
    let poll = json!({"processId": "sleep", "waitMs": 200});
    client.say(&json!({"id": "same", "method": "process/read", "params": poll}));
    client.say(&json!({"id": "same", "method": "environment/status"}));
    let same = |message: &Value| message["id"] == "same";
    let (first, second) = (client.until(same), client.until(same));
    assert_eq!(first["result"]["status"], "ready", "{first}");
    assert_eq!(second["result"]["exited"], false, "{second}");
    server.stop();
}

#[test]
fn j07_texts_that_no_path_or_name_can_be_are_refused_with_their_id() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let mut client = Client::new(&server);
    for (params, code, id) in [
        (r#"{"path":"file:///\ud800"}"#, -32600, json!(-1)),
        (r#"{"path":"file:///a%00b"}"#, -32602, json!("odd")),
        (r#"{"path":"file:///a\u0000b"}"#, -32602, json!("odd")),
        (r#"{"path":7}"#, -32602, json!("odd")),
        ("null", -32602, json!("odd")),
    ] {
        let text = format!(r#"{{"id":"odd","method":"fs/readFile","params":{params}}}"#);
        client.connection.send(&text);
        let answer = client.next();
        eprintln!("{answer}");
        let refusal = outcome(&answer).expect_err(params);
        assert_eq!(
            (refusal.0, &answer["id"]),
            (code, &id),
            "{params}: {answer}"
        );
    }
    client.assert_serves(PATIENCE);
    server.stop();
}
