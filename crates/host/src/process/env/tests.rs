//! The order of evaluation, case by case, and what is true of every result.

use proptest::prelude::*;

use super::*;

fn surroundings(variables: &[(&str, &str)]) -> Surroundings {
    Surroundings {
        inherited: variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect(),
        path_dirs: vec!["/own/bin".into()],
        shell: "/bin/sh".into(),
        secrets: vec!["EMBEDDER_SECRET".into()],
    }
}

fn policy(inherit: Inherit) -> EnvPolicy {
    EnvPolicy {
        inherit,
        ignore_default_excludes: true,
        exclude: Vec::new(),
        set: BTreeMap::new(),
        include_only: Vec::new(),
    }
}

fn map(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Builds for pipes and shows the result as text.
fn built(policy: Option<&EnvPolicy>, request: &[(&str, &str)]) -> Vec<String> {
    let server = surroundings(&[
        ("PATH", "/bin"),
        ("HOME", "/h"),
        ("EDITOR", "vi"),
        ("MY_KEY", "k"),
        ("LC_CTYPE", "C"),
        ("CODEX_EXEC_SERVER_NOISE_AUTH_TOKEN", "t"),
    ]);
    let variables = build(&server, policy, &map(request), false).unwrap();
    variables
        .into_iter()
        .map(|(name, value)| format!("{}={}", name.display(), value.display()))
        .collect()
}

#[test]
fn without_a_policy_the_request_is_everything() {
    assert_eq!(built(None, &[("A", "b")]), ["A=b"]);
}

#[test]
fn all_inherits_with_our_folders_before_the_path() {
    let all = built(Some(&policy(Inherit::All)), &[]);
    assert_eq!(
        all,
        [
            "EDITOR=vi",
            "HOME=/h",
            "LC_CTYPE=C",
            "MY_KEY=k",
            "PATH=/own/bin:/bin"
        ]
    );
}

#[test]
fn core_keeps_what_a_login_gives() {
    let core = built(Some(&policy(Inherit::Core)), &[]);
    assert_eq!(core, ["HOME=/h", "LC_CTYPE=C", "PATH=/own/bin:/bin"]);
}

#[test]
fn secrets_are_dropped_unless_told_otherwise_and_set_can_bring_one_back() {
    let strict = EnvPolicy {
        ignore_default_excludes: false,
        ..policy(Inherit::All)
    };
    assert!(!built(Some(&strict), &[]).contains(&"MY_KEY=k".to_owned()));
    let back = EnvPolicy {
        set: map(&[("MY_KEY", "again")]),
        ..strict
    };
    assert!(built(Some(&back), &[]).contains(&"MY_KEY=again".to_owned()));
}

#[test]
fn exclusion_comes_before_set_and_inclusion_after_it_and_the_request_last() {
    let policy = EnvPolicy {
        exclude: vec!["p*".to_owned(), "edi?or".to_owned()],
        set: map(&[("PAGER", "cat"), ("OTHER", "x")]),
        include_only: vec!["p*".to_owned()],
        ..policy(Inherit::All)
    };
    assert_eq!(built(Some(&policy), &[("Z", "1")]), ["PAGER=cat", "Z=1"]);
}

#[test]
fn p24_the_servers_own_secrets_never_reach_a_child() {
    let name = "CODEX_EXEC_SERVER_NOISE_AUTH_TOKEN";
    let set = EnvPolicy {
        set: map(&[(name, "x")]),
        ..policy(Inherit::None)
    };
    assert!(built(Some(&set), &[(name, "y"), ("EMBEDDER_SECRET", "z")]).is_empty());
}

#[test]
fn a_terminal_gets_a_shell_only_when_none_is_named() {
    let server = surroundings(&[]);
    let added = build(&server, None, &map(&[]), true).unwrap();
    assert_eq!(added, [("SHELL".into(), "/bin/sh".into())]);
    let kept = build(&server, None, &map(&[("SHELL", "/bin/zsh")]), true).unwrap();
    assert_eq!(kept, [("SHELL".into(), "/bin/zsh".into())]);
}

#[test]
fn p13_bad_names_and_values_are_named_before_anything_runs() {
    for name in ["", "A=B", "A\0B"] {
        let error = build(&surroundings(&[]), None, &map(&[(name, "x")]), false).unwrap_err();
        assert_eq!(error, EnvError::Name(name.to_owned()));
    }
    let set = EnvPolicy {
        set: map(&[("A", "x\0y")]),
        ..policy(Inherit::None)
    };
    let error = build(&surroundings(&[]), Some(&set), &map(&[]), false).unwrap_err();
    assert_eq!(error, EnvError::Value("A".to_owned()));
    assert!(!error.to_string().contains('x'));
}

fn variables() -> impl Strategy<Value = BTreeMap<String, String>> {
    proptest::collection::btree_map("[ABKEYTOKEN_]{1,6}", "[a-z]{0,3}", 0..6)
}

proptest! {
    /// Against a model that decides name by name, from the last rule to the first.
    #[test]
    fn every_variable_is_there_for_one_reason(
        server in variables(),
        set in variables(),
        request in variables(),
        exclude in proptest::collection::vec("[AK*?]{1,3}", 0..3),
        include_only in proptest::collection::vec("[AK*?]{1,3}", 0..2),
        ignore_default_excludes: bool,
    ) {
        let policy = EnvPolicy {
            inherit: Inherit::All, ignore_default_excludes, exclude, set, include_only,
        };
        let inherited: Vec<_> = server.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let result: BTreeMap<_, _> = build(&surroundings(&inherited), Some(&policy), &request, false)
            .unwrap().into_iter().collect();
        let hit = |name: &str, patterns: &[String]| {
            patterns.iter().any(|pattern| pattern::matches(pattern, name))
        };
        let model = |name: &String| {
            if let Some(value) = request.get(name) {
                return Some(value);
            }
            if !policy.include_only.is_empty() && !hit(name, &policy.include_only) {
                return None;
            }
            if let Some(value) = policy.set.get(name) {
                return Some(value);
            }
            let secret = ["KEY", "SECRET", "TOKEN"].iter().any(|word| name.contains(word));
            let dropped = hit(name, &policy.exclude) || (secret && !ignore_default_excludes);
            server.get(name).filter(|_| !dropped)
        };
        for name in server.keys().chain(policy.set.keys()).chain(request.keys()) {
            let found = result.get(OsStr::new(name)).cloned();
            prop_assert_eq!(found, model(name).map(OsString::from));
        }
        prop_assert!(result.len() <= server.len() + policy.set.len() + request.len());
    }
}
