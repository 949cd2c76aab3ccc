//! What settings come to, and how they change.

use std::collections::BTreeMap;

use outpost_protocol::app::{
    AbsolutePath,
    choices::ModeKind,
    policy::{AskForApproval, SandboxMode, SandboxPolicy},
    thread::{
        ActivePermissionProfile, CollaborationMode, CollaborationSettings, Personality,
        ThreadEnvironment,
    },
};
use serde_json::{Value, json};

use super::{super::*, settings};

fn path(text: &str) -> AbsolutePath {
    AbsolutePath::new(text.as_ref()).unwrap()
}

pub(super) fn wishes() -> Wishes {
    Wishes {
        cwd: path("/ws"),
        model: None,
        model_provider: None,
        service_tier: None,
        roots: None,
        approval_policy: None,
        approvals_reviewer: None,
        sandbox: None,
        permissions: None,
        personality: None,
        multi_agent_mode: None,
        environments: None,
        config: BTreeMap::new(),
    }
}

pub(super) fn found(config: &Value) -> Surroundings<'_> {
    Surroundings {
        config,
        trusted: None,
        default_model: Some("usual"),
        default_environment: "local",
    }
}

/// Lets everything be, and shows profiles as what only looks; there are two.
pub(super) fn held(hold: Hold, config: &Value) -> Result<Held, String> {
    let name = match hold {
        Hold::Policy { policy, .. } => return Ok((policy, None)),
        Hold::Profile(name) => name,
        Hold::Usual => ":usual".to_owned(),
    };
    if name != ":usual" && config["permissions"][&name].is_null() {
        return Err(format!("no profile `{name}`"));
    }
    let policy = SandboxPolicy::ReadOnly {
        network_access: false,
    };
    let extends = None;
    Ok((policy, Some(ActivePermissionProfile { id: name, extends })))
}

#[test]
fn a_profile_is_the_one_that_is_wished_or_the_one_that_is_configured() {
    let config = json!({
        "default_permissions": "mine", "sandbox_mode": "workspace-write",
        "permissions": {"mine": {}, "other": {}},
    });
    let seen = |change: fn(&mut Wishes)| {
        let mut wishes = wishes();
        change(&mut wishes);
        let mut seen = None;
        let resolved = resolve(wishes, found(&config), |hold, config| {
            seen = Some(hold.clone());
            held(hold, config)
        });
        (seen.unwrap(), resolved.is_ok())
    };
    let profile = |name: &str| (Hold::Profile(name.to_owned()), true);
    let looking = |is_wish| {
        let policy = SandboxPolicy::ReadOnly {
            network_access: false,
        };
        (Hold::Policy { policy, is_wish }, true)
    };
    assert_eq!(seen(|_| {}), profile("mine"));
    assert_eq!(
        seen(|wishes| wishes.permissions = Some("other".to_owned())),
        profile("other")
    );
    assert_eq!(
        seen(|wishes| wishes.sandbox = Some(SandboxMode::ReadOnly)),
        looking(true)
    );
    let own = |wishes: &mut Wishes| {
        let mode = json!("read-only");
        wishes.config.insert("sandbox_mode".to_owned(), mode);
    };
    assert_eq!(seen(own), looking(false));
    // What is said for this thread alone defines profiles, too.
    assert_eq!(
        seen(|wishes| {
            let more = [
                ("default_permissions", "new"),
                ("permissions.new.extends", ":read-only"),
            ];
            let more = more.map(|(key, value)| (key.to_owned(), json!(value)));
            wishes.config = BTreeMap::from(more);
        }),
        profile("new")
    );
}

