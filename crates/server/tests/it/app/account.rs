//! `account/*`: signing in and out, who is told, what is refused.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::{Value, json};

use super::{Server, client, configured, plain, refused, server, settings::says};
use crate::client::Client;

/// A key as a client says it.
fn with_key(key: &str) -> Value {
    json!({"type": "apiKey", "apiKey": key})
}

fn account(kind: &Value, wanted: bool) -> Value {
    let account = match kind {
        Value::Null => Value::Null,
        kind => json!({"type": kind}),
    };
    json!({"account": account, "userId": null, "requiresOpenaiAuth": wanted, "workspaceRouting": null})
}

async fn read(client: &mut Client) -> Value {
    client.call("account/read", json!({})).await.unwrap()
}

async fn told(client: &mut Client) -> (String, Value) {
    let mut told = client.told().await;
    let method = told["method"].as_str().unwrap().to_owned();
    (method, told["params"].take())
}

fn updated(mode: &Value) -> (String, Value) {
    let params = json!({"authMode": mode, "planType": null});
    ("account/updated".to_owned(), params)
}

fn stored(server: &Server) -> Option<String> {
    fs::read_to_string(server.home().join("auth.json")).ok()
}

#[tokio::test]
async fn a_login_is_kept_told_to_everybody_and_forgotten() {
    let server = server(|_| {});
    let (mut one, mut other) = (plain(&server).await, plain(&server).await);
    let mut deaf = client(
        &server,
        json!({"optOutNotificationMethods": ["account/updated", "remoteControl/status/changed"]}),
    )
    .await;
    assert_eq!(read(&mut one).await, account(&Value::Null, true));
    let answer = one.call("account/login/start", with_key("sk-1")).await;
    assert_eq!(answer.unwrap(), json!({"type": "apiKey"}));
    let completed = json!({
        "loginId": null, "success": true, "error": null, "onboardingEntrypoint": null,
    });
    assert_eq!(
        told(&mut one).await,
        ("account/login/completed".to_owned(), completed)
    );
    assert_eq!(told(&mut one).await, updated(&json!("apikey")));
    assert_eq!(told(&mut other).await, updated(&json!("apikey")));
    assert_eq!(
        stored(&server).unwrap(),
        "{\n  \"auth_mode\": \"apikey\",\n  \"OPENAI_API_KEY\": \"sk-1\"\n}"
    );
    let mode = fs::metadata(server.home().join("auth.json")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o7777, 0o600);
    for client in [&mut one, &mut other, &mut deaf] {
        assert_eq!(read(client).await, account(&json!("apiKey"), true));
    }
    assert_eq!(
        other.call("account/logout", Value::Null).await,
        Ok(json!({}))
    );
    assert_eq!(told(&mut one).await, updated(&Value::Null));
    assert_eq!(told(&mut other).await, updated(&Value::Null));
    assert_eq!(stored(&server), None);
    assert_eq!(read(&mut deaf).await, account(&Value::Null, true));
    // Signing out twice is fine, and told.
    assert_eq!(one.call("account/logout", json!({})).await, Ok(json!({})));
    assert_eq!(told(&mut one).await, updated(&Value::Null));
    server.shutdown().await;
}

#[tokio::test]
async fn who_does_not_read_is_told_all_in_order_later() {
    let server = server(|_| {});
    let (mut one, mut slow) = (plain(&server).await, plain(&server).await);
    const ROUNDS: usize = 50;
    for round in 0..ROUNDS {
        let login = with_key(&round.to_string());
        one.call("account/login/start", login).await.unwrap();
        one.call("account/logout", Value::Null).await.unwrap();
    }
    for _ in 0..ROUNDS {
        assert_eq!(told(&mut slow).await, updated(&json!("apikey")));
        assert_eq!(told(&mut slow).await, updated(&Value::Null));
    }
    server.shutdown().await;
}

#[tokio::test]
async fn other_ways_to_sign_in_are_refused() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let not_offered = |way: &str| {
        let words = format!(
            "account/login/start with {way} is not offered by this server: it signs in with a key \
             or not at all"
        );
        refused(-32601, &words)
    };
    let cases = [
        (json!({"type": "chatgpt"}), "ChatGPT"),
        (json!({"type": "chatgptDeviceCode"}), "ChatGPT"),
        (
            json!({"type": "chatgptAuthTokens", "accessToken": "t", "chatgptAccountId": "a"}),
            "ChatGPT",
        ),
        (
            json!({"type": "amazonBedrock", "apiKey": "k", "region": "r"}),
            "Amazon Bedrock",
        ),
        (
            json!({"type": "amazonBedrockAccessKeys", "accessKeyId": "i", "secretAccessKey": "s", "region": "r"}),
            "Amazon Bedrock",
        ),
    ];
    for (params, way) in cases {
        let answer = client.call("account/login/start", params).await;
        assert_eq!(answer, not_offered(way));
    }
    let long = "k".repeat((64 << 10) + 1);
    assert_eq!(
        client.call("account/login/start", with_key(&long)).await,
        refused(-32600, "the API key exceeds 65536 bytes")
    );
    assert_eq!(stored(&server), None);
    let id = "5ffe04fe-60dd-4d9a-ab6a-62dda7993ddd";
    assert_eq!(
        client
            .call("account/login/cancel", json!({"loginId": id}))
            .await,
        Ok(json!({"status": "notFound"}))
    );
    assert_eq!(
        client
            .call("account/login/cancel", json!({"loginId": "x"}))
            .await,
        refused(-32600, "invalid login id: x")
    );
    server.shutdown().await;
}

