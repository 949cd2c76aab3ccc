use proptest::prelude::*;

use super::*;
use crate::config::testing::{keys, tables, values};

/// `text` with `value` at `path`; a JSON null takes away.
fn edit(text: &str, path: &str, value: &str, strategy: MergeStrategy) -> Result<String, EditError> {
    let edit = Edit {
        key_path: path.to_owned(),
        value: serde_json::from_str(value).unwrap(),
        strategy,
    };
    apply(text, &edit.understand()?)
}

use MergeStrategy::{Replace, Upsert};

/// A text, a path, the value for it, how it meets what is there, and the text that comes of it.
const CASES: [(&str, &str, &str, MergeStrategy, &str); 31] = [
    // A value in its place, its comment kept.
    (
        "m = 'a' # c\nz = 1\n",
        "m",
        r#""b""#,
        Replace,
        "m = \"b\" # c\nz = 1\n",
    ),
    ("m = 1", "m", "2", Replace, "m = 2"),
    (
        "x = [\n 1, # one\n]\ny=1\n",
        "x",
        "[2]",
        Replace,
        "x = [2]\ny=1\n",
    ),
    // Taken away, with its comment; what stands above stays.
    (
        "# head\n\nm = 1 # c\n# z\nz = 1\n",
        "m",
        "null",
        Replace,
        "# head\n\n# z\nz = 1\n",
    ),
    ("m = 1\n", "nothere.x", "null", Replace, "m = 1\n"),
    ("m = 1\n", "m.x", "null", Replace, "m = 1\n"),
    (
        "a.b.c = 1\na.b.d = 2\nz = 1\n",
        "a.b",
        "null",
        Replace,
        "z = 1\n",
    ),
    (
        "t = 1\n\n[a]\nx = 1\n\n[b]\ny = 1\n",
        "a",
        "null",
        Replace,
        "t = 1\n\n[b]\ny = 1\n",
    ),
    (
        "[t]\n[t.u]\nx=1\n",
        "t.u.x",
        "null",
        Replace,
        "[t]\n[t.u]\n",
    ),
    // A new entry behind the last one of its table.
    ("", "m", "1", Replace, "m = 1\n"),
    ("# only\n", "m", "1", Replace, "# only\nm = 1\n"),
    (
        "# c\n[t]\nx = 1\n",
        "m",
        "1",
        Replace,
        "m = 1\n# c\n[t]\nx = 1\n",
    ),
    (
        "z = 1 # z\n\n[t]\nx = 1\n",
        "m",
        "1",
        Replace,
        "z = 1 # z\nm = 1\n\n[t]\nx = 1\n",
    ),
    (
        "[t]\nx = 1\n# end\n[u]\n",
        "t.y",
        "2",
        Replace,
        "[t]\nx = 1\ny = 2\n# end\n[u]\n",
    ),
    ("[t]", "t.y", "2", Replace, "[t]\ny = 2\n"),
    (
        "a.b.c = 1\nz = 1\n",
        "a.b.e",
        "3",
        Replace,
        "a.b.c = 1\na.b.e = 3\nz = 1\n",
    ),
    (
        "[t]\na.b = 1\n",
        "t.a.c.d",
        "3",
        Replace,
        "[t]\na.b = 1\na.c.d = 3\n",
    ),
    // A new table as a section.
    ("m = 1", "t.u.x", "1", Replace, "m = 1\n\n[t.u]\nx = 1\n"),
    (
        "[t.u]\nx=1\n",
        "t.w",
        "1",
        Replace,
        "[t.u]\nx=1\n\n[t]\nw = 1\n",
    ),
    (
        "",
        r#"projects."/a b""#,
        r#"{"trust_level": "trusted", "x": {"y": [{"z": 1}]}}"#,
        Replace,
        "[projects.\"/a b\"]\ntrust_level = \"trusted\"\n\n\
             [projects.\"/a b\".x]\ny = [{ z = 1 }]\n",
    ),
    ("", "t", "{}", Replace, "[t]\n"),
    // A table into a table, and for one.
    (
        "[t]\n# x\nx = 1\ny = 2\n",
        "t",
        r#"{"y":3,"z":4}"#,
        Upsert,
        "[t]\n# x\nx = 1\ny = 3\nz = 4\n",
    ),
    (
        "[t]\n# x\nx = 1\ny = 2\n",
        "t",
        r#"{"y":3}"#,
        Replace,
        "[t]\n# x\ny = 3\n",
    ),
    (
        "[[l]]\nk=1\n[[l]]\nk=2\n",
        "l",
        r#"[{"k":3}]"#,
        Upsert,
        "l = [{ k = 3 }]\n",
    ),
    ("a = 3\n", "a", r#"{"b":1}"#, Upsert, "[a]\nb = 1\n"),
    ("z = 1\n[a]\nb = 1\n", "a", "3", Upsert, "z = 1\na = 3\n"),
    // Within a value.
    (
        "a = { x = 1, y = { z = 2 } } # c\n",
        "a.y.z",
        "6",
        Replace,
        "a = { x = 1, y = { z = 6 } } # c\n",
    ),
    ("a = { x = 1 }\n", "a.x", "null", Replace, "a = {}\n"),
    (
        "a = { x = 1 }\n",
        "a",
        r#"{"y":2}"#,
        Upsert,
        "a = { x = 1, y = 2 }\n",
    ),
    // Line ends and the mark at the beginning stay.
    (
        "m = 1\r\n# c\r\n[t]\r\n",
        "n",
        "1",
        Replace,
        "m = 1\r\nn = 1\r\n# c\r\n[t]\r\n",
    ),
    ("\u{feff}m = 1\n", "m", "2", Replace, "\u{feff}m = 2\n"),
];

#[test]
fn only_the_place_of_the_change_is_written() {
    for (text, path, value, strategy, expected) in CASES {
        let edited = edit(text, path, value, strategy);
        assert_eq!(edited.as_deref(), Ok(expected), "{text:?} {path} = {value}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let refused = |text, path, value| edit(text, path, value, Replace).unwrap_err();
    assert_eq!(refused("t = 1\n", "t.x", "1"), EditError::NotATable);
    assert_eq!(
        refused("[[l]]\nk = 1\n", "l.0.k", "2"),
        EditError::NotATable
    );
    assert_eq!(
        refused("t = { a = 1 }\n", "t.a.b", "2"),
        EditError::NotATable
    );
    assert_eq!(refused("", "a..b", "1"), KeyPathError::EmptySegment.into());
    assert_eq!(refused("", "a", "[null]"), NotToml::Null.into());
    assert_eq!(refused("not toml", "a", "1"), EditError::Unwritable);
}

/// A document as people write them: sections, dotted keys, inline tables, comments.
fn documents() -> impl Strategy<Value = String> {
    let entry = || (keys(), values(), "( # [a-z]{1,3})?");
    let section = (
        prop::collection::vec(keys(), 1..4),
        prop::collection::vec(entry(), 0..3),
        "(# [a-z]{1,4}\n|\n)?",
    );
    let line = |(key, value, comment): &(String, Value, String)| {
        format!("{} = {value}{comment}\n", toml_edit::Key::new(key.as_str()))
    };
    let dotted = (keys(), keys(), values());
    (
        prop::collection::vec(entry(), 0..3),
        prop::collection::vec(dotted, 0..3),
        prop::collection::vec(section, 0..4),
        any::<bool>(),
    )
        .prop_map(move |(entries, dotted, sections, crlf)| {
            let mut text = String::new();
            let mut keep = |addition: String| {
                let longer = format!("{text}{addition}");
                if longer.parse::<Table>().is_ok() {
                    text = longer;
                }
            };
            for entry in &entries {
                keep(line(entry));
            }
            for (first, second, value) in &dotted {
                let key = |key: &str| toml_edit::Key::new(key).to_string();
                keep(format!("{}.{} = {value}\n", key(first), key(second)));
            }
            for (path, entries, above) in &sections {
                let keys: Vec<_> = path
                    .iter()
                    .map(|key| toml_edit::Key::new(key.as_str()).to_string())
                    .collect();
                keep(format!("{above}[{}]\n", keys.join(".")));
                for entry in entries {
                    keep(line(entry));
                }
            }
            if crlf {
                text.replace('\n', "\r\n")
            } else {
                text
            }
        })
        .prop_filter(
            "one with a line end in a text may not survive this",
            |text| text.parse::<Table>().is_ok(),
        )
}

fn changes() -> impl Strategy<Value = Change> {
    let value = prop_oneof![1 => Just(None), 4 => values().prop_map(Some)];
    let strategy = prop_oneof![Just(Replace), Just(Upsert)];
    (prop::collection::vec(keys(), 1..4), value, strategy).prop_map(|(path, value, strategy)| {
        Change {
            path,
            value,
            strategy,
        }
    })
}

/// The lines of `text` that are nothing but a comment.
fn comments(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with('#')).collect()
}

proptest! {
    #[test]
    fn what_was_written_is_read_and_all_else_is_as_before(
        text in documents(),
        change in changes(),
    ) {
        let before: Table = text.parse().unwrap();
        let changed = match apply(&text, &change) {
            Ok(changed) => changed,
            // Refused only where a value is in the way.
            Err(error) => {
                prop_assert_eq!(error, EditError::NotATable, "{}", text);
                prop_assert!(place::check_way(&before, &change.path).is_err());
                return Ok(());
            }
        };
        let after: Table = changed.parse().unwrap();
        let found = find(&after, &change.path);
        match (&change.value, change.strategy) {
            (None, _) => prop_assert_eq!(found, None),
            (Some(value), Replace) => prop_assert_eq!(found, Some(value)),
            (Some(value), Upsert) => {
                prop_assert_eq!(Some(&overlay(found.unwrap(), value)), found);
            }
        }
        let others = |table: &Table| {
            let mut table = table.clone();
            expect(&mut table, &Change { value: None, ..change.clone() });
            without_empty(&table)
        };
        prop_assert_eq!(others(&before), others(&after));
    }

    /// A value takes the place of another, or its lines go; every other byte stays.
    #[test]
    fn a_change_of_one_value_changes_one_line(text in documents(), value in any::<i64>()) {
        let before: Table = text.parse().unwrap();
        for (key, old) in &before {
            if old.is_table() || old.is_array() {
                continue;
            }
            let change = |value| Change {
                path: vec![key.clone()],
                value,
                strategy: Replace,
            };
            let changed = apply(&text, &change(Some(Value::Integer(value)))).unwrap();
            prop_assert_eq!(comments(&changed), comments(&text));
            let same_start = text.bytes().zip(changed.bytes()).take_while(|(a, b)| a == b).count();
            let same_end = text.bytes().rev().zip(changed.bytes().rev())
                .take_while(|(a, b)| a == b).count();
            let rendered = old.to_string().len().max(value.to_string().len());
            prop_assert!(same_start + same_end + rendered >= text.len().max(changed.len()));

            let removed = apply(&text, &change(None)).unwrap();
            prop_assert_eq!(comments(&removed), comments(&text));
            let gone = text.lines().count() - removed.lines().count();
            prop_assert_eq!(gone, 1 + old.to_string().matches('\n').count());
        }
    }

    /// A new setting adds lines, and leaves those there are as they were, in their order.
    #[test]
    fn a_new_setting_only_adds_lines(text in documents(), change in changes()) {
        let layout = crate::config::document::Layout::parse(&text).unwrap();
        let (depth, table) = layout.descend(&change.path);
        if depth == change.path.len() || table.contains_key(&change.path[depth]) {
            return Ok(());
        }
        let Ok(changed) = apply(&text, &change) else {
            return Err(TestCaseError::fail("nothing is in the way"));
        };
        let mut lines = changed.lines();
        for line in text.lines() {
            prop_assert!(lines.any(|kept| kept == line), "{line:?} is not in {changed}");
        }
    }

    /// A change and then its opposite leave a document that says the same.
    #[test]
    fn writing_back_undoes(base in tables(), path in keys(), value in values()) {
        let text = base.to_string();
        let change = |value| Change {
            path: vec![path.clone()],
            value,
            strategy: Replace,
        };
        let there = apply(&text, &change(Some(value))).unwrap();
        let back = apply(&there, &change(base.get(&path).cloned())).unwrap();
        prop_assert_eq!(without_empty(&back.parse().unwrap()), without_empty(&base));
    }
}
