use serde_json::json;

use super::*;

fn said(settings: &Value, trusted: Option<bool>) -> Said {
    Said {
        settings: settings.as_object().unwrap().clone(),
        trusted,
        warnings: Vec::new(),
        files: Vec::new(),
    }
}

fn demanded(demands: Value) -> Requirements {
    Requirements {
        demands,
        files: vec!["/etc/r.toml".into()],
    }
}

fn usual(settings: &Value, trusted: Option<bool>, demands: Value) -> Result<Held, String> {
    let (said, demanded) = (said(settings, trusted), demanded(demands));
    let book = Rulebook {
        said: &said,
        demanded: Some(&demanded),
        workspace: Path::new("/w"),
        home: None,
    };
    book.usual()
}

fn kind(policy: SandboxPolicy) -> Result<Held, String> {
    Ok(Held::Kind {
        policy,
        workspace: Some("/w".into()),
    })
}

fn plain_workspace() -> SandboxPolicy {
    SandboxPolicy::WorkspaceWrite {
        writable_roots: Vec::new(),
        network_access: false,
        exclude_tmpdir_env_var: false,
        exclude_slash_tmp: false,
    }
}

#[test]
fn the_usual_policy_is_the_tightest_that_was_said() {
    let none = json!({});
    for (settings, trusted, policy) in [
        (json!({}), None, LOOKING),
        (json!({}), Some(true), plain_workspace()),
        (json!({}), Some(false), plain_workspace()),
        (json!({"sandbox_mode": "read-only"}), Some(true), LOOKING),
        (
            json!({"sandbox_mode": "danger-full-access"}),
            None,
            SandboxPolicy::DangerFullAccess {},
        ),
        (
            json!({"sandbox_mode": "danger-full-access", "default_permissions": ":read-only"}),
            None,
            LOOKING,
        ),
        (
            json!({"sandbox_mode": "workspace-write", "sandbox_workspace_write": {
                "writable_roots": ["/a"], "network_access": true, "exclude_slash_tmp": true
            }}),
            None,
            SandboxPolicy::WorkspaceWrite {
                writable_roots: vec![AbsolutePath::new(Path::new("/a")).unwrap()],
                network_access: true,
                exclude_tmpdir_env_var: false,
                exclude_slash_tmp: true,
            },
        ),
    ] {
        assert_eq!(
            usual(&settings, trusted, none.clone()),
            kind(policy),
            "{settings}"
        );
    }
    let wrong = json!({"default_permissions": "gone"});
    assert!(
        usual(&wrong, None, none).is_err(),
        "no weaker policy instead"
    );
}

#[test]
fn nothing_is_held_to_less_than_is_demanded() {
    let only = |modes: &[&str]| json!({"allowed_sandbox_modes": modes});
    let danger = json!({"sandbox_mode": "danger-full-access"});
    assert_eq!(usual(&danger, None, only(&["read-only"])), kind(LOOKING));
    assert_eq!(
        usual(&danger, None, only(&["read-only", "danger-full-access"])),
        kind(SandboxPolicy::DangerFullAccess {})
    );
    let demands = json!({
        "default_permissions": "mine", "allowed_permission_profiles": {"mine": true},
        "permissions": {"mine": {"filesystem": {"/a": "read"}}},
    });
    let loose = json!({"permissions": {"mine": {"filesystem": {":root": "write"}}}});
    let Ok(Held::Rules { policy, .. }) = usual(&loose, None, demands.clone()) else {
        panic!("the administrator's profile");
    };
    let FileRules::Restricted(rules) = policy.files else {
        panic!("rules");
    };
    assert_eq!(rules.len(), 1);
    assert_eq!(rules[0].access, Access::Read);
    let other = json!({"default_permissions": ":workspace"});
    assert_eq!(
        usual(&other, None, demands).unwrap_err(),
        "permissions profile `:workspace` is not in the allowed set (set by /etc/r.toml)"
    );
}

#[test]
fn a_profile_counts_as_the_mode_that_has_as_much() {
    let said = said(
        &json!({"permissions": {
            "looks": {"filesystem": {":root": "read"}},
            "writes": {"filesystem": {"/a": "write"}},
            "all": {"filesystem": {"/": "write"}},
        }}),
        None,
    );
    let only = |mode: &str| demanded(json!({"allowed_sandbox_modes": [mode]}));
    for (name, mode) in [
        ("looks", "read-only"),
        ("writes", "workspace-write"),
        ("all", "danger-full-access"),
        (":workspace", "workspace-write"),
    ] {
        for other in ["read-only", "workspace-write", "danger-full-access"] {
            let demanded = only(other);
            let book = Rulebook {
                said: &said,
                demanded: Some(&demanded),
                workspace: Path::new("/w"),
                home: None,
            };
            assert_eq!(book.named(name).is_ok(), mode == other, "{name}, {other}");
        }
    }
    let demanded = only("read-only");
    let book = Rulebook {
        said: &said,
        demanded: Some(&demanded),
        workspace: Path::new("/w"),
        home: None,
    };
    assert_eq!(
        book.allow_kind(&SandboxPolicy::DangerFullAccess {}),
        Err(
            "invalid value for `sandbox_mode`: `DangerFullAccess` is not in the allowed set \
             [ReadOnly] (set by /etc/r.toml)"
                .to_owned()
        )
    );
}

#[test]
fn the_environment_is_the_one_that_was_said() {
    let nothing = environment(&said(&json!({}), None));
    assert_eq!(nothing.inherit, Inherit::All);
    assert!(nothing.ignore_default_excludes && nothing.set.is_empty());
    let policy = json!({"shell_environment_policy": {
        "inherit": "core", "ignore_default_excludes": false, "exclude": ["A*"],
        "include_only": ["B"], "set": {"C": "d"}, "filters": {"E": "include", "F": "exclude"},
    }});
    let said = environment(&said(&policy, None));
    assert_eq!(
        said,
        EnvPolicy {
            inherit: Inherit::Core,
            ignore_default_excludes: false,
            exclude: vec!["A*".to_owned(), "F".to_owned()],
            set: [("C".to_owned(), "d".to_owned())].into(),
            include_only: vec!["B".to_owned(), "E".to_owned()],
        }
    );
}
