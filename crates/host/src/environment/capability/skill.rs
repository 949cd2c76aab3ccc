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

/// The head of a `SKILL.md` in a folder of the given name; `None` if it is not one that a skill
/// can be offered by.
pub(super) fn head(contents: &str, folder: &str) -> Option<Head> {
    let text = front_matter(contents)?;
    let parsed: FrontMatter = yaml(&text).or_else(|| yaml(&quote_prose(&text)))?;
    let one_line =
        |text: Option<String>| text.map(|text| one_line(&text)).filter(|t| !t.is_empty());
    let short_description = parsed
        .metadata
        .and_then(|metadata| metadata.short_description);
    let name = one_line(parsed.name).or_else(|| one_line(Some(folder.to_owned())))?;
    (name.chars().count() <= MAX_NAME).then_some(())?;
    Some(Head {
        name,
        description: one_line(parsed.description)?,
        short_description: one_line(short_description),
    })
}

/// The lines between the first line `---` and the next, if there are any.
fn front_matter(contents: &str) -> Option<String> {
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

/// Reads YAML 1.2: `no` is a text. The parser's own limits stop documents that multiply.
fn yaml<T: DeserializeOwned>(text: &str) -> Option<T> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).ok()
}

fn one_line(text: &str) -> String {
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
    let mut tools = parsed.dependencies.tools;
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
struct RawPolicy {
    #[serde(default)]
    allow_implicit_invocation: Option<bool>,
    #[serde(default)]
    products: Vec<String>,
}

/// The policy that an `agents/openai.yaml` states; `None` if it states none in a usable way.
pub(super) fn policy(metadata: &str) -> Option<Policy> {
    let parsed: WithPolicy = yaml(metadata)?;
    let product = |name: &String| {
        PRODUCTS
            .into_iter()
            .find(|product| name.eq_ignore_ascii_case(product))
    };
    Some(Policy {
        allow_implicit_invocation: parsed.policy.allow_implicit_invocation,
        products: parsed
            .policy
            .products
            .iter()
            .map(product)
            .collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests;
