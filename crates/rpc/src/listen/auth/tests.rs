//! Flags, secrets and headers. The tokens themselves are tested in `jwt`.

use std::io::Write;

use http::HeaderValue;
use tempfile::NamedTempFile;

use super::*;

const TOKEN: AuthMode = AuthMode::CapabilityToken;
const SIGNED: AuthMode = AuthMode::SignedBearerToken;

fn file(content: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    file
}

fn flags(mode: AuthMode) -> AuthFlags {
    AuthFlags {
        mode: Some(mode),
        ..AuthFlags::default()
    }
}

fn token_file(path: &Path) -> AuthFlags {
    AuthFlags {
        token_file: Some(path.to_owned()),
        ..flags(TOKEN)
    }
}

fn secret_file(path: &Path) -> AuthFlags {
    AuthFlags {
        shared_secret_file: Some(path.to_owned()),
        ..flags(SIGNED)
    }
}

fn words(flags: &AuthFlags) -> String {
    flags.load().unwrap_err().to_string()
}

fn denied(auth: &Auth, header: &[u8]) -> Result<(), Denied> {
    let mut headers = HeaderMap::new();
    headers.append(AUTHORIZATION, HeaderValue::from_bytes(header).unwrap());
    auth.check(&headers, SystemTime::now())
}

#[test]
fn a09_flags_that_do_not_belong_together_are_refused_in_the_references_words() {
    assert!(matches!(AuthFlags::default().load(), Ok(Auth::Open)));
    let hex = "0".repeat(64);
    let with_digest = |mode, digest: &str| AuthFlags {
        mode,
        token_sha256: Some(digest.into()),
        ..Default::default()
    };
    for (flags, expected) in [
        (
            with_digest(None, &hex),
            "websocket auth flags require `--ws-auth capability-token` or `--ws-auth signed-bearer-token`",
        ),
        (
            flags(TOKEN),
            "`--ws-token-file` or `--ws-token-sha256` is required when `--ws-auth capability-token` is set",
        ),
        (
            AuthFlags {
                token_file: Some("/a".into()),
                ..with_digest(Some(TOKEN), &hex)
            },
            "`--ws-token-file` and `--ws-token-sha256` are mutually exclusive",
        ),
        (
            with_digest(Some(TOKEN), "abc"),
            "--ws-token-sha256 must be a 64-character hex SHA-256 digest",
        ),
        (
            with_digest(Some(TOKEN), &"ä".repeat(32)),
            "--ws-token-sha256 must be a 64-character hex SHA-256 digest",
        ),
        (
            flags(SIGNED),
            "`--ws-shared-secret-file` is required when `--ws-auth signed-bearer-token` is set",
        ),
        (
            AuthFlags {
                issuer: Some("me".into()),
                ..with_digest(Some(TOKEN), &hex)
            },
            "`--ws-shared-secret-file`, `--ws-issuer`, `--ws-audience`, and `--ws-max-clock-skew-seconds` require `--ws-auth signed-bearer-token`",
        ),
        (
            with_digest(Some(SIGNED), &hex),
            "`--ws-token-file` and `--ws-token-sha256` require `--ws-auth capability-token`, not `signed-bearer-token`",
        ),
    ] {
        assert_eq!(words(&flags), expected);
    }
}

#[test]
fn a09_weak_or_unreadable_secrets_are_refused() {
    let blank = file(b" \n\t\n");
    let name = blank.path().display();
    let expected = format!("websocket auth secret {name} must not be empty");
    assert_eq!(words(&token_file(blank.path())), expected);
    assert_eq!(words(&secret_file(blank.path())), expected);

    let short = file(format!("  {}\n", "x".repeat(31)).as_bytes());
    let expected = format!(
        "signed websocket bearer secret {} must be at least 32 bytes",
        short.path().display()
    );
    assert_eq!(words(&secret_file(short.path())), expected);
    assert!(
        secret_file(file("x".repeat(32).as_bytes()).path())
            .load()
            .is_ok()
    );

    let missing = words(&token_file(Path::new("/no/such/file")));
    assert_eq!(
        missing,
        "failed to read websocket auth secret /no/such/file: No such file or directory (os error 2)"
    );
    let relative = words(&token_file(Path::new("token")));
    assert_eq!(
        relative,
        "websocket auth secret token must be an absolute path"
    );
    assert!(words(&token_file(file(b"\xff\xfe").path())).contains("failed to read"));
}

#[test]
fn a01_only_the_token_opens_and_every_refusal_has_its_words() {
    let secret = file(b"  the token \n");
    for auth in [
        token_file(secret.path()).load().unwrap(),
        Auth::token("the token"),
    ] {
        for right in [
            "Bearer the token",
            "bEARER   the token  ",
            "bearer the token",
        ] {
            assert_eq!(denied(&auth, right.as_bytes()), Ok(()), "{right}");
        }
        for (wrong, expected) in [
            (&b"Bearer the tokem"[..], Denied::Token),
            (b"Bearer the", Denied::Token),
            (b"Bearer THE TOKEN", Denied::Token),
            (b"Bearer the token, Bearer the token", Denied::Token),
            (b"Bearer", Denied::Header),
            (b"Bearer   ", Denied::Header),
            (b"", Denied::Header),
            (b"Bearer\tthe token", Denied::Header),
            (b"Basic the token", Denied::Header),
            (b"the token", Denied::Header),
            (b"Bearer \xe9", Denied::Header),
        ] {
            assert_eq!(
                denied(&auth, wrong),
                Err(expected),
                "{}",
                wrong.escape_ascii()
            );
        }
        assert_eq!(
            auth.check(&HeaderMap::new(), SystemTime::now()),
            Err(Denied::Missing)
        );
        let mut two = HeaderMap::new();
        two.append(AUTHORIZATION, HeaderValue::from_static("Bearer wrong"));
        two.append(AUTHORIZATION, HeaderValue::from_static("Bearer the token"));
        assert_eq!(auth.check(&two, SystemTime::now()), Err(Denied::Token));
    }
    assert_eq!(Denied::Token.to_string(), "invalid websocket bearer token");
    assert_eq!(
        Denied::Missing.to_string(),
        "missing websocket bearer token"
    );
    assert_eq!(Denied::Header.to_string(), "invalid authorization header");
    assert_eq!(Denied::Jwt.to_string(), "invalid websocket jwt");
}

#[test]
fn a_digest_may_be_given_in_either_case() {
    let digest = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    for digest in [digest.to_owned(), digest.to_uppercase()] {
        let flags = AuthFlags {
            token_sha256: Some(digest),
            ..flags(TOKEN)
        };
        assert_eq!(denied(&flags.load().unwrap(), b"Bearer secret"), Ok(()));
    }
}

#[test]
fn a11_no_secret_is_shown() {
    let secret = "a secret of thirty-two bytes or so";
    let file = file(secret.as_bytes());
    let signed = AuthFlags {
        issuer: Some("me".into()),
        ..secret_file(file.path())
    };
    for auth in [
        token_file(file.path()).load().unwrap(),
        signed.load().unwrap(),
    ] {
        let shown = format!("{auth:?} {auth:#?}");
        assert!(shown.len() < 60 && !shown.contains("secret"), "{shown}");
    }
    let Auth::Signed(rules) = signed.load().unwrap() else {
        panic!("signed")
    };
    let shown = format!("{rules:?}");
    assert!(
        shown.contains("me") && !shown.contains("secret") && !shown.contains("key"),
        "{shown}"
    );
}