#[test]
fn what_nobody_says_is_as_configured_or_as_the_folder_is_trusted() {
    let none = settings();
    assert_eq!(none.told.model, "usual");
    assert_eq!(none.told.model_provider, "openai");
    assert_eq!(none.told.approval_policy, AskForApproval::OnRequest);
    let id = |settings: &Settings| {
        settings
            .told
            .active_permission_profile
            .clone()
            .map(|p| p.id)
    };
    assert_eq!(id(&none).unwrap(), ":usual");
    assert_eq!(none.roots, [path("/ws")]);

    let trusting = |trusted| {
        let found = Surroundings {
            trusted: Some(trusted),
            ..found(&Value::Null)
        };
        resolve(wishes(), found, held).unwrap()
    };
    assert_eq!(
        trusting(true).told.approval_policy,
        AskForApproval::OnRequest
    );
    assert_eq!(
        trusting(false).told.approval_policy,
        AskForApproval::Untrusted
    );

    let config = json!({
        "model": "m", "model_provider": "mock", "model_providers": {"mock": {}},
        "approval_policy": "never", "sandbox_mode": "workspace-write",
        "sandbox_workspace_write": {"network_access": true, "writable_roots": ["/q"]},
        "model_reasoning_effort": "high", "service_tier": "fast", "personality": "pragmatic",
    });
    let configured = resolve(wishes(), found(&config), held).unwrap();
    let told = &configured.told;
    assert_eq!(
        (told.model.as_str(), told.model_provider.as_str()),
        ("m", "mock")
    );
    assert_eq!(told.service_tier.as_deref(), Some("priority"));
    assert_eq!(told.effort.as_deref(), Some("high"));
    assert_eq!(told.personality, Some(Personality::Pragmatic));
    assert_eq!(id(&configured), None);
    assert_eq!(configured.roots, [path("/ws"), path("/q")]);
    assert!(matches!(
        told.sandbox_policy,
        SandboxPolicy::WorkspaceWrite {
            network_access: true,
            ..
        }
    ));

    // What is wanted of one thread wins over what is configured for all.
    let mut wanted = wishes();
    wanted.sandbox = Some(SandboxMode::ReadOnly);
    wanted.config = BTreeMap::from([
        ("model".to_owned(), json!("other")),
        (
            "sandbox_workspace_write.writable_roots".to_owned(),
            json!([]),
        ),
    ]);
    let wanted = resolve(wanted, found(&config), held).unwrap();
    assert_eq!(wanted.told.model, "other");
    assert_eq!(wanted.roots, [path("/ws")]);
}

#[test]
fn what_cannot_be_is_refused_in_the_words_of_the_reference() {
    let refused = |change: fn(&mut Wishes)| {
        let mut wishes = wishes();
        change(&mut wishes);
        resolve(wishes, found(&Value::Null), held)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused(|wishes| wishes.model_provider = Some("nope".to_owned())),
        "failed to load configuration: Model provider `nope` not found"
    );
    assert_eq!(
        refused(|wishes| wishes.permissions = Some("nope".to_owned())),
        "failed to load configuration: no profile `nope`"
    );
    assert!(refused(|wishes| wishes.model = Some(String::new())).starts_with("No models are"));
    assert_eq!(
        refused(|wishes| {
            wishes
                .config
                .insert("sandbox_mode".to_owned(), json!("bogus"));
        }),
        "failed to load configuration: unknown variant `bogus`, expected one of `read-only`, \
         `workspace-write`, `danger-full-access`\nin `sandbox_mode`\n"
    );
    let deep = |parts: usize| {
        let mut wishes = wishes();
        wishes.config.insert(vec!["k"; parts].join("."), json!(1));
        resolve(wishes, found(&Value::Null), held).map_err(|error| error.to_string())
    };
    assert!(deep(16).is_ok());
    assert_eq!(
        deep(17).unwrap_err(),
        "failed to load configuration: a key has 17 parts, of at most 16"
    );
}

#[test]
fn a_change_takes_what_belongs_to_it_along() {
    let settings = settings();
    assert_eq!(settings.with(Change::default()), settings);

    let moved = settings.with(Change {
        cwd: Some(path("/new")),
        model: Some("m".to_owned()),
        effort: Some("high".to_owned()),
        ..Change::default()
    });
    let environment = &moved.told.environments.as_ref().unwrap()[0];
    assert_eq!(environment.cwd, "/new");
    assert_eq!(environment.runtime_workspace_roots, ["/new"]);
    assert_eq!(moved.roots, [path("/new")]);
    let mode = &moved.told.collaboration_mode.settings;
    assert_eq!(
        (mode.model.as_str(), mode.reasoning_effort.as_deref()),
        ("m", Some("high"))
    );

    let mode = CollaborationMode {
        mode: ModeKind::Plan,
        settings: CollaborationSettings {
            model: "q".to_owned(),
            reasoning_effort: None,
            developer_instructions: Some("d".to_owned()),
        },
    };
    let elsewhere = ThreadEnvironment {
        environment_id: "far".to_owned(),
        cwd: "/there".to_owned(),
        runtime_workspace_roots: vec!["/there".to_owned(), "C:\\ws".to_owned()],
    };
    let planned = moved.with(Change {
        effort: Some("low".to_owned()),
        collaboration_mode: Some(mode.clone()),
        environments: Some(vec![elsewhere]),
        sandbox: Some((SandboxPolicy::DangerFullAccess {}, None)),
        ..Change::default()
    });
    assert_eq!(
        (planned.told.model.as_str(), planned.told.effort),
        ("q", None)
    );
    assert_eq!(planned.told.collaboration_mode, mode);
    assert_eq!(
        planned.told.sandbox_policy,
        SandboxPolicy::DangerFullAccess {}
    );
    assert_eq!(planned.roots, [path("/there")]);
}
