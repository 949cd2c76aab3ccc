//! TypeScript from JSON Schema. Pure.
//!
//! What is printed is the part of JSON Schema that the types make; a keyword beside it is an
//! error, so that nothing is printed that says less than was meant. Texts of types become comments.

use std::fmt::{self, Write};

use serde_json::{Map, Value};

/// A schema that has no TypeScript here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprintable {
    what: String,
}

/// Says nothing about the type in TypeScript's terms.
const SILENT: [&str; 12] = [
    "$schema",
    "title",
    "description",
    "default",
    "format",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "maxProperties",
    "contentEncoding",
    "deprecated",
];

type Printed = Result<String, Unprintable>;

/// A document: its types, then what is said of each method.
pub(super) fn print(document: &Value) -> Printed {
    let mut out = format!("// {}.\n\n", text(document, "title"));
    for (name, schema) in members(document, "definitions") {
        comment(&mut out, "", schema);
        let printed = of(schema, "")?;
        _ = writeln!(out, "export type {name} = {printed};\n");
    }
    let of_all = document["oneOf"].as_array().into_iter().flatten();
    let (mut requests, mut notifications) = (String::new(), String::new());
    for message in of_all {
        let properties = &message["properties"];
        let Some(name) = properties["method"]["enum"][0].as_str() else {
            continue;
        };
        let params = of(&properties["params"], "  ")?;
        let list = if properties.get("id").is_some() {
            &mut requests
        } else {
            &mut notifications
        };
        _ = writeln!(list, "  {}: {params};", quoted(name));
    }
    let mut answers = String::new();
    for (name, answer) in members(document, "answers") {
        let answer = of(&answer["properties"]["result"], "  ")?;
        _ = writeln!(answers, "  {}: {answer};", quoted(name));
    }
    for (name, what, list) in [
        ("Requests", "Parameters by their methods.", requests),
        ("Answers", "Results by the methods they answer.", answers),
        ("Notifications", "Parameters by their names.", notifications),
    ] {
        if !list.is_empty() {
            _ = writeln!(out, "/** {what} */\nexport interface {name} {{\n{list}}}\n");
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    Ok(out)
}

/// The type that a schema is; `indent` stands before each of its further lines.
fn of(schema: &Value, indent: &str) -> Printed {
    let Value::Object(schema) = schema else {
        return match schema {
            Value::Bool(true) => Ok("unknown".to_owned()),
            other => Err(unprintable(other)),
        };
    };
    let mut parts = Vec::new();
    for (keyword, value) in schema {
        match keyword.as_str() {
            "$ref" => parts.push(reference(value)?),
            "oneOf" | "anyOf" => parts.push(joined(value, " | ", indent)?),
            "allOf" => parts.push(joined(value, " & ", indent)?),
            "enum" => parts.push(names(value)?),
            "type" if schema.contains_key("enum") => {}
            "type" => parts.push(kinds(schema, value, indent)?),
            // Told of together with the type.
            "properties" | "required" | "additionalProperties" | "items"
                if schema.contains_key("type") => {}
            silent if SILENT.contains(&silent) => {}
            _ => return Err(unprintable(&Value::Object(schema.clone()))),
        }
    }
    Ok(match parts.len() {
        0 => "unknown".to_owned(),
        1 => parts.remove(0),
        _ => parts
            .iter()
            .map(|part| grouped(part))
            .collect::<Vec<_>>()
            .join(" & "),
    })
}

fn reference(value: &Value) -> Printed {
    let name = value.as_str().and_then(|path| path.rsplit('/').next());
    name.map(ToOwned::to_owned)
        .ok_or_else(|| unprintable(value))
}

fn joined(parts: &Value, sign: &str, indent: &str) -> Printed {
    let parts = parts.as_array().ok_or_else(|| unprintable(parts))?;
    let mut all = Vec::new();
    for part in parts {
        let part = match sign {
            " & " => grouped(&of(part, indent)?),
            _ => of(part, indent)?,
        };
        if !all.contains(&part) {
            all.push(part);
        }
    }
    Ok(all.join(sign))
}

fn names(values: &Value) -> Printed {
    let values = values.as_array().ok_or_else(|| unprintable(values))?;
    let values: Vec<_> = values.iter().map(ToString::to_string).collect();
    Ok(values.join(" | "))
}

fn kinds(schema: &Map<String, Value>, kinds: &Value, indent: &str) -> Printed {
    let one = |kind: &Value| match kind.as_str() {
        Some("null") => Ok("null".to_owned()),
        Some("boolean") => Ok("boolean".to_owned()),
        Some("string") => Ok("string".to_owned()),
        Some("integer" | "number") => Ok("number".to_owned()),
        Some("array") => {
            let items = schema.get("items").unwrap_or(&Value::Bool(true));
            Ok(format!("Array<{}>", of(items, indent)?))
        }
        Some("object") => object(schema, indent),
        _ => Err(unprintable(kind)),
    };
    match kinds {
        Value::Array(kinds) => {
            let kinds: Result<Vec<_>, _> = kinds.iter().map(one).collect();
            Ok(kinds?.join(" | "))
        }
        kind => one(kind),
    }
}

fn object(schema: &Map<String, Value>, indent: &str) -> Printed {
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object);
    let properties = properties.unwrap_or(&none);
    let more = match schema.get("additionalProperties") {
        None | Some(Value::Bool(_)) => None,
        Some(more) => Some(of(more, indent)?),
    };
    if properties.is_empty() {
        return Ok(match (more, schema.get("additionalProperties")) {
            (Some(more), _) => format!("Record<string, {more}>"),
            (None, Some(Value::Bool(true))) => "Record<string, unknown>".to_owned(),
            (None, _) => "Record<string, never>".to_owned(),
        });
    }
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
    let deeper = format!("{indent}  ");
    let mut out = "{\n".to_owned();
    for (name, of_it) in properties {
        comment(&mut out, &deeper, of_it);
        let mark = if is_required(name) { "" } else { "?" };
        let printed = of(of_it, &deeper)?;
        _ = writeln!(out, "{deeper}{}{mark}: {printed};", key(name));
    }
    _ = write!(out, "{indent}}}");
    Ok(match more {
        Some(more) => format!("{out} & Record<string, {more}>"),
        None => out,
    })
}

/// The text of a type, as a comment before it.
fn comment(out: &mut String, indent: &str, schema: &Value) {
    let said = text(schema, "description").replace("*/", "* /");
    if said.is_empty() {
        return;
    }
    let lines: Vec<_> = said.lines().map(str::trim_end).collect();
    match lines.as_slice() {
        [line] => _ = writeln!(out, "{indent}/** {line} */"),
        lines => {
            _ = writeln!(out, "{indent}/**");
            for line in lines {
                _ = writeln!(out, "{}", format!("{indent} * {line}").trim_end());
            }
            _ = writeln!(out, "{indent} */");
        }
    }
}

/// The name of a member, in quotes where it needs them.
fn key(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    if name.chars().all(plain)
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
    {
        name.to_owned()
    } else {
        quoted(name)
    }
}

fn quoted(name: &str) -> String {
    Value::from(name).to_string()
}

/// In parentheses, where a sign beside it would bind it wrongly.
fn grouped(part: &str) -> String {
    if part.contains(" | ") {
        format!("({part})")
    } else {
        part.to_owned()
    }
}

fn members<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value[name].as_object().into_iter().flatten()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn unprintable(schema: &Value) -> Unprintable {
    Unprintable {
        what: schema.to_string(),
    }
}

impl fmt::Display for Unprintable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no TypeScript for {}", self.what)
    }
}

impl std::error::Error for Unprintable {}

#[cfg(test)]
mod tests;
