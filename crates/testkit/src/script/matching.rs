//! Whether a message is what a script expects. Pure.

use serde_json::Value;

use crate::wire;

/// The values that holes have kept.
pub(super) type Kept = Vec<(String, String)>;

/// What is sent for a value of a script: the strings that stand for others are
/// replaced.
pub(super) fn spoken(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(literal(&text)),
        Value::Array(items) => items.into_iter().map(spoken).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, spoken(value)))
            .collect(),
        other => other,
    }
}

/// Compares; the error says where and how they differ.
pub(super) fn compare(
    expected: &Value,
    found: &Value,
    exact: bool,
    kept: &mut Kept,
) -> Result<(), String> {
    at("", expected, Some(found), exact, kept)
}

fn at(
    path: &str,
    expected: &Value,
    found: Option<&Value>,
    exact: bool,
    kept: &mut Kept,
) -> Result<(), String> {
    if let Value::String(text) = expected {
        return hole(path, text, found, kept);
    }
    let Some(found) = found else {
        return Err(format!("{path} is missing"));
    };
    match (expected, found) {
        (Value::Object(wanted), Value::Object(members)) => {
            for (name, value) in wanted {
                at(
                    &format!("{path}.{name}"),
                    value,
                    members.get(name),
                    exact,
                    kept,
                )?;
            }
            let extra = members
                .keys()
                .find(|name| exact && !wanted.contains_key(*name));
            extra.map_or(Ok(()), |name| Err(format!("{path}.{name} is one too many")))
        }
        (Value::Array(wanted), Value::Array(items)) => {
            if wanted.len() != items.len() {
                let (wanted, found) = (wanted.len(), items.len());
                return Err(format!("{path} has {found} items, not {wanted}"));
            }
            for (index, (value, item)) in wanted.iter().zip(items).enumerate() {
                at(&format!("{path}[{index}]"), value, Some(item), exact, kept)?;
            }
            Ok(())
        }
        _ if expected == found => Ok(()),
        _ => Err(format!("{path} is {found}, not {expected}")),
    }
}

fn hole(path: &str, text: &str, found: Option<&Value>, kept: &mut Kept) -> Result<(), String> {
    let inner = text
        .strip_prefix('<')
        .and_then(|text| text.strip_suffix('>'));
    let (kind, name) = match inner.map(|inner| inner.split_once(" as ").unwrap_or((inner, ""))) {
        Some(("absent", _)) => {
            return found.map_or(Ok(()), |found| {
                Err(format!("{path} is {found}, not absent"))
            });
        }
        Some((kind, name)) => (kind, name),
        None => ("", ""),
    };
    let Some(found) = found else {
        return Err(format!("{path} is missing"));
    };
    let fits = match kind {
        "any" => true,
        "string" => found.is_string(),
        "int" => found.is_i64() || found.is_u64(),
        "bool" => found.is_boolean(),
        "uuid" => found.as_str().is_some_and(is_uuid),
        _ => match kind.strip_prefix("glob:") {
            Some(glob) => found.as_str().is_some_and(|found| fits(glob, found)),
            None => found.as_str() == Some(&literal(text)),
        },
    };
    if !fits {
        return Err(format!("{path} is {found}, not {text:?}"));
    }
    if !name.is_empty() {
        let value = found
            .as_str()
            .map_or_else(|| found.to_string(), str::to_owned);
        kept.push((name.to_owned(), value));
    }
    Ok(())
}

/// The string that a string of a script stands for.
fn literal(text: &str) -> String {
    let inner = text
        .strip_prefix('<')
        .and_then(|text| text.strip_suffix('>'))
        .unwrap_or("");
    if let Some(bytes) = inner.strip_prefix("b64:") {
        return wire::encode(bytes.as_bytes());
    }
    if let Some((count, piece)) = inner
        .strip_prefix("fill:")
        .and_then(|rest| rest.split_once(':'))
        && let Ok(count) = count.parse()
    {
        return piece.repeat(count);
    }
    text.to_owned()
}

/// Whether `text` fits a pattern in which `*` stands for anything.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        let Some((_, after)) = rest.split_once(piece) else {
            return false;
        };
        rest = after;
    }
    true
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups
            .iter()
            .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differs(expected: &Value, found: &Value) -> Option<String> {
        compare(expected, found, false, &mut Kept::new()).err()
    }

    #[test]
    fn more_members_are_welcome_unless_it_is_exact() {
        let (expected, found) = (json!({ "a": 1 }), json!({ "a": 1, "b": 2 }));
        assert_eq!(differs(&expected, &found), None);
        let exact = compare(&expected, &found, true, &mut Kept::new());
        assert_eq!(exact, Err(".b is one too many".to_owned()));
    }

    #[test]
    fn a_difference_is_named_by_its_path() {
        let found = json!({ "a": [{ "b": 1 }] });
        let differs = |expected: Value| differs(&expected, &found);
        assert_eq!(
            differs(json!({ "a": [{ "b": 2 }] })).unwrap(),
            ".a[0].b is 1, not 2"
        );
        assert_eq!(differs(json!({ "c": "<any>" })).unwrap(), ".c is missing");
        assert_eq!(
            differs(json!({ "a": "<absent>" })).unwrap(),
            r#".a is [{"b":1}], not absent"#
        );
        assert_eq!(
            differs(json!({ "a": [] })).unwrap(),
            ".a has 1 items, not 0"
        );
    }

    #[test]
    fn holes_keep_what_fills_them() {
        let mut kept = Kept::new();
        let expected = json!({ "a": "<int as x>", "b": "<glob:a*c as y>", "c": "<b64:hi>" });
        let found = json!({ "a": 7, "b": "abc", "c": "aGk=" });
        compare(&expected, &found, false, &mut kept).unwrap();
        assert_eq!(kept, [("x".into(), "7".into()), ("y".into(), "abc".into())]);
    }

    #[test]
    fn a_pattern_fits_from_end_to_end() {
        for (pattern, text) in [
            ("a*c", "abc"),
            ("*", ""),
            ("a*b*c", "a-b-b-c"),
            ("abc", "abc"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("a*c", "abcd"),
            ("a*b*c", "acb"),
            ("abc", "abcd"),
            ("b*", "ab"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_sent_is_spelled_out() {
        let value = json!({ "a": ["<b64:hi>", "<fill:3:ab>", "<any>"] });
        assert_eq!(spoken(value), json!({ "a": ["aGk=", "ababab", "<any>"] }));
    }
}
