//! `model/list`, `modelProvider/*`.

use std::fs;

use serde_json::{Value, json};

use super::{configured, plain, refused, server, settings::says};
use crate::client::Client;

async fn list(client: &mut Client, params: Value) -> (Vec<Value>, Value) {
    let answer = client.call("model/list", params).await.unwrap();
    (
        answer["data"].as_array().unwrap().clone(),
        answer["nextCursor"].clone(),
    )
}

fn names(models: &[Value]) -> Vec<&str> {
    let name = |model: &'_ Value| model["model"].as_str().unwrap().to_owned();
    models
        .iter()
        .inspect(|model| assert_eq!(model["id"], name(model)))
        .map(|model| model["model"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn models_are_listed_in_parts() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let (all, next) = list(&mut client, json!({})).await;
    assert_eq!((all.len(), next), (9, Value::Null));
    let (hidden, _) = list(&mut client, json!({"includeHidden": true})).await;
    assert_eq!(hidden.len(), 12);
    let mut told = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let part = json!({"limit": 4, "cursor": cursor});
        let (part, next) = list(&mut client, part).await;
        told.extend(part);
        cursor = next;
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(told, all);
    let (one, next) = list(&mut client, json!({"limit": 0})).await;
    assert_eq!((one.len(), next), (1, json!("1")));
    for (cursor, words) in [
        ("bad", "invalid cursor: bad"),
        ("-1", "invalid cursor: -1"),
        ("10", "cursor 10 exceeds total models 9"),
    ] {
        let answer = client.call("model/list", json!({"cursor": cursor})).await;
        assert_eq!(answer, refused(-32600, words));
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_model_is_told_as_clients_read_it() {
    let folder = says("model_catalog_json = 'models.json'\n");
    let catalog = json!({"models": [{
        "slug": "m", "display_name": "M", "description": "d", "default_reasoning_level": "high",
        "supported_reasoning_levels": [{"effort": "high", "description": "long"}],
        "visibility": "list", "priority": 3, "input_modalities": ["text"],
        "model_specialty": "cyber", "multi_agent_version": "v2",
        "upgrade": {"model": "n", "migration_markdown": "md"}, "availability_nux": {"message": "new"},
        "additional_speed_tiers": ["fast"], "default_service_tier": "t",
        "service_tiers": [{"id": "t", "name": "T", "description": "quick"}],
    }, {"slug": "n", "visibility": "hide", "priority": 1}]});
    fs::write(folder.path().join("home/models.json"), catalog.to_string()).unwrap();
    let server = configured(folder, &[], |_| {});
    let mut client = plain(&server).await;
    let (all, _) = list(&mut client, json!({"includeHidden": true})).await;
    assert_eq!(names(&all), ["n", "m"]);
    assert_eq!(
        all[1],
        json!({
            "id": "m", "model": "m", "upgrade": "n",
            "upgradeInfo": {
                "model": "n", "upgradeCopy": null, "modelLink": null, "migrationMarkdown": "md",
                "retirementAt": null,
            },
            "availabilityNux": {"message": "new"}, "displayName": "M", "description": "d",
            "modelSpecialty": "cyber", "hidden": false,
            "supportedReasoningEfforts": [{"reasoningEffort": "high", "description": "long"}],
            "defaultReasoningEffort": "high", "inputModalities": ["text"],
            "supportsPersonality": false, "multiAgentVersion": "v2",
            "additionalSpeedTiers": ["fast"],
            "serviceTiers": [{"id": "t", "name": "T", "description": "quick"}],
            "defaultServiceTier": "t", "availableAccessPrograms": null, "isDefault": true,
        })
    );
    assert_eq!(all[0]["hidden"], true);
    assert_eq!(all[0]["defaultReasoningEffort"], "none");
    server.shutdown().await;
}

#[tokio::test]
async fn what_is_configured_is_the_default() {
    let server = configured(says("model = 'own-model'\n"), &[], |_| {});
    let mut client = plain(&server).await;
    let (all, _) = list(&mut client, json!({})).await;
    assert_eq!((all.len(), names(&all)[0]), (10, "own-model"));
    let default: Vec<_> = all
        .iter()
        .filter(|model| model["isDefault"] == true)
        .collect();
    assert_eq!(default, [&all[0]]);
    server.shutdown().await;
}

#[tokio::test]
async fn a_catalog_that_cannot_be_read_is_told_and_not_used() {
    let folder = says("model_catalog_json = 'models.json'\n");
    let file = folder.path().join("home/models.json");
    fs::write(&file, "{}").unwrap();
    let server = configured(folder, &[], |_| {});
    let mut client = plain(&server).await;
    let (all, _) = list(&mut client, json!({})).await;
    assert_eq!(all.len(), 9);
    let warning = client
        .until(|message| message["method"] == "configWarning")
        .await;
    assert_eq!(
        warning["params"],
        json!({
            "summary": "Invalid configuration; using defaults.",
            "details": format!(
                "failed to parse model_catalog_json path `{}` as JSON: missing field `models` at \
                 line 1 column 2",
                file.display()
            ),
        })
    );
    // It is looked at again when models are asked for again.
    fs::write(&file, r#"{"models": [{"slug": "mended"}]}"#).unwrap();
    let (all, _) = list(&mut client, json!({})).await;
    assert_eq!(names(&all), ["mended"]);
    server.shutdown().await;
}

#[tokio::test]
async fn providers_are_those_that_are_configured() {
    let config = "model_provider = 'b'\n\
                  [model_providers.b]\nname = 'B'\nbase_url = 'http://b/v1'\nenv_key = 'KEY'\n\
                  [model_providers.c]\nname = 'C'\nexperimental_bearer_token = 'secret'\n";
    let server = configured(says(config), &[], |_| {});
    let mut client = plain(&server).await;
    let gateway = |id: &str, name: &str, url: Value, auth: Value| {
        json!({
            "id": id, "name": name, "canEdit": false, "baseUrl": url,
            "settings": {"type": "customGateway", "auth": auth},
        })
    };
    assert_eq!(
        client.call("modelProvider/list", json!({})).await,
        Ok(json!({
            "data": [
                gateway("b", "B", json!("http://b/v1"), json!({"mode": "environmentVariable", "envKey": "KEY"})),
                gateway("c", "C", Value::Null, json!({"mode": "externallyConfigured", "envKey": null})),
                {"id": "openai", "name": "OpenAI", "canEdit": false, "baseUrl": null, "settings": {"type": "openai"}},
            ],
            "defaultProviderId": "b", "canChangeDefault": true,
        }))
    );
    assert_eq!(
        client
            .call("modelProvider/capabilities/read", json!({}))
            .await,
        Ok(json!({"imageGeneration": true, "webSearch": true}))
    );
    let params = json!({"modelProvider": "gone"});
    let (code, words) = client.call("model/list", params).await.unwrap_err();
    assert_eq!(code, -32600);
    assert!(words.contains("“gone”"), "{words}");
    for provider in ["b", "openai", "ollama"] {
        let (all, _) = list(&mut client, json!({"modelProvider": provider})).await;
        assert_eq!(all.len(), 9, "{provider}");
    }
    server.shutdown().await;
    let flags = configured(says(config), &["model_provider=gone"], |_| {});
    let mut client = plain(&flags).await;
    let listed = client.call("modelProvider/list", json!({})).await.unwrap();
    assert_eq!(
        (&listed["defaultProviderId"], &listed["canChangeDefault"]),
        (&json!("gone"), &json!(false))
    );
    let answer = client.call("modelProvider/capabilities/read", json!({}));
    assert_eq!(answer.await.unwrap_err().0, -32600);
    flags.shutdown().await;
}
