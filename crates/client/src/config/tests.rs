use std::time::Duration;

use super::*;

fn variables(pairs: &[(&str, &str)]) -> Variables {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn parse(text: &str) -> Result<Environments, ConfigError> {
    Environments::parse(text, Path::new("/home/me/.outpost"))
}

fn names(environments: &Environments) -> (Vec<&str>, Option<&str>) {
    let names = environments
        .entries()
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    (
        names,
        environments
            .default_entry()
            .map(|entry| entry.name.as_str()),
    )
}

#[test]
fn a_variable_names_the_only_environment() {
    for (pairs, expected, default) in [
        (&[][..], &["local"][..], Some("local")),
        (
            &[("OUTPOST_EXEC_SERVER_URL", " ")],
            &["local"],
            Some("local"),
        ),
        (
            &[("CODEX_EXEC_SERVER_URL", " ws://a:1 ")],
            &["remote"],
            Some("remote"),
        ),
        (&[("CODEX_EXEC_SERVER_URL", "None")], &[], None),
        (
            &[
                ("OUTPOST_EXEC_SERVER_URL", "unix:///s"),
                ("CODEX_EXEC_SERVER_URL", "none"),
            ],
            &["remote"],
            Some("remote"),
        ),
        (
            &[
                ("OUTPOST_EXEC_SERVER_URL", ""),
                ("CODEX_EXEC_SERVER_URL", "none"),
            ],
            &[],
            None,
        ),
    ] {
        let found = Environments::from_variables(&variables(pairs)).unwrap();
        assert_eq!(names(&found), (expected.to_vec(), default), "{pairs:?}");
    }
    let refused =
        Environments::from_variables(&variables(&[("CODEX_EXEC_SERVER_URL", "http://a")]));
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .starts_with("CODEX_EXEC_SERVER_URL: the address")
    );
}

#[test]
fn the_home_folder_is_named_by_the_first_variable_that_is_set() {
    for (pairs, expected) in [
        (
            &[("OUTPOST_HOME", "/o"), ("CODEX_HOME", "/c"), ("HOME", "/h")][..],
            Some("/o"),
        ),
        (
            &[("OUTPOST_HOME", ""), ("CODEX_HOME", "/c"), ("HOME", "/h")],
            Some("/c"),
        ),
        (&[("HOME", "/h")], Some("/h/.outpost")),
        (&[("HOME", "")], None),
    ] {
        assert_eq!(home(&variables(pairs)).as_deref(), expected.map(Path::new));
    }
}

#[test]
fn a_file_configures_servers_and_programs() {
    let found = parse(
        r#"
            default = "box"
            [[environments]]
            id = "box"
            url = "wss://box.example/exec"
            auth_bearer_token = "hunter2"
            connect_timeout_sec = 2.5
            [[environments]]
            id = "ssh_1"
            program = "ssh"
            args = ["host", "outpost exec-server --listen stdio"]
            env = { A = "b" }
            cwd = "work"
            initialize_timeout_sec = 30
            skills = { whatever = true }
        "#,
    )
    .unwrap();
    assert_eq!(names(&found), (vec!["local", "box", "ssh_1"], Some("box")));
    let Target::Server { address, options } = &found.get("box").unwrap().target else {
        panic!()
    };
    assert_eq!(address, "wss://box.example/exec");
    assert_eq!(options.bearer_token, Some(crate::Secret::new("hunter2")));
    assert_eq!(options.connect_timeout, Duration::from_millis(2500));
    assert_eq!(options.initialize_timeout, Duration::from_secs(10));
    let Target::Program { program, options } = &found.get("ssh_1").unwrap().target else {
        panic!()
    };
    assert_eq!(
        (program.program.to_str(), program.args.len()),
        (Some("ssh"), 2)
    );
    assert_eq!(
        program.cwd.as_deref(),
        Some(Path::new("/home/me/.outpost/work"))
    );
    assert_eq!(options.initialize_timeout, Duration::from_secs(30));
    assert!(
        !format!("{found:?}").contains("hunter2"),
        "a11: no token in debug output"
    );
    assert!(found.get("local").unwrap().environment().unwrap().is_none());
    assert!(found.get("box").unwrap().environment().unwrap().is_some());
}

#[test]
fn the_default_is_local_unless_the_file_says_otherwise() {
    for (text, expected, default) in [
        ("", &["local"][..], Some("local")),
        ("include_local = false", &[], None),
        ("default = 'none'", &["local"], None),
        ("default = 'local'", &["local"], Some("local")),
        (
            "[[environments]]\nid='a'\nurl='ws://a'",
            &["local", "a"],
            Some("local"),
        ),
        (
            "include_local=false\n[[environments]]\nid='a'\nurl='ws://a'",
            &["a"],
            None,
        ),
    ] {
        assert_eq!(
            names(&parse(text).unwrap()),
            (expected.to_vec(), default),
            "{text}"
        );
    }
}

