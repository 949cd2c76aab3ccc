use std::path::Path;

use serde_json::json;
use toml::Table;

use super::*;

fn check(text: &str) -> Result<(), String> {
    let table: Table = text.parse().unwrap();
    KNOWN
        .check(CONFIG, &table, None)
        .map_err(|misfit| misfit.to_string())
}

fn complete(text: &str) -> Json {
    KNOWN.complete(CONFIG, &text.parse().unwrap())
}

#[test]
fn every_kind_that_is_named_is_known_and_nothing_said_is_right() {
    fn named(kind: &Kind) {
        match kind {
            Kind::Shape(name) => drop(KNOWN.shape(name)),
            Kind::List(inner) | Kind::Map(inner) => named(inner),
            Kind::Either(_, kinds) => kinds.iter().for_each(named),
            Kind::Enum(variants) => {
                for variant in variants {
                    match &variant.form {
                        Form::With(kind) => named(kind),
                        Form::Means(other) => {
                            assert!(variants.iter().any(|variant| variant.name == *other));
                        }
                        Form::Plain | Form::Gone => {}
                    }
                }
            }
            _ => {}
        }
    }
    for shape in KNOWN.shapes.values() {
        shape.fields.values().for_each(|field| named(&field.kind));
        shape.rest.iter().for_each(named);
    }
    let nothing = complete("");
    assert_eq!(nothing.as_object().unwrap().len(), 107);
    // What holds by default may also be written.
    let mut written = nothing.clone();
    let members = written.as_object_mut().unwrap();
    members.retain(|_, value| !value.is_null() && !value.is_object());
    let written = json::to_toml(&written).unwrap();
    let table = written.as_table().unwrap();
    KNOWN.check(CONFIG, table, None).unwrap();
    assert_eq!(KNOWN.complete(CONFIG, table), nothing);
}

/// Configuration that is refused, and in which words.
const REFUSED: [(&str, &str); 18] = [
    (
        "model = 1",
        "invalid type: integer `1`, expected a string\nin `model`\n",
    ),
    (
        "tui.theme = 1",
        "invalid type: integer `1`, expected a string\nin `tui.theme`\n",
    ),
    (
        "features.memories = 'x'",
        "invalid type: string \"x\", expected a boolean\nin `features.memories`\n",
    ),
    (
        "features.zz = 1",
        "invalid type: integer `1`, expected a boolean\nin `features`\n",
    ),
    (
        "agents.zz = 1",
        "invalid type: integer `1`, expected struct AgentRoleToml\nin `agents`\n",
    ),
    (
        "approval_policy = 'zz'",
        "unknown variant `zz`, expected one of `untrusted`, `on-failure`, `on-request`, \
             `granular`, `never`\nin `approval_policy`\n",
    ),
    (
        "approval_policy = true",
        "invalid type: unit variant, expected string only\nin `approval_policy`\n",
    ),
    (
        "approval_policy = {}",
        "wanted exactly 1 element, found 0 elements\nin `approval_policy`\n",
    ),
    (
        "approval_policy = 'untrusted'",
        "approval_policy = \"untrusted\" is no longer supported; remove this setting",
    ),
    (
        "approval_policy = { granular = {} }",
        "missing field `mcp_elicitations`\nin `approval_policy`\n",
    ),
    (
        "forced_login_method = 'zz'",
        "unknown variant `zz`, expected `chatgpt` or `api`\nin `forced_login_method`\n",
    ),
    (
        "forced_chatgpt_workspace_id = 1",
        "data did not match any variant of untagged enum Repr\nin `forced_chatgpt_workspace_id`\n",
    ),
    (
        "mcp_oauth_callback_port = 65536",
        "invalid value: integer `65536`, expected u16\nin `mcp_oauth_callback_port`\n",
    ),
    (
        "sandbox_workspace_write.writable_roots = ['rel']",
        "AbsolutePathBuf deserialized without a base path\n\
             in `sandbox_workspace_write.writable_roots`\n",
    ),
    (
        "projects.'/a'.trust_level = 'bogus'",
        "unknown variant `bogus`, expected `trusted` or `untrusted`\n\
             in `projects./a.trust_level`\n",
    ),
    (
        "mcp_servers.m.args = ['q']",
        "invalid transport\nin `mcp_servers.m`\n",
    ),
    (
        "mcp_servers.m = { command = 'c', url = 'u' }",
        "url is not supported for stdio\nin `mcp_servers.m`\n",
    ),
    (
        "notify = [1]",
        "invalid type: integer `1`, expected a string\nin `notify`\n",
    ),
];

