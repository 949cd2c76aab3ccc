//! Who may connect to an app server, and what everybody else is told.

use std::time::{SystemTime, UNIX_EPOCH};

use base64_simd::URL_SAFE_NO_PAD;
use outpost_testkit::{connection::Connection, program::Program};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{AppServer, listener::http};
use crate::{client::Client, meter::PATIENCE, server::Home};

const TOKEN: &str = "right-0123456789abcdef";
const SECRET: &str = "a secret of at least thirty-two bytes";

/// The end of a keyed digest's inner and outer pad.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let pad = |with: u8| -> Vec<u8> {
        let key = key.iter().copied().chain(std::iter::repeat(0)).take(64);
        key.map(|byte| byte ^ with).collect()
    };
    let inner = Sha256::digest([&pad(0x36), text].concat());
    Sha256::digest([&pad(0x5c)[..], &inner[..]].concat()).to_vec()
}

/// A token with these claims, signed with this key.
fn signed(header: &Value, claims: &Value, key: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode_to_string(value.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode_to_string(hmac(key.as_bytes(), text.as_bytes()));
    format!("{text}.{signature}")
}

/// The status and the words for an upgrade with this header; 101 where it is let in.
fn knock(server: &AppServer, header: &str) -> (u16, String) {
    let headers: Vec<String> = match header {
        "" => Vec::new(),
        header => vec![header.to_owned()],
    };
    match Connection::over_websocket(server.address, &headers) {
        Ok(connection) => {
            let mut client = Client::over(connection);
            let hello = super::hello();
            client.call("initialize", &hello).expect("it may come in");
            (101, String::new())
        }
        Err(refusal) => (refusal.status, refusal.body),
    }
}

fn assert_refused(server: &AppServer, header: &str, words: &str) {
    assert_eq!(knock(server, header), (401, words.to_owned()), "{header}");
}

#[test]
fn a01_only_the_token_opens_an_app_server() {
    let home = Home::new();
    let file = home.write("token", format!("{TOKEN}\n"));
    let digest: String = Sha256::digest(TOKEN)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    for flags in [
        ["--ws-token-file", file.to_str().expect("text")],
        ["--ws-token-sha256", &digest],
    ] {
        let flags = [&["--ws-auth", "capability-token"][..], &flags].concat();
        let mut server = AppServer::start(&home, &flags);
        assert_refused(&server, "", "missing websocket bearer token");
        for wrong in ["wrong", "", &TOKEN[1..]] {
            let header = format!("Authorization: Bearer {wrong}");
            let (status, words) = knock(&server, &header);
            assert_eq!(status, 401, "{header}");
            let known = [
                "invalid websocket bearer token",
                "invalid authorization header",
            ];
            assert!(known.contains(&words.as_str()), "{words}");
        }
        let basic = format!("Authorization: Basic {TOKEN}");
        assert_refused(&server, &basic, "invalid authorization header");
        for scheme in ["Bearer", "bEARER"] {
            let header = format!("Authorization: {scheme} {TOKEN}");
            assert_eq!(knock(&server, &header).0, 101, "{header}");
        }
        // Health is everybody's.
        assert_eq!(http(server.address, "GET /readyz", "").0, 200);
        assert_eq!(http(server.address, "GET /healthz", "").0, 200);
        assert!(!server.log().contains(TOKEN));
        server.stop();
    }
}

#[test]
fn a03_signed_tokens_are_held_against_clock_issuer_and_audience() {
    let home = Home::new();
    let file = home.write("secret", format!("{SECRET}\n"));
    let flags = [
        "--ws-auth",
        "signed-bearer-token",
        "--ws-shared-secret-file",
        file.to_str().expect("text"),
        "--ws-issuer",
        "us",
        "--ws-audience",
        "you",
    ];
    let mut server = AppServer::start(&home, &flags);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock");
    let now = now.as_secs();
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let good = json!({"exp": now + 600, "iss": "us", "aud": ["they", "you"]});
    let but = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    let bad = "invalid websocket jwt";
    let mut no_end = good.clone();
    no_end.as_object_mut().expect("an object").remove("exp");
    for (header, claims, key, words) in [
        (&header, good.clone(), SECRET, ""),
        (&header, but("aud", json!("you")), SECRET, ""),
        (&header, but("nbf", json!(now - 60)), SECRET, ""),
        // Within the skew of the clocks.
        (&header, but("exp", json!(now - 5)), SECRET, ""),
        (
            &header,
            but("exp", json!(now - 600)),
            SECRET,
            "expired websocket jwt",
        ),
        (
            &header,
            but("nbf", json!(now + 600)),
            SECRET,
            "websocket jwt is not valid yet",
        ),
        (
            &header,
            but("iss", json!("them")),
            SECRET,
            "websocket jwt issuer mismatch",
        ),
        (
            &header,
            but("aud", json!("them")),
            SECRET,
            "websocket jwt audience mismatch",
        ),
        (
            &header,
            good.clone(),
            "another secret of thirty-two bytes..",
            bad,
        ),
        (&header, no_end, SECRET, bad),
        (&json!({"alg": "none"}), good.clone(), SECRET, bad),
    ] {
        let token = signed(header, &claims, key);
        let outcome = knock(&server, &format!("Authorization: Bearer {token}"));
        let expected = if words.is_empty() { 101 } else { 401 };
        assert_eq!(outcome, (expected, words.to_owned()), "{header} {claims}");
    }
    assert_refused(&server, "", "missing websocket bearer token");
    assert_refused(&server, "Authorization: Bearer nonsense", bad);
    assert!(!server.log().contains(SECRET));
    server.stop();
}

#[test]
fn a09_flags_that_protect_nothing_keep_an_app_server_from_starting() {
    let home = Home::new();
    let short = home.write("short", "too short");
    let empty = home.write("empty", "\n");
    let (short, empty) = (short.to_str().expect("text"), empty.to_str().expect("text"));
    let token = ["--ws-auth", "capability-token"];
    let jwt = ["--ws-auth", "signed-bearer-token"];
    for (mode, more, words) in [
        (
            &token[..],
            &["--ws-token-file", "/x", "--ws-token-sha256", "00"][..],
            "`--ws-token-file` and `--ws-token-sha256` are mutually exclusive",
        ),
        (
            &token,
            &["--ws-token-sha256", "00"],
            "must be a 64-character hex SHA-256 digest",
        ),
        (&token, &["--ws-token-file", empty], "must not be empty"),
        (
            &token,
            &["--ws-token-file", "/no/such/file"],
            "failed to read websocket auth secret",
        ),
        (
            &token,
            &["--ws-token-file", short, "--ws-issuer", "x"],
            "--ws-issuer",
        ),
        (
            &jwt,
            &[],
            "`--ws-shared-secret-file` is required when `--ws-auth signed-bearer-token` is set",
        ),
        (
            &jwt,
            &["--ws-shared-secret-file", short],
            "must be at least 32 bytes",
        ),
        (
            &[],
            &["--ws-token-file", short],
            "websocket auth flags require `--ws-auth capability-token` or `--ws-auth signed-bearer-token`",
        ),
    ] {
        let listen = ["app-server", "--listen", "ws://127.0.0.1:0"];
        let arguments = [&listen[..], mode, more].concat();
        let log = home.path().join("refusal.log");
        let mut command = home.outpost(&arguments);
        command.stderr(std::fs::File::create(&log).expect("a file in the test's folder"));
        let mut program = Program::start(&mut command);
        let status = program.wait(PATIENCE).expect("it does not start");
        let said = std::fs::read_to_string(&log).expect("text");
        assert_eq!(status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
}
