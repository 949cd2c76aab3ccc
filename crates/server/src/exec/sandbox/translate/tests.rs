use outpost_protocol::exec::sandbox::SandboxContext;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A caller that says what a test wants said.
#[derive(Default)]
struct Says {
    folder: Option<&'static str>,
    tmpdir: Option<&'static str>,
}

impl Caller for Says {
    fn folder(&self) -> Option<PathBuf> {
        self.folder.map(PathBuf::from)
    }

    fn tmpdir(&self) -> Option<PathBuf> {
        self.tmpdir.map(PathBuf::from)
    }
}

fn context(value: Value) -> SandboxContext {
    serde_json::from_value(value).unwrap()
}

/// A policy with these entries, for the folder `/w/ww`, which is also the project.
fn entries(entries: impl Into<Value>) -> Value {
    let entries: Value = entries.into();
    json!({
        "permissions": {
            "type": "managed",
            "file_system": {"type": "restricted", "entries": entries},
            "network": "restricted",
        },
        "cwd": "file:///w/ww",
        "workspaceRoots": ["file:///w/ww"],
        "windowsSandboxLevel": "disabled",
        "useLegacyLandlock": false,
    })
}

fn with(mut value: Value, member: &str, is: Value) -> SandboxContext {
    value[member] = is;
    context(value)
}

fn special(kind: &str, access: &str) -> Value {
    json!({"path": {"type": "special", "value": {"kind": kind}}, "access": access})
}

fn below(subpath: &str, access: &str) -> Value {
    let value = json!({"kind": "project_roots", "subpath": subpath});
    json!({"path": {"type": "special", "value": value}, "access": access})
}

fn glob(pattern: &str, access: &str) -> Value {
    json!({"path": {"type": "glob_pattern", "pattern": pattern}, "access": access})
}

fn path(path: &str, access: &str) -> Value {
    json!({"path": {"type": "path", "path": path}, "access": access})
}

/// The rules of a policy that is enforced, and its scene.
fn held(context: &SandboxContext, caller: &Says) -> (Vec<Rule>, Scene) {
    let held = translate(context, caller).unwrap().unwrap();
    let FileRules::Restricted(rules) = held.policy.files else {
        panic!("files are restricted");
    };
    (rules, held.scene)
}

fn rules(list: Value) -> Vec<Rule> {
    held(&context(entries(list)), &Says::default()).0
}

fn rule(place: Place, access: Access) -> Rule {
    Rule {
        place,
        access,
        skip_missing: false,
    }
}

fn scene(cwd: &str, roots: &[&str], tmpdir: Option<&str>) -> Scene {
    Scene {
        cwd: cwd.into(),
        project_roots: roots.iter().map(PathBuf::from).collect(),
        tmpdir: tmpdir.map(PathBuf::from),
    }
}

#[test]
fn the_policy_of_a_workspace_as_the_real_client_sends_it() {
    let text = r#"{"permissions":{"type":"managed","file_system":{"type":"restricted","entries":[
        {"path":{"type":"special","value":{"kind":"root"}},"access":"read"},
        {"path":{"type":"special","value":{"kind":"project_roots"}},"access":"write"},
        {"path":{"type":"special","value":{"kind":"slash_tmp"}},"access":"write"},
        {"path":{"type":"special","value":{"kind":"tmpdir"}},"access":"write"},
        {"path":{"type":"special","value":{"kind":"project_roots","subpath":".git"}},"access":"read","missing_path_behavior":"skip"},
        {"path":{"type":"special","value":{"kind":"project_roots","subpath":".aws"}},"access":"read","missing_path_behavior":"skip"}]},
        "network":"restricted"},"cwd":"file:///w/ww","workspaceRoots":["file:///w/ww"],"windowsSandboxLevel":"disabled",
        "windowsSandboxProxySettingsMode":"reconcile","useLegacyLandlock":false}"#;
    let context: SandboxContext = serde_json::from_str(text).unwrap();
    let caller = Says {
        folder: Some("/elsewhere"),
        tmpdir: Some("/var/tmp"),
    };
    let (rules, found) = held(&context, &caller);
    let roots = |below: Option<&str>| {
        let below = below.map(PathBuf::from);
        Place::Special(Special::ProjectRoots { below })
    };
    let skipped = |below| Rule {
        skip_missing: true,
        ..rule(roots(Some(below)), Access::Read)
    };
    let expected = [
        rule(Place::Special(Special::Root), Access::Read),
        rule(roots(None), Access::Write),
        rule(Place::Special(Special::SlashTmp), Access::Write),
        rule(Place::Special(Special::TmpDir), Access::Write),
        skipped(".git"),
        skipped(".aws"),
    ];
    assert_eq!(rules, expected);
    // The folder is not in it: nothing is relative to it.
    assert_eq!(found, scene("/", &["/w/ww"], Some("/var/tmp")));
}

