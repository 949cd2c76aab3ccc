use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn each_kind_of_schema_has_its_type() {
    for (schema, printed) in [
        (json!(true), "unknown"),
        (json!({"description": "any"}), "unknown"),
        (json!({"type": "integer", "format": "int64"}), "number"),
        (json!({"type": ["string", "null"]}), "string | null"),
        (json!({"$ref": "#/definitions/Size"}), "Size"),
        (
            json!({"anyOf": [{"$ref": "#/definitions/Size"}, {"type": "null"}]}),
            "Size | null",
        ),
        (
            json!({"type": "string", "enum": ["a", "b"]}),
            "\"a\" | \"b\"",
        ),
        (
            json!({"type": "array", "items": {"type": ["string", "null"]}}),
            "Array<string | null>",
        ),
        (json!({"type": "array"}), "Array<unknown>"),
        (json!({"type": "object"}), "Record<string, never>"),
        (
            json!({"type": "object", "additionalProperties": true}),
            "Record<string, unknown>",
        ),
        (
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
            "Record<string, string>",
        ),
        (
            json!({"allOf": [{"$ref": "#/definitions/A"}, {"type": ["string", "null"]}]}),
            "A & (string | null)",
        ),
        (
            json!({
                "type": "object", "required": ["a-b"],
                "properties": {"a-b": {"type": "string", "description": "One."}, "c": true},
            }),
            "{\n  /** One. */\n  \"a-b\": string;\n  c?: unknown;\n}",
        ),
    ] {
        assert_eq!(of(&schema, "").unwrap(), printed, "{schema}");
    }
}

#[test]
fn what_cannot_be_said_is_refused() {
    for schema in [
        json!({"not": {"type": "string"}}),
        json!({"type": "string", "pattern": "a"}),
        json!({"properties": {"a": true}}),
        json!(false),
        json!({"type": "object", "properties": {"a": {"if": true}}}),
    ] {
        let refused = of(&schema, "").unwrap_err().to_string();
        assert!(refused.starts_with("no TypeScript for "), "{refused}");
    }
}

#[test]
fn a_document_has_its_types_and_its_methods() {
    let message = |name: &str, id: bool| {
        let mut properties =
            json!({"method": {"enum": [name]}, "params": {"$ref": "#/definitions/P"}});
        if id {
            properties["id"] = json!(true);
        }
        json!({"properties": properties})
    };
    let document = json!({
        "title": "What is said",
        "definitions": {"P": {"type": "string", "description": "Two\nlines */"}},
        "oneOf": [message("a/b", true), message("told", false), {"title": "failure"}],
        "answers": {"c": {"properties": {"result": {"type": "null"}}}},
    });
    let expected = "// What is said.\n\n\
        /**\n * Two\n * lines * /\n */\nexport type P = string;\n\n\
        /** Parameters by their methods. */\nexport interface Requests {\n  \"a/b\": P;\n}\n\n\
        /** Results by the methods they answer. */\nexport interface Answers {\n  \"c\": null;\n}\n\n\
        /** Parameters by their names. */\nexport interface Notifications {\n  \"told\": P;\n}\n";
    assert_eq!(print(&document).unwrap(), expected);
}

/// Schemas of the kinds that the types make.
fn schemas() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(true)),
        Just(json!({"type": "string"})),
        Just(json!({"type": ["integer", "null"]})),
        Just(json!({"$ref": "#/definitions/A"})),
        "[a-z\" {}<|&]{0,6}".prop_map(|name| json!({"enum": [name]})),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_map(|items| json!({"type": "array", "items": items})),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| json!({"anyOf": parts})),
            prop::collection::btree_map("[a-z{ -]{1,4}", inner, 0..4)
                .prop_map(|members| json!({"type": "object", "properties": members})),
        ]
    })
}

/// The brackets outside of texts, and whether they fit each other.
fn is_balanced(printed: &str) -> bool {
    let (mut open, mut quoted, mut escaped) = (Vec::new(), false, false);
    for c in printed.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '{' | '<' | '(' => open.push(c),
            '}' | '>' | ')' => {
                let partner = match c {
                    '}' => '{',
                    '>' => '<',
                    _ => '(',
                };
                if open.pop() != Some(partner) {
                    return false;
                }
            }
            _ => {}
        }
    }
    open.is_empty() && !quoted
}

proptest! {
    #[test]
    fn whatever_is_printed_is_balanced(schema in schemas()) {
        let printed = of(&schema, "").unwrap();
        prop_assert!(is_balanced(&printed), "{}", printed);
    }
}
