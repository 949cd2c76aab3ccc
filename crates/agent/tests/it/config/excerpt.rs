//! Which layers count where, and what is left of them when a client asks for some keys.

mod projects;

use outpost_agent::config::{
    FILE_LIMIT,
    excerpt::{self, Config, ConfigError, ConfigRequest, LayerStack, MAX_PATHS, MAX_SEGMENTS},
};

use super::world::{World, places};

fn paths(keys: &[&str]) -> Vec<Vec<String>> {
    keys.iter()
        .map(|key| key.split('.').map(str::to_owned).collect())
        .collect()
}

fn read(world: &World, cwd: &str, keys: &[&str]) -> Result<Config, ConfigError> {
    let request = ConfigRequest {
        cwd: world.path(cwd),
        config_paths: paths(keys),
        requirements_paths: paths(keys),
    };
    excerpt::read(&places(&world.path("")), &request)
}

/// Each layer as `base | toml`.
fn layers(world: &World, stack: &LayerStack) -> Vec<String> {
    let layer = |layer: &excerpt::Layer| {
        format!(
            "{} | {}",
            world.relative(&layer.base_dir),
            layer.toml.trim_end()
        )
    };
    stack.layers.iter().map(layer).collect()
}

fn models(world: &World, cwd: &str) -> Vec<String> {
    layers(
        world,
        &read(world, cwd, &["model"]).expect("readable files").config,
    )
}

/// A repository `work/r` with layers in its root, `a` and `a/b`.
fn repository(world: &World) {
    world.write("work/r/.git/HEAD", "ref: refs/heads/main\n");
    for (folder, model) in [("r", "root"), ("r/a", "a"), ("r/a/b", "b")] {
        world.write(
            &format!("work/{folder}/.codex/config.toml"),
            format!("model = '{model}'"),
        );
    }
}

fn set_trust(world: &World, levels: &[(&str, &str)]) {
    let entry = |(folder, level): &(&str, &str)| {
        let folder = world.path(folder);
        format!(
            "[projects.'{}']\ntrust_level = '{level}'\n",
            folder.display()
        )
    };
    let levels: String = levels.iter().map(entry).collect();
    world.write("home/config.toml", levels);
}

#[test]
fn layers_run_from_system_to_managed() {
    let world = World::new();
    repository(&world);
    set_trust(&world, &[("work/r", "trusted")]);
    world.write("system/config.toml", "model = 'system'\nother = 1");
    world.write("system/managed_config.toml", "model = 'managed'");
    let config = read(&world, "work/r/a", &["model"]).unwrap().config;
    assert_eq!(
        layers(&world, &config),
        [
            "system | model = \"system\"",
            "work/r/.codex | model = \"root\"",
            "work/r/a/.codex | model = \"a\"",
            "system | model = \"managed\"",
        ]
    );
    assert_eq!(config.cloud_insertion_index, 1);
    let sources: Vec<_> = config
        .layers
        .iter()
        .map(|layer| layer.source.as_str())
        .collect();
    let path = |path: &str| world.path(path).display().to_string();
    assert_eq!(
        sources,
        [
            format!("system ({})", path("system/config.toml")),
            format!("project ({})", path("work/r/.codex/config.toml")),
            format!("project ({})", path("work/r/a/.codex/config.toml")),
            format!(
                "legacy managed_config.toml ({})",
                path("system/managed_config.toml")
            ),
        ]
    );
    let user = read(&world, "work/r", &["projects"]).unwrap().config;
    assert_eq!(
        user.layers[0].source,
        format!("user ({})", path("home/config.toml"))
    );
    assert_eq!((user.layers.len(), user.cloud_insertion_index), (1, 0));
}

#[test]
fn a_computer_without_configuration_has_no_layers() {
    let world = World::new();
    let found = read(&world, "work/none/at/all", &["model"]).unwrap();
    assert_eq!((found.config, found.requirements), Default::default());
}

#[test]
fn values_keep_their_order_and_spelling() {
    let world = World::new();
    let text = "when = 2020-01-01\n\n[s.b]\ncommand = \"foo\"\nargs = [\"a\"]\ncwd = \"./rel\"\n\n\
                [s.\"a b\"]\nurl = \"u\"\n";
    world.write("home/config.toml", format!("# comment\n{text}"));
    let config = read(&world, "work", &["s", "when"]).unwrap().config;
    assert_eq!(config.layers[0].toml, text);
}

