use std::fs;

use proptest::prelude::*;

use super::*;
use crate::config::Places;

struct World(tempfile::TempDir);

impl World {
    /// In texts, `@` stands for this computer's own folder.
    fn new(files: &[(&str, &str)]) -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(world.0.path().join("home")).unwrap();
        for (name, text) in files {
            world.put(name, text);
        }
        world
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.replace('@', self.0.path().to_str().unwrap())).unwrap();
    }

    fn list(&self, flags: &[&str], cwd: &str) -> Hooks {
        let places = Places {
            home: self.0.path().join("home"),
            system: self.0.path().join("system"),
        };
        let configuration = Configuration::open(places, flags).unwrap();
        let cwd = self.0.path().join(cwd);
        let snapshot = configuration.read(Some(&cwd));
        list(&configuration, &snapshot, &cwd)
    }

    /// Keys with what runs.
    fn told(&self, hooks: &Hooks) -> Vec<String> {
        let own = format!("{}/", self.0.path().display());
        let tell = |hook: &Hook| {
            let runs = match &hook.runs {
                Runs::Command { line, .. } => line.clone(),
                Runs::Tool { server, tool } => format!("{server}/{tool}"),
            };
            format!("{} {runs}", hook.key.replace(&own, ""))
        };
        hooks.hooks.iter().map(tell).collect()
    }
}

/// A hook as TOML.
fn hook(moment: &str, matcher: &str, rest: &str) -> String {
    format!("[[hooks.{moment}]]\n{matcher}\n[[hooks.{moment}.hooks]]\n{rest}\n")
}

fn command(moment: &str, line: &str) -> String {
    hook(
        moment,
        "",
        &format!("type = \"command\"\ncommand = \"{line}\""),
    )
}

