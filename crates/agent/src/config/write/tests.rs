use serde_json::json;

use super::*;
use crate::config::{MergeStrategy, Places, Snapshot, Standing, Warning};

/// A computer of its own.
struct World {
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("system")).unwrap();
        Self { dir }
    }

    fn places(&self) -> Places {
        Places {
            home: self.dir.path().join("home"),
            system: self.dir.path().join("system"),
        }
    }

    fn open(&self, flags: &[&str]) -> Configuration {
        Configuration::open(self.places(), flags).unwrap()
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn user(&self) -> String {
        fs::read_to_string(self.places().user_file()).unwrap()
    }
}

fn edit(key_path: &str, value: Json) -> Edit {
    Edit {
        key_path: key_path.to_owned(),
        value,
        strategy: MergeStrategy::Replace,
    }
}

fn one(key_path: &str, value: Json) -> Write {
    Write {
        edits: vec![edit(key_path, value)],
        ..Write::default()
    }
}

fn user_version(snapshot: &Snapshot) -> String {
    let user = |layer: &&layers::Layer| matches!(layer.source, Source::User { .. });
    snapshot.layers.iter().find(user).unwrap().version.clone()
}

#[test]
fn what_is_written_is_read_by_everybody() {
    let world = World::new();
    let (one_server, another) = (world.open(&[]), world.open(&[]));
    let written = one_server.write(&one("model", json!("m"))).unwrap();
    assert_eq!(world.user(), "model = \"m\"\n");
    assert_eq!(written.file, world.places().user_file());
    assert_eq!(written.overridden, None);
    for server in [&one_server, &another] {
        let snapshot = server.read(None);
        assert_eq!(snapshot.config["model"], "m");
        assert_eq!(user_version(&snapshot), written.version);
        assert_eq!(snapshot.origins["model"].version, written.version);
        assert_eq!(snapshot.warnings, []);
    }
}

#[test]
fn all_changes_are_made_or_none() {
    let world = World::new();
    let server = world.open(&[]);
    world.put("home/config.toml", "# c\nmodel = 'a'\n");
    let batch = |edits| Write {
        edits,
        ..Write::default()
    };
    let refused = batch(vec![edit("model", json!("b")), edit("", json!(1))]);
    let error = server.write(&refused).unwrap_err();
    assert_eq!(error.to_string(), "keyPath must not be empty");
    let refused = batch(vec![edit("model", json!("b")), edit("notify", json!("x"))]);
    let error = server.write(&refused).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Invalid configuration: invalid type: string \"x\", expected a sequence\nin `notify`\n"
    );
    assert_eq!(world.user(), "# c\nmodel = 'a'\n");
    // What is wrong only in between does not count.
    let fine = batch(vec![edit("model", json!(1)), edit("model", json!("c"))]);
    server.write(&fine).unwrap();
    assert_eq!(world.user(), "# c\nmodel = \"c\"\n");
    server.write(&batch(Vec::new())).unwrap();
    let many = |count| batch(vec![edit("zz", json!(null)); count]);
    assert!(server.write(&many(MAX_EDITS)).is_ok());
    let error = server.write(&many(MAX_EDITS + 1)).unwrap_err();
    assert!(matches!(error, WriteError::TooMany));
}

#[test]
fn refusals_come_in_order_and_in_the_known_words() {
    let world = World::new();
    let server = world.open(&[]);
    let refuse = |write: Write| server.write(&write).unwrap_err();
    let stale = Some("sha256:00".to_owned());
    let elsewhere = Write {
        file: Some("/elsewhere/config.toml".into()),
        expected_version: stale.clone(),
        ..one("", json!(1))
    };
    assert!(matches!(refuse(elsewhere), WriteError::ReadOnly));
    let late = Write {
        expected_version: stale,
        ..one("", json!(1))
    };
    assert!(matches!(refuse(late), WriteError::Conflict));
    for (path, value, words) in [
        (
            "model",
            json!({"a": null}),
            "invalid value: invalid type: null, expected any valid TOML value",
        ),
        (
            "log_dir",
            json!("rel"),
            "Invalid configuration: AbsolutePathBuf deserialized without a base path\nin `log_dir`\n",
        ),
        (
            "profile",
            json!("p"),
            "`profile` is a legacy config selector and can no longer be written; use `--profile <name>` with `<name>.config.toml` instead",
        ),
        (
            "mcp_servers.m.args",
            json!(["a"]),
            "Invalid configuration: invalid transport\nin `mcp_servers.m`\n",
        ),
    ] {
        assert_eq!(refuse(one(path, value)).to_string(), words);
    }
    assert!(!world.places().user_file().exists());
    let large = "x".repeat(FILE_LIMIT);
    assert!(matches!(
        refuse(one("model", json!(large))),
        WriteError::TooLarge
    ));
    let named = Write {
        file: Some(world.places().home.join("../home/config.toml")),
        ..one("profile", json!(null))
    };
    server.write(&named).unwrap();
}

#[test]
fn a_version_is_good_for_one_write() {
    let world = World::new();
    let server = world.open(&[]);
    let version = Some(user_version(&server.read(None)));
    let write = |model: &str| Write {
        expected_version: version.clone(),
        ..one("model", json!(model))
    };
    server.write(&write("a")).unwrap();
    let late = server.write(&write("b"));
    assert!(matches!(late, Err(WriteError::Conflict)));
    assert_eq!(world.user(), "model = \"a\"\n");
}