#[test]
fn a_setting_of_the_wrong_kind_is_refused_in_the_known_words() {
    for (text, words) in REFUSED {
        assert_eq!(check(text), Err(words.to_owned()), "{text}");
    }
    for text in [
        "zz = 1",
        "approval_policy = 'on-failure'",
        "log_dir = '/x'",
        "desktop.a = 1",
    ] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
}

#[test]
fn the_exact_place_is_known_too() {
    let table: Table = "notify = ['a', 1]".parse().unwrap();
    let misfit = KNOWN.check(CONFIG, &table, None).unwrap_err();
    assert_eq!(misfit.path, ["notify", "1"]);
}

#[test]
fn settings_that_mean_nothing_are_found() {
    let table: Table = "a.b = 1\nmodel = 'm'\nhistory.zz = { q = 1, r = 2 }\ntui.zz = 1\n\
                        tui.keymap.global.zz = 'a'\nfeatures.zz = true\nprojects.'/a'.zz = 1"
        .parse()
        .unwrap();
    assert_eq!(
        KNOWN.unknown(CONFIG, &table),
        ["a", "history.zz", "projects./a.zz", "tui.keymap.global.zz"]
    );
}

#[test]
fn what_is_not_said_is_filled_in_at_every_depth() {
    let config = complete(
        "approval_policy = 'on-failure'\napprovals_reviewer = 'guardian_subagent'\n\
         unknown = 1\ntui.theme = 'x'\nmcp_servers.m.command = 'c'\nfeatures.zz = true\n\
         sandbox_workspace_write.network_access = true",
    );
    assert_eq!(config["approval_policy"], "on-request");
    assert_eq!(config["approvals_reviewer"], "auto_review");
    assert_eq!(config.get("unknown"), None);
    assert_eq!(config["tui"]["theme"], "x");
    assert_eq!(config["tui"]["effects"]["starfield"], true);
    assert_eq!(
        config["mcp_servers"]["m"],
        json!({"command": "c", "args": [], "environment_id": "local", "enabled": true,
               "tool_timeout_sec": null})
    );
    let far = complete("mcp_servers.m.url = 'u'");
    assert_eq!(far["mcp_servers"]["m"].get("args"), None);
    assert_eq!(config["features"]["zz"], true);
    assert_eq!(
        config["sandbox_workspace_write"],
        json!({"writable_roots": [], "network_access": true, "exclude_tmpdir_env_var": false,
               "exclude_slash_tmp": false})
    );
    assert_eq!(
        config["history"],
        json!({"persistence": "save-all", "max_bytes": null})
    );
    assert_eq!(config["model"], Json::Null);
}

#[test]
fn relative_paths_are_below_the_base() {
    let mut table: Table = "log_dir = 'a/../b'\nmodel = 'a/b'\nagents.r.config_file = './r.toml'\n\
                            sandbox_workspace_write.writable_roots = ['/x', '../y']"
        .parse()
        .unwrap();
    assert!(
        KNOWN
            .check(CONFIG, &table, Some(Path::new("/h/.c")))
            .is_ok()
    );
    KNOWN.resolve(CONFIG, &mut table, Path::new("/h/.c"));
    let expected = "log_dir = '/h/.c/b'\nmodel = 'a/b'\nagents.r.config_file = '/h/.c/r.toml'\n\
                    sandbox_workspace_write.writable_roots = ['/x', '/h/y']";
    assert_eq!(table, expected.parse().unwrap());
}
