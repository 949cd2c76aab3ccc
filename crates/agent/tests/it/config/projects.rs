//! What projects may say, and which.

use std::path::PathBuf;

use outpost_agent::config::{Configuration, Disabled, Layer, Snapshot, Source, Warning};
use serde_json::json;

use super::world::World;

/// The layers of projects, the highest first, with the folder below this computer's own.
fn projects(snapshot: &Snapshot) -> Vec<(&PathBuf, &Layer)> {
    let folder = |layer| match layer {
        &Layer {
            source: Source::Project { ref folder },
            ..
        } => Some((folder, layer)),
        _ => None,
    };
    snapshot.layers.iter().filter_map(folder).collect()
}

fn read(world: &World, configuration: &Configuration, cwd: &str) -> Snapshot {
    configuration.read(Some(&world.path(cwd)))
}

#[test]
fn trusted_folders_count_from_the_root_down_and_only_inside() {
    let world = World::new();
    world.repository("p");
    world.put(
        "home/config.toml",
        "model = 'user'\n[projects.\"@/p\"]\ntrust_level = 'trusted'\n",
    );
    world.put(
        "p/.codex/config.toml",
        "model = 'root'\nlog_dir = 'logs'\nreview_model = 'root'\n",
    );
    world.put("p/sub/.codex/config.toml", "model = 'sub'\n");
    world.put("p/sub/empty/.codex/nothing", "");
    let configuration = world.open(&["review_model=flag"]);
    let snapshot = read(&world, &configuration, "p/sub/empty/../empty/not/there");
    assert_eq!(snapshot.config["model"], "sub");
    assert_eq!(snapshot.config["review_model"], "flag");
    assert_eq!(snapshot.config["log_dir"], world.text("@/p/.codex/logs"));
    let layers = projects(&snapshot);
    let folders: Vec<_> = layers.iter().map(|(folder, _)| folder.as_path()).collect();
    let expected = ["p/sub/empty/.codex", "p/sub/.codex", "p/.codex"].map(|name| world.path(name));
    assert_eq!(folders, expected);
    assert_eq!(
        layers[2].1.config,
        json!({"model": "root", "review_model": "root", "log_dir": world.text("@/p/.codex/logs")})
    );
    assert_eq!(
        read(&world, &configuration, "elsewhere").config["model"],
        "user"
    );
    assert_eq!(configuration.read(None).config["model"], "user");
}

#[test]
fn what_is_not_trusted_is_shown_and_does_not_count() {
    let world = World::new();
    world.repository("p");
    world.put("p/.codex/config.toml", "model = 'p'\nzz = 1\n");
    world.put("p/sub/.codex/config.toml", "model = [\n");
    let configuration = world.open(&[]);
    let project = world.path("p");
    let not_trusted = Disabled::NotTrusted {
        project: project.clone(),
    };
    let untrusted = Disabled::Untrusted { project };
    for (level, disabled) in [("", not_trusted), ("trust_level = 'untrusted'", untrusted)] {
        world.put(
            "home/config.toml",
            &format!("[projects.\"@/p\"]\n{level}\n"),
        );
        let snapshot = read(&world, &configuration, "p/sub");
        assert_eq!(snapshot.config["model"], json!(null));
        assert_eq!(snapshot.warnings, []);
        let layers = projects(&snapshot);
        assert_eq!(layers[0].1.config, json!({}));
        assert_eq!(layers[1].1.config, json!({"model": "p", "zz": 1}));
        for (_, layer) in layers {
            assert_eq!(layer.disabled.as_ref(), Some(&disabled));
        }
    }
}

#[test]
fn a_project_does_not_say_where_credentials_go() {
    let world = World::new();
    world.repository("p");
    world.put(
        "home/config.toml",
        "[projects.\"@/p\"]\ntrust_level = 'trusted'\n",
    );
    world.put(
        "p/.codex/config.toml",
        "model_provider = 'x'\nmodel = 'p'\nnotify = ['evil']\n\
         [features]\nrespect_system_proxy = true\nmemories = true\n",
    );
    let snapshot = read(&world, &world.open(&[]), "p");
    assert_eq!(snapshot.config["model"], "p");
    assert_eq!(snapshot.config["model_provider"], json!(null));
    assert_eq!(snapshot.config["notify"], json!(null));
    assert_eq!(
        projects(&snapshot)[0].1.config,
        json!({"model": "p", "features": {"memories": true}})
    );
    let keys = ["notify", "model_provider", "features.respect_system_proxy"];
    let [Warning::NotForProjects { file, keys: told }] = &snapshot.warnings[..] else {
        panic!("{:?}", snapshot.warnings);
    };
    assert_eq!(*file, world.path("p/.codex/config.toml"));
    assert_eq!(told.len(), keys.len());
    assert!(
        keys.iter().all(|key| told.iter().any(|told| told == key)),
        "{told:?}"
    );
}

#[test]
fn a_worktree_has_the_hooks_of_its_main_checkout() {
    let world = World::new();
    world.repository("main");
    world.put("main/.git/worktrees/w/gitdir", "@/w/.git\n");
    world.put("main/.git/worktrees/w/commondir", "../..\n");
    world.put("w/.git", "gitdir: @/main/.git/worktrees/w\n");
    world.put(
        "home/config.toml",
        "[projects.\"@/main\"]\ntrust_level = 'trusted'\n",
    );
    let hooks = |name: &str| format!("model = '{name}'\n[[hooks.Stop]]\nmatcher = '{name}'\n");
    world.put("main/.codex/config.toml", &hooks("main"));
    world.put("w/.codex/config.toml", &hooks("branch"));
    let snapshot = read(&world, &world.open(&[]), "w");
    assert_eq!(snapshot.config["model"], "branch");
    assert_eq!(
        snapshot.config["hooks"]["Stop"],
        json!([{"matcher": "main", "hooks": []}])
    );
    let origin = Source::Project {
        folder: world.path("main/.codex"),
    };
    assert_eq!(snapshot.origins["hooks.Stop.0.matcher"].source, origin);
}
