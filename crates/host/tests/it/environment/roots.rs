//! What is found in folders a client names.

use std::{fs, os::unix::fs::symlink};

use outpost_host::environment::capability::{
    MAX_ROOTS, Root, RootDiscovery, SkillFiles, TextFile, discover_roots,
};

use super::World;

fn discover(world: &World, folder: &str) -> RootDiscovery {
    let root = Root {
        id: "x".to_owned(),
        path: world.path(folder),
    };
    let mut found = discover_roots(vec![root]).expect("one root is not too many");
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn file(world: &World, path: &str) -> TextFile {
    TextFile {
        path: world.path(path),
        contents: fs::read_to_string(world.path(path)).expect("a text file"),
    }
}

fn names(world: &World, files: &[TextFile]) -> Vec<String> {
    files
        .iter()
        .map(|file| super::relative(world, &file.path))
        .collect()
}

fn skills(world: &World, found: &RootDiscovery) -> Vec<String> {
    let path = |skill: &SkillFiles| super::relative(world, &skill.instructions.path);
    found.skills.iter().map(path).collect()
}

#[test]
fn a_plugin_is_found_with_all_its_files() {
    let world = World::new();
    let manifest = r#"{"name":"p","mcpServers":"./my.json","apps":"./sub/apps.json"}"#;
    world.write("work/p/.codex-plugin/plugin.json", manifest);
    world.write("work/p/.claude-plugin/plugin.json", r#"{"name":"other"}"#);
    world.write("work/p/my.json", "{}");
    world.write("work/p/sub/apps.json", "[]");
    world.write_skill("work/p/skills/b", "b");
    world.write_skill("work/p/skills/a", "a");
    world.write("work/p/skills/a/agents/openai.yaml", "policy: {}");
    let found = discover(&world, "work/p");
    assert_eq!(
        (found.id.as_str(), &found.path),
        ("x", &world.path("work/p"))
    );
    assert_eq!((&found.warnings[..], &found.error), (&[][..], &None));
    let plugin = found.plugin.as_ref().unwrap();
    assert_eq!(
        plugin.manifest,
        file(&world, "work/p/.codex-plugin/plugin.json")
    );
    assert_eq!(plugin.mcp_config, Some(file(&world, "work/p/my.json")));
    assert_eq!(
        plugin.apps_config,
        Some(file(&world, "work/p/sub/apps.json"))
    );
    assert_eq!(
        found.namespace_manifests,
        std::slice::from_ref(&plugin.manifest)
    );
    assert_eq!(
        found.skills,
        [
            SkillFiles {
                instructions: file(&world, "work/p/skills/a/SKILL.md"),
                metadata: Some(file(&world, "work/p/skills/a/agents/openai.yaml")),
            },
            SkillFiles {
                instructions: file(&world, "work/p/skills/b/SKILL.md"),
                metadata: None,
            },
        ]
    );
}

#[test]
fn undeclared_and_inline_parts_are_found_too() {
    let world = World::new();
    world.write(
        "work/p/.claude-plugin/plugin.json",
        r#"{"mcpServers":{"b":{"url":"u"},"a":1}}"#,
    );
    world.write("work/p/.mcp.json", "unused");
    world.write("work/p/.app.json", "{}");
    let plugin = discover(&world, "work/p").plugin.unwrap();
    let servers = plugin.mcp_config.unwrap();
    assert_eq!(servers.path, plugin.manifest.path);
    assert!(
        servers.contents.contains(r#""b":{"url":"u"}"#),
        "{}",
        servers.contents
    );
    assert_eq!(plugin.apps_config, Some(file(&world, "work/p/.app.json")));

    world.write("work/p/.claude-plugin/plugin.json", "{broken");
    let plugin = discover(&world, "work/p").plugin.unwrap();
    assert_eq!(plugin.mcp_config, Some(file(&world, "work/p/.mcp.json")));
}

#[test]
fn a_declaration_out_of_the_folder_is_ignored_and_said() {
    let world = World::new();
    world.write("work/x.json", "secret");
    let manifest = r#"{"mcpServers":"./../x.json","apps":"x.json"}"#;
    world.write("work/p/.codex-plugin/plugin.json", manifest);
    let found = discover(&world, "work/p");
    let plugin = found.plugin.unwrap();
    assert_eq!((plugin.mcp_config, plugin.apps_config), (None, None));
    let manifest = world.uri("work/p/.codex-plugin/plugin.json");
    assert_eq!(
        found.warnings,
        [
            format!(
                "ignoring mcpServers in {manifest}: path must remain below the capability root"
            ),
            format!("ignoring apps in {manifest}: path must start with `./`"),
        ]
    );
}

#[test]
fn skills_know_the_plugins_around_them() {
    let world = World::new();
    for folder in ["work/p", "work/p/skills/inner"] {
        world.write(&format!("{folder}/.cursor-plugin/plugin.json"), "{}");
        world.write(&format!("{folder}/.claude-plugin/plugin.json"), "{}");
    }
    world.write_skill("work/p/skills/inner/s", "s");
    let found = discover(&world, "work/p/skills");
    assert_eq!(found.plugin, None);
    assert_eq!(
        names(&world, &found.namespace_manifests),
        [
            "work/p/.claude-plugin/plugin.json",
            "work/p/skills/inner/.claude-plugin/plugin.json",
        ]
    );
}

#[test]
fn the_search_is_bounded_in_depth() {
    let world = World::new();
    let mut folder = "work/r".to_owned();
    for n in 1..=8 {
        folder = format!("{folder}/{n}");
        world.write_skill(&folder, "s");
    }
    symlink("..", world.path("work/r/1/loop")).unwrap();
    let found = discover(&world, "work/r");
    assert_eq!(found.skills.len(), 6);
    assert_eq!(skills(&world, &found)[0], "work/r/1/2/3/4/5/6/SKILL.md");
    assert!(found.warnings.is_empty());
}

#[test]
fn files_that_cannot_be_told_are_left_out_and_said() {
    let world = World::new();
    world.write_skill("work/r/good", "good");
    world.write("work/r/large/SKILL.md", vec![b'x'; (1 << 20) + 1]);
    world.write("work/r/fits/SKILL.md", vec![b'x'; 1 << 20]);
    world.write("work/r/bytes/SKILL.md", b"\xff");
    fs::create_dir_all(world.path("work/r/folder/SKILL.md")).unwrap();
    let found = discover(&world, "work/r");
    assert_eq!(
        skills(&world, &found),
        ["work/r/fits/SKILL.md", "work/r/good/SKILL.md"]
    );
    let (bytes, large) = (
        world.uri("work/r/bytes/SKILL.md"),
        world.uri("work/r/large/SKILL.md"),
    );
    assert_eq!(
        found.warnings,
        [
            format!(
                "capability file {bytes} is not UTF-8: invalid utf-8 sequence of 1 bytes from index 0"
            ),
            format!("capability file {large} exceeds the 1048576-byte limit"),
        ]
    );
}

#[test]
fn the_text_of_one_folder_and_of_an_answer_is_bounded() {
    let world = World::new();
    for n in 0..18 {
        world.write(&format!("work/r/{n:02}/SKILL.md"), vec![b'x'; 1 << 20]);
    }
    let found = discover(&world, "work/r");
    assert_eq!(found.skills.len(), 16);
    assert_eq!(
        found.warnings,
        ["capability root bundle exceeds the 16777216-byte limit"]
    );

    let root = Root {
        id: "x".to_owned(),
        path: world.path("work/r"),
    };
    let found = discover_roots(vec![root; 4]).unwrap();
    let total: usize = found
        .iter()
        .flat_map(|root| &root.skills)
        .map(|skill| skill.instructions.contents.len())
        .sum();
    assert!(total > 46 << 20 && total <= 48 << 20, "{total}");
    assert_eq!(found[3].skills.len(), 0);
    assert!(!found[3].warnings.is_empty());
}

#[test]
fn folders_that_are_none_are_errors_of_their_own() {
    let world = World::new();
    world.write("work/file", "");
    let found = discover(&world, "work/file");
    let file = world.uri("work/file");
    assert_eq!(
        found.error,
        Some(format!("capability root {file} is not a directory"))
    );
    let found = discover(&world, "work/a b");
    let folder = world.uri("work/a%20b");
    assert_eq!(
        found.error.unwrap(),
        format!(
            "failed to inspect capability root {folder}: No such file or directory (os error 2)"
        )
    );
}

#[test]
fn the_number_of_folders_is_bounded() {
    let world = World::new();
    let roots = |n| {
        let root = Root {
            id: "x".to_owned(),
            path: world.path("work"),
        };
        discover_roots(vec![root; n])
    };
    assert_eq!(roots(0).unwrap(), []);
    assert_eq!(roots(MAX_ROOTS).unwrap().len(), MAX_ROOTS);
    assert_eq!(
        roots(MAX_ROOTS + 1).unwrap_err().to_string(),
        "capability root discovery accepts at most 128 roots"
    );
}
