//! Signatures against published vectors, claims against a table.

use std::path::Path;

use jsonwebtoken::{EncodingKey, errors::ErrorKind};
use serde_json::{Value, json};

use super::*;

const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";
const NOW: i64 = 1_800_000_000;

/// `base64url(text)`, by way of the library's own encoder.
fn encoded(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk
            .iter()
            .fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let index = bits >> (18 - 6 * place) & 63;
            out.push(char::from(ALPHABET[index as usize]));
        }
    }
    out
}

fn token(header: &Value, claims: &str) -> String {
    let message = format!("{}.{}", encoded(&header.to_string()), encoded(claims));
    let key = EncodingKey::from_secret(SECRET);
    let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

fn plain(claims: &Value) -> String {
    token(&json!({"alg": "HS256", "typ": "JWT"}), &claims.to_string())
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW.cast_unsigned())
}

fn signed(issuer: Option<&str>, audience: Option<&str>) -> Signed {
    let own = |name: &str| name.to_owned();
    Signed::new(
        SECRET,
        issuer.map(own),
        audience.map(own),
        Duration::from_secs(30),
    )
}

fn check(claims: &Value) -> Result<(), Denied> {
    signed(None, None).check(&plain(claims), now())
}

#[test]
fn a03_times_are_held_against_the_clock_with_its_skew() {
    for (claims, expected) in [
        (json!({"exp": NOW}), Ok(())),
        (json!({"exp": NOW - 30}), Ok(())),
        (json!({"exp": NOW - 31}), Err(Denied::Expired)),
        (json!({"exp": 0}), Err(Denied::Expired)),
        (json!({"exp": i64::MIN}), Err(Denied::Expired)),
        (json!({"exp": i64::MAX}), Ok(())),
        (json!({"exp": NOW, "nbf": NOW + 30}), Ok(())),
        (json!({"exp": NOW, "nbf": NOW + 31}), Err(Denied::NotYet)),
        (json!({"exp": NOW, "nbf": i64::MIN}), Ok(())),
        (json!({"exp": NOW, "iat": NOW + 10_000}), Ok(())),
    ] {
        assert_eq!(check(&claims), expected, "{claims}");
    }
}

#[test]
fn a03_claims_of_odd_shapes_are_refused() {
    for claims in [
        "{}",
        "{\"exp\":\"1900000000\"}",
        "{\"exp\":1900000000.5}",
        "{\"exp\":null}",
        "{\"exp\":1e30}",
        "{\"exp\":1900000000,\"nbf\":\"soon\"}",
        "{\"exp\":1900000000,\"aud\":7}",
        "{\"exp\":1900000000,\"iss\":[\"a\"]}",
        "{\"exp\":1900000000,\"exp\":1900000000}",
        "[1900000000]",
        "1900000000",
        "",
    ] {
        let token = token(&json!({"alg": "HS256"}), claims);
        assert_eq!(
            signed(None, None).check(&token, now()),
            Err(Denied::Jwt),
            "{claims}"
        );
    }
}

#[test]
fn a03_issuer_and_audience_are_checked_when_configured_and_only_then() {
    let strict = signed(Some("me"), Some("you"));
    for (claims, expected) in [
        (json!({"exp": NOW, "iss": "me", "aud": "you"}), Ok(())),
        (
            json!({"exp": NOW, "iss": "me", "aud": ["they", "you"]}),
            Ok(()),
        ),
        (
            json!({"exp": NOW, "iss": "they", "aud": "you"}),
            Err(Denied::Issuer),
        ),
        (json!({"exp": NOW, "aud": "you"}), Err(Denied::Issuer)),
        (
            json!({"exp": NOW, "iss": "me", "aud": "they"}),
            Err(Denied::Audience),
        ),
        (
            json!({"exp": NOW, "iss": "me", "aud": []}),
            Err(Denied::Audience),
        ),
        (json!({"exp": NOW, "iss": "me"}), Err(Denied::Audience)),
    ] {
        assert_eq!(strict.check(&plain(&claims), now()), expected, "{claims}");
        assert_eq!(check(&claims), Ok(()));
    }
}

