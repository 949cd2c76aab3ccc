use super::*;

fn facts(variables: &[(&'static str, &str)]) -> Facts {
    Facts {
        variables: variables
            .iter()
            .map(|&(name, value)| (name, value.into()))
            .collect(),
        cwd: Some("/w".into()),
        uid: 7,
        account: Some(Account {
            home: "/home/u".into(),
            shell: "/bin/sh".into(),
        }),
        hostname: Some("vm".to_owned()),
        machine_id: Some("0123\n".to_owned()),
    }
}

fn describe(variables: &[(&'static str, &str)]) -> Description {
    Description::new(&facts(variables), Vec::new())
}

#[test]
fn the_users_home_is_home_or_the_accounts() {
    let home = |variables| describe(variables).user_home;
    assert_eq!(home(&[("HOME", "/h")]), Some("/h".into()));
    assert_eq!(home(&[("HOME", "")]), Some("/home/u".into()));
    assert_eq!(home(&[]), Some("/home/u".into()));
    assert_eq!(home(&[("HOME", "relative")]), None);
    let nobody = Facts {
        account: None,
        ..facts(&[])
    };
    let description = Description::new(&nobody, Vec::new());
    assert_eq!(description.user_home, None);
    assert_eq!(description.home, Path::new("/.outpost"));
}

#[test]
fn temporary_files_go_where_the_environment_says() {
    let temporary = |variables| {
        let description = describe(variables);
        (description.temp_dir, description.temporary_directories)
    };
    let said = |path: &str| (PathBuf::from(path), vec![PathBuf::from(path)]);
    assert_eq!(temporary(&[("TMPDIR", "/var/tmp")]), said("/var/tmp"));
    assert_eq!(temporary(&[("TMPDIR", "rel")]), said("/w/rel"));
    assert_eq!(temporary(&[("TMPDIR", "")]), ("/tmp".into(), Vec::new()));
    assert_eq!(temporary(&[]), ("/tmp".into(), Vec::new()));
}

#[test]
fn the_account_and_not_the_variable_names_the_shell() {
    let account = describe(&[("SHELL", "/bin/bash")]);
    assert_eq!(account.shell.name, "sh");
    let nobody = Facts {
        account: None,
        ..facts(&[("SHELL", "/bin/sh")])
    };
    assert_eq!(Description::new(&nobody, Vec::new()).shell.name, "sh");
}

#[test]
fn a_provider_is_one_user_on_one_computer() {
    let id = describe(&[]).provider_id;
    assert_eq!((id.len(), &id[..7]), (71, "sha256:"));
    assert_eq!(
        id,
        describe(&[("HOME", "/h"), ("TMPDIR", "/t")]).provider_id
    );
    let other_user = Facts {
        uid: 8,
        ..facts(&[])
    };
    let other_machine = Facts {
        machine_id: None,
        ..facts(&[])
    };
    for other in [other_user, other_machine] {
        assert_ne!(id, Description::new(&other, Vec::new()).provider_id);
    }
}

#[test]
fn this_process_is_described() {
    let description = super::super::describe(vec!["/first".into()]);
    assert_eq!(description.cwd, std::env::current_dir().ok());
    assert_eq!(description.prepend_path_dirs, [Path::new("/first")]);
    assert_eq!(description.platform_os, "linux");
    assert!(
        is_executable(&description.shell.path),
        "{:?}",
        description.shell
    );
    assert!(description.hostname.is_some());
}
