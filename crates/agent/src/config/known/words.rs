//! The words in which a value is refused.

use toml::Value;

use super::{Kind, Variant};

/// A choice that is none.
pub(super) fn unknown_variant(name: &str, variants: &[Variant]) -> String {
    let names: Vec<_> = variants
        .iter()
        .map(|variant| format!("`{}`", variant.name))
        .collect();
    let expected = match &names[..] {
        [one] => one.clone(),
        [one, other] => format!("{one} or {other}"),
        many => format!("one of {}", many.join(", ")),
    };
    format!("unknown variant `{name}`, expected {expected}")
}

/// What stands there.
pub(super) fn unexpected(value: &Value) -> String {
    match value {
        Value::String(text) => format!("string {text:?}"),
        Value::Integer(number) => format!("integer `{number}`"),
        Value::Float(number) => format!("floating point `{number:?}`"),
        Value::Boolean(truth) => format!("boolean `{truth}`"),
        Value::Datetime(_) | Value::Table(_) => "map".to_owned(),
        Value::Array(_) => "sequence".to_owned(),
    }
}

/// What may stand there.
pub(super) fn expected(kind: &Kind) -> String {
    match kind {
        Kind::Bool => "a boolean".to_owned(),
        Kind::Text | Kind::Enum(_) | Kind::Any => "a string".to_owned(),
        Kind::Path => "path string".to_owned(),
        Kind::Int { name, .. } | Kind::Float(name) | Kind::Either(name, _) => name.clone(),
        Kind::Table | Kind::Map(_) => "a map".to_owned(),
        Kind::Keys => "a keybinding string or a list of keybinding strings".to_owned(),
        Kind::List(_) => "a sequence".to_owned(),
        Kind::Shape(name) => format!("struct {name}"),
    }
}
