use proptest::prelude::*;

use super::*;

fn manifest(json: &str) -> Map<String, Value> {
    parse(json).unwrap()
}

#[test]
fn a_plugin_declares_files_below_its_folder() {
    let above = "path must remain below the capability root";
    let cases = [
        (r#"{}"#, Declared::Usual),
        (r#"{"k":null}"#, Declared::Usual),
        (r#"{"k":["./a"]}"#, Declared::Usual),
        (
            r#"{"k":"./a/b.json"}"#,
            Declared::File(Path::new("a/b.json")),
        ),
        (
            r#"{"k":"a.json"}"#,
            Declared::Unusable("path must start with `./`"),
        ),
        (
            r#"{"k":"/etc/passwd"}"#,
            Declared::Unusable("path must start with `./`"),
        ),
        (r#"{"k":"./"}"#, Declared::Unusable(above)),
        (r#"{"k":"./../x"}"#, Declared::Unusable(above)),
        (r#"{"k":"./a/../../x"}"#, Declared::Unusable(above)),
        (r#"{"k":".//etc/passwd"}"#, Declared::Unusable(above)),
        (r#"{"k":"./a\\..\\x"}"#, Declared::Unusable(above)),
        (
            r#"{"k": {"a": {"u": "x"}}}"#,
            Declared::Inline(r#"{"a":{"u":"x"}}"#.to_owned()),
        ),
    ];
    for (json, expected) in cases {
        assert_eq!(declared(&manifest(json), "k"), expected, "{json}");
    }
}

#[test]
fn names_come_from_the_manifest_or_the_folder() {
    let folder = Path::new("/p/1.0.0");
    let names = |json: &str| {
        let manifest = manifest(json);
        (name(&manifest, folder), display_name(&manifest, folder))
    };
    let both = |name: &str, shown: &str| (Some(name.to_owned()), Some(shown.to_owned()));
    assert_eq!(names("{}"), both("1.0.0", "1.0.0"));
    assert_eq!(names(r#"{"name":"  "}"#), both("1.0.0", "1.0.0"));
    assert_eq!(names(r#"{"name":" a "}"#), both("a", "a"));
    assert_eq!(
        names(r#"{"name":"a","interface":{"displayName":" A b "}}"#),
        both("a", "A b")
    );
    assert_eq!(
        names(r#"{"name":"a","interface":{"displayName":" "}}"#),
        both("a", "a")
    );
    assert_eq!(
        names(r#"{"name":5,"interface":{"displayName":"A"}}"#),
        (None, None)
    );
    assert!(parse("[]").is_none() && parse("{nope").is_none());
}

#[test]
fn manifests_are_recognized_by_their_path() {
    assert_eq!(
        preference(Path::new("/p/.codex-plugin/plugin.json")),
        Some(0)
    );
    assert_eq!(
        preference(Path::new("/p/.cursor-plugin/plugin.json")),
        Some(2)
    );
    assert_eq!(preference(Path::new("/p/x.codex-plugin/plugin.json")), None);
    assert_eq!(preference(Path::new("/p/plugin.json")), None);
    assert_eq!(
        plugin_folder(Path::new("/p/.x/plugin.json")),
        Some(Path::new("/p"))
    );
}

#[test]
fn the_authors_own_or_the_highest_version_counts() {
    let cases: [(&[&str], Option<&str>); 9] = [
        (&["1.9.0", "1.10.0"], Some("1.10.0")),
        (&["1.0.0", "zzz", "abc"], Some("zzz")),
        (&["2.0.0", "local", "zzz"], Some("local")),
        (
            &["1.0.0-rc.2", "1.0.0-rc.10", "1.0.0-rc"],
            Some("1.0.0-rc.10"),
        ),
        (&["1.0.0-rc.10", "1.0.0"], Some("1.0.0")),
        (&["1.0.0+b", "1.0.0+a"], Some("1.0.0+b")),
        (&["1.0 0", "..", ".", "a/b", ""], None),
        (&["1.0 0", "0.1.0"], Some("0.1.0")),
        (&[], None),
    ];
    for (names, expected) in cases {
        assert_eq!(active_version(names.iter().copied()), expected, "{names:?}");
    }
}

#[test]
fn ids_are_made_of_plain_names() {
    for name in ["a", "a-b_c.d", "9"] {
        assert!(is_id_part(name), "{name}");
    }
    for name in ["", ".", "..", "a b", "a@b", "a/b", "é"] {
        assert!(!is_id_part(name), "{name}");
    }
}

proptest! {
    /// Whatever a manifest declares, the file is below the plugin's folder.
    #[test]
    fn declared_files_stay_below(path in "\\.?/?[./\\\\a]{0,8}") {
        if let Declared::File(file) = file(&path) {
            let normal = |part| matches!(part, Component::Normal(_));
            prop_assert!(file.components().all(normal));
            prop_assert!(file.components().next().is_some());
        }
    }

    /// The order of versions is one: the answer does not depend on the order of folders.
    #[test]
    fn versions_of_one_kind_have_a_highest(
        numbers in prop::collection::vec((0_u64..20, 0_u64..20), 1..6),
    ) {
        let names: Vec<_> = numbers.iter().map(|(a, b)| format!("1.{a}.{b}")).collect();
        let highest = numbers.iter().max().unwrap();
        let expected = format!("1.{}.{}", highest.0, highest.1);
        let active = active_version(names.iter().map(String::as_str));
        prop_assert_eq!(active, Some(&*expected));
    }
}
