//! What is found where users and administrators put it.

use std::{fs, os::unix::fs::symlink};

use outpost_host::environment::capability::{Inventory, Policy, Skill, inventory};

use super::World;

const PLACES: &str = "some capability locations could not be resolved; discovery may be incomplete";
const METADATA: &str = "some capability metadata could not be loaded; discovery may be incomplete";
const LIMIT: &str = "capability discovery size limit reached";

fn plugin(world: &World, folder: &str, manifest: &str) {
    let folder = format!("home/plugins/cache/{folder}");
    world.write(&format!("{folder}/.codex-plugin/plugin.json"), manifest);
}

fn find(world: &World) -> Inventory {
    inventory(&world.places())
}

fn ids(inventory: &Inventory) -> Vec<String> {
    let id = |plugin: &outpost_host::environment::capability::Plugin| {
        format!("{} {} {}", plugin.id, plugin.version, plugin.display_name)
    };
    inventory.plugins.iter().map(id).collect()
}

fn names(skills: &[Skill]) -> Vec<&str> {
    skills.iter().map(|skill| skill.name.as_str()).collect()
}

#[test]
fn an_empty_computer_has_nothing() {
    assert_eq!(find(&World::new()), Inventory::default());
}

#[test]
fn skills_are_found_in_three_places() {
    let world = World::new();
    world.write_skill("system/skills/admin", "admin");
    world.write_skill("user/.agents/skills/deep/u", "user");
    world.write_skill("home/skills/b", "b");
    world.write_skill("home/skills/.system/s", "s");
    world.write_skill("work/.agents/skills/p", "project");
    let found = find(&world);
    assert_eq!(names(&found.skills), ["s", "b", "user", "admin"]);
    assert!(found.warnings.is_empty() && found.plugins.is_empty());
    let roots: Vec<_> = found
        .skills
        .iter()
        .map(|skill| {
            let root = skill.discovery_root.as_ref().unwrap();
            (root.id, super::relative(&world, &root.path))
        })
        .collect();
    let root = |id, path: &str| (id, path.to_owned());
    assert_eq!(
        roots,
        [
            root("codex-home-skills", "home/skills"),
            root("codex-home-skills", "home/skills"),
            root("user-agent-skills", "user/.agents/skills"),
            root("system-skills", "system/skills"),
        ]
    );
    let user = &found.skills[2];
    assert_eq!(user.path, world.path("user/.agents/skills/deep/u/SKILL.md"));
    assert_eq!(
        (user.description.as_str(), &user.short_description),
        ("about user", &None)
    );
    assert_eq!((&user.tools, &user.policy), (&None, &None));
}

