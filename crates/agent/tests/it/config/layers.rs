//! All layers together, and what is told about them.

use outpost_agent::config::{Configuration, OpenError, Source, Standing, Warning};
use serde_json::{Value, json};

use super::world::{World, places};

fn sources(configuration: &Configuration) -> Vec<Source> {
    let layers = configuration.read(None).layers;
    layers.into_iter().map(|layer| layer.source).collect()
}

#[test]
fn the_higher_layer_has_the_last_word_on_each_key() {
    let world = World::new();
    world.put(
        "system/config.toml",
        "model = 'sys'\nreview_model = 'sys'\noss_provider = 'sys'\nnotify = ['a', 'b']\n\
         [mcp_servers.m]\ncommand = 'c'\nargs = ['x']\n",
    );
    world.put(
        "home/config.toml",
        "model = 'user'\nreview_model = 'user'\nnotify = ['u']\nlog_dir = 'logs'\n\
         [mcp_servers.m]\ncommand = 'd'\n",
    );
    world.put("system/managed_config.toml", "approval_policy = 'never'\n");
    let configuration = world.open(&["model=flag", "approval_policy=on-request", "log_dir=other"]);
    let system = Source::System {
        file: world.path("system/config.toml"),
    };
    let user = Source::User {
        file: world.path("home/config.toml"),
    };
    let managed = Source::Managed {
        file: world.path("system/managed_config.toml"),
    };
    let snapshot = configuration.read(None);
    for (key, value, origin_key, source) in [
        ("model", json!("flag"), "model", &Source::Flags),
        ("review_model", json!("user"), "review_model", &user),
        ("oss_provider", json!("sys"), "oss_provider", &system),
        ("notify", json!(["u"]), "notify.0", &user),
        (
            "approval_policy",
            json!("never"),
            "approval_policy",
            &managed,
        ),
        (
            "log_dir",
            json!(world.text("@/home/other")),
            "log_dir",
            &Source::Flags,
        ),
    ] {
        assert_eq!(snapshot.config[key], value, "{key}");
        assert_eq!(snapshot.origins[origin_key].source, *source, "{key}");
    }
    assert!(!snapshot.origins.contains_key("notify.1"));
    let server = &snapshot.config["mcp_servers"]["m"];
    assert_eq!(
        (&server["command"], &server["args"]),
        (&json!("d"), &json!(["x"]))
    );
    assert_eq!(
        sources(&configuration),
        [managed, Source::Flags, user, system]
    );
    for origin in snapshot.origins.values() {
        let layer = snapshot
            .layers
            .iter()
            .find(|layer| layer.source == origin.source);
        assert_eq!(layer.unwrap().version, origin.version);
    }
    // A layer is shown as it was written; what holds is absolute.
    assert_eq!(snapshot.layers[2].config["log_dir"], "logs");
    assert_eq!(snapshot.warnings, []);
}

#[test]
fn where_nothing_is_said_there_are_two_empty_layers_and_the_defaults() {
    let world = World::new();
    let configuration = world.open(&[]);
    let snapshot = configuration.read(Some(&world.path("nowhere")));
    let empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    assert_eq!(snapshot.layers.len(), 2);
    for layer in &snapshot.layers {
        assert_eq!((&layer.config, layer.version.as_str()), (&json!({}), empty));
    }
    assert!(snapshot.origins.is_empty());
    assert_eq!(snapshot.config["model"], Value::Null);
    assert_eq!(snapshot.config["allow_login_shell"], true);
    assert_eq!(configuration.requirements(), None);
}

#[test]
fn each_file_that_is_broken_keeps_its_last_word_and_is_told_of() {
    let world = World::new();
    world.put("system/config.toml", "model = 'sys'\n");
    world.put("home/config.toml", "review_model = 'user'\n");
    let configuration = world.open(&[]);
    configuration.read(None);
    world.put("system/config.toml", "model = 1\n");
    world.put("home/config.toml", "review_model = 'later'\nzz = 1\n");
    let snapshot = configuration.read(None);
    assert_eq!(snapshot.config["model"], "sys");
    assert_eq!(snapshot.config["review_model"], "later");
    let [
        Warning::Broken { fault, standing },
        Warning::Unknown { source, keys },
    ] = &snapshot.warnings[..]
    else {
        panic!("{:?}", snapshot.warnings);
    };
    assert_eq!(*standing, Standing::LastGood);
    assert_eq!(
        fault.to_string(),
        world.text("@/system/config.toml:1:9: invalid type: integer `1`, expected a string")
    );
    let file = world.path("home/config.toml");
    assert_eq!(
        (source, &keys[..]),
        (&Source::User { file }, &["zz".to_owned()][..])
    );
}

#[test]
fn what_the_administrator_demands_is_known_from_both_files() {
    let world = World::new();
    world.put(
        "system/requirements.toml",
        "allowed_approval_policies = ['on-request']\nzz = 1\n",
    );
    world.put(
        "system/managed_config.toml",
        "approval_policy = 'never'\nsandbox_mode = 'workspace-write'\n",
    );
    let configuration = world.open(&[]);
    let requirements = configuration.requirements().unwrap();
    assert_eq!(
        requirements.demands,
        json!({"allowed_approval_policies": ["on-request"], "zz": 1,
               "allowed_sandbox_modes": ["read-only", "workspace-write"]})
    );
    let files = ["system/requirements.toml", "system/managed_config.toml"];
    assert_eq!(requirements.files, files.map(|file| world.path(file)));
    let warning = Warning::UnknownRequirements {
        file: world.path("system/requirements.toml"),
        keys: vec!["zz".to_owned()],
    };
    assert_eq!(configuration.read(None).warnings, [warning]);

    // Broken later, they still hold.
    world.put("system/requirements.toml", "zz = [");
    assert_eq!(configuration.requirements().unwrap(), requirements);
    let broken = Standing::LastGood;
    let warnings = configuration.read(None).warnings;
    assert!(matches!(&warnings[0], Warning::Broken { standing, .. } if *standing == broken));
}

#[test]
fn there_is_no_start_with_wrong_flags_or_unreadable_demands() {
    let world = World::new();
    let refused = |flags: &[&str]| {
        let folder = world.path("");
        Configuration::open(places(&folder), flags)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused(&["zz"]),
        "error parsing -c overrides: Invalid override (missing '='): zz"
    );
    assert_eq!(
        refused(&["sandbox_mode=zz"]),
        "unknown variant `zz`, expected one of `read-only`, `workspace-write`, \
         `danger-full-access`\nin `sandbox_mode`\n"
    );
    world.put("system/requirements.toml", "allowed_sandbox_modes = 1\n");
    let error = Configuration::open(places(&world.path("")), &[""; 0]).unwrap_err();
    assert!(matches!(error, OpenError::Requirements(_)), "{error}");
    assert_eq!(
        error.to_string(),
        world.text(
            "failed to read requirements: @/system/requirements.toml:1:25: \
             invalid type: integer `1`, expected a sequence"
        )
    );
}
