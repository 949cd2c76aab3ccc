use std::os::unix::fs::{PermissionsExt as _, symlink};

use proptest::prelude::*;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_login_is_a_file_that_only_its_owner_reads() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("auth.json");
    // What was there before lets everybody read, and is longer.
    fs::write(&file, "x".repeat(4096)).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let accounts = Accounts::new(home.path());
    assert_eq!(accounts.signed_in(Keeping::File), SignedIn::Nobody);
    accounts.sign_in("sk-test", Keeping::File).unwrap();
    let stored = fs::read_to_string(&file).unwrap();
    assert_eq!(
        stored,
        "{\n  \"auth_mode\": \"apikey\",\n  \"OPENAI_API_KEY\": \"sk-test\"\n}"
    );
    assert_eq!(mode(&file), 0o600);
    assert_eq!(accounts.signed_in(Keeping::File), SignedIn::ApiKey);
    assert_eq!(accounts.key(Keeping::File).as_deref(), Some("sk-test"));
    assert!(!format!("{accounts:?}").contains("sk-"));
    // Another server of the same home agrees.
    let other = Accounts::new(home.path());
    assert_eq!(other.signed_in(Keeping::File), SignedIn::ApiKey);
    accounts.sign_out().unwrap();
    accounts.sign_out().unwrap();
    assert_eq!(other.signed_in(Keeping::File), SignedIn::Nobody);
    assert!(!file.exists(), "signing out forgets the key");
    let left: Vec<_> = fs::read_dir(home.path()).unwrap().collect();
    assert!(left.is_empty(), "nothing is left beside it: {left:?}");
}

#[test]
fn a_login_that_stands_elsewhere_is_written_and_removed_there() {
    let (home, vault) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let there = vault.path().join("key.json");
    symlink(&there, home.path().join("auth.json")).unwrap();
    let accounts = Accounts::new(home.path());
    accounts.sign_out().unwrap();
    accounts.sign_in("k", Keeping::File).unwrap();
    assert_eq!(mode(&there), 0o600);
    assert_eq!(accounts.signed_in(Keeping::File), SignedIn::ApiKey);
    accounts.sign_out().unwrap();
    assert!(!there.exists());
}

#[test]
fn a_login_in_memory_leaves_no_trace() {
    let home = tempfile::tempdir().unwrap();
    let accounts = Accounts::new(home.path());
    accounts.sign_in("k", Keeping::Memory).unwrap();
    assert_eq!(accounts.signed_in(Keeping::Memory), SignedIn::ApiKey);
    assert_eq!(accounts.key(Keeping::Memory).as_deref(), Some("k"));
    assert!(accounts.key(Keeping::File).is_none());
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    accounts.sign_out().unwrap();
    assert_eq!(accounts.signed_in(Keeping::Memory), SignedIn::Nobody);
}

#[test]
fn what_cannot_be_kept_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let accounts = Accounts::new(home.path());
    accounts.sign_in("k", Keeping::File).unwrap();
    let refused = accounts.sign_in("k", Keeping::Keyring).unwrap_err();
    assert!(matches!(refused, AccountError::Keyring), "{refused}");
    let refused = accounts.sign_in(&"k".repeat(MAX_KEY + 1), Keeping::File);
    assert_eq!(
        refused.unwrap_err().to_string(),
        "the API key exceeds 65536 bytes"
    );
    accounts
        .sign_in(&"k".repeat(MAX_KEY), Keeping::File)
        .unwrap();
    let elsewhere = Accounts::new(&home.path().join("auth.json/below"));
    let refused = elsewhere.sign_in("k", Keeping::File).unwrap_err();
    assert!(matches!(refused, AccountError::Io(_)), "{refused}");
    assert_eq!(accounts.signed_in(Keeping::File), SignedIn::ApiKey);
}

#[test]
fn files_of_others_are_understood() {
    let key = |key: &str| Some(Login::Key(key.to_owned()));
    let cases = [
        (r#"{"OPENAI_API_KEY":"k"}"#, key("k")),
        (r#"{"OPENAI_API_KEY":""}"#, key("")),
        (
            r#"{"auth_mode":"apikey","OPENAI_API_KEY":"k","tokens":null,"last_refresh":null}"#,
            key("k"),
        ),
        (
            r#"{"auth_mode":"chatgpt","OPENAI_API_KEY":null,"tokens":{}}"#,
            Some(Login::Otherwise),
        ),
        (r#"{"tokens":{"access_token":"x"}}"#, Some(Login::Otherwise)),
        (r#"{"auth_mode":"apikey"}"#, None),
        (r#"{"OPENAI_API_KEY":5}"#, None),
        ("{}", None),
        ("{", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert!(understand(text) == expected, "{text}");
    }
}

#[test]
fn the_login_of_another_program_is_told_from_none() {
    let home = tempfile::tempdir().unwrap();
    let tokens = r#"{"auth_mode":"chatgpt","tokens":{}}"#;
    fs::write(home.path().join("auth.json"), tokens).unwrap();
    let accounts = Accounts::new(home.path());
    assert_eq!(accounts.signed_in(Keeping::File), SignedIn::Otherwise);
    assert_eq!(accounts.key(Keeping::File), None);
}

#[test]
fn a_login_that_cannot_be_read_is_nobodys() {
    let home = tempfile::tempdir().unwrap();
    let accounts = Accounts::new(home.path());
    let file = home.path().join("auth.json");
    fs::create_dir(&file).unwrap();
    assert_eq!(accounts.signed_in(Keeping::File), SignedIn::Nobody);
    fs::remove_dir(&file).unwrap();
    // A gigabyte that takes no room on the disk, and none in memory.
    fs::File::create(&file).unwrap().set_len(1 << 30).unwrap();
    assert_eq!(accounts.signed_in(Keeping::File), SignedIn::Nobody);
}

#[test]
fn the_setting_says_where() {
    let cases = [
        (None, Keeping::File),
        (Some("file"), Keeping::File),
        (Some("auto"), Keeping::File),
        (Some("ephemeral"), Keeping::Memory),
        (Some("keyring"), Keeping::Keyring),
    ];
    for (setting, keeping) in cases {
        assert_eq!(Keeping::of_setting(setting), keeping, "{setting:?}");
    }
}

proptest! {
    #[test]
    fn every_key_is_kept_as_it_is(key in any::<String>()) {
        let home = tempfile::tempdir().unwrap();
        let accounts = Accounts::new(home.path());
        accounts.sign_in(&key, Keeping::File).unwrap();
        prop_assert_eq!(accounts.key(Keeping::File), Some(key));
    }
}