#[test]
fn requirements_come_from_the_system_alone() {
    let world = World::new();
    let keys = [
        "allowed_approval_policies",
        "allowed_sandbox_modes",
        "allowed_approvals_reviewers",
    ];
    let found = |world: &World| {
        let requirements = read(world, "work", &keys).unwrap().requirements;
        (
            layers(world, &requirements),
            requirements.cloud_insertion_index,
        )
    };
    world.write("home/requirements.toml", "allowed_sandbox_modes = ['x']");
    assert_eq!(found(&world), (vec![], 0));

    let managed = "approval_policy = 'never'\nsandbox_mode = 'read-only'\nmodel = 'm'";
    world.write("system/managed_config.toml", managed);
    let from_managed = "system | allowed_approval_policies = [\"never\"]\n\
                        allowed_sandbox_modes = [\"read-only\"]";
    assert_eq!(found(&world), (vec![from_managed.to_owned()], 0));

    world.write(
        "system/requirements.toml",
        "allowed_approval_policies = ['never']",
    );
    let from_file = "system | allowed_approval_policies = [\"never\"]";
    assert_eq!(
        found(&world),
        (vec![from_file.to_owned(), from_managed.to_owned()], 1)
    );

    let managed = "sandbox_mode = 'workspace-write'\napprovals_reviewer = 'user'";
    world.write("system/managed_config.toml", managed);
    let second = "system | allowed_approvals_reviewers = [\"user\"]\n\
                  allowed_sandbox_modes = [\"read-only\", \"workspace-write\"]";
    assert_eq!(found(&world).0[1], second);
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let world = World::new();
    let refusal = |config_paths: Vec<Vec<String>>, requirements_paths| {
        let request = ConfigRequest {
            cwd: world.path("work"),
            config_paths,
            requirements_paths,
        };
        let error = excerpt::read(&places(&world.path("")), &request).unwrap_err();
        assert!(error.is_invalid());
        error.to_string()
    };
    assert_eq!(
        refusal(vec![], vec![]),
        "at least one config or requirements path is required"
    );
    let empty = "TOML paths must contain at least one key segment";
    assert_eq!(refusal(vec![vec![]], vec![]), empty);
    assert_eq!(refusal(paths(&["a"]), vec![vec![]]), empty);
    let many = "at most 1024 TOML paths of at most 128 key segments are allowed";
    assert_eq!(
        refusal(vec![vec!["a".to_owned()]; MAX_PATHS], paths(&["a"])),
        many
    );
    assert_eq!(
        refusal(vec![vec!["a".to_owned(); MAX_SEGMENTS + 1]], vec![]),
        many
    );
    let deep = ConfigRequest {
        cwd: world.path("work"),
        config_paths: vec![vec!["a".to_owned(); MAX_SEGMENTS]; MAX_PATHS],
        requirements_paths: vec![],
    };
    assert!(excerpt::read(&places(&world.path("")), &deep).is_ok());
}

#[test]
fn broken_files_fail_the_call_unless_nobody_trusts_them() {
    let world = World::new();
    world.write("work/.git/HEAD", "");
    world.write("work/.codex/config.toml", "bad = = 3");
    assert!(models(&world, "work").is_empty(), "it is not trusted");
    let failure = |file: &str, text: &[u8]| {
        let before = std::fs::read(world.path(file)).ok();
        world.write(file, text);
        let error = read(&world, "work", &["model"]).unwrap_err();
        match before {
            Some(before) => world.write(file, before),
            None => std::fs::remove_file(world.path(file)).unwrap(),
        }
        assert!(!error.is_invalid());
        let message = error.to_string();
        let message = message
            .strip_prefix("failed to load executor-local config: ")
            .unwrap();
        message.replace(&world.path("").display().to_string(), "")
    };
    let syntax = "extra `=`, expected nothing";
    assert_eq!(
        failure("home/config.toml", b"a = 1\n\xc3\xa9 = 1"),
        "home/config.toml:2:1: invalid unquoted key, expected letters, numbers, `-`, `_`"
    );
    for file in [
        "home/config.toml",
        "system/config.toml",
        "system/managed_config.toml",
    ] {
        assert_eq!(
            failure(file, b"model = = 1"),
            format!("{file}:1:9: {syntax}")
        );
    }
    let report = format!(
        "TOML parse error at line 1, column 7\n  |\n1 | bad = = 2\n  |       ^\n{syntax}\n"
    );
    assert_eq!(
        failure("system/requirements.toml", b"bad = = 2"),
        format!("failed to parse requirements layer system/requirements.toml: {report}")
    );
    assert_eq!(
        failure("home/config.toml", b"project_root_markers = 'x'"),
        "project_root_markers must be an array of strings"
    );
    assert_eq!(
        failure("system/managed_config.toml", b"sandbox_mode = 1"),
        "system/managed_config.toml: sandbox_mode must be a string"
    );
    let large = format!("model = '{}'", "x".repeat(FILE_LIMIT));
    assert_eq!(
        failure("home/config.toml", large.as_bytes()),
        format!("home/config.toml: it exceeds {FILE_LIMIT} bytes")
    );
    set_trust(&world, &[("work", "trusted")]);
    let error = read(&world, "work", &["model"]).unwrap_err().to_string();
    assert!(error.contains("Error parsing project config file ") && error.contains(syntax));
}
