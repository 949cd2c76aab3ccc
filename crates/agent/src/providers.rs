//! Who provides models: what the configuration says of that. Pure.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::config::{Origin, Snapshot, Source};

/// The provider that is used if nothing is said.
const OPENAI: &str = "openai";

/// Providers on this computer that need not be configured, and are not listed unless they are.
const LOCAL: [(&str, &str); 2] = [("ollama", "gpt-oss"), ("lmstudio", "gpt-oss")];

/// All providers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Providers {
    /// By id, those that are configured and the usual one.
    pub all: Vec<Provider>,
    /// The id of the one in use, which may be none of them.
    pub in_use: String,
    /// The user may choose another in the configuration.
    pub is_users_choice: bool,
}

/// Somebody who provides models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Names it.
    pub id: String,
    /// For people.
    pub name: String,
    /// Where it is, if that is said.
    pub base_url: Option<String>,
    /// What kind it is.
    pub kind: Kind,
    /// It wants an account at `OpenAI`.
    pub needs_account: bool,
}

/// What kind of provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `OpenAI` itself.
    OpenAi,
    /// Anybody who speaks the same.
    Gateway(Auth),
    /// Amazon.
    Bedrock {
        /// Which of the user's profiles.
        profile: Option<String>,
        /// Where.
        region: Option<String>,
    },
}

/// How one signs in at a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Not at all.
    None,
    /// With a key in this variable of the environment.
    Variable(String),
    /// In a way that is configured elsewhere, perhaps with a key in the environment too.
    Elsewhere(Option<String>),
}

// === impl Providers ===

impl Providers {
    /// What `snapshot` says of them.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let config = &snapshot.config;
        let mut all = BTreeMap::new();
        let configured = config.get("model_providers").and_then(Json::as_object);
        for (id, settings) in configured.into_iter().flatten() {
            all.insert(id.clone(), Provider::configured(id, settings));
        }
        // Nobody else can be this one.
        let openai = Provider::openai(text(config, "openai_base_url"));
        all.insert(OPENAI.to_owned(), openai);
        Self {
            all: all.into_values().collect(),
            in_use: text(config, "model_provider").unwrap_or_else(|| OPENAI.to_owned()),
            is_users_choice: is_users(snapshot.origins.get("model_provider")),
        }
    }

    /// The provider of that name.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<Provider> {
        let configured = self.all.iter().find(|provider| provider.id == id);
        let local = || LOCAL.into_iter().find(|(local, _)| *local == id);
        configured.cloned().or_else(|| {
            let (id, name) = local()?;
            Some(Provider {
                id: id.to_owned(),
                name: name.to_owned(),
                base_url: None,
                kind: Kind::Gateway(Auth::None),
                needs_account: false,
            })
        })
    }

    /// The one in use, if there is one of its name.
    #[must_use]
    pub fn current(&self) -> Option<Provider> {
        self.find(&self.in_use)
    }
}

/// Whether a setting is one that the user's file decides or could decide.
fn is_users(origin: Option<&Origin>) -> bool {
    match origin.map(|origin| &origin.source) {
        None | Some(Source::System { .. } | Source::User { .. }) => true,
        Some(Source::Project { .. } | Source::Flags | Source::Managed { .. }) => false,
    }
}

// === impl Provider ===

impl Provider {
    fn openai(base_url: Option<String>) -> Self {
        Self {
            id: OPENAI.to_owned(),
            name: "OpenAI".to_owned(),
            base_url,
            kind: Kind::OpenAi,
            needs_account: true,
        }
    }

