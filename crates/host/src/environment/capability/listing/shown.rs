//! What stands beside a `SKILL.md`, for people.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use crate::environment::{
    capability::skill::{self, Policy, RawPolicy, Tool},
    text_file,
};

/// The largest file that is read.
const BESIDE_LIMIT: usize = 1 << 20;

/// The longest name that is shown, in characters.
const MAX_SHOWN_NAME: usize = 64;

/// The longest other text that is shown, in characters.
const MAX_SHOWN_TEXT: usize = 1024;

/// The folder beside a `SKILL.md` that pictures stand in.
const PICTURES: &str = "assets";

/// How a skill is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its name for people.
    pub display_name: Option<String>,
    /// What it is for, in short.
    pub short_description: Option<String>,
    /// A picture, which need not be there.
    pub icon_small: Option<PathBuf>,
    /// Another.
    pub icon_large: Option<PathBuf>,
    /// Its colour, as in `#00ff00`.
    pub brand_color: Option<String>,
    /// What to ask first.
    pub default_prompt: Option<String>,
}

/// What `agents/openai.yaml` says. One mistake in it and it says nothing.
#[derive(Deserialize)]
struct Beside {
    #[serde(default)]
    interface: Option<RawInterface>,
    #[serde(default)]
    dependencies: Option<Dependencies>,
    #[serde(default)]
    policy: Option<RawPolicy>,
}

#[derive(Deserialize)]
struct RawInterface {
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    short_description: Option<String>,
    #[serde(default)]
    icon_small: Option<String>,
    #[serde(default)]
    icon_large: Option<String>,
    #[serde(default)]
    brand_color: Option<String>,
    #[serde(default)]
    default_prompt: Option<String>,
}

#[derive(Deserialize)]
struct Dependencies {
    #[serde(default)]
    tools: Vec<Tool>,
}

/// What people are shown of a skill, what it needs, and when it may be used.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) interface: Option<Interface>,
    pub(super) tools: Option<Vec<Tool>>,
    pub(super) policy: Option<Policy>,
}

/// What stands beside the `SKILL.md` in `folder`; one mistake in it, and nothing does.
pub(super) fn beside(folder: &Path) -> Shown {
    let read = || {
        let file = folder.join("agents/openai.yaml");
        let text = text_file::read(&file, BESIDE_LIMIT).ok()??;
        let beside: Beside = skill::parse_yaml(&text).ok()?;
        let policy = match beside.policy {
            Some(policy) => Some(policy.understand()?),
            None => None,
        };
        Some(Shown {
            interface: beside.interface.and_then(|raw| raw.shown(folder)),
            tools: beside.dependencies.and_then(|all| skill::usable(all.tools)),
            policy,
        })
    };
    read().unwrap_or_default()
}

impl RawInterface {
    /// What of it can be shown; `None` if nothing.
    fn shown(self, folder: &Path) -> Option<Interface> {
        let icon = |path: Option<String>| path.and_then(|path| picture(folder, &path));
        let shown = Interface {
            display_name: short(self.display_name, MAX_SHOWN_NAME),
            short_description: short(self.short_description, MAX_SHOWN_TEXT),
            icon_small: icon(self.icon_small),
            icon_large: icon(self.icon_large),
            brand_color: self.brand_color.and_then(|color| colour(&color)),
            default_prompt: short(self.default_prompt, MAX_SHOWN_TEXT),
        };
        (shown != Interface::default()).then_some(shown)
    }
}

/// A text in one line of at most so many characters.
pub(super) fn short(text: Option<String>, limit: usize) -> Option<String> {
    let text = skill::one_line(&text?);
    (!text.is_empty() && text.chars().count() <= limit).then_some(text)
}

fn colour(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.strip_prefix('#')?;
    let is_colour = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_colour.then(|| text.to_owned())
}

/// A picture in the folder for them, and nowhere else.
pub(super) fn picture(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut below = PathBuf::new();
    for component in Path::new(path.trim()).components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) => below.push(name),
            _ => return None,
        }
    }
    below.starts_with(PICTURES).then(|| folder.join(below))
}
