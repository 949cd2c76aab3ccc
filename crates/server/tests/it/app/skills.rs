//! `skills/*`: what is listed, remembered, switched, and told when it changes.

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Server, configured, plain, refused};
use crate::client::Client;

/// A server whose user's home folder is `me`, beside its own home, with a project in `me/p`.
fn world() -> Server {
    let folder = tempfile::tempdir().unwrap();
    for path in ["home", "me/p/.git"] {
        fs::create_dir_all(folder.path().join(path)).unwrap();
    }
    fs::write(folder.path().join("me/p/.git/HEAD"), "").unwrap();
    let me = folder.path().join("me");
    configured(folder, &[], |config| config.user_home = Some(me))
}

fn path(server: &Server, path: &str) -> PathBuf {
    let folder: &TempDir = &server.folder;
    fs::canonicalize(folder.path()).unwrap().join(path)
}

fn put(server: &Server, folder: &str, name: &str) {
    let folder = path(server, folder);
    fs::create_dir_all(&folder).unwrap();
    let head = format!("---\nname: {name}\ndescription: d of {name}\n---\nbody\n");
    fs::write(folder.join("SKILL.md"), head).unwrap();
}

async fn listed(client: &mut Client, server: &Server, force: bool) -> Value {
    let params = json!({"cwds": [path(server, "me/p")], "forceReload": force});
    let mut answer = client.call("skills/list", params).await.unwrap();
    answer["data"][0].take()
}

/// The names, each with whose it is and whether it is on.
fn told(entry: &Value) -> Vec<String> {
    let skill = |skill: &Value| {
        let on = if skill["enabled"] == true {
            "on"
        } else {
            "off"
        };
        let text = |key: &str| skill[key].as_str().unwrap().to_owned();
        format!("{} {} {on}", text("scope"), text("name"))
    };
    entry["skills"]
        .as_array()
        .unwrap()
        .iter()
        .map(skill)
        .collect()
}

async fn changed(client: &mut Client) {
    let told = client.told().await;
    assert_eq!(
        (&told["method"], &told["params"]),
        (&json!("skills/changed"), &json!({}))
    );
}

#[tokio::test]
async fn skills_are_listed_from_the_project_to_the_administrator() {
    let server = world();
    let mut client = plain(&server).await;
    put(&server, "me/p/.codex/skills/b", "b");
    put(&server, "me/p/.agents/skills/a", "a");
    put(&server, "me/.agents/skills/u", "u");
    put(&server, "home/skills/own", "own");
    put(&server, "home/skills/.system/came", "came");
    put(&server, "system/skills/adm", "adm");
    // Two names of one skill are one skill.
    symlink(
        path(&server, "home/skills/own"),
        path(&server, "me/p/.codex/skills/link"),
    )
    .unwrap();
    fs::create_dir_all(path(&server, "home/skills/bad")).unwrap();
    fs::write(path(&server, "home/skills/bad/SKILL.md"), "no head").unwrap();
    let entry = listed(&mut client, &server, false).await;
    assert_eq!(
        told(&entry),
        [
            "repo a on",
            "repo b on",
            "user own on",
            "user u on",
            "system came on",
            "admin adm on",
        ]
    );
    assert_eq!(entry["cwd"], json!(path(&server, "me/p")));
    assert_eq!(
        entry["skills"][0],
        json!({
            "name": "a", "description": "d of a", "scope": "repo", "enabled": true,
            "path": path(&server, "me/p/.agents/skills/a/SKILL.md"), "pluginId": null,
        })
    );
    assert_eq!(
        entry["errors"],
        json!([{
            "path": path(&server, "home/skills/bad/SKILL.md"),
            "message": "missing YAML frontmatter delimited by ---",
        }])
    );
    server.shutdown().await;
}

#[tokio::test]
async fn whoever_is_connected_is_told_when_something_changes() {
    let server = world();
    let (mut one, mut other) = (plain(&server).await, plain(&server).await);
    assert_eq!(
        told(&listed(&mut one, &server, false).await),
        Vec::<String>::new()
    );
    // The folder comes into being, name by name.
    put(&server, "home/skills/x", "x");
    changed(&mut one).await;
    changed(&mut other).await;
    assert_eq!(told(&listed(&mut one, &server, false).await), ["user x on"]);
    // A description changes.
    put(&server, "home/skills/x", "renamed");
    changed(&mut one).await;
    let entry = listed(&mut one, &server, false).await;
    assert_eq!(told(&entry), ["user renamed on"]);
    // A skill goes, below a link.
    put(&server, "elsewhere/y", "y");
    fs::create_dir_all(path(&server, "me/p/.agents")).unwrap();
    symlink(
        path(&server, "elsewhere"),
        path(&server, "me/p/.agents/skills"),
    )
    .unwrap();
    changed(&mut one).await;
    let entry = listed(&mut one, &server, false).await;
    assert_eq!(told(&entry), ["repo y on", "user renamed on"]);
    fs::remove_dir_all(path(&server, "elsewhere/y")).unwrap();
    changed(&mut one).await;
    let entry = listed(&mut one, &server, false).await;
    assert_eq!(told(&entry), ["user renamed on"]);
    server.shutdown().await;
}

