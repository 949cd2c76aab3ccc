//! Which projects may configure what.

use std::os::unix::fs::symlink;

use outpost_agent::config::{
    Places,
    excerpt::{self, ConfigRequest},
};

use super::{World, layers, models, paths, places, read, repository, set_trust};

#[test]
fn only_trusted_projects_count() {
    let world = World::new();
    repository(&world);
    let (root, a, b) = (
        "work/r/.codex | model = \"root\"",
        "work/r/a/.codex | model = \"a\"",
        "work/r/a/b/.codex | model = \"b\"",
    );
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
    let cases: [Case<'_>; 6] = [
        (&[], &[]),
        (&[("work/r", "trusted")], &[root, a, b]),
        (&[("work", "trusted")], &[]),
        (&[("work/r/a", "trusted")], &[a]),
        (
            &[("work/r", "trusted"), ("work/r/a", "untrusted")],
            &[root, b],
        ),
        (&[("work/r", "untrusted"), ("work/r/a/b", "trusted")], &[b]),
    ];
    for (levels, expected) in cases {
        set_trust(&world, levels);
        assert_eq!(models(&world, "work/r/a/b"), expected, "{levels:?}");
    }
}

#[test]
fn trust_holds_for_a_folder_under_all_its_names() {
    let world = World::new();
    repository(&world);
    set_trust(&world, &[("work/r", "trusted")]);
    symlink(world.path("work/r"), world.path("link")).unwrap();
    assert_eq!(
        models(&world, "link/a"),
        [
            "link/.codex | model = \"root\"",
            "link/a/.codex | model = \"a\"",
        ]
    );
}

#[test]
fn markers_say_where_a_project_begins() {
    let world = World::new();
    repository(&world);
    world.write("work/mark", "");
    world.write("work/.codex/config.toml", "model = 'work'");
    let trusted = |markers: &str, folder: &str| {
        let folder = world.path(folder);
        let text = format!(
            "{markers}\n[projects.'{}']\ntrust_level = 'trusted'",
            folder.display()
        );
        world.write("home/config.toml", text);
    };
    trusted("project_root_markers = ['mark']", "work");
    assert_eq!(models(&world, "work/r").len(), 2);
    trusted("project_root_markers = []", "work/r");
    assert_eq!(models(&world, "work/r").len(), 1);
    assert_eq!(models(&world, "work/r/a").len(), 0);
    trusted("", "work/r/a");
    std::fs::remove_file(world.path("work/r/.git/HEAD")).unwrap();
    assert_eq!(
        models(&world, "work/r/a").len(),
        1,
        "an empty .git is no repository"
    );
}

#[test]
fn a_project_cannot_choose_where_credentials_go() {
    let world = World::new();
    world.write("work/.git/HEAD", "");
    set_trust(&world, &[("work", "trusted")]);
    let keys = [
        "openai_base_url",
        "chatgpt_base_url",
        "apps_mcp_product_sku",
        "responses_api_metadata",
        "model_provider",
        "model_providers",
        "notify",
        "profile",
        "profiles",
        "experimental_realtime_webrtc_call_base_url",
        "experimental_realtime_ws_base_url",
        "otel",
    ];
    let mut text: String = keys.iter().map(|key| format!("{key} = 'evil'\n")).collect();
    text.push_str(
        "model = 'm'\n[features]\nrespect_system_proxy = true\nfoo = true\n\
         [tui.keymap.chat]\nprevious_permission_mode = 'a'\nnext_permission_mode = 'b'\nz = 'c'\n",
    );
    world.write("work/.codex/config.toml", text);
    let all: Vec<_> = keys
        .into_iter()
        .chain(["model", "features", "tui"])
        .collect();
    assert_eq!(
        read(&world, "work", &all).unwrap().config.layers[0].toml,
        "model = \"m\"\n\n[features]\nfoo = true\n\n[tui.keymap.chat]\nz = \"c\"\n"
    );
}

#[test]
fn the_home_folder_is_no_project() {
    let world = World::new();
    world.write("work/.git/HEAD", "");
    let places = Places {
        home: world.path("work/.codex"),
        ..places(&world.path(""))
    };
    let text = format!(
        "model = 'u'\n[projects.'{}']\ntrust_level = 'trusted'",
        world.path("work").display()
    );
    world.write("work/.codex/config.toml", text);
    let request = ConfigRequest {
        cwd: world.path("work"),
        config_paths: paths(&["model"]),
        requirements_paths: Vec::new(),
    };
    let config = excerpt::read(&places, &request).unwrap().config;
    assert_eq!(layers(&world, &config), ["work/.codex | model = \"u\""]);
}

/// Makes `work/wt` a worktree of `work/r`, or a folder that only says so.
fn worktree(world: &World, is_known: bool) {
    let admin = "work/r/.git/worktrees/wt";
    world.write(
        "work/wt/.git",
        format!("gitdir: {}\n", world.path(admin).display()),
    );
    world.write(&format!("{admin}/commondir"), "../..\n");
    let back = if is_known {
        "work/wt/.git"
    } else {
        "work/other/.git"
    };
    world.write(
        &format!("{admin}/gitdir"),
        format!("{}\n", world.path(back).display()),
    );
    world.write("work/wt/.codex/config.toml", "model = 'wt'\nhooks.x = 1");
}

#[test]
fn a_worktree_is_trusted_as_its_repository_and_runs_its_hooks() {
    let world = World::new();
    repository(&world);
    world.write("work/r/.codex/config.toml", "model = 'root'\nhooks.y = 2");
    set_trust(&world, &[("work/r", "trusted")]);
    worktree(&world, true);
    let config = read(&world, "work/wt", &["model", "hooks"]).unwrap().config;
    assert_eq!(
        layers(&world, &config),
        [
            "work/wt/.codex | model = \"wt\"",
            "work/r/.codex | [hooks]\ny = 2",
        ]
    );
}

#[test]
fn a_folder_that_claims_to_be_a_worktree_is_not_trusted() {
    let world = World::new();
    repository(&world);
    set_trust(&world, &[("work/r", "trusted")]);
    worktree(&world, false);
    assert!(models(&world, "work/wt").is_empty());
}
