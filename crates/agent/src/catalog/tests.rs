use std::fs;

use proptest::prelude::*;

use super::*;

fn slugs(listed: &[Listed]) -> Vec<&str> {
    listed.iter().map(|entry| &*entry.model.slug).collect()
}

fn default(listed: &[Listed]) -> Vec<&str> {
    let is_default = |entry: &&Listed| entry.is_default;
    listed
        .iter()
        .filter(is_default)
        .map(|entry| &*entry.model.slug)
        .collect()
}

#[test]
fn the_catalog_in_this_program_is_whole() {
    let shipped = Catalog::shipped();
    assert_eq!(shipped.list(None, false).len(), 9);
    assert_eq!(shipped.list(None, true).len(), 12);
    assert_eq!(default(&shipped.list(None, true)), ["gpt-6.1-sol"]);
    for model in &shipped.models {
        let slug = &model.slug;
        assert!(!model.display_name.is_empty(), "{slug}");
        assert!(model.description.is_some(), "{slug}");
        let efforts = &model.supported_reasoning_levels;
        let has = |effort: &Effort| effort.effort == model.default_effort();
        assert!(efforts.iter().any(has), "{slug} thinks as hard as it can");
        let upgrade = model.upgrade.as_ref().map(|upgrade| &upgrade.model);
        let exists = |to: &String| shipped.models.iter().any(|model| model.slug == *to);
        assert!(upgrade.is_none_or(exists), "{slug} has a successor");
        let tier = model.default_service_tier.as_ref();
        let exists = |id: &String| model.service_tiers.iter().any(|tier| tier.id == *id);
        assert!(tier.is_none_or(exists), "{slug} has its usual tier");
    }
}

#[test]
fn a_file_of_the_users_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("models.json");
    let text = r#"{"models": [
        {"slug": "late", "priority": 5, "unknown": 1, "shell_type": "default"},
        {"slug": "hid", "priority": 2, "visibility": "hide"},
        {"slug": "none", "priority": 2, "visibility": "none", "default_reasoning_level": "high"},
        {"slug": "late", "display_name": "twice", "priority": 6},
        {"slug": "soon", "display_name": "Soon", "input_modalities": ["text", "audio"]}
    ]}"#;
    fs::write(&file, text).unwrap();
    let catalog = Catalog::read(&file).unwrap();
    let all = catalog.list(None, true);
    assert_eq!(slugs(&all), ["soon", "hid", "none", "late"]);
    assert_eq!(default(&all), ["soon"]);
    assert_eq!(slugs(&catalog.list(None, false)), ["soon", "late"]);
    assert_eq!(all[3].model.display_name, "late");
    assert_eq!(all[2].model.default_effort(), "high");
    assert_eq!(all[3].model.default_effort(), "none");
    assert_eq!(
        all[0].model.input_modalities,
        [Modality::Text, Modality::Audio]
    );
}

#[test]
fn what_is_configured_is_on_the_list() {
    let catalog = Catalog::shipped();
    let own = catalog.list(Some("own"), false);
    assert_eq!(own[0].model, Model::named("own"));
    assert_eq!((own.len(), default(&own)), (10, vec!["own"]));
    let known = catalog.list(Some("gpt-5.5"), false);
    assert_eq!((known.len(), default(&known)), (9, vec!["gpt-5.5"]));
    // A model that is not for choosing was chosen.
    let hidden = catalog.list(Some("codex-auto-review"), false);
    assert_eq!(
        (hidden.len(), default(&hidden)),
        (10, vec!["codex-auto-review"])
    );
}

#[test]
fn what_is_no_catalog_is_refused_with_the_place() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("c");
    let shown = file.display();
    let refusal = || Catalog::read(&file).unwrap_err().to_string();
    assert_eq!(
        refusal(),
        format!("failed to read model_catalog_json path `{shown}`: no such file")
    );
    let cases = [
        (
            r#"{"models":[]}"#,
            format!("model_catalog_json path `{shown}` must contain at least one model"),
        ),
        (
            "{}",
            format!(
                "failed to parse model_catalog_json path `{shown}` as JSON: \
                 missing field `models` at line 1 column 2"
            ),
        ),
        (
            r#"{"models":[{"slug":"a","visibility":"bogus"}]}"#,
            format!(
                "failed to parse model_catalog_json path `{shown}` as JSON: unknown variant \
                 `bogus`, expected one of `list`, `hide`, `none` at line 1 column 43"
            ),
        ),
    ];
    for (text, words) in cases {
        fs::write(&file, text).unwrap();
        assert_eq!(refusal(), words);
    }
    let many = |count| {
        let model = |number| format!(r#"{{"slug":"m{number}"}}"#);
        let models: Vec<_> = (0..count).map(model).collect();
        format!(r#"{{"models":[{}]}}"#, models.join(","))
    };
    fs::write(&file, many(MAX_MODELS)).unwrap();
    assert_eq!(Catalog::read(&file).unwrap().models.len(), MAX_MODELS);
    fs::write(&file, many(MAX_MODELS + 1)).unwrap();
    assert_eq!(
        refusal(),
        format!("model_catalog_json path `{shown}` must contain at most 1024 models")
    );
    fs::File::create(&file).unwrap().set_len(1 << 30).unwrap();
    assert!(refusal().ends_with("it exceeds 1048576 bytes"));
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(refusal().contains("is not a file"));
}

fn catalogs() -> impl Strategy<Value = Catalog> {
    let model = ("[a-e]", 0..3_i64, 0..3_u8).prop_map(|(slug, priority, visibility)| {
        let visibility = ["list", "hide", "none"][usize::from(visibility)];
        serde_json::json!({"slug": slug, "priority": priority, "visibility": visibility})
    });
    prop::collection::vec(model, 0..8).prop_map(|models| {
        let text = serde_json::json!({ "models": models }).to_string();
        parse(&text).unwrap()
    })
}

proptest! {
    /// However a catalog is: names are distinct, priorities ascend, what is not for choosing is
    /// told only to who asks for it or has chosen it, and there is one default wherever there can
    /// be one.
    #[test]
    fn lists_hold_what_they_promise(catalog in catalogs(), configured in prop::option::of("[a-g]")) {
        let configured = configured.as_deref();
        for hidden in [false, true] {
            let list = catalog.list(configured, hidden);
            let names: HashSet<_> = slugs(&list).into_iter().collect();
            prop_assert_eq!(names.len(), list.len());
            prop_assert!(list.is_sorted_by_key(|entry| entry.model.priority));
            let chosen = |entry: &Listed| configured == Some(&entry.model.slug);
            prop_assert!(list.iter().all(|entry| hidden || chosen(entry) || entry.model.is_listed()));
            prop_assert!(configured.is_none_or(|slug| default(&list) == [slug]));
            let can = list.iter().any(|entry| entry.model.is_listed());
            prop_assert_eq!(default(&list).len(), usize::from(can || configured.is_some()));
        }
    }
}