#[test]
fn what_another_layer_decides_is_told() {
    let world = World::new();
    world.put(
        "system/config.toml",
        "model = 'system'\nreview_model = 'system'\n",
    );
    world.put("system/managed_config.toml", "approval_policy = 'never'\n");
    let server = world.open(&["model=flag", "features.memories=false"]);
    let told = |path: &str, value| {
        let overridden = server.write(&one(path, value)).unwrap().overridden?;
        Some((overridden.by.source, overridden.effective))
    };
    let managed = Source::Managed {
        file: world.places().managed_file(),
    };
    assert_eq!(
        told("model", json!("w")),
        Some((Source::Flags, json!("flag")))
    );
    assert_eq!(told("model", json!("flag")), None);
    assert_eq!(
        told("model", json!(null)),
        Some((Source::Flags, json!("flag")))
    );
    assert_eq!(
        told("approval_policy", json!("on-request")),
        Some((managed, json!("never")))
    );
    assert_eq!(
        told("features", json!({"memories": true, "goals": true})),
        Some((Source::Flags, json!({"memories": false, "goals": true})))
    );
    // What is taken away falls back to the system's without more ado.
    assert_eq!(told("review_model", json!("w")), None);
    assert_eq!(told("review_model", json!(null)), None);
    assert_eq!(server.read(None).config["review_model"], "system");
}

#[test]
fn a_broken_file_is_not_written_and_the_last_good_one_holds() {
    let world = World::new();
    world.put("home/config.toml", "model = 'good'\n");
    let (server, late) = (world.open(&[]), world.open(&[]));
    assert_eq!(server.read(None).config["model"], "good");
    world.put("home/config.toml", "model = [\n");
    let error = server.write(&one("model", json!("x"))).unwrap_err();
    let file = world.places().user_file();
    assert_eq!(
        error.to_string(),
        format!(
            "failed to load configuration: {}:1:10: unclosed array, expected `]`",
            file.display()
        )
    );
    assert_eq!(world.user(), "model = [\n");
    for (server, standing, model) in [
        (&server, Standing::LastGood, json!("good")),
        (&late, Standing::Defaults, json!(null)),
    ] {
        let snapshot = server.read(None);
        assert_eq!(snapshot.config["model"], model);
        let [
            Warning::Broken {
                fault,
                standing: told,
            },
        ] = &snapshot.warnings[..]
        else {
            panic!("{:?}", snapshot.warnings);
        };
        assert_eq!((&fault.file, *told), (&file, standing));
    }
    // A value of the wrong kind can be put right by a write.
    world.put("home/config.toml", "model = 1 # c\n");
    server.write(&one("model", json!("x"))).unwrap();
    assert_eq!(world.user(), "model = \"x\" # c\n");
    assert_eq!(server.read(None).warnings, []);
}

#[test]
fn demands_on_features_hold_for_writes() {
    let world = World::new();
    world.put("system/requirements.toml", "[features]\nmemories = false\n");
    let server = world.open(&[]);
    let error = server
        .write(&one("features.memories", json!(true)))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "Invalid configuration: invalid value for `features`: `features.memories=true` is \
             not in the allowed set [memories=false] (set by {})",
            world.places().requirements_file().display()
        )
    );
    server
        .write(&one("features.memories", json!(false)))
        .unwrap();
}

#[test]
fn a_link_stays_a_link() {
    let world = World::new();
    world.put("dotfiles/codex.toml", "# mine\n");
    fs::create_dir(world.places().home).unwrap();
    std::os::unix::fs::symlink("../dotfiles/codex.toml", world.places().user_file()).unwrap();
    world.open(&[]).write(&one("model", json!("m"))).unwrap();
    assert!(world.places().user_file().is_symlink());
    assert_eq!(world.user(), "# mine\nmodel = \"m\"\n");
}

#[test]
fn a_byte_order_mark_does_not_disturb() {
    let world = World::new();
    world.put("home/config.toml", "\u{feff}model = 'a'\r\n");
    let server = world.open(&[]);
    assert_eq!(server.read(None).config["model"], "a");
    server.write(&one("model", json!("b"))).unwrap();
    assert_eq!(world.user(), "\u{feff}model = \"b\"\r\n");
    world.put("home/config.toml", "\u{feff}model = 1\n");
    let snapshot = world.open(&[]).read(None);
    let [Warning::Broken { fault, .. }] = &snapshot.warnings[..] else {
        panic!("{:?}", snapshot.warnings);
    };
    let (start, _) = fault.range.unwrap();
    assert_eq!((start.line, start.column), (1, 9));
}

/// Two that write at the same time both have their word, and neither is lost.
#[test]
fn writers_take_turns() {
    let world = World::new();
    let servers = [world.open(&[]), world.open(&[])];
    std::thread::scope(|scope| {
        for (name, server) in ["a", "b"].iter().zip(&servers) {
            scope.spawn(move || {
                for number in 0..20 {
                    let path = format!("desktop.{name}{number}");
                    server.write(&one(&path, json!(number))).unwrap();
                }
            });
        }
    });
    let desktop = &servers[0].read(None).config["desktop"];
    assert_eq!(desktop.as_object().unwrap().len(), 40);
}
