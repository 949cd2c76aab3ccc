use proptest::prelude::*;

use super::*;
use crate::config::testing::{leaves, tables};

fn table(text: &str) -> Table {
    text.parse().unwrap()
}

/// The versions are those that the reference gives the same contents.
#[test]
fn a_content_is_known_by_the_digest_of_its_sorted_json() {
    for (text, digest) in [
        (
            "",
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        ),
        (
            "# top\nmodel = 'm'\nzeta = 1\n[a.b]\nc = 2.5\nd = 'x'",
            "9380a09a7867ed630572be451be15ba8567bc2b1a7aa3dd5635c74bfb9cc369e",
        ),
        (
            "'é' = \"ü\\n\\u0001/\"\nd = 1979-05-27\nf = 1e3\nn = nan\nb = [1, { z = 1, a = 2 }]\n\
             g = 1e100\nh = 0.1\ni = -0.0",
            "4aea54dd9e80ab3cc519a35d48b8f1c68ee48d1d468d8f5021d1f112b67423c7",
        ),
    ] {
        assert_eq!(version(&table(text)), format!("sha256:{digest}"));
    }
}

#[test]
fn tables_are_merged_and_lists_replaced() {
    let low = table("m = 1\nnotify = ['a', 'b']\n[t]\nx = 1\ny = { z = 1 }\n[v]\na = 1");
    let high = table("notify = ['z']\nt.y = { w = [{ k = 1 }], e = {} }\nv = 3");
    let merged = merge(&[&low, &high]);
    assert_eq!(
        merged.table,
        table("m = 1\nnotify = ['z']\nv = 3\n[t]\nx = 1\ny = { z = 1, w = [{ k = 1 }], e = {} }")
    );
    let origins: Vec<_> = merged
        .origins
        .iter()
        .map(|(key, layer)| (key.as_str(), *layer))
        .collect();
    let expected = [
        ("m", 0),
        ("notify.0", 1),
        ("t.x", 0),
        ("t.y.w.0.k", 1),
        ("t.y.z", 0),
        ("v", 1),
    ];
    assert_eq!(origins, expected);
}

/// The naive model: overlay one table on another, in order.
fn overlay(low: &mut Table, high: &Table) {
    for (key, value) in high {
        match (low.get_mut(key), value) {
            (Some(Value::Table(low)), Value::Table(high)) => overlay(low, high),
            _ => {
                low.insert(key.clone(), value.clone());
            }
        }
    }
}

proptest! {
    #[test]
    fn merging_is_overlaying_in_order(layers in prop::collection::vec(tables(), 0..5)) {
        let merged = merge(&layers.iter().collect::<Vec<_>>());
        let mut model = Table::new();
        for layer in &layers {
            overlay(&mut model, layer);
        }
        prop_assert_eq!(&merged.table, &model);

        let expected = leaves(&model);
        prop_assert_eq!(merged.origins.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        for (key, index) in &merged.origins {
            let in_layer = |index: usize| leaves(&layers[index]).get(key).cloned();
            // The layer named says it, and none above it says anything else.
            prop_assert_eq!(in_layer(*index), expected.get(key).cloned());
            for higher in index + 1..layers.len() {
                prop_assert_eq!(in_layer(higher), None, "{} is also said in {}", key, higher);
            }
        }
    }
}
