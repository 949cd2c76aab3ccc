//! `skills/*`: the skills of some folders, where else to look, switching them on and off.
//!
//! What was found is remembered for as long as nothing changes on the disk; when something does,
//! whoever is connected is told `skills/changed`, once, until somebody has looked again.

mod shelf;

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use outpost_agent::{
    config::Configuration,
    skills::{self as configured, Root, Scope, Selector, Switches},
};
use outpost_host::environment::capability::{Interface, ListedSkill, Tool};
use outpost_protocol::{
    RpcError,
    app::{
        AbsolutePath, Done,
        skills::{
            Changed, ConfigWrite, ExtraRootsSet, List, SkillDependencies, SkillErrorInfo,
            SkillInterface, SkillMetadata, SkillScope, SkillToolDependency,
            SkillsChangedNotification, SkillsConfigWriteParams, SkillsConfigWriteResponse,
            SkillsExtraRootsSetParams, SkillsListEntry, SkillsListParams, SkillsListResponse,
        },
    },
};
use outpost_rpc::{
    lanes::{Access, Claim},
    router::{Reply, Router},
};
use tokio::task::spawn_blocking;

pub(super) use self::shelf::Shelf;
use super::{Shared, connection::Call, hooks, settings};

/// The answer of every handler.
type Answer<T> = Result<Reply<T>, RpcError>;

/// How many folders a client may add.
const MAX_EXTRA: usize = 64;

/// About how large an answer may be: clients take messages up to 64 MiB.
const ANSWER_LIMIT: usize = 32 << 20;

/// What a skill costs in an answer beside its texts.
const OVERHEAD: usize = 512;

/// Adds the methods of this family.
pub(super) fn methods(router: Router<Call>) -> Router<Call> {
    router
        .call::<List, _, _>(|lane| lane.claims(|_| claim(Access::Shared)), list)
        .call::<ExtraRootsSet, _, _>(|lane| lane.claims(|_| claim(Access::Exclusive)), extra)
        .call::<ConfigWrite, _, _>(
            |lane| lane.claims(|_| claim(Access::Exclusive)).finishes(),
            write,
        )
}

fn claim(access: Access) -> Vec<Claim> {
    vec![Claim::new("skills", "", access)]
}

/// `skills/list`.
async fn list(call: Call, params: SkillsListParams) -> Answer<SkillsListResponse> {
    let named = hooks::folders(&call, params.cwds)?;
    let own = call.server.machine.cwd.clone();
    let (home, extra) = (call.server.skills.user_home(), call.server.skills.extra());
    let places = settings::look(&call.server, move |all| {
        let place = |cwd: PathBuf| Place::of(all, &own.join(&cwd), (home.as_deref(), &extra), cwd);
        named.into_iter().map(place).collect::<Vec<_>>()
    });
    let (places, server) = (places.await?, call.server);
    // A folder may be slow; whoever writes the configuration does not wait for it.
    let listed = spawn_blocking(move || {
        if params.force_reload {
            server.skills.forget();
        }
        let mut room = ANSWER_LIMIT;
        let entry = |place| entry(&server, place, &mut room);
        places.into_iter().map(entry).collect()
    });
    let data = listed.await;
    let data = data.map_err(|error| RpcError::internal(format!("listing failed: {error}")))?;
    Ok(SkillsListResponse { data }.into())
}

/// Where somebody works, and what the configuration says of skills there.
struct Place {
    cwd: PathBuf,
    roots: Vec<Root>,
    switches: Switches,
}

impl Place {
    /// `cwd` is what the client calls `folder`.
    fn of(
        all: &Configuration,
        folder: &Path,
        (home, extra): (Option<&Path>, &[PathBuf]),
        cwd: PathBuf,
    ) -> Self {
        let snapshot = all.read(Some(folder));
        Self {
            cwd,
            roots: configured::roots(all, &snapshot, home, (folder, extra)),
            switches: Switches::of(&snapshot.config),
        }
    }
}

/// What there is for somebody who works there. Blocks on the file system.
fn entry(server: &Arc<Shared>, place: Place, room: &mut usize) -> SkillsListEntry {
    let Place {
        cwd,
        roots,
        switches,
    } = place;
    let mut entry = SkillsListEntry {
        cwd,
        skills: Vec::new(),
        errors: Vec::new(),
    };
    let mut known = HashSet::new();
    for Root { folder, scope } in roots {
        let listing = server.skills.listing(server, &folder);
        for skill in &listing.skills {
            if known.insert(skill.path.clone()) {
                let on = switches.is_on(&skill.name, &skill.path);
                entry.skills.push(metadata(skill, scope, on));
            }
        }
        let error = |(path, message): &(PathBuf, String)| SkillErrorInfo {
            path: path.clone(),
            message: message.clone(),
        };
        entry.errors.extend(listing.errors.iter().map(error));
    }
    let order = |skill: &SkillMetadata| (rank(skill.scope), skill.name.clone(), skill.path.clone());
    entry.skills.sort_by_cached_key(order);
    entry.errors.sort_by(|a, b| a.path.cmp(&b.path));
    entry.errors.dedup();
    keep_what_fits(&mut entry, room);
    entry
}