#[tokio::test]
async fn nobody_is_told_twice_of_what_nobody_has_looked_at() {
    let server = world();
    let mut client = plain(&server).await;
    listed(&mut client, &server, false).await;
    put(&server, "home/skills/x", "x");
    changed(&mut client).await;
    for name in ["y", "z"] {
        put(&server, &format!("home/skills/{name}"), name);
    }
    // What was told by now comes before the answer to what is asked now.
    client.call("account/logout", Value::Null).await.unwrap();
    assert_eq!(client.told().await["method"], "account/updated");
    let entry = listed(&mut client, &server, false).await;
    assert_eq!(told(&entry), ["user x on", "user y on", "user z on"]);
    server.shutdown().await;
}

#[tokio::test]
async fn a_reload_looks_at_the_disk() {
    let server = world();
    let mut client = plain(&server).await;
    listed(&mut client, &server, false).await;
    put(&server, "home/skills/x", "x");
    let entry = listed(&mut client, &server, true).await;
    assert_eq!(told(&entry), ["user x on"]);
    server.shutdown().await;
}

#[tokio::test]
async fn skills_are_switched_in_the_users_file() {
    let server = world();
    let mut client = plain(&server).await;
    put(&server, "home/skills/x", "x");
    put(&server, "home/skills/y", "y");
    let by_path = json!({"path": path(&server, "home/skills/y/SKILL.md"), "enabled": false});
    for (params, on) in [
        (json!({"name": " x ", "enabled": false}), false),
        (by_path, false),
    ] {
        let answer = client.call("skills/config/write", params).await;
        assert_eq!(answer, Ok(json!({"effectiveEnabled": on})));
        changed(&mut client).await;
    }
    let entry = listed(&mut client, &server, false).await;
    assert_eq!(told(&entry), ["user x off", "user y off"]);
    let on = json!({"name": "x", "enabled": true});
    client.call("skills/config/write", on).await.unwrap();
    changed(&mut client).await;
    let entry = listed(&mut client, &server, false).await;
    assert_eq!(told(&entry), ["user x on", "user y off"]);
    let words = "skills/config/write requires exactly one of path or name";
    for params in [
        json!({"enabled": true}),
        json!({"enabled": true, "name": " "}),
        json!({"enabled": true, "name": "x", "path": "/x"}),
    ] {
        let answer = client.call("skills/config/write", params).await;
        assert_eq!(answer, refused(-32602, words));
    }
    fs::write(server.home().join("config.toml"), "broken").unwrap();
    let params = json!({"name": "x", "enabled": false});
    let (code, words) = client
        .call("skills/config/write", params)
        .await
        .unwrap_err();
    assert_eq!(code, -32603);
    assert!(
        words.starts_with("failed to update skill settings: "),
        "{words}"
    );
    server.shutdown().await;
}

#[tokio::test]
async fn clients_may_say_where_else_to_look() {
    let server = world();
    let mut client = plain(&server).await;
    put(&server, "extra/e", "e");
    let extra = json!({"extraRoots": [path(&server, "extra")]});
    assert_eq!(
        client.call("skills/extraRoots/set", extra).await,
        Ok(json!({}))
    );
    changed(&mut client).await;
    let entry = listed(&mut client, &server, false).await;
    assert_eq!(told(&entry), ["user e on"]);
    let none = json!({"extraRoots": []});
    client.call("skills/extraRoots/set", none).await.unwrap();
    changed(&mut client).await;
    let entry = listed(&mut client, &server, false).await;
    assert_eq!(told(&entry), Vec::<String>::new());
    let many = json!({"extraRoots": vec!["/x"; 65]});
    assert_eq!(
        client.call("skills/extraRoots/set", many).await,
        refused(-32602, "at most 64 extraRoots are allowed")
    );
    let many = json!({"cwds": vec!["/x"; 129]});
    assert_eq!(
        client.call("skills/list", many).await,
        refused(-32602, "at most 128 cwds are allowed")
    );
    server.shutdown().await;
}

#[tokio::test]
async fn a_folder_of_any_size_and_knots_is_listed_within_bounds() {
    let server = world();
    let mut client = plain(&server).await;
    put(&server, "home/skills/a", "a");
    // A gigabyte that takes no room on the disk.
    let file = fs::OpenOptions::new()
        .write(true)
        .open(path(&server, "home/skills/a/SKILL.md"));
    file.unwrap().set_len(1 << 30).unwrap();
    symlink("..", path(&server, "home/skills/a/circle")).unwrap();
    fs::create_dir_all(path(&server, "system/skills")).unwrap();
    let crowd = path(&server, "system/skills");
    for number in 0..100_000 {
        symlink("nowhere", crowd.join(number.to_string())).unwrap();
    }
    let entry = listed(&mut client, &server, false).await;
    assert_eq!(told(&entry), ["user a on"]);
    assert_eq!(
        entry["errors"],
        json!([{
            "path": server.folder.path().join("system/skills"),
            "message": "only the first 2000 folders and 20000 names are looked at",
        }])
    );
    server.shutdown().await;
}