    fn configured(id: &str, settings: &Json) -> Self {
        let is_set = |key: &str| settings.get(key).is_some_and(|value| !value.is_null());
        let needs_account = settings.get("requires_openai_auth") == Some(&Json::Bool(true));
        let kind = match settings.get("aws").filter(|aws| aws.is_object()) {
            Some(aws) => Kind::Bedrock {
                profile: text(aws, "profile"),
                region: text(aws, "region"),
            },
            None => {
                let elsewhere = [
                    "auth",
                    "experimental_bearer_token",
                    "env_http_headers",
                    "http_headers",
                    "query_params",
                    "gateway_oauth",
                ];
                let variable = text(settings, "env_key");
                let is_elsewhere = needs_account || elsewhere.into_iter().any(is_set);
                Kind::Gateway(match (is_elsewhere, variable) {
                    (true, variable) => Auth::Elsewhere(variable),
                    (false, Some(variable)) => Auth::Variable(variable),
                    (false, None) => Auth::None,
                })
            }
        };
        Self {
            id: id.to_owned(),
            name: text(settings, "name").unwrap_or_else(|| id.to_owned()),
            base_url: text(settings, "base_url"),
            kind,
            needs_account,
        }
    }
}

fn text(table: &Json, key: &str) -> Option<String> {
    let text = table.get(key)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Configuration, Places};

    fn providers(config: &str, flags: &[&str]) -> Providers {
        let dir = tempfile::tempdir().unwrap();
        let places = Places {
            home: dir.path().join("home"),
            system: dir.path().join("system"),
        };
        std::fs::create_dir_all(&places.home).unwrap();
        std::fs::write(places.user_file(), config).unwrap();
        Providers::of(&Configuration::open(places, flags).unwrap().read(None))
    }

    #[test]
    fn without_configuration_there_is_one() {
        let providers = providers("", &[]);
        assert_eq!(providers.all, [Provider::openai(None)]);
        assert_eq!(providers.current(), Some(Provider::openai(None)));
        assert!(providers.is_users_choice);
        let local = providers.find("ollama").unwrap();
        assert!(!local.needs_account && providers.find("nope").is_none());
    }

    #[test]
    fn how_one_signs_in_is_told_without_the_secret() {
        let gateway = |name: &str, more: &str| {
            format!("[model_providers.{name}]\nname = \"N\"\nbase_url = \"http://h/v1\"\n{more}\n")
        };
        let config = [
            gateway("a", ""),
            gateway("b", "env_key = \"KEY\""),
            gateway("c", "experimental_bearer_token = \"secret\""),
            gateway("d", "http_headers = { x = \"secret\" }\nenv_key = \"KEY\""),
            gateway("e", "requires_openai_auth = true"),
            gateway("f", "aws = { profile = \"p\", region = \"r\" }"),
        ];
        let providers = providers(&config.concat(), &[]);
        let key = || "KEY".to_owned();
        let kinds: Vec<_> = providers.all.iter().map(|p| p.kind.clone()).collect();
        assert_eq!(
            kinds,
            [
                Kind::Gateway(Auth::None),
                Kind::Gateway(Auth::Variable(key())),
                Kind::Gateway(Auth::Elsewhere(None)),
                Kind::Gateway(Auth::Elsewhere(Some(key()))),
                Kind::Gateway(Auth::Elsewhere(None)),
                Kind::Bedrock {
                    profile: Some("p".to_owned()),
                    region: Some("r".to_owned()),
                },
                Kind::OpenAi,
            ]
        );
        assert!(!format!("{providers:?}").contains("secret"));
        let needs: Vec<_> = providers.all.iter().map(|p| p.needs_account).collect();
        assert_eq!(needs, [false, false, false, false, true, false, true]);
    }

    #[test]
    fn the_one_in_use_is_whoever_says_so_last() {
        let config = "model_provider = \"b\"\nopenai_base_url = \"http://o\"\n\
                      [model_providers.b]\nname = \"B\"\n";
        let users = providers(config, &[]);
        assert_eq!(users.current().unwrap().name, "B");
        assert_eq!(users.all[1].base_url.as_deref(), Some("http://o"));
        assert!(users.is_users_choice);
        let flags = providers(config, &["model_provider=gone"]);
        assert_eq!(
            (flags.current(), &*flags.in_use, flags.is_users_choice),
            (None, "gone", false)
        );
    }
}
