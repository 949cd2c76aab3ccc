//! What is refused, in which words.

use serde_json::{Value, json};

use super::{STRANGER, loaded, server, started};
use crate::app::{plain, refused};

/// What is asked, and the refusal.
type Case = (&'static str, Value, i64, String);

const INVALID: &str =
    "invalid thread id: invalid length: expected length 32 for simple format, found 3";

fn case(method: &'static str, params: Value, code: i64, words: &str) -> Case {
    (method, params, code, words.to_owned())
}

/// What is asked of a thread that is kept from its first message on.
fn before_its_first_message(id: &str) -> Vec<Case> {
    let not_yet = |what: &str| {
        let unavailable = "is unavailable before first user message";
        format!("thread {id} is not materialized yet; {what} {unavailable}")
    };
    let anchor = json!({"threadId": id, "cursor": {"type": "item", "itemId": "x"}});
    let seen = json!({"threadId": id, "operation": {"type": "read"}, "expectedRevision": "x"});
    let twice = json!({
        "threadId": id, "permissions": ":workspace", "sandboxPolicy": {"type": "readOnly"},
    });
    vec![
        case(
            "thread/read",
            json!({"threadId": id, "includeTurns": true}),
            -32600,
            &not_yet("includeTurns"),
        ),
        case(
            "thread/turns/list",
            json!({"threadId": id}),
            -32600,
            &not_yet("thread/turns/list"),
        ),
        case(
            "thread/items/list",
            json!({"threadId": id}),
            -32601,
            "thread/items/list is not supported yet",
        ),
        case(
            "thread/items/list",
            anchor,
            -32602,
            "turnId is required when cursor is an item anchor",
        ),
        case(
            "thread/name/set",
            json!({"threadId": id, "name": " \t"}),
            -32600,
            "thread name must not be empty",
        ),
        case(
            "thread/settings/update",
            twice,
            -32600,
            "`permissions` cannot be combined with `sandboxPolicy`",
        ),
        case(
            "thread/attachment/list",
            json!({"threadId": id, "cursor": "x"}),
            -32602,
            "invalid pagination cursor",
        ),
        case(
            "thread/backgroundTerminals/list",
            json!({"threadId": id, "cursor": "x"}),
            -32600,
            "invalid cursor: invalid digit found in string",
        ),
        case(
            "thread/readState/update",
            seen,
            -32600,
            "thread read state unavailable",
        ),
    ]
}

/// What is asked of a thread that is never kept.
fn of_one_that_is_never_kept(id: &str) -> Vec<Case> {
    let this = || json!({"threadId": id});
    vec![
        case(
            "thread/read",
            json!({"threadId": id, "includeTurns": true}),
            -32600,
            "ephemeral threads do not support includeTurns",
        ),
        case(
            "thread/turns/list",
            this(),
            -32600,
            "ephemeral threads do not support thread/turns/list",
        ),
        case(
            "thread/name/set",
            json!({"threadId": id, "name": "x"}),
            -32600,
            &format!("ephemeral thread does not support metadata updates: {id}"),
        ),
        case(
            "thread/goal/get",
            this(),
            -32600,
            &format!("ephemeral thread does not support goals: {id}"),
        ),
    ]
}

/// What is asked of none.
fn of_none() -> Vec<Case> {
    let not_loaded = format!("thread not loaded: {STRANGER}");
    let not_found = format!("thread not found: {STRANGER}");
    let not_kept = format!("no rollout found for thread id {STRANGER}");
    let stranger = || json!({"threadId": STRANGER});
    let bad = || json!({"threadId": "bad"});
    vec![
        case("thread/read", bad(), -32600, INVALID),
        case("thread/read", stranger(), -32600, &not_loaded),
        case("thread/turns/list", stranger(), -32600, &not_loaded),
        case("thread/settings/update", stranger(), -32600, &not_found),
        case("thread/goal/get", stranger(), -32600, &not_found),
        case(
            "thread/backgroundTerminals/list",
            stranger(),
            -32600,
            &not_found,
        ),
        case("thread/attachment/list", bad(), -32602, INVALID),
        case("thread/unsubscribe", bad(), -32600, INVALID),
        case(
            "thread/name/set",
            json!({"threadId": STRANGER, "name": "x"}),
            -32600,
            &not_kept,
        ),
    ]
}

/// What cannot be listed or begun.
fn of_many() -> Vec<Case> {
    let elsewhere = json!({"environments": [{"environmentId": "nope", "cwd": "/"}]});
    let twice = json!({"permissions": ":workspace", "sandbox": "read-only"});
    let unsorted = "section-position sorting requires a section filter";
    let by_section = json!({"sortKey": "section_position"});
    let provider = "failed to load configuration: Model provider `nope` not found";
    let both = "`permissions` cannot be combined with `sandbox`";
    let cursor = || json!({"cursor": "bad"});
    let project = || json!({"projectId": "x"});
    vec![
        case(
            "thread/loaded/list",
            cursor(),
            -32600,
            "invalid cursor: bad",
        ),
        case("thread/list", cursor(), -32600, "invalid cursor: bad"),
        case("thread/list", by_section, -32600, unsorted),
        case("thread/list", project(), -32602, "project not found: x"),
        case("thread/start", project(), -32600, "project not found: x"),
        case(
            "thread/start",
            json!({"modelProvider": "nope"}),
            -32600,
            provider,
        ),
        case("thread/start", twice, -32600, both),
        case(
            "thread/start",
            elsewhere,
            -32600,
            "unknown turn environment id `nope`",
        ),
    ]
}

#[tokio::test]
async fn what_a_thread_has_not_is_refused_in_the_words_of_the_reference() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let kept = started(&mut client, json!({})).await;
    let once = started(&mut client, json!({"ephemeral": true})).await;
    let mut cases = before_its_first_message(&kept);
    cases.extend(of_one_that_is_never_kept(&once));
    cases.extend(of_none());
    cases.extend(of_many());
    for (method, params, code, words) in cases {
        let answer = client.call(method, params.clone()).await;
        assert_eq!(answer, refused(code, &words), "{method} {params}");
    }
    // What was refused has changed nothing.
    assert_eq!(loaded(&mut client).await, json!([kept, once]));
    server.shutdown().await;
}

#[tokio::test]
async fn what_needs_a_model_is_refused_at_once_and_says_why() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let id = started(&mut client, json!({})).await;
    for method in [
        "turn/start",
        "turn/steer",
        "turn/interrupt",
        "thread/compact/start",
        "thread/resume",
    ] {
        let params = json!({"threadId": id, "input": [], "expectedTurnId": "t", "turnId": "t"});
        let words = format!(
            "{method} is not offered by this server: this version of Outpost has no model turns yet"
        );
        assert_eq!(client.call(method, params).await, refused(-32601, &words));
    }
    for (method, empty) in [
        ("thread/goal/get", json!({"goal": null})),
        (
            "thread/attachment/list",
            json!({"data": [], "nextCursor": null}),
        ),
        (
            "thread/backgroundTerminals/list",
            json!({"data": [], "nextCursor": null}),
        ),
        ("thread/backgroundTerminals/clean", json!({})),
    ] {
        assert_eq!(
            client.call(method, json!({"threadId": id})).await,
            Ok(empty)
        );
    }
    server.shutdown().await;
}