#[test]
fn without_rules_about_files_only_a_restricted_network_is_enforced() {
    let unrestricted = |network: &str| json!({"type": "managed", "file_system": {"type": "unrestricted"}, "network": network});
    for (permissions, enforced) in [
        (json!({"type": "disabled"}), false),
        (json!({"type": "external", "network": "enabled"}), false),
        (json!({"type": "external", "network": "restricted"}), true),
        (unrestricted("enabled"), false),
        (unrestricted("restricted"), true),
    ] {
        let context = with(entries(json!([])), "permissions", permissions.clone());
        let found = translate(&context, &Says::default()).unwrap();
        let expected = enforced.then(|| Held {
            policy: Policy {
                files: FileRules::Unrestricted,
                network: Network::Restricted,
            },
            scene: scene("/", &[], None),
        });
        assert_eq!(found, expected, "{permissions}");
    }
}

#[test]
fn the_policy_context_replaces_the_folder_and_the_roots() {
    let list = json!([special("project_roots", "write"), glob("a/*.pem", "deny")]);
    let both = json!({"cwd": "file:///p", "workspaceRoots": ["file:///q"]});
    let (rules, found) = held(
        &with(entries(list.clone()), "policyContext", both),
        &Says::default(),
    );
    assert_eq!((rules.len(), found), (2, scene("/p", &["/q"], None)));
    let no_roots = json!({"cwd": "file:///p"});
    let (rules, found) = held(
        &with(entries(list), "policyContext", no_roots),
        &Says::default(),
    );
    assert_eq!(found, scene("/p", &[], None));
    let pattern = Place::Glob("a/*.pem".to_owned());
    assert_eq!(rules, [rule(pattern, Access::Deny)]);
}

#[test]
fn the_current_directory_is_the_project_and_without_one_the_folder() {
    let list = json!([special("current_working_directory", "write")]);
    for (roots, place, expected) in [
        (
            json!(["file:///q", "file:///r"]),
            Special::ProjectRoots { below: None },
            scene("/", &["/q", "/r"], None),
        ),
        (
            json!([]),
            Special::CurrentDirectory,
            scene("/w/ww", &[], None),
        ),
    ] {
        let context = with(entries(list.clone()), "workspaceRoots", roots);
        let (rules, found) = held(&context, &Says::default());
        assert_eq!(rules, [rule(Place::Special(place), Access::Write)]);
        assert_eq!(found, expected);
    }
}

#[test]
fn without_roots_the_project_is_nothing_and_not_the_folder() {
    let list = json!([special("project_roots", "write"), below("a", "deny")]);
    let context = with(entries(list), "workspaceRoots", json!([]));
    let (rules, found) = held(&context, &Says::default());
    assert_eq!((rules, found), (vec![], scene("/", &[], None)));
}

#[test]
fn a_policy_without_a_folder_is_about_the_commands_own_or_refused() {
    for entry in [
        special("current_working_directory", "write"),
        special("project_roots", "write"),
        glob("*.pem", "deny"),
        glob("codex-project-roots://**/*.env", "deny"),
    ] {
        let context = with(entries(json!([entry])), "cwd", Value::Null);
        let refused = translate(&context, &Says::default());
        assert_eq!(refused, Err(Refused::NoFolder), "{entry}");
        let command = Says {
            folder: Some("/own"),
            tmpdir: None,
        };
        assert!(translate(&context, &command).is_ok(), "{entry}");
    }
    let list = json!([special("current_working_directory", "write")]);
    let mut policy = entries(list);
    policy["workspaceRoots"] = json!([]);
    let context = with(policy, "cwd", Value::Null);
    let command = Says {
        folder: Some("/own"),
        tmpdir: None,
    };
    assert_eq!(held(&context, &command).1.cwd, Path::new("/own"));
    for entry in [special("root", "read"), special("slash_tmp", "write")] {
        let context = with(entries(json!([entry])), "cwd", Value::Null);
        assert!(translate(&context, &Says::default()).is_ok(), "{entry}");
    }
}

#[test]
fn a_folder_for_temporary_files_is_absolute_and_not_everything() {
    for (tmpdir, known) in [
        (Some("/var/tmp"), true),
        (Some("/"), false),
        (Some("//"), false),
        (Some("/tmp/.."), false),
        (Some("tmp"), false),
        (Some(""), false),
        (None, false),
    ] {
        let caller = Says {
            folder: None,
            tmpdir,
        };
        let context = context(entries(json!([special("tmpdir", "write")])));
        let (rules, found) = held(&context, &caller);
        assert_eq!(rules.len(), usize::from(known), "{tmpdir:?}");
        assert_eq!(found.tmpdir.is_some(), known, "{tmpdir:?}");
    }
}

