//! The skills and plugins installed on this computer, as their files describe them.

use std::{collections::HashMap, path::Path};

use super::{
    DiscoveryRoot, Plugin, Root, RootDiscovery, Skill, SkillFiles,
    budget::{Budget, json_len},
    bundle, manifest,
    places::{self, Installed, Place},
    skill,
};
use crate::environment::Places;

/// How many skills and plugins are returned: more than an agent can be told of.
const MAX_CAPABILITIES: usize = 2048;

/// The largest answer, counted as JSON.
const ANSWER_LIMIT: usize = 4 << 20;

/// What a skill or plugin costs in an answer beside its texts.
const OVERHEAD: usize = 512;

/// The most text read of one place; nearly all of it is instructions, which are not returned.
const PLACE_LIMIT: usize = 32 << 20;

/// How many troubles are told.
const MAX_WARNINGS: usize = 64;

/// The longest name of a skill with its plugin's, in characters.
const MAX_QUALIFIED_NAME: usize = 2 * skill::MAX_NAME + 1;

const PLACES_MISSING: &str =
    "some capability locations could not be resolved; discovery may be incomplete";
const METADATA_MISSING: &str =
    "some capability metadata could not be loaded; discovery may be incomplete";
const TRUNCATED: &str = "capability discovery size limit reached";

/// What is installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Plugins, by id.
    pub plugins: Vec<Plugin>,
    /// Skills outside of plugins: this program's, the user's, the administrator's; each by path.
    pub skills: Vec<Skill>,
    /// What is left out, in general words; the details are in the log.
    pub warnings: Vec<String>,
}

/// Looks at all `places`. Blocks on the file system.
pub fn inventory(places: &Places) -> Inventory {
    let (places, incomplete) = places::list(places);
    let mut collected = Collected {
        inventory: Inventory::default(),
        count: Budget::new(MAX_CAPABILITIES),
        bytes: Budget::new(ANSWER_LIMIT),
        truncated: false,
    };
    if incomplete {
        collected.warn(PLACES_MISSING);
    }
    for place in places {
        collected.add(place);
    }
    let Collected {
        mut inventory,
        truncated,
        ..
    } = collected;
    if truncated {
        inventory.warnings.insert(0, TRUNCATED.to_owned());
        inventory.warnings.truncate(MAX_WARNINGS);
    }
    inventory
}

struct Collected {
    inventory: Inventory,
    count: Budget,
    bytes: Budget,
    truncated: bool,
}

impl Collected {
    fn add(&mut self, place: Place) {
        let folder = match &place {
            Place::Plugin(installed) => &installed.folder,
            Place::Skills { folder, .. } => folder,
        };
        if !folder.is_dir() {
            return;
        }
        let root = Root {
            id: String::new(),
            path: folder.clone(),
        };
        let mut discovery = bundle::search(root, &mut Budget::new(PLACE_LIMIT));
        let mut trouble = std::mem::take(&mut discovery.warnings);
        trouble.extend(discovery.error.take());
        match place {
            Place::Plugin(installed) => self.add_plugin(installed, discovery, &mut trouble),
            Place::Skills { id, folder } => {
                let root = DiscoveryRoot { id, path: folder };
                for skill in skills(discovery, Some(&root), &mut trouble) {
                    if self.admit(1, skill_cost(&skill)) {
                        self.inventory.skills.push(skill);
                    }
                }
            }
        }
        if !trouble.is_empty() {
            tracing::debug!(?trouble, "a place of skills or plugins is not all usable");
            self.warn(METADATA_MISSING);
        }
    }

    fn add_plugin(
        &mut self,
        installed: Installed,
        mut discovery: RootDiscovery,
        trouble: &mut Vec<String>,
    ) {
        let files = discovery.plugin.take();
        let display_name = files.as_ref().and_then(|files| {
            let manifest = manifest::parse(&files.manifest.contents)?;
            manifest::display_name(&manifest, &installed.folder)
        });
        let (Some(files), Some(display_name)) = (files, display_name) else {
            trouble.push(format!("{} has no usable manifest", installed.id));
            return;
        };
        let skills = skills(discovery, None, trouble);
        let texts = [
            Some(&files.manifest),
            files.mcp_config.as_ref(),
            files.apps_config.as_ref(),
        ];
        let cost = OVERHEAD
            + texts
                .into_iter()
                .flatten()
                .map(|file| json_len(&file.contents))
                .sum::<usize>()
            + skills.iter().map(skill_cost).sum::<usize>();
        if self.admit(1 + skills.len(), cost) {
            self.inventory.plugins.push(Plugin {
                id: installed.id,
                display_name,
                remote_plugin_id: installed.remote_id,
                version: installed.version,
                root: installed.folder,
                files,
                skills,
            });
        }
    }

    fn admit(&mut self, count: usize, cost: usize) -> bool {
        let fits = self.count.take(count) && self.bytes.take(cost);
        self.truncated |= !fits;
        fits
    }

    fn warn(&mut self, warning: &str) {
        if self.inventory.warnings.len() < MAX_WARNINGS {
            self.inventory.warnings.push(warning.to_owned());
        }
    }
}

fn skill_cost(skill: &Skill) -> usize {
    let tools = skill.tools.iter().flatten().map(|tool| {
        let texts = [&tool.description, &tool.transport, &tool.command, &tool.url];
        OVERHEAD
            + json_len(&tool.kind)
            + json_len(&tool.value)
            + texts
                .into_iter()
                .flatten()
                .map(|text| json_len(text))
                .sum::<usize>()
    });
    OVERHEAD
        + json_len(&skill.name)
        + json_len(&skill.description)
        + skill.short_description.as_deref().map_or(0, json_len)
        + json_len(&skill.path.to_string_lossy())
        + tools.sum::<usize>()
}

/// The skills of one place that can be offered.
fn skills(
    discovery: RootDiscovery,
    root: Option<&DiscoveryRoot>,
    trouble: &mut Vec<String>,
) -> Vec<Skill> {
    let namespaces: HashMap<_, _> = discovery
        .namespace_manifests
        .iter()
        .filter_map(|file| {
            let folder = manifest::plugin_folder(&file.path)?;
            let name = manifest::name(&manifest::parse(&file.contents)?, folder)?;
            Some((folder.to_owned(), name))
        })
        .collect();
    let namespace = |path: &Path| path.ancestors().find_map(|folder| namespaces.get(folder));
    let mut skills = Vec::new();
    for files in discovery.skills {
        let namespace = namespace(&files.instructions.path);
        match describe(&files, namespace) {
            Some(mut skill) => {
                skill.discovery_root = root.cloned();
                skills.push(skill);
            }
            None => trouble.push(format!("unusable: {}", files.instructions.path.display())),
        }
    }
    skills
}

fn describe(files: &SkillFiles, namespace: Option<&String>) -> Option<Skill> {
    let path = &files.instructions.path;
    let folder = path.parent()?.file_name()?.to_string_lossy();
    let head = skill::head(&files.instructions.contents, &folder)?;
    let name = match namespace {
        Some(namespace) => format!("{namespace}:{}", head.name),
        None => head.name,
    };
    (name.chars().count() <= MAX_QUALIFIED_NAME).then_some(())?;
    let metadata = files.metadata.as_ref().map(|file| file.contents.as_str());
    Some(Skill {
        name,
        description: head.description,
        short_description: head.short_description,
        path: path.clone(),
        discovery_root: None,
        tools: metadata.and_then(skill::tools),
        policy: metadata.and_then(skill::policy),
    })
}