#[test]
fn a03_other_algorithms_other_keys_and_critical_members_are_refused() {
    let claims = json!({"exp": NOW}).to_string();
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "None"}),
        json!({"alg": "HS384"}),
        json!({"alg": "HS512"}),
        json!({"alg": "RS256"}),
        json!({"typ": "JWT"}),
        json!({"alg": "HS256", "crit": ["exp"], "exp": NOW}),
        json!({"alg": "HS256", "crit": ["unknown"], "unknown": 1}),
        json!({"alg": "HS256", "crit": []}),
    ] {
        let token = token(&header, &claims);
        assert_eq!(
            signed(None, None).check(&token, now()),
            Err(Denied::Jwt),
            "{header}"
        );
    }
    let good = plain(&json!({"exp": NOW}));
    let other = Signed::new(
        b"another key of at least 32 bytes",
        None,
        None,
        Duration::ZERO,
    );
    assert_eq!(other.check(&good, now()), Err(Denied::Jwt));
    let (message, signature) = good.rsplit_once('.').unwrap();
    for bad in [
        format!("{message}."),
        message.to_owned(),
        format!("{message}.{signature}x"),
        format!("{message}.{signature}=="),
        format!("x.{good}"),
        format!("{good}.x"),
        String::new(),
        "..".to_owned(),
    ] {
        assert_eq!(
            signed(None, None).check(&bad, now()),
            Err(Denied::Jwt),
            "{bad}"
        );
    }
    let unsigned = format!("{}.{}.", encoded("{\"alg\":\"none\"}"), encoded(&claims));
    assert_eq!(signed(None, None).check(&unsigned, now()), Err(Denied::Jwt));
}

#[test]
fn a05_a_token_may_be_used_again_until_it_expires() {
    let (rules, token) = (signed(None, None), plain(&json!({"exp": NOW})));
    for seconds in [0, 1, 30] {
        assert_eq!(
            rules.check(&token, now() + Duration::from_secs(seconds)),
            Ok(())
        );
    }
    assert_eq!(
        rules.check(&token, now() + Duration::from_secs(31)),
        Err(Denied::Expired)
    );
}

/// RFC 7515, appendix A.1.
#[test]
fn a03_the_example_of_the_standard_has_a_valid_signature() {
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                 eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
                 dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let key =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let key = DecodingKey::from_base64_secret(&standard(key)).unwrap();
    let rules = Signed {
        key,
        issuer: None,
        audience: None,
        skew: Duration::ZERO,
    };
    let expiry = UNIX_EPOCH + Duration::from_secs(1_300_819_380);
    assert_eq!(rules.check(token, expiry), Ok(()));
    assert_eq!(
        rules.check(token, expiry + Duration::from_secs(1)),
        Err(Denied::Expired)
    );
}

/// From the URL alphabet without padding to the standard one with it.
fn standard(text: &str) -> String {
    let mut text = text.replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// What is left of the whole check for a token whose payload is no claims: the signature, and
/// that the payload is written in the one correct way.
fn accepted(rules: &Signed, token: &str) -> bool {
    let payload =
        insecure_decode_claims::<Value>(token).map_err(jsonwebtoken::errors::Error::into_kind);
    rules.check_signature(token).is_ok() && !matches!(payload, Err(ErrorKind::Base64(_)))
}

/// Two kinds of vectors are judged by what they are and not by their label: an "invalid" one that
/// is, character for character, a valid one of the same key, and a "valid" one with characters
/// that are not of the alphabet, which a lenient decoder would skip.
#[test]
fn a03_every_published_vector_is_judged_rightly() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/wycheproof-hs256.json");
    let Ok(vectors) = std::fs::read_to_string(&file) else {
        outpost_testkit::skipped(format_args!("no Wycheproof vectors at {}", file.display()));
        return;
    };
    let vectors: Value = serde_json::from_str(&vectors).unwrap();
    let (mut taken, mut refused) = (0, 0);
    for group in vectors["testGroups"].as_array().unwrap() {
        let key = standard(group["private"]["k"].as_str().unwrap());
        let key = DecodingKey::from_base64_secret(&key).unwrap();
        let rules = Signed {
            key,
            issuer: None,
            audience: None,
            skew: Duration::ZERO,
        };
        let tests = group["tests"].as_array().unwrap();
        let good: Vec<_> = tests
            .iter()
            .filter(|test| test["result"] == "valid")
            .collect();
        for test in tests {
            let token = test["jws"].as_str().unwrap();
            let strict = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            let expected =
                good.iter().any(|good| good["jws"] == test["jws"]) && token.bytes().all(strict);
            assert_eq!(accepted(&rules, token), expected, "{test}");
            *(if expected { &mut taken } else { &mut refused }) += 1;
        }
    }
    assert!(
        taken >= 7 && refused >= 28,
        "{taken} taken, {refused} refused"
    );
}