#[test]
fn plugins_are_found_with_their_skills() {
    let world = World::new();
    plugin(
        &world,
        "market/two/1.0.0",
        r#"{"name":"two","interface":{"displayName":"Two!"}}"#,
    );
    plugin(&world, "market/one/1.9.0", r#"{"name":"old"}"#);
    plugin(&world, "market/one/1.10.0", r#"{"name":"new"}"#);
    world.write_skill("home/plugins/cache/market/one/1.10.0/skills/k", "k");
    world.write("home/plugins/cache/market/one/1.10.0/.mcp.json", "{}");
    world.write(
        "home/plugins/cache/market/one/1.10.0/skills/k/agents/openai.yaml",
        "dependencies: {tools: [{type: cli, value: jq}]}\npolicy: {products: [codex]}",
    );
    let found = find(&world);
    assert_eq!(
        ids(&found),
        ["one@market 1.10.0 new", "two@market 1.0.0 Two!"]
    );
    assert!(found.skills.is_empty() && found.warnings.is_empty());
    let one = &found.plugins[0];
    assert_eq!(
        super::relative(&world, &one.root),
        "home/plugins/cache/market/one/1.10.0"
    );
    assert_eq!(one.files.manifest.contents, r#"{"name":"new"}"#);
    assert_eq!(one.files.mcp_config.as_ref().unwrap().contents, "{}");
    assert_eq!(names(&one.skills), ["new:k"]);
    let skill = &one.skills[0];
    assert_eq!(skill.discovery_root, None);
    assert_eq!(skill.tools.as_ref().unwrap()[0].value, "jq");
    assert_eq!(
        skill.policy,
        Some(Policy {
            allow_implicit_invocation: None,
            products: vec!["codex"],
        })
    );
}

#[test]
fn installers_notes_are_read() {
    let world = World::new();
    plugin(&world, "m/a/1.0.0", "{}");
    let note = "home/plugins/cache/m/a/.codex-remote-plugin-install.json";
    let cases = [
        (
            r#"{"schema_version":1,"remote_plugin_id":" r1 ","x":0}"#,
            Some("r1"),
            true,
        ),
        (
            r#"{"schema_version":2,"remote_plugin_id":"r1"}"#,
            None,
            false,
        ),
        (
            r#"{"schema_version":1,"remote_plugin_id":" "}"#,
            None,
            false,
        ),
        (r#"{"schemaVersion":1}"#, None, false),
        ("{nope", None, false),
    ];
    for (contents, id, is_complete) in cases {
        world.write(note, contents);
        let found = find(&world);
        assert_eq!(
            found.plugins[0].remote_plugin_id.as_deref(),
            id,
            "{contents}"
        );
        assert_eq!(
            found.warnings,
            if is_complete { &[][..] } else { &[PLACES] }
        );
    }
}

#[test]
fn trouble_in_one_place_costs_only_its_part() {
    let world = World::new();
    plugin(&world, "m/good/1.0.0", "{}");
    plugin(&world, "m/broken/1.0.0", "{nope");
    plugin(&world, "m/array/1.0.0", "[]");
    plugin(&world, "m/odd/1.0.0", r#"{"name":5}"#);
    plugin(&world, "m/bad name/1.0.0", "{}");
    plugin(&world, "m/version/1.0 0", "{}");
    world.write("home/plugins/cache/m/none/1.0.0/readme", "");
    world.write("home/plugins/cache/m/file", "");
    world.write_skill("home/skills/good", "good");
    world.write("home/skills/bad/SKILL.md", "no head");
    let found = find(&world);
    assert_eq!(ids(&found), ["good@m 1.0.0 1.0.0"]);
    assert_eq!(names(&found.skills), ["good"]);
    assert_eq!(found.warnings, [METADATA; 5]);
}

#[test]
fn a_skill_is_named_after_the_nearest_plugin() {
    let world = World::new();
    world.write(
        "home/skills/p/.codex-plugin/plugin.json",
        r#"{"name":"outer"}"#,
    );
    world.write_skill("home/skills/p/a", "a");
    world.write(
        "home/skills/p/q/.claude-plugin/plugin.json",
        r#"{"name":"inner"}"#,
    );
    world.write_skill("home/skills/p/q/b", "b");
    let long = "n".repeat(127);
    world.write(
        "home/skills/long/.codex-plugin/plugin.json",
        format!(r#"{{"name":"{long}"}}"#),
    );
    world.write_skill("home/skills/long/x", "c");
    world.write_skill("home/skills/long/y", "dd");
    let found = find(&world);
    assert_eq!(
        names(&found.skills),
        [format!("{long}:c").as_str(), "outer:a", "inner:b"]
    );
    assert_eq!(found.warnings, [METADATA]);
}

#[test]
fn the_number_of_capabilities_is_bounded() {
    let world = World::new();
    // One place holds at most 2000 skills, so there are two; made of links, which are quick.
    world.write_skill("home/skills/0", "s");
    for n in 1..1100 {
        let folder = world.path(&format!("home/skills/{n}"));
        fs::create_dir(&folder).unwrap();
        fs::hard_link(
            world.path("home/skills/0/SKILL.md"),
            folder.join("SKILL.md"),
        )
        .unwrap();
    }
    fs::create_dir(world.path("user/.agents")).unwrap();
    symlink(world.path("home/skills"), world.path("user/.agents/skills")).unwrap();
    let found = find(&world);
    assert_eq!(found.skills.len(), 2048);
    assert_eq!(found.warnings, [LIMIT]);
}

#[test]
fn the_size_of_an_inventory_is_bounded() {
    let world = World::new();
    for n in 0..6 {
        let text = format!("---\ndescription: {}\n---\n", "d".repeat(1_000_000));
        world.write(&format!("home/skills/{n}/SKILL.md"), text);
    }
    world.write_skill("user/.agents/skills/small", "small");
    let found = find(&world);
    assert_eq!(names(&found.skills), ["0", "1", "2", "3", "small"]);
    assert_eq!(found.warnings, [LIMIT]);
}
