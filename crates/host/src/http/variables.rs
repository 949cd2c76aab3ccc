//! Environment variables that headers may carry.
//!
//! A client may ask that a header's value end with a variable of this computer, so that it can
//! use a secret without seeing it. Only variables the operator named can be had that way; their
//! values are read once, and never shown by [`Debug`](std::fmt::Debug).

use std::{collections::BTreeMap, fmt};

/// The allow list, with the values found. Empty by default.
#[derive(Clone, Default)]
pub struct HeaderVariables {
    /// `None`: allowed, but not set, or not text.
    values: BTreeMap<String, Option<String>>,
}

/// What the allow list says about one variable.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lookup<'a> {
    Value(&'a str),
    Missing,
    NotAllowed,
}

impl HeaderVariables {
    /// Allows `names`, with the values this process was started with.
    pub fn from_process(names: impl IntoIterator<Item = String>) -> Self {
        Self::from_values(names.into_iter().map(|name| {
            let value = std::env::var_os(&name).and_then(|value| value.into_string().ok());
            (name, value)
        }))
    }

    /// Allows the given names, with the given values (`None`: not set).
    pub fn from_values(values: impl IntoIterator<Item = (String, Option<String>)>) -> Self {
        Self {
            values: values.into_iter().collect(),
        }
    }

    pub(super) fn get(&self, name: &str) -> Lookup<'_> {
        match self.values.get(name) {
            Some(Some(value)) => Lookup::Value(value),
            Some(None) => Lookup::Missing,
            None => Lookup::NotAllowed,
        }
    }
}

impl fmt::Debug for HeaderVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_allowed_variables_are_found() {
        let names = ["PATH", "OUTPOST_TEST_UNSET"].map(String::from);
        let variables = HeaderVariables::from_process(names);
        let path = std::env::var("PATH").unwrap();
        assert_eq!(variables.get("PATH"), Lookup::Value(&path));
        assert_eq!(variables.get("OUTPOST_TEST_UNSET"), Lookup::Missing);
        assert_eq!(variables.get("HOME"), Lookup::NotAllowed);
        assert_eq!(variables.get(""), Lookup::NotAllowed);
    }

    #[test]
    fn debug_shows_no_value() {
        let variables =
            HeaderVariables::from_values([("TOKEN".to_owned(), Some("secret".to_owned()))]);
        assert_eq!(format!("{variables:?}"), r#"{"TOKEN"}"#);
    }
}