#[test]
fn a_subpath_that_leads_elsewhere_grants_nothing_and_cannot_deny() {
    for subpath in ["..", "../x", "a/../b", ".", "a/.", "/a", "/", "a\0b"] {
        assert_eq!(rules(json!([below(subpath, "write")])), [], "{subpath}");
        for access in ["read", "deny"] {
            let context = context(entries(json!([below(subpath, access)])));
            let refused = translate(&context, &Says::default());
            assert!(matches!(refused, Err(Refused::Rule(_))), "{subpath}");
        }
    }
    for (subpath, expected) in [("", None), ("a/b", Some("a/b"))] {
        let place = Place::Special(Special::ProjectRoots {
            below: expected.map(PathBuf::from),
        });
        assert_eq!(
            rules(json!([below(subpath, "deny")])),
            [rule(place, Access::Deny)]
        );
    }
}

#[test]
fn a_place_nobody_knows_grants_nothing_and_cannot_be_denied() {
    let unknown = |access: &str| {
        let value = json!({"kind": "unknown", "path": ":x"});
        entries(json!([{"path": {"type": "special", "value": value}, "access": access}]))
    };
    for access in ["read", "write"] {
        assert_eq!(held(&context(unknown(access)), &Says::default()).0, []);
    }
    let refused = translate(&context(unknown("none")), &Says::default());
    assert!(matches!(refused, Err(Refused::Rule(words)) if words.contains(":x")));
}

#[test]
fn paths_of_another_system_are_refused_wherever_they_stand() {
    let policy = context(entries(json!([path("file:///C:/x", "read")])));
    let refused = translate(&policy, &Says::default()).unwrap_err();
    assert!(matches!(refused, Refused::ForeignPath(_)), "{refused:?}");
    let list = json!([special("root", "read")]);
    for (member, value) in [
        ("cwd", json!("file:///C:/x")),
        ("workspaceRoots", json!(["file:///C:/x"])),
        ("policyContext", json!({"cwd": "file://host/x"})),
    ] {
        let policy = with(entries(list.clone()), member, value);
        let refused = translate(&policy, &Says::default()).unwrap_err();
        assert!(matches!(refused, Refused::ForeignRoot(_)), "{member}");
    }
}

#[test]
fn patterns_of_the_project_are_patterns_below_each_of_its_roots() {
    let list = json!([
        glob("codex-project-roots://**/*.env", "deny"),
        glob("/g/*.pem", "deny"),
        glob("g/*.key", "deny"),
    ]);
    let roots = json!(["file:///w/ww", "file:///w/%5Bx%5D*", "file:///"]);
    let (rules, found) = held(
        &with(entries(list), "workspaceRoots", roots),
        &Says::default(),
    );
    let expected = [
        "/w/ww/**/*.env",
        r"/w/\[x\]\*/**/*.env",
        "/**/*.env",
        "/g/*.pem",
        "g/*.key",
    ];
    let expected = expected.map(|text| rule(Place::Glob(text.to_owned()), Access::Deny));
    assert_eq!(rules, expected);
    assert_eq!(found, scene("/w/ww", &[], None));
}

#[test]
fn a_pattern_below_a_root_that_is_no_text_is_refused() {
    let list = json!([glob("codex-project-roots://*.env", "deny")]);
    let policy = with(entries(list), "workspaceRoots", json!(["file:///w/%FF"]));
    let refused = translate(&policy, &Says::default());
    assert!(matches!(refused, Err(Refused::Rule(_))));
}

/// Entries of which each is understood.
fn understood() -> impl Strategy<Value = Value> {
    let access = prop::sample::select(vec!["read", "write", "deny"]);
    let what = prop::sample::select(vec![
        special("root", "read"),
        special("minimal", "read"),
        special("current_working_directory", "read"),
        special("slash_tmp", "read"),
        special("tmpdir", "read"),
        below("a/b", "read"),
        path("file:///a", "read"),
        path("file:///a/b%20c", "read"),
        glob("/a/*.x", "read"),
    ]);
    (what, access).prop_map(|(mut entry, access)| {
        entry["access"] = json!(access);
        entry
    })
}

proptest! {
    /// What is understood is one rule each, in its own access, and nothing else decides which.
    #[test]
    fn every_entry_is_one_rule_wherever_it_stands(list in prop::collection::vec(understood(), 0..12)) {
        let caller = Says { folder: None, tmpdir: Some("/t") };
        let whole = held(&context(entries(json!(list))), &caller).0;
        let single = |entry: &Value| held(&context(entries(json!([entry]))), &caller).0;
        let one_by_one: Vec<Rule> = list.iter().flat_map(single).collect();
        prop_assert_eq!(&whole, &one_by_one);
        prop_assert_eq!(whole.len(), list.len());
    }

    /// However a subpath is written, it stays below its root or the entry is no rule.
    #[test]
    fn no_subpath_leads_out(subpath in "[a./]{0,8}") {
        for rule in rules(json!([below(&subpath, "write")])) {
            if let Place::Special(Special::ProjectRoots { below: Some(below) }) = rule.place {
                prop_assert!(below
                    .components()
                    .all(|part| matches!(part, std::path::Component::Normal(_))));
            }
        }
    }
}
