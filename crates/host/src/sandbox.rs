//! Walls around commands and file calls: a policy is enforced, or refused before anything runs.
//!
//! A [`Policy`] says what may be read, written and reached. The module `plan` makes of it, with
//! what is known of this computer's files, a plan: pure, and the same for the same facts.
//!
//! **Two walls.** bubblewrap makes namespaces and mounts; within them this program again, as the
//! first process (module `inside`), gives up every capability, and lets the command's process
//! close itself in with Landlock and seccomp before it becomes the command. The first process
//! speaks with the keeper like a guard does: it reports the exact end of the command and signals
//! its group.
//!
//! **Without namespaces** a policy that only reads, with no network, is met by Landlock and
//! seccomp alone; every other is refused.
//!
//! **What is promised**, against whom, and what is not: `docs/security.md`.

mod bubblewrap;
pub(crate) mod facts;
pub(crate) mod inside;
pub mod means;
pub(crate) mod plan;
mod policy;
pub(crate) mod seal;
pub(crate) mod stamp;
mod walls;

pub use self::{
    plan::PlanError,
    policy::{Access, FileRules, Network, Place, Policy, Rule, Scene, Special},
    walls::{SandboxConfig, SandboxError, Sandboxes, Walls},
};
