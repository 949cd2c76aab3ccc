use proptest::prelude::*;

use super::*;

fn words(text: &str) -> String {
    parse(text).unwrap_err().words
}

#[test]
fn the_four_kinds_are_told_apart() {
    assert!(matches!(
        parse(r#"{"id":4,"method":"m","params":{"a":[1]},"jsonrpc":"2.0"}"#).unwrap(),
        Incoming::Request { id: RequestId::Number(4), params: Some(p), trace: None, .. } if p.get() == r#"{"a":[1]}"#
    ));
    assert!(matches!(
        parse(r#"{"method":"initialized"}"#).unwrap(),
        Incoming::Notification { params: None, .. }
    ));
    assert!(matches!(
        parse(r#" {"result":null,"id":"x"} "#).unwrap(),
        Incoming::Response { id: RequestId::Text(id), result } if id == "x" && result.get() == "null"
    ));
    assert!(matches!(
        parse(r#"{"error":{"code":-32601,"message":"no"},"id":-1}"#).unwrap(),
        Incoming::Failure { id: RequestId::Number(-1), error } if error.code == -32601
    ));
    let traced = r#"{"id":1,"method":"m","trace":{"traceparent":"00-a-b-01"}}"#;
    assert!(matches!(
        parse(traced).unwrap(),
        Incoming::Request { trace: Some(TraceContext { traceparent: Some(t), .. }), .. } if t == "00-a-b-01"
    ));
}

#[test]
fn j01_malformed_text_is_told_in_the_words_of_the_reference() {
    for (text, expected) in [
        ("{not json", "key must be a string at line 1 column 2"),
        ("[]", "expected a JSON-RPC object"),
        (r#""x""#, "expected a JSON-RPC object"),
        ("null", "expected a JSON-RPC object"),
        ("", "EOF while parsing a value at line 1 column 0"),
        ("\u{feff}{}", "expected value at line 1 column 1"),
        ("{}", "missing field `error`"),
        (r#"{"id":1}"#, "missing field `error`"),
        (
            r#"{"id":1,"result":1,"zz":2"#,
            "EOF while parsing an object at line 1 column 25",
        ),
        (
            r#"{"id":1,"method":5}"#,
            "invalid type: number, expected a string",
        ),
        (r#"{"method":5}"#, "invalid type: number, expected a string"),
        (
            r#"{"id":1,"error":5}"#,
            "invalid type: number, expected struct JSONRPCErrorError",
        ),
        (r#"{"id":1,"error":{}}"#, "missing field `code`"),
        (
            r#"{"error":{"code":1,"message":"a"}}"#,
            "missing field `id`",
        ),
        (
            r#"{"id":1,"method":"m","trace":5}"#,
            "invalid type: number, expected struct W3cTraceContext",
        ),
        (
            r#"{"id":1,"method":"environment/status","params":{"a":1,"a":2}}"#,
            "duplicate JSON object key `a` at line 1 column 57",
        ),
        (
            r#"{"id":1,"method":"environment/status","id":2}"#,
            "duplicate JSON object key `id` at line 1 column 42",
        ),
    ] {
        assert_eq!(words(text), expected, "{text}");
    }
    assert!(
        words(r#"{"id":1,"method":"m"}{"id":2,"method":"m"}"#).starts_with("trailing characters")
    );
}

#[test]
fn j04_ids_are_strings_and_64_bit_integers_and_nothing_else() {
    for id in [
        "9223372036854775807",
        "-9223372036854775808",
        "0",
        r#""""#,
        r#""é""#,
    ] {
        let text = format!(r#"{{"id":{id},"method":"m"}}"#);
        let Incoming::Request { id: parsed, .. } = parse(&text).unwrap() else {
            panic!("{text}")
        };
        assert_eq!(serde_json::to_string(&parsed).unwrap(), id);
    }
    for id in [
        "null",
        "1.5",
        "true",
        "9223372036854775808",
        "[1]",
        "{}",
        "1e3",
    ] {
        let text = format!(r#"{{"id":{id},"method":"m"}}"#);
        assert_eq!(
            words(&text),
            "data did not match any variant of untagged enum RequestId",
            "{id}"
        );
    }
}

#[test]
fn j02_nesting_is_bounded_over_the_whole_message() {
    let message = |n: usize| {
        format!(
            r#"{{"id":1,"method":"m","params":{}{}}}"#,
            "[".repeat(n),
            "]".repeat(n)
        )
    };
    assert!(parse(&message(126)).is_ok());
    assert!(words(&message(127)).starts_with("recursion limit exceeded"));
    assert!(words(&message(100_000)).starts_with("recursion limit exceeded"));
}

#[test]
fn repeated_keys_in_members_without_meaning_are_refused_too() {
    assert!(words(r#"{"id":1,"method":"m","x":{"a":1,"a":1}}"#).starts_with("duplicate"));
    assert!(words(r#"{"id":1,"method":"m","x":1,"x":1}"#).starts_with("duplicate"));
}

proptest! {
    #[test]
    fn any_text_is_a_message_or_gets_words(text in ".{0,60}") {
        if let Err(refused) = parse(&text) {
            prop_assert!(!refused.words.is_empty());
        }
    }

    #[test]
    fn a_request_reads_back_as_it_was_written(id: i64, method in "[a-z/]{1,12}", params: Vec<u32>) {
        let text = serde_json::json!({"id": id, "method": method, "params": params}).to_string();
        let Ok(Incoming::Request { id: got, method: name, params: raw, .. }) = parse(&text) else {
            return Err(TestCaseError::fail(text));
        };
        prop_assert_eq!(got, RequestId::Number(id));
        prop_assert_eq!(name, method);
        prop_assert_eq!(crate::decode_params::<Vec<u32>>(raw).unwrap(), params);
    }
}
