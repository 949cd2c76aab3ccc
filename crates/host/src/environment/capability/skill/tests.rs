use proptest::prelude::*;

use super::*;

fn read(front_matter: &str) -> Option<(String, String, Option<String>)> {
    let head = head(&format!("---\n{front_matter}\n---\nbody\n"), "the  folder")?;
    Some((head.name, head.description, head.short_description))
}

fn found(name: &str, description: &str) -> Option<(String, String, Option<String>)> {
    Some((name.to_owned(), description.to_owned(), None))
}

#[test]
fn front_matter_is_read_as_people_write_it() {
    let cases = [
        ("name: a\ndescription: b", found("a", "b")),
        (
            "name:   a   b  \ndescription: \"c\\td \\n e\"",
            found("a b", "c d e"),
        ),
        ("description: d", found("the folder", "d")),
        ("name: ''\ndescription: d", found("the folder", "d")),
        ("name: 42\ndescription: true", found("42", "true")),
        ("name: 1.50\ndescription: d", found("1.50", "d")),
        (
            "name: f\ndescription: >-\n  folded\n  text",
            found("f", "folded text"),
        ),
        ("name: m\ndescription: one\n  two", found("m", "one two")),
        ("# c\nname: a # x\ndescription: d # y", found("a", "d")),
        ("{name: flow, description: d}", found("flow", "d")),
        (
            "name: u\ndescription: d\nallowed-tools:\n  - a\n  - b: c\nx: {y: [1]}",
            found("u", "d"),
        ),
        (
            "name: c\ndescription: Build for AWS: ECS",
            found("c", "Build for AWS: ECS"),
        ),
        (
            "name: c\ndescription: it's for: you",
            found("c", "it's for: you"),
        ),
        (
            "name: b\ndescription: [todo] fix it",
            found("b", "[todo] fix it"),
        ),
        (
            "name: p\ndescription: d\nhint: <for: e.g. 7d>",
            found("p", "d"),
        ),
    ];
    for (front_matter, expected) in cases {
        assert_eq!(read(front_matter), expected, "{front_matter}");
    }
    assert_eq!(
        read("name: s\ndescription: d\nmetadata:\n  short-description: 12\n  other: [x]"),
        Some(("s".to_owned(), "d".to_owned(), Some("12".to_owned())))
    );
}

#[test]
fn what_cannot_be_offered_is_nothing() {
    for front_matter in [
        "name: a",
        "name: a\ndescription: ''",
        "name: [a]\ndescription: d",
        "name: a\nname: b\ndescription: d",
        "name: a\ndescription: d\nmetadata: 5",
        "- a",
        "",
    ] {
        assert_eq!(read(front_matter), None, "{front_matter}");
    }
    for contents in [
        "",
        "no head",
        "---\n---\n",
        "---\nname: a\ndescription: d\n",
        "\u{feff}---\nname: a\ndescription: d\n---\n",
    ] {
        assert_eq!(head(contents, "f"), None, "{contents}");
    }
    let crlf = head("---\r\nname: a\r\ndescription: d\r\n---\r\n", "f").unwrap();
    assert_eq!((&*crlf.name, &*crlf.description), ("a", "d"));
}

#[test]
fn names_are_bounded() {
    let named = |n: usize| read(&format!("name: {}\ndescription: d", "é".repeat(n)));
    assert!(named(MAX_NAME).is_some());
    assert!(named(MAX_NAME + 1).is_none());
}

#[test]
fn a_document_that_multiplies_itself_is_refused() {
    let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for n in 1..12 {
        let inside = vec![format!("*a{}", n - 1); 10].join(",");
        bomb.push_str(&format!("a{n}: &a{n} [{inside}]\n"));
    }
    assert_eq!(read(&format!("{bomb}description: d")), None);
    assert_eq!(
        tools(&format!("dependencies: {}", "[".repeat(100_000))),
        None
    );
}

#[test]
fn tools_are_those_that_say_what_they_are() {
    let all = tools(
        "dependencies:\n  tools:\n    - type: mcp\n      value: ' git  hub '\n      description: G\n      \
         transport: http\n      url: https://x/\n      other: 5\n    - type: ''\n      value: v\n    \
         - type: cli\n    - type: cli\n      value: jq\n      command: jq",
    )
    .unwrap();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        all,
        [
            Tool {
                kind: "mcp".to_owned(),
                value: "git hub".to_owned(),
                description: text("G"),
                transport: text("http"),
                command: None,
                url: text("https://x/"),
            },
            Tool {
                kind: "cli".to_owned(),
                value: "jq".to_owned(),
                description: None,
                transport: None,
                command: text("jq"),
                url: None,
            },
        ]
    );
    for none in [
        "",
        ": [",
        "dependencies: x",
        "dependencies: {}",
        "dependencies: {tools: []}",
        "dependencies: {tools: [{type: a, value: b}, 3]}",
        "policy: {}",
    ] {
        assert_eq!(tools(none), None, "{none}");
    }
}

#[test]
fn policies_name_known_products() {
    let stated = |allow, products: &[&'static str]| {
        Some(Policy {
            allow_implicit_invocation: allow,
            products: products.to_vec(),
        })
    };
    assert_eq!(policy("policy: {}"), stated(None, &[]));
    assert_eq!(
        policy("policy: {allow_implicit_invocation: false, products: [CODEX, atlas]}"),
        stated(Some(false), &["codex", "atlas"])
    );
    for none in [
        "",
        "policy: 3",
        "policy: {products: codex}",
        "policy: {products: [other]}",
        "policy: {allow_implicit_invocation: 'no'}",
        "dependencies: {}",
    ] {
        assert_eq!(policy(none), None, "{none}");
    }
}

proptest! {
    /// No text makes the readers panic, and what is offered is one line with a name that fits.
    #[test]
    fn any_text_is_survived(text in "(---\n)?[a-z:'\"\\[{&*!|>#\n -]{0,60}(\n---\n)?") {
        if let Some(head) = head(&text, "folder") {
            prop_assert!(!head.name.is_empty() && head.name.chars().count() <= MAX_NAME);
            prop_assert!(!head.description.is_empty() && !head.description.contains('\n'));
        }
        prop_assert_ne!(tools(&text), Some(Vec::new()));
        prop_assert!(policy(&text).is_none_or(|policy| policy.products.len() <= text.len()));
    }
}
