//! What a skill's files say. Pure: text in, description out.

use serde::{Deserialize, de::DeserializeOwned};

/// The longest name, in characters: it has to fit a list that people read.
pub(super) const MAX_NAME: usize = 64;

/// A tool that a skill needs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tool {
    /// What kind of tool it is: `mcp`, `cli`, `env_var`, …
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Which one.
    #[serde(default)]
    pub value: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// How it is reached.
    #[serde(default)]
    pub transport: Option<String>,
    /// The program to start.
    #[serde(default)]
    pub command: Option<String>,
    /// The address to reach.
    #[serde(default)]
    pub url: Option<String>,
}

/// When a skill may be used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// Whether an agent may use it without being told to.
    pub allow_implicit_invocation: Option<bool>,
    /// The products it is for, in lower case; all if empty.
    pub products: Vec<&'static str>,
}

/// The products a policy may name.
const PRODUCTS: [&str; 3] = ["codex", "chatgpt", "atlas"];

/// What the head of a `SKILL.md` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) short_description: Option<String>,
}

#[derive(Deserialize)]
struct FrontMatter {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default, rename = "short-description")]
    short_description: Option<String>,
}

/// Why a `SKILL.md` is not one that a skill can be offered by.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HeadError {
    #[error("missing YAML frontmatter delimited by ---")]
    Missing,
    #[error("invalid YAML: {0}")]
    NotYaml(String),
    #[error("missing field `name`")]
    NoName,
    #[error("invalid name: exceeds maximum length of {MAX_NAME} characters")]
    LongName,
    #[error("missing field `description`")]
    NoDescription,
}

/// The head of a `SKILL.md` in a folder of the given name; `None` if it is not one that a skill
/// can be offered by.
pub(super) fn head(contents: &str, folder: &str) -> Option<Head> {
    read_head(contents, folder).ok()
}

/// The same, and why it is none.
pub(super) fn read_head(contents: &str, folder: &str) -> Result<Head, HeadError> {
    let text = front_matter(contents).ok_or(HeadError::Missing)?;
    let parsed: FrontMatter = match parse_yaml(&text) {
        Ok(parsed) => parsed,
        Err(error) => yaml(&quote_prose(&text)).ok_or(HeadError::NotYaml(error))?,
    };
    let one_line =
        |text: Option<String>| text.map(|text| one_line(&text)).filter(|t| !t.is_empty());
    let short_description = parsed
        .metadata
        .and_then(|metadata| metadata.short_description);
    let name = one_line(parsed.name).or_else(|| one_line(Some(folder.to_owned())));
    let name = name.ok_or(HeadError::NoName)?;
    if name.chars().count() > MAX_NAME {
        return Err(HeadError::LongName);
    }
    Ok(Head {
        name,
        description: one_line(parsed.description).ok_or(HeadError::NoDescription)?,
        short_description: one_line(short_description),
    })
}

/// The lines between the first line `---` and the next, if there are any.
pub(super) fn front_matter(contents: &str) -> Option<String> {
    let mut lines = contents.lines();
    (lines.next()?.trim() == "---").then_some(())?;
    let mut head = Vec::new();
    for line in lines {
        if line.trim() == "---" {
            return (!head.is_empty()).then(|| head.join("\n"));
        }
        head.push(line);
    }
    None
}

fn yaml<T: DeserializeOwned>(text: &str) -> Option<T> {
    parse_yaml(text).ok()
}

/// Reads YAML 1.2: `no` is a text. The parser's own limits stop documents that multiply. An error
/// is one line.
pub(super) fn parse_yaml<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let words = error.to_string();
        words.lines().next().unwrap_or_default().to_owned()
    })
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Quotes values that people write as prose, though YAML reads more into them:
/// `description: Build for AWS: ECS`, `description: [draft] summarize`.
fn quote_prose(text: &str) -> String {
    let line = |line: &str| {
        let quoted = line.split_once(": ").and_then(|(key, value)| {
            let value = value.trim();
            let is_flow = value.starts_with(['[', '{', '@', '`']);
            let is_prose = value.contains(": ") || is_flow;
            let is_marked = value.starts_with(['\'', '"', '|', '>', '&', '*', '!', '#']);
            (is_prose && !is_marked && yaml::<serde::de::IgnoredAny>(line).is_none())
                .then(|| format!("{key}: '{}'", value.replace('\'', "''")))
        });
        quoted.unwrap_or_else(|| line.to_owned())
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[derive(Deserialize)]
struct WithDependencies {
    dependencies: Dependencies,
}

#[derive(Deserialize)]
struct Dependencies {
    tools: Vec<Tool>,
}

/// The tools that an `agents/openai.yaml` asks for; `None` if it asks for none in a usable way.
pub(super) fn tools(metadata: &str) -> Option<Vec<Tool>> {
    let parsed: WithDependencies = yaml(metadata)?;
    usable(parsed.dependencies.tools)
}

/// Those of which it is said what they are; `None` if there are none.
pub(super) fn usable(mut tools: Vec<Tool>) -> Option<Vec<Tool>> {
    for tool in &mut tools {
        tool.kind = one_line(&tool.kind);
        tool.value = one_line(&tool.value);
    }
    tools.retain(|tool| !tool.kind.is_empty() && !tool.value.is_empty());
    (!tools.is_empty()).then_some(tools)
}

#[derive(Deserialize)]
struct WithPolicy {
    policy: RawPolicy,
}

#[derive(Deserialize)]
pub(super) struct RawPolicy {
    #[serde(default)]
    allow_implicit_invocation: Option<bool>,
    #[serde(default)]
    products: Vec<String>,
}

/// The policy that an `agents/openai.yaml` states; `None` if it states none in a usable way.
pub(super) fn policy(metadata: &str) -> Option<Policy> {
    let parsed: WithPolicy = yaml(metadata)?;
    parsed.policy.understand()
}

impl RawPolicy {
    /// `None` if it names a product that does not exist.
    pub(super) fn understand(self) -> Option<Policy> {
        let product = |name: &String| {
            PRODUCTS
                .into_iter()
                .find(|product| name.eq_ignore_ascii_case(product))
        };
        Some(Policy {
            allow_implicit_invocation: self.allow_implicit_invocation,
            products: self.products.iter().map(product).collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests;
