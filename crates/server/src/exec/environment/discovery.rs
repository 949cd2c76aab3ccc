//! Skills and plugins: from the engine's words to the wire's.

use outpost_host::environment::capability as engine;
use outpost_protocol::{
    PathUri, RpcError,
    exec::environment::{
        CapabilityFile, DiscoverResponse, DiscoverRootsResponse, DiscoverV2CapabilitiesRequest,
        DiscoveredRoot, DiscoveryRoot, Plugin, PluginFiles, Skill, SkillDependencies, SkillFiles,
        SkillPolicy, SkillTool, WireCapabilityRootsDiscoverParams,
    },
};

use super::{Answer, blocking};
use crate::exec::{
    connection::Call,
    errors::{self, refuse_sandbox},
};

/// `capabilityRoots/discoverV1`.
pub(in crate::exec) async fn discover_roots(
    call: Call,
    params: WireCapabilityRootsDiscoverParams,
) -> Answer<DiscoverRootsResponse> {
    let mut roots = Vec::with_capacity(params.roots.len());
    for root in params.roots {
        refuse_sandbox(root.sandbox.as_ref())?;
        let path = root
            .path
            .into_native()
            .map_err(|foreign| errors::foreign_path(&foreign))?;
        roots.push(engine::Root { id: root.id, path });
    }
    let found = blocking(&call.server, move || engine::discover_roots(roots)).await?;
    let found = found.map_err(|error| RpcError::invalid_request(error.to_string()))?;
    Ok(DiscoverRootsResponse {
        roots: found.into_iter().map(root).collect(),
    }
    .into())
}

/// `capabilities/discoverV2`.
pub(in crate::exec) async fn discover(
    call: Call,
    params: DiscoverV2CapabilitiesRequest,
) -> Answer<DiscoverResponse> {
    refuse_sandbox(params.sandbox.as_ref())?;
    let places = call.server.places.clone();
    let found = blocking(&call.server, move || engine::inventory(&places)).await?;
    let response = DiscoverResponse {
        plugins: found.plugins.into_iter().map(plugin).collect(),
        skills: found.skills.into_iter().map(skill).collect(),
        warnings: found.warnings,
    };
    Ok(response.into())
}

fn root(root: engine::RootDiscovery) -> DiscoveredRoot {
    DiscoveredRoot {
        id: root.id,
        path: PathUri::from_path(root.path),
        plugin: root.plugin.map(plugin_files),
        skills: root.skills.into_iter().map(skill_files).collect(),
        namespace_manifests: root.namespace_manifests.into_iter().map(file).collect(),
        warnings: root.warnings,
        error: root.error,
    }
}

fn file(file: engine::TextFile) -> CapabilityFile {
    CapabilityFile {
        path: PathUri::from_path(file.path),
        contents: file.contents,
    }
}

fn plugin_files(files: engine::PluginFiles) -> PluginFiles {
    PluginFiles {
        manifest: file(files.manifest),
        mcp_config: files.mcp_config.map(file),
        apps_config: files.apps_config.map(file),
    }
}

fn skill_files(files: engine::SkillFiles) -> SkillFiles {
    SkillFiles {
        instructions: file(files.instructions),
        metadata: files.metadata.map(file),
    }
}

fn plugin(plugin: engine::Plugin) -> Plugin {
    Plugin {
        id: plugin.id,
        display_name: plugin.display_name,
        remote_plugin_id: plugin.remote_plugin_id,
        version: plugin.version,
        root: PathUri::from_path(plugin.root),
        files: plugin_files(plugin.files),
        skills: plugin.skills.into_iter().map(skill).collect(),
    }
}

fn skill(skill: engine::Skill) -> Skill {
    let place = |root: engine::DiscoveryRoot| DiscoveryRoot {
        id: root.id.to_owned(),
        path: PathUri::from_path(root.path),
    };
    let policy = |policy: engine::Policy| SkillPolicy {
        allow_implicit_invocation: policy.allow_implicit_invocation,
        products: policy.products.into_iter().map(str::to_owned).collect(),
    };
    Skill {
        name: skill.name,
        description: skill.description,
        short_description: skill.short_description,
        path: PathUri::from_path(skill.path),
        discovery_root: skill.discovery_root.map(place),
        dependencies: skill.tools.map(|tools| SkillDependencies {
            tools: tools.into_iter().map(tool).collect(),
        }),
        policy: skill.policy.map(policy),
    }
}

fn tool(tool: engine::Tool) -> SkillTool {
    SkillTool {
        kind: tool.kind,
        value: tool.value,
        description: tool.description,
        transport: tool.transport,
        command: tool.command,
        url: tool.url,
        oauth_callback_port: None,
    }
}
