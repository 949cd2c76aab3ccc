//! What the command line says: `-c key=value`. Pure.

use toml::{Table, Value};

/// How many flags are taken: far more than anybody types.
pub const MAX_FLAGS: usize = 1024;

/// Why a flag was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    /// There is no `=` in it.
    #[error("Invalid override (missing '='): {0}")]
    NoValue(String),
    /// Nothing stands before the `=`.
    #[error("Empty key in override: {0}")]
    NoKey(String),
    /// There are too many.
    #[error("more than {MAX_FLAGS} overrides")]
    TooMany,
}

/// The table that `flags` make, the later ones over the earlier. A key is split at its dots, and
/// quotes mean nothing in it. A value that is not TOML is a text, without the quotes around it.
///
/// # Errors
///
/// The first flag that is none.
pub fn parse<S: AsRef<str>>(flags: &[S]) -> Result<Table, FlagError> {
    if flags.len() > MAX_FLAGS {
        return Err(FlagError::TooMany);
    }
    let mut table = Table::new();
    for flag in flags {
        let flag = flag.as_ref();
        let (key, value) = flag
            .split_once('=')
            .ok_or_else(|| FlagError::NoValue(flag.to_owned()))?;
        let key = key.trim();
        if key.is_empty() {
            return Err(FlagError::NoKey(flag.to_owned()));
        }
        set(&mut table, key, value_of(value.trim()));
    }
    Ok(table)
}

fn value_of(text: &str) -> Value {
    let parsed = format!("value = {text}").parse::<Table>();
    // More than one key means that the text went on after the value, over a line's end.
    match parsed.map(|mut table| (table.remove("value"), table.is_empty())) {
        Ok((Some(value), true)) => value,
        _ => Value::String(text.trim_matches(['"', '\'']).to_owned()),
    }
}

/// Sets `key`, and makes tables of whatever stands in the way.
fn set(table: &mut Table, key: &str, value: Value) {
    let Some((first, rest)) = key.split_once('.') else {
        table.insert(key.to_owned(), value);
        return;
    };
    let below = table
        .entry(first)
        .or_insert_with(|| Value::Table(Table::new()));
    if !below.is_table() {
        *below = Value::Table(Table::new());
    }
    if let Value::Table(below) = below {
        set(below, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_toml_or_bare_text() {
        let flags = [
            "model=\"cli\"",
            "review_model=bare",
            "a.b.c=[1,2]",
            "zz2 = 3",
            "mcp_servers.\"q r\".command=x",
            "t={a=1}",
            "t.b=2",
            "dd=1979-05-27",
            "f=1e3",
            "s= sp aced ",
            "q=\"un",
            "emp=",
            "eq=a=b",
            "notify=not valid [",
            "two=1\nother=2",
            "a..b=1",
            "model.x=1",
        ];
        let expected = "
            review_model = 'bare'
            a.b.c = [1, 2]
            a.''.b = 1
            zz2 = 3
            mcp_servers.'\"q r\"'.command = 'x'
            t = { a = 1, b = 2 }
            dd = 1979-05-27
            f = 1000.0
            s = 'sp aced'
            q = 'un'
            emp = ''
            eq = 'a=b'
            notify = 'not valid ['
            two = \"1\\nother=2\"
            model.x = 1";
        assert_eq!(parse(&flags).unwrap(), expected.parse().unwrap());
    }

    #[test]
    fn what_is_no_flag_is_refused() {
        assert_eq!(parse(&["zz"]), Err(FlagError::NoValue("zz".to_owned())));
        assert_eq!(parse(&["=1"]), Err(FlagError::NoKey("=1".to_owned())));
        assert_eq!(parse(&[" =1"]), Err(FlagError::NoKey(" =1".to_owned())));
        let many = vec!["a=1"; MAX_FLAGS];
        assert!(parse(&many).is_ok());
        assert_eq!(parse(&vec!["a=1"; MAX_FLAGS + 1]), Err(FlagError::TooMany));
    }
}