#[tokio::test]
async fn the_configuration_says_how_one_may_sign_in_and_where_that_is_kept() {
    let chatgpt = configured(says("forced_login_method = 'chatgpt'\n"), &[], |_| {});
    let mut client = plain(&chatgpt).await;
    assert_eq!(
        client.call("account/login/start", with_key("k")).await,
        refused(
            -32600,
            "API key login is disabled. Use ChatGPT login instead."
        )
    );
    chatgpt.shutdown().await;
    let api = configured(says("forced_login_method = 'api'\n"), &[], |_| {});
    let mut client = plain(&api).await;
    assert_eq!(
        client
            .call("account/login/start", json!({"type": "chatgpt"}))
            .await,
        refused(
            -32600,
            "ChatGPT login is disabled. Use API key login instead."
        )
    );
    api.shutdown().await;
    let memory = says("cli_auth_credentials_store = 'ephemeral'\n");
    let memory = configured(memory, &[], |_| {});
    let mut client = plain(&memory).await;
    let login = client.call("account/login/start", with_key("k")).await;
    login.unwrap();
    assert_eq!(read(&mut client).await, account(&json!("apiKey"), true));
    assert_eq!(stored(&memory), None);
    memory.shutdown().await;
    let keyring = says("cli_auth_credentials_store = 'keyring'\n");
    let keyring = configured(keyring, &[], |_| {});
    let mut client = plain(&keyring).await;
    assert_eq!(
        client.call("account/login/start", with_key("k")).await,
        refused(
            -32603,
            "failed to save api key: this server keeps keys in a file or in memory, not in a keyring"
        )
    );
    keyring.shutdown().await;
}

#[tokio::test]
async fn a_provider_of_ones_own_wants_no_account() {
    let own =
        "model_provider = 'own'\n[model_providers.own]\nname = 'Own'\nbase_url = 'http://h'\n";
    let server = configured(says(own), &[], |_| {});
    let mut client = plain(&server).await;
    assert_eq!(read(&mut client).await, account(&Value::Null, false));
    let login = client.call("account/login/start", with_key("k")).await;
    login.unwrap();
    assert_eq!(read(&mut client).await, account(&Value::Null, false));
    server.shutdown().await;
}

#[tokio::test]
async fn a_home_that_cannot_be_written_keeps_nobody() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("home"), "no folder").unwrap();
    let server = configured(folder, &[], |_| {});
    let mut client = plain(&server).await;
    let (code, words) = client
        .call("account/login/start", with_key("sk-secret"))
        .await
        .unwrap_err();
    assert_eq!(code, -32603);
    assert!(words.starts_with("failed to save api key: "), "{words}");
    assert!(!words.contains("sk-secret"), "{words}");
    assert_eq!(read(&mut client).await, account(&Value::Null, true));
    server.shutdown().await;
}

#[tokio::test]
async fn what_only_an_account_at_a_service_can_is_refused_in_the_words_clients_know() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let cases = [
        (
            "account/rateLimits/read",
            Value::Null,
            "to read rate limits",
        ),
        ("account/rateLimits/read", json!({}), "to read rate limits"),
        ("account/usage/read", json!({}), "to read token usage"),
        (
            "account/workspaceMessages/read",
            Value::Null,
            "to read workspace messages",
        ),
        (
            "account/sendAddCreditsNudgeEmail",
            json!({"creditType": "credits"}),
            "to notify workspace owner",
        ),
        (
            "account/rateLimitResetCredit/consume",
            json!({"idempotencyKey": "a"}),
            "for rate limit reset credits",
        ),
    ];
    for who in ["codex account", "chatgpt"] {
        for (method, params, what) in &cases {
            let words = format!("{who} authentication required {what}");
            let answer = client.call(method, params.clone()).await;
            assert_eq!(answer, refused(-32600, &words), "{method}");
        }
        let login = client.call("account/login/start", with_key("k")).await;
        login.unwrap();
    }
    assert_eq!(
        client
            .call(
                "account/rateLimitResetCredit/consume",
                json!({"idempotencyKey": ""})
            )
            .await,
        refused(-32600, "idempotencyKey must not be empty")
    );
    server.shutdown().await;
}

#[tokio::test]
async fn what_clients_ask_about_other_accounts_is_answered() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let gateway = json!({
        "providerId": "openai", "providerName": "OpenAI", "required": false,
        "supportsDeviceAuth": false, "status": null, "error": null,
    });
    let cases = [
        (
            "accountSession/list",
            json!({}),
            json!({"activeSessionId": null, "sessions": []}),
        ),
        (
            "account/securitySetup/read",
            Value::Null,
            json!({"notice": null}),
        ),
        ("account/gatewayOAuth/read", Value::Null, gateway.clone()),
        ("account/gatewayOAuth/read", json!({}), gateway),
        (
            "account/bedrock/checkGovCloudRequirements",
            json!({}),
            json!({"isGovCloud": false, "shouldWarn": false}),
        ),
    ];
    for (method, params, expected) in cases {
        assert_eq!(client.call(method, params).await, Ok(expected), "{method}");
    }
    let asked = json!({"modelProvider": "gone"});
    let id = client.ask("account/gatewayOAuth/read", asked).await;
    let answer = client.until(|message| message["id"] == id).await;
    assert_eq!(
        answer["error"],
        json!({
            "code": -32600,
            "data": {"type": "modelProviderNotConfigured", "modelProvider": "gone"},
            "message": "This chat uses model provider “gone”, which is no longer configured. \
                        Restore this provider’s configuration to continue.",
        })
    );
    server.shutdown().await;
}
