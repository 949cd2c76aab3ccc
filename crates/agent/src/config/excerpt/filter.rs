//! Cutting a table down to some keys. Pure.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// The wanted keys, as a tree of segments.
#[derive(Debug, Default)]
pub(super) struct Selection {
    /// Everything from here on is wanted; then there are no children.
    whole: bool,
    children: BTreeMap<String, Self>,
}

impl Selection {
    /// The keys that `paths` lead to, each with all that is below it.
    pub(super) fn of(paths: &[Vec<String>]) -> Self {
        let mut root = Self::default();
        for path in paths {
            root.add(path);
        }
        root
    }

    fn add(&mut self, path: &[String]) {
        let mut node = self;
        for segment in path {
            if node.whole {
                return;
            }
            node = node.children.entry(segment.clone()).or_default();
        }
        node.whole = true;
        node.children.clear();
    }

    /// What is wanted of `table`; `None` if nothing is. A value met on the way to a wanted key is
    /// kept whole, and a table on that way is kept even if nothing is left in it: both decide
    /// about that key.
    pub(super) fn apply(&self, table: &Table) -> Option<Table> {
        let kept = self.table(table);
        (self.whole || !kept.is_empty()).then_some(kept)
    }

    fn table(&self, table: &Table) -> Table {
        if self.whole {
            return table.clone();
        }
        let wanted = |(key, value): (&String, &Value)| {
            let value = match (value, self.children.get(key)?) {
                (Value::Table(table), child) => Value::Table(child.table(table)),
                (other, _) => other.clone(),
            };
            Some((key.clone(), value))
        };
        table.iter().filter_map(wanted).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(table: &str, paths: &[&str]) -> Option<String> {
        let paths: Vec<Vec<_>> = paths
            .iter()
            .map(|path| path.split('.').map(String::from).collect())
            .collect();
        Some(
            Selection::of(&paths)
                .apply(&table.parse().unwrap())?
                .to_string(),
        )
    }

    #[test]
    fn wanted_keys_are_kept_as_they_are() {
        let table = "a = 1\nwhen = 2020-01-01\nt = { x = 1, u = { y = [1, { z = 2 }] } }";
        let cases = [
            (&["a"][..], Some("a = 1\n")),
            (&["when"], Some("when = 2020-01-01\n")),
            (&["t.u"], Some("[t.u]\ny = [1, { z = 2 }]\n")),
            (&["t.none"], Some("[t]\n")),
            (&["a.deeper"], Some("a = 1\n")),
            (
                &["t.x", "t"],
                Some("[t]\nx = 1\n\n[t.u]\ny = [1, { z = 2 }]\n"),
            ),
            (
                &["t", "t.x"],
                Some("[t]\nx = 1\n\n[t.u]\ny = [1, { z = 2 }]\n"),
            ),
            (&["none", ""], None),
            (&[], None),
        ];
        for (paths, expected) in cases {
            assert_eq!(cut(table, paths).as_deref(), expected, "{paths:?}");
        }
    }

    fn tables() -> impl Strategy<Value = Table> {
        let leaf = any::<i64>().prop_map(Value::Integer);
        let value = leaf.prop_recursive(3, 20, 4, |inner| {
            prop::collection::btree_map("[a-c]", inner, 0..4)
                .prop_map(|table| Value::Table(table.into_iter().collect()))
        });
        prop::collection::btree_map("[a-c]", value, 0..4)
            .prop_map(|table| table.into_iter().collect())
    }

    fn get<'a>(table: &'a Table, path: &[String]) -> Option<&'a Value> {
        let (first, rest) = path.split_first()?;
        rest.iter()
            .try_fold(table.get(first)?, |value, key| value.get(key))
    }

    proptest! {
        /// Asked path by path: what was wanted is there unchanged, and applying the same
        /// selection again changes nothing.
        #[test]
        fn nothing_wanted_is_lost(
            table in tables(),
            paths in prop::collection::vec(prop::collection::vec("[a-c]", 1..4), 0..5),
        ) {
            let selection = Selection::of(&paths);
            let kept = selection.apply(&table).unwrap_or_default();
            for path in &paths {
                prop_assert_eq!(get(&kept, path), get(&table, path));
            }
            for key in kept.keys() {
                prop_assert!(paths.iter().any(|path| &path[0] == key));
            }
            prop_assert_eq!(selection.apply(&kept).unwrap_or_default(), kept);
        }
    }
}
