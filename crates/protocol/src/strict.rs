//! One walk over a JSON value that refuses what two parsers could read differently or what would
//! cost too much: repeated keys, too many values, too deep nesting.
//!
//! It builds nothing. The numbers and the words are the reference's.

use std::{collections::HashSet, fmt};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Values a message may hold: objects, arrays, strings, numbers, booleans and nulls, keys not
/// counted.
pub(crate) const MAX_VALUES: usize = 262_144;

/// Containers that may be open at the same time in a whole message, its own object included.
/// It is serde_json's own limit; stated here because a part of a message has that much less.
pub(crate) const MAX_DEPTH: usize = 127;

/// Keys compared one by one before a set is built.
const FEW_KEYS: usize = 8;

/// Walks one JSON text; the error has the decoder's words with line and column.
pub(crate) fn check(text: &str, budget: &mut Budget) -> Result<(), serde_json::Error> {
    let mut decoder = serde_json::Deserializer::from_str(text);
    Walk { budget }.deserialize(&mut decoder)?;
    decoder.end()
}

/// What a message may still hold.
#[derive(Debug)]
pub(crate) struct Budget {
    values: usize,
    depth: usize,
}

struct Walk<'b> {
    budget: &'b mut Budget,
}

/// A key, borrowed where it has no escapes.
enum Key<'a> {
    Borrowed(&'a str),
    Owned(String),
}

/// The keys of one object so far.
#[derive(Default)]
struct Keys<'a> {
    few: Vec<Key<'a>>,
    many: HashSet<String>,
}

// === impl Budget ===

impl Budget {
    /// For a whole message, or with `open` containers around it already.
    pub(crate) fn new(open: usize) -> Self {
        Self {
            values: MAX_VALUES - open,
            depth: MAX_DEPTH - open,
        }
    }

    fn take<E: de::Error>(&mut self) -> Result<(), E> {
        self.values = self.values.checked_sub(1).ok_or_else(|| {
            E::custom(format_args!(
                "JSON-RPC message exceeds the limit of {MAX_VALUES} JSON values"
            ))
        })?;
        Ok(())
    }

    fn enter<E: de::Error>(&mut self) -> Result<(), E> {
        self.depth = self
            .depth
            .checked_sub(1)
            .ok_or_else(|| E::custom("recursion limit exceeded"))?;
        Ok(())
    }
}

// === impl Walk ===

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, decoder: D) -> Result<(), D::Error> {
        decoder.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        self.budget.take()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        self.budget.take()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        self.budget.take()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        self.budget.take()
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        self.budget.take()
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.budget.take()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.budget.take()?;
        self.budget.enter()?;
        while seq
            .next_element_seed(Walk {
                budget: self.budget,
            })?
            .is_some()
        {}
        self.budget.depth += 1;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.budget.take()?;
        self.budget.enter()?;
        let mut keys = Keys::default();
        while let Some(key) = map.next_key_seed(KeySeed)? {
            if !keys.insert(&key) {
                return Err(de::Error::custom(format_args!(
                    "duplicate JSON object key `{}`",
                    key.as_str()
                )));
            }
            keys.keep(key);
            map.next_value_seed(Walk {
                budget: self.budget,
            })?;
        }
        self.budget.depth += 1;
        Ok(())
    }
}

// === impl Keys ===

impl<'a> Keys<'a> {
    /// Whether the key is new.
    fn insert(&mut self, key: &Key<'_>) -> bool {
        let key = key.as_str();
        if self.many.is_empty() {
            return self.few.iter().all(|known| known.as_str() != key);
        }
        !self.many.contains(key)
    }

    fn keep(&mut self, key: Key<'a>) {
        if !self.many.is_empty() {
            self.many.insert(key.into_string());
        } else if self.few.len() < FEW_KEYS {
            self.few.push(key);
        } else {
            self.many.extend(self.few.drain(..).map(Key::into_string));
            self.many.insert(key.into_string());
        }
    }
}

impl Key<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(key) => key,
            Self::Owned(key) => key,
        }
    }

    fn into_string(self) -> String {
        match self {
            Self::Borrowed(key) => key.to_owned(),
            Self::Owned(key) => key,
        }
    }
}

struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key<'de>;

    fn deserialize<D: Deserializer<'de>>(self, decoder: D) -> Result<Key<'de>, D::Error> {
        decoder.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
        Ok(Key::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
        Ok(Key::Owned(key.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        check(text, &mut Budget::new(0)).map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn j03_a_repeated_key_is_refused_at_any_depth_however_it_is_written() {
        assert_eq!(
            refusal(r#"{"a":1,"a":2}"#),
            "duplicate JSON object key `a` at line 1 column 10"
        );
        assert_eq!(
            refusal(r#"[{"x":{"b":1,"\u0062":2}}]"#),
            "duplicate JSON object key `b` at line 1 column 21"
        );
        let many = (0..20)
            .map(|i| format!("\"k{i}\":0"))
            .collect::<Vec<_>>()
            .join(",");
        assert_eq!(refusal(&format!("{{{many}}}")), "");
        assert!(
            refusal(&format!("{{{many},\"k3\":1}}")).starts_with("duplicate JSON object key `k3`")
        );
        assert!(refusal(&format!("{{{many},\"k19\":1}}")).starts_with("duplicate"));
    }

    #[test]
    fn nesting_and_count_are_bounded_at_the_reference_numbers() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert_eq!(refusal(&nested(MAX_DEPTH)), "");
        assert!(refusal(&nested(MAX_DEPTH + 1)).starts_with("recursion limit exceeded"));
        assert!(refusal(&nested(100_000)).starts_with("recursion limit exceeded"));
        let values = |n: usize| format!("[{}]", vec!["0"; n - 1].join(","));
        assert_eq!(refusal(&values(MAX_VALUES)), "");
        assert!(
            refusal(&values(MAX_VALUES + 1)).contains("exceeds the limit of 262144 JSON values")
        );
    }
}