#[test]
fn hooks_run_layer_by_layer_and_those_of_a_file_first() {
    let json = |line: &str| {
        let hook = format!(r#"[{{"hooks": [{{"type": "command", "command": "{line}"}}]}}]"#);
        format!(r#"{{"description": "d", "hooks": {{"Stop": {hook}}}}}"#)
    };
    let trusted = "[projects.\"@/p\"]\ntrust_level = \"trusted\"\n";
    let world = World::new(&[
        ("system/config.toml", &command("Stop", "system")),
        (
            "home/config.toml",
            &[command("Stop", "user"), trusted.to_owned()].concat(),
        ),
        ("home/hooks.json", &json("user file")),
        ("p/.git/HEAD", ""),
        ("p/.codex/hooks.json", &json("project file")),
        ("p/a/.codex/config.toml", &command("Stop", "folder")),
        ("q/.git/HEAD", ""),
        ("q/.codex/hooks.json", &json("stranger")),
        ("q/.codex/config.toml", &command("Stop", "stranger")),
    ]);
    let flag = r#"hooks.Stop=[{hooks=[{type="command",command="flag"}]}]"#;
    let own = [
        "system/config.toml:stop:0:0 system",
        "home/hooks.json:stop:0:0 user file",
        "home/config.toml:stop:0:0 user",
    ];
    let flags = "/<session-flags>/config.toml:stop:0:0 flag";
    let hooks = world.list(&[flag], "p/a");
    let project = [
        "p/.codex/hooks.json:stop:0:0 project file",
        "p/a/.codex/config.toml:stop:0:0 folder",
    ];
    let expected: Vec<_> = own.iter().chain(&project).chain([&flags]).collect();
    assert_eq!(world.told(&hooks).iter().collect::<Vec<_>>(), expected);
    let trust: Vec<_> = hooks.hooks.iter().map(|hook| hook.trust).collect();
    assert_eq!(trust[0], HookTrust::Managed);
    assert!(trust[1..].iter().all(|t| *t == HookTrust::Untrusted));
    assert_eq!(hooks.warnings.len(), 1, "{:?}", hooks.warnings);
    assert!(hooks.warnings[0].starts_with("loading hooks from both "));
    let strangers = world.list(&[], "q");
    assert_eq!(world.told(&strangers), own);
    let off = world.list(&["features.hooks=false"], "p/a");
    assert_eq!(off, Hooks::default());
}

/// Digests as other programs of this dialect told them, with the timeout and the matcher.
const OTHERS: [(&str, u64, Option<&str>); 6] = [
    (
        "sha256:8f502d976fefc3cd9c61b15c4b3a8dd68ae1052c605b4b53d8fcd4c989db60fc",
        5,
        Some("^Bash$"),
    ),
    (
        "sha256:512cf58fb1a288c356a4eac3a7960c4fa4beef61cd5c4259b54760eaf8665f18",
        600,
        None,
    ),
    (
        "sha256:3c59a467fef2e8967ef54598d65ddc926996d3a341b9ac7a40a1ba228f2c1f74",
        1,
        None,
    ),
    (
        "sha256:42de598e13ae029e01668d6ef4eb69302a0566ac30954109d9e35bc32caf8584",
        600,
        None,
    ),
    (
        "sha256:4455c545e24fee1d9e72cfda2da45534a3e58d9b2ffa31557034a30be902adf4",
        600,
        None,
    ),
    (
        "sha256:5c932e8891d3d5eba1e645fd5af8feb46cbb494d85a3f3fe3db1249fe6b766bd",
        3,
        None,
    ),
];

#[test]
fn a_digest_is_that_of_other_programs() {
    let config = [
        hook(
            "PreToolUse",
            "matcher = \"^Bash$\"",
            "type = \"command\"\ncommand = \"echo hi\"\ntimeout = 5\nstatusMessage = \"checking\"",
        ),
        hook(
            "PreToolUse",
            "",
            "type = \"mcp_tool\"\nserver = \"s\"\ntool = \"t\"",
        ),
        hook(
            "Stop",
            "matcher = \"x\"",
            "type = \"mcp_tool\"\nserver = \"s\"\ntool = \"t\"\ninput = { a = 1 }",
        ),
        hook(
            "UserPromptSubmit",
            "matcher = \"x\"",
            "type = \"command\"\ncommand = \"a\"\nadditionalContextLimit = 5",
        ),
        hook(
            "SessionEnd",
            "",
            "type = \"command\"\ncommand = \"a\"\nasync = true",
        ),
        hook(
            "Interrupt",
            "",
            "type = \"command\"\ncommand = \"a\"\ntimeout = 50\nasync = true",
        ),
    ];
    let world = World::new(&[("home/config.toml", &config.concat())]);
    let hooks = world.list(&[], "");
    let known: Vec<_> = hooks
        .hooks
        .iter()
        .map(|hook| (&*hook.digest, hook.timeout, hook.matcher.as_deref()))
        .collect();
    assert_eq!(known, OTHERS);
    let file = world.0.path().join("home/config.toml");
    let file = file.display();
    assert_eq!(
        hooks.warnings,
        [
            format!("running async SessionEnd hook synchronously in {file}"),
            format!("clamping Interrupt hook timeout to 3s in {file}"),
        ]
    );
}

#[test]
fn a_hook_is_trusted_as_it_was_when_the_user_said_so() {
    let digest = "sha256:6c19e3a963ef1737e1f5b3fe6ac99ce4203b3b566ca7c04f6c44f2f0f7aad50a";
    let hook = hook(
        "PreToolUse",
        "matcher = \"^Bash$\"",
        "type = \"command\"\ncommand = \"echo two\"",
    );
    let key = "[hooks.state.\"@/home/config.toml:pre_tool_use:0:0\"]\n";
    let cases = [
        (String::new(), HookTrust::Untrusted, true),
        (
            format!("trusted_hash = \"{digest}\""),
            HookTrust::Trusted,
            true,
        ),
        (
            "trusted_hash = \"sha256:x\"".to_owned(),
            HookTrust::Modified,
            true,
        ),
        ("enabled = false".to_owned(), HookTrust::Untrusted, false),
        ("enabled = true".to_owned(), HookTrust::Untrusted, true),
    ];
    for (state, trust, enabled) in cases {
        let world = World::new(&[("home/config.toml", &format!("{hook}{key}{state}\n"))]);
        let hooks = world.list(&[], "").hooks;
        let told: Vec<_> = hooks
            .iter()
            .map(|hook| (hook.trust, hook.enabled))
            .collect();
        assert_eq!(told, [(trust, enabled)], "{state}");
    }
    // A project vouches for nobody.
    let project = format!(
        "{hook}[hooks.state.\"@/p/.codex/config.toml:pre_tool_use:0:0\"]\ntrusted_hash = \"{digest}\"\n"
    );
    let world = World::new(&[
        ("p/.codex/config.toml", &project),
        (
            "home/config.toml",
            "[projects.\"@/p\"]\ntrust_level = \"trusted\"\n",
        ),
    ]);
    let hooks = world.list(&[], "p").hooks;
    assert_eq!(hooks.len(), 1);
    assert_eq!(hooks[0].trust, HookTrust::Untrusted);
}

#[test]
fn what_is_wrong_costs_what_it_is_wrong_with() {
    let config = [
        hook("PreToolUse", "matcher = \"[\"", "type = \"agent\""),
        hook(
            "Stop",
            "matcher = \"[\"",
            "type = \"prompt\"\nprompt = \"x\"",
        ),
        command("Stop", " "),
        command("Stop", "good"),
    ];
    let world = World::new(&[
        ("home/config.toml", &config.concat()),
        ("home/hooks.json", "{"),
    ]);
    let hooks = world.list(&[], "");
    assert_eq!(world.told(&hooks), ["home/config.toml:stop:2:0 good"]);
    let own = format!("{}/home/", world.0.path().display());
    let warnings: Vec<_> = hooks.warnings.iter().map(|w| w.replace(&own, "")).collect();
    assert_eq!(
        warnings,
        [
            "failed to parse hooks config hooks.json: EOF while parsing an object at line 1 column 1",
            "invalid matcher \"[\" in config.toml: regex parse error:\n    [\n    ^\nerror: unclosed character class",
            "skipping prompt hook in config.toml: prompt hooks are not supported yet",
            "skipping empty hook command in config.toml",
        ]
    );
    let world = World::new(&[
        ("home/config.toml", &hook("Stop", "", "type = \"bogus\"")),
        ("home/hooks.json", r#"{"PreToolUse": []}"#),
    ]);
    let hooks = world.list(&[], "");
    assert!(
        hooks.errors[0].contains("unknown variant `bogus`, expected one of `command`, "),
        "{hooks:?}"
    );
    assert!(
        hooks.warnings[0].contains("unknown field `PreToolUse`, expected `description` or `hooks`"),
        "{hooks:?}"
    );
    fs::File::create(world.0.path().join("home/hooks.json"))
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    let hooks = world.list(&[], "");
    assert!(
        hooks.warnings[0].ends_with("it exceeds 1048576 bytes"),
        "{hooks:?}"
    );
}

#[test]
fn there_are_bounds() {
    let many = |count| {
        let hooks = vec![r#"{"type": "command", "command": "c"}"#; count].join(",");
        format!(r#"{{"hooks": {{"Stop": [{{"hooks": [{hooks}]}}]}}}}"#)
    };
    let world = World::new(&[("home/hooks.json", &many(MAX_HOOKS))]);
    let hooks = world.list(&[], "");
    assert_eq!((hooks.hooks.len(), hooks.warnings.len()), (MAX_HOOKS, 0));
    world.put("home/hooks.json", &many(MAX_HOOKS + 1));
    let hooks = world.list(&[], "");
    assert_eq!(
        (hooks.hooks.len(), &*hooks.warnings[0]),
        (MAX_HOOKS, "hooks beyond the first 1024 are left out")
    );
    let odd = vec![r#"{"type": "agent"}"#; MAX_WARNINGS + 1].join(",");
    world.put(
        "home/hooks.json",
        &format!(r#"{{"hooks": {{"Stop": [{{"hooks": [{odd}]}}]}}}}"#),
    );
    assert_eq!(world.list(&[], "").warnings.len(), MAX_WARNINGS);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Hooks that do something else are known by something else, and the same hook by the same,
    /// in whichever of the two files it stands.
    #[test]
    fn a_digest_tells_hooks_apart(left in hooks(), right in hooks()) {
        let known = |hook: &(String, Option<u64>, Option<String>)| {
            let json = serde_json::json!({"hooks": {"PreToolUse": [{
                "matcher": hook.2,
                "hooks": [{"type": "command", "command": hook.0, "timeout": hook.1}],
            }]}});
            let world = World::new(&[("home/hooks.json", &json.to_string())]);
            world.list(&[], "").hooks.remove(0).digest
        };
        let same = |hook: &(String, Option<u64>, Option<String>)| {
            (hook.0.clone(), hook.1.unwrap_or(600).max(1), hook.2.clone())
        };
        prop_assert_eq!(known(&left) == known(&right), same(&left) == same(&right));
    }
}

fn hooks() -> impl Strategy<Value = (String, Option<u64>, Option<String>)> {
    (
        "[ab]{1,2}",
        prop_oneof![Just(None), Just(Some(0)), Just(Some(1)), Just(Some(600))],
        prop::option::of("[ab]"),
    )
}