fn keep_what_fits(entry: &mut SkillsListEntry, room: &mut usize) {
    let fits = |skill: &SkillMetadata| {
        let cost = OVERHEAD + skill.name.len() + skill.description.len() + skill.path.len();
        let fits = cost <= *room;
        *room = room.saturating_sub(cost);
        fits
    };
    let all = entry.skills.len();
    let fit = entry.skills.iter().map(fits).take_while(|fits| *fits);
    let fit = fit.count();
    if fit < all {
        entry.skills.truncate(fit);
        entry.errors.push(SkillErrorInfo {
            path: entry.cwd.clone(),
            message: format!("{} skills are left out: the answer is too large", all - fit),
        });
    }
}

/// Whose skills come first.
fn rank(scope: SkillScope) -> u8 {
    match scope {
        SkillScope::Repo => 0,
        SkillScope::User => 1,
        SkillScope::System => 2,
        SkillScope::Admin => 3,
    }
}

fn metadata(skill: &ListedSkill, scope: Scope, enabled: bool) -> SkillMetadata {
    let dependencies = skill.tools.as_ref().map(|tools| SkillDependencies {
        tools: tools.iter().map(tool).collect(),
    });
    SkillMetadata {
        name: skill.name.clone(),
        description: skill.description.clone(),
        short_description: skill.short_description.clone(),
        interface: skill.interface.as_ref().map(interface),
        dependencies,
        path: skill.path.to_string_lossy().into_owned(),
        scope: match scope {
            Scope::Repo => SkillScope::Repo,
            Scope::User => SkillScope::User,
            Scope::System => SkillScope::System,
            Scope::Admin => SkillScope::Admin,
        },
        enabled,
        plugin_id: None,
    }
}

fn tool(tool: &Tool) -> SkillToolDependency {
    SkillToolDependency {
        r#type: tool.kind.clone(),
        value: tool.value.clone(),
        description: tool.description.clone(),
        transport: tool.transport.clone(),
        command: tool.command.clone(),
        url: tool.url.clone(),
    }
}

fn interface(shown: &Interface) -> SkillInterface {
    let picture = |path: &Option<PathBuf>| path.as_deref().and_then(AbsolutePath::new);
    SkillInterface {
        display_name: shown.display_name.clone(),
        short_description: shown.short_description.clone(),
        icon_small: picture(&shown.icon_small),
        icon_large: picture(&shown.icon_large),
        icon_small_url: None,
        icon_large_url: None,
        brand_color: shown.brand_color.clone(),
        default_prompt: shown.default_prompt.clone(),
    }
}

/// `skills/extraRoots/set`.
async fn extra(call: Call, params: SkillsExtraRootsSetParams) -> Answer<Done> {
    if params.extra_roots.len() > MAX_EXTRA {
        let words = format!("at most {MAX_EXTRA} extraRoots are allowed");
        return Err(RpcError::invalid_params(words));
    }
    let roots = params.extra_roots.iter();
    let roots = roots.map(|root| root.as_path().to_owned()).collect();
    let server = call.server;
    server.skills.set_extra(roots);
    Ok(Reply::then(Done {}, move || tell_all(&server)))
}

/// `skills/config/write`.
async fn write(call: Call, params: SkillsConfigWriteParams) -> Answer<SkillsConfigWriteResponse> {
    let name = params.name.map(|name| name.trim().to_owned());
    let selector = match (params.path, name.filter(|name| !name.is_empty())) {
        (Some(path), None) => Selector::Path(path.as_path().to_owned()),
        (None, Some(name)) => Selector::Name(name),
        _ => {
            let words = "skills/config/write requires exactly one of path or name";
            return Err(RpcError::invalid_params(words));
        }
    };
    let on = params.enabled;
    let written = settings::change(&call.server, move |all| {
        configured::switch(all, &settled(selector), on)
    });
    written
        .await?
        .map_err(|error| RpcError::internal(format!("failed to update skill settings: {error}")))?;
    let server = call.server;
    let answer = SkillsConfigWriteResponse {
        effective_enabled: on,
    };
    Ok(Reply::then(answer, move || tell_all(&server)))
}

/// With the path under which a skill is listed.
fn settled(selector: Selector) -> Selector {
    match selector {
        Selector::Path(path) => Selector::Path(std::fs::canonicalize(&path).unwrap_or(path)),
        name @ Selector::Name(_) => name,
    }
}

/// What was listed may no longer be so.
fn tell_all(server: &Shared) {
    let changed = SkillsChangedNotification {};
    server.audience.tell_all::<Changed>(&changed);
}
