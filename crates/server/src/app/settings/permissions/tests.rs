use super::*;

fn profiles(text: &str) -> Profiles {
    let table: Value = serde_json::from_str(text).unwrap();
    table.as_object().unwrap().clone()
}

/// Rules, network and roots.
type Profile = (Vec<(Place, Access)>, Network, Vec<PathBuf>);

/// The profile `m`.
fn read(text: &str) -> Result<Profile, String> {
    let profiles = profiles(text);
    let home = Some(Path::new("/h"));
    match profile("m", Some(&profiles), Path::new("/w"), home)? {
        Held::Rules { policy, roots } => {
            let FileRules::Restricted(rules) = policy.files else {
                panic!("no rules");
            };
            let rules = rules.into_iter().map(|rule| (rule.place, rule.access));
            Ok((rules.collect(), policy.network, roots))
        }
        Held::Kind { .. } => panic!("no profile of its own"),
    }
}

fn path(path: &str) -> Place {
    Place::Path(path.into())
}

fn roots(below: Option<&str>) -> Place {
    let below = below.map(PathBuf::from);
    Place::Special(Special::ProjectRoots { below })
}

#[test]
fn places_are_named_or_written_as_paths() {
    let (rules, network, at) = read(
        r#"{"m": {"filesystem": {
            ":root": "read", "/a/./b": "write", "~/c": "deny", "~": "none", "/d/**": "read",
            "/e/*.pem": "deny", ":project_roots": {".": "write", "docs": "read", "**/*.env": "deny"},
            "glob_scan_max_depth": 3, "/f": {"g": "write"}
        }, "workspace_roots": {"/r": true, "/no": false, "~/s": true}}}"#,
    )
    .unwrap();
    let mut expected = [
        (Place::Special(Special::Root), Access::Read),
        (path("/a/b"), Access::Write),
        (path("/h/c"), Access::Deny),
        (path("/h"), Access::Deny),
        (path("/d"), Access::Read),
        (Place::Glob("/e/*.pem".to_owned()), Access::Deny),
        (roots(None), Access::Write),
        (roots(Some("docs")), Access::Read),
        (path("/f/g"), Access::Write),
        (Place::Glob("/w/**/*.env".to_owned()), Access::Deny),
        (Place::Glob("/r/**/*.env".to_owned()), Access::Deny),
        (Place::Glob("/h/s/**/*.env".to_owned()), Access::Deny),
    ];
    let key = |rule: &(Place, Access)| format!("{rule:?}");
    expected.sort_by_key(key);
    let mut rules = rules;
    rules.sort_by_key(key);
    assert_eq!(rules, expected);
    assert_eq!(network, Network::Restricted);
    assert_eq!(at, ["/w", "/r", "/h/s"].map(PathBuf::from));
}

#[test]
fn a_profile_says_the_last_word_over_what_it_extends() {
    let (rules, network, _) = read(
        r#"{"p": {"extends": ":workspace", "network": {"enabled": true},
                  "filesystem": {"/a": "write"}},
            "m": {"extends": "p", "filesystem": {"/a": "read", ":slash_tmp": "read"}}}"#,
    )
    .unwrap();
    let special = |special| Place::Special(special);
    assert_eq!(
        rules,
        [
            (special(Special::Root), Access::Read),
            (roots(None), Access::Write),
            (special(Special::TmpDir), Access::Write),
            (path("/a"), Access::Read),
            (special(Special::SlashTmp), Access::Read),
        ]
    );
    assert_eq!(network, Network::Enabled);
    let off = read(
        r#"{"p": {"network": {"enabled": true}},
            "m": {"extends": "p", "network": {"enabled": false, "domains": {"a": "allow"}}}}"#,
    );
    assert_eq!(off.unwrap().1, Network::Restricted);
}

#[test]
fn what_is_not_understood_is_refused() {
    for (text, words) in [
        ("{}", "default_permissions refers to undefined profile `m`"),
        (r#"{"m": 3}"#, "permissions profile `m` is no table"),
        (
            r#"{"m": {"extends": ":danger-full-access"}}"#,
            "permissions profile `m` cannot extend unsupported built-in profile \
             `:danger-full-access`",
        ),
        (
            r#"{"m": {"extends": "z"}}"#,
            "permissions profile `m` extends undefined profile `z`",
        ),
        (
            r#"{"m": {"extends": "p"}, "p": {"extends": "m"}}"#,
            "permissions profile inheritance cycle detected: m -> p -> m",
        ),
        (
            r#"{"m": {"zz": 1}}"#,
            "permissions profile `m`: `zz` is not known",
        ),
        (
            r#"{"m": {"filesystem": {"rel": "read"}}}"#,
            "permissions profile `m`: filesystem path `rel` must be absolute, use `~/...`, or \
             start with `:`",
        ),
        (
            r#"{"m": {"filesystem": {"~other/x": "read"}}}"#,
            "permissions profile `m`: filesystem path `~other/x` must be absolute, use `~/...`, or \
             start with `:`",
        ),
        (
            r#"{"m": {"filesystem": {":cwd": "write"}}}"#,
            "permissions profile `m`: filesystem path `:cwd` is not known",
        ),
        (
            r#"{"m": {"filesystem": {"/a": "execute"}}}"#,
            "permissions profile `m`: unknown access `execute`, expected `read`, `write` or `deny`",
        ),
        (
            r#"{"m": {"filesystem": {"/a*": "write"}}}"#,
            "permissions profile `m`: filesystem glob path `/a*` only supports `deny` access; use \
             an exact path or trailing `/**` for `write` subtree access",
        ),
        (
            r#"{"m": {"filesystem": {":project_roots": {"../x": "write"}}}}"#,
            "permissions profile `m`: filesystem subpath `../x` must be a descendant path without \
             `.` or `..` components",
        ),
        (
            r#"{"m": {"network": {"enabled": true, "domains": {"a": "allow"}}}}"#,
            "permissions profile `m`: this server cannot enforce network.domains; without it the \
             network is reached whole, with network.enabled = false not at all",
        ),
        (
            r#"{"m": {"workspace_roots": {"rel": true}}}"#,
            "permissions profile `m`: workspace root `rel` must be absolute or begin with `~/`",
        ),
    ] {
        assert_eq!(read(text).unwrap_err(), words, "{text}");
    }
    let nothing = |name| profile(name, None, Path::new("/w"), None).unwrap_err();
    assert_eq!(
        nothing("m"),
        "default_permissions requires a `[permissions]` table"
    );
    assert_eq!(
        nothing(":m"),
        "default_permissions refers to unknown built-in profile `:m`"
    );
}

#[test]
fn the_bound_of_ancestors_is_counted() {
    let chain = |length: usize| {
        let extends = |n: usize| format!(r#""p{n}": {{"extends": "p{}"}}"#, n + 1);
        let mut all: Vec<_> = (1..length).map(extends).collect();
        all[0] = all[0].replacen("p1", "m", 1);
        all.push(format!(r#""p{length}": {{}}"#));
        format!("{{{}}}", all.join(","))
    };
    assert!(read(&chain(MAX_DEPTH)).is_ok());
    assert!(read(&chain(MAX_DEPTH + 1)).is_err());
}