#[test]
fn names_and_keys_that_cannot_be_are_refused() {
    let long = format!("[[environments]]\nid='{}'\nurl='ws://a'", "x".repeat(65));
    for (text, words) in [
        ("default = 'x'", "default environment `x` is not configured"),
        (
            "include_local = false\ndefault = 'local'",
            "default environment `local` is not configured",
        ),
        ("colour = 'red'", "line 1: unknown field `colour`"),
        (
            "\n[[environments]]\nid='a'\nurl='ws://a'\nport=1",
            "line 5: unknown field `port`",
        ),
        ("[[environments]]\nurl='ws://a'", "missing field `id`"),
        (
            "[[environments]]\nid=''\nurl='ws://a'",
            "must have 1 to 64 characters",
        ),
        (&long, "must have 1 to 64 characters"),
        (
            "[[environments]]\nid='a b'\nurl='ws://a'",
            "may have only letters",
        ),
        (
            "[[environments]]\nid='local'\nurl='ws://a'",
            "`local` is reserved",
        ),
        (
            "[[environments]]\nid='none'\nurl='ws://a'",
            "`none` is reserved",
        ),
        (
            "[[environments]]\nid='a'\nurl='ws://a'\n[[environments]]\nid='a'\nurl='ws://b'",
            "`a` is configured twice",
        ),
        (
            "[[environments]]\nid='a'",
            "exactly one of `url` and `program`",
        ),
        (
            "[[environments]]\nid='a'\nurl='ws://a'\nprogram='b'",
            "exactly one of",
        ),
        (
            "[[environments]]\nid='a'\nurl='http://a'",
            "the address `http://a` cannot be used",
        ),
    ] {
        assert_refused(text, words);
    }
}

#[test]
fn what_contradicts_itself_is_refused() {
    for (text, words) in [
        ("[[environments]]\nid='a'\nprogram=''", "`program` is empty"),
        (
            "[[environments]]\nid='a'\nprogram='b'\nauth_bearer_token='c'",
            "only for environments with `url`",
        ),
        (
            "[[environments]]\nid='a'\nprogram='b'\nconnect_timeout_sec=1",
            "only for environments with `url`",
        ),
        (
            "[[environments]]\nid='a'\nurl='ws://a'\nargs=[]",
            "only for environments with `program`",
        ),
        (
            "[[environments]]\nid='a'\nurl='ws://a'\ncwd='b'",
            "only for environments with `program`",
        ),
        (
            "[[environments]]\nid='a'\nurl='ws://a'\nauth_bearer_token=' '",
            "`auth_bearer_token` is empty",
        ),
        (
            "[[environments]]\nid='a'\nurl='ws://a'\nconnect_timeout_sec=0",
            "positive number of seconds",
        ),
        (
            "[[environments]]\nid='a'\nurl='ws://a'\ninitialize_timeout_sec=nan",
            "positive number",
        ),
        (
            "[[environments]]\nid='a'\nurl='ws://a'\ninitialize_timeout_sec=inf",
            "positive number",
        ),
    ] {
        assert_refused(text, words);
    }
}

fn assert_refused(text: &str, words: &str) {
    let refused = parse(text).expect_err(text).to_string();
    assert!(refused.contains(words), "{text}: {refused}");
}

#[test]
fn a11_a_broken_line_with_a_token_is_not_shown() {
    let refused = parse("[[environments]]\nid='a'\nauth_bearer_token='hunter2' x").unwrap_err();
    assert!(
        !format!("{refused} {refused:?}").contains("hunter2"),
        "{refused}"
    );
    assert!(refused.to_string().starts_with("line 3: "), "{refused}");
}

#[test]
fn the_file_counts_before_the_variable() {
    let home = tempfile::tempdir().unwrap();
    let variables = variables(&[("OUTPOST_EXEC_SERVER_URL", "ws://a")]);
    let load = || Environments::load(&variables, Some(home.path()));
    assert_eq!(names(&load().unwrap()).1, Some("remote"));
    fs::write(home.path().join(FILE_NAME), "default = 'none'").unwrap();
    assert_eq!(names(&load().unwrap()), (vec!["local"], None));
    fs::write(home.path().join(FILE_NAME), "default = 'x'").unwrap();
    let refused = load().unwrap_err().to_string();
    assert!(refused.ends_with("environments.toml: default environment `x` is not configured"));
    fs::remove_file(home.path().join(FILE_NAME)).unwrap();
    fs::create_dir(home.path().join(FILE_NAME)).unwrap();
    assert!(
        load()
            .unwrap_err()
            .to_string()
            .starts_with("failed to read ")
    );
    assert_eq!(
        names(&Environments::load(&variables, None).unwrap()).1,
        Some("remote")
    );
}
