//! What is told of a machine: lines for people, or one object of JSON. Pure.

use std::fmt::Write as _;

use outpost_host::sandbox::means::{Groups, Hierarchy, Kind, Means, Reason};
use serde_json::{Value, json};

use super::trial::Verdict;

/// Everything that is known of a machine.
#[derive(Debug)]
pub(super) struct Report<'a> {
    means: &'a Means,
    walls: Kind,
    trials: Vec<(&'static str, Verdict)>,
}

// === impl Report ===

impl<'a> Report<'a> {
    /// What was found, and what came of the trials.
    pub(super) fn new(means: &'a Means, trials: Vec<(&'static str, Verdict)>) -> Self {
        Self {
            means,
            walls: means.walls(),
            trials,
        }
    }

    /// Whether every policy can be enforced and gives what it permits, and each trial was held.
    pub(super) fn is_good(&self) -> bool {
        let mut verdicts = self.trials.iter().map(|(_, verdict)| verdict);
        let broken = verdicts.any(|it| matches!(it, Verdict::Broken(_)));
        self.walls == Kind::Full && self.means.insight.is_ok() && !broken
    }

    /// Lines for people.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |mark: &str, words: &str| {
            writeln!(text, "  {mark:<5} {words}").expect("a string takes every text");
        };
        for (good, words) in self.parts() {
            line(if good { "ok" } else { "no" }, &words);
        }
        for (claim, verdict) in &self.trials {
            match verdict {
                Verdict::Held => line("ok", claim),
                Verdict::Broken(why) => line("FAIL", &format!("{claim}: {why}")),
                Verdict::Unavailable(why) => line("no", &format!("{claim}: {why}")),
            }
        }
        let missing = self.means.missing();
        if !missing.is_empty() {
            text.push_str("\nWhat to do:\n");
            for reason in &missing {
                writeln!(text, "  {reason}.").expect("a string takes every text");
            }
        }
        writeln!(text, "\n{}", self.summary()).expect("a string takes every text");
        text
    }

    /// One object.
    pub(super) fn json(&self) -> String {
        let means = self.means;
        let trials = self.trials.iter().map(|(claim, verdict)| {
            let (result, why) = match verdict {
                Verdict::Held => ("held", None),
                Verdict::Broken(why) => ("broken", Some(why)),
                Verdict::Unavailable(why) => ("unavailable", Some(why)),
            };
            json!({"claim": claim, "result": result, "why": why})
        });
        let launcher = match &means.launcher {
            Ok(launcher) => json!({
                "path": launcher.path.to_string_lossy(),
                "version": launcher.version.to_string(),
            }),
            Err(_) => Value::Null,
        };
        let problems = means.missing();
        let problems = problems
            .iter()
            .map(|Reason { text, remedy }| json!({"text": text, "remedy": remedy}));
        let report = json!({
            "ok": self.is_good(),
            "sandboxes": match self.walls {
                Kind::Full => "all",
                Kind::ReadOnlyOnly { .. } => "readOnly",
                Kind::None { .. } => "none",
            },
            "bubblewrap": launcher,
            "namespaces": means.namespaces.is_ok(),
            "landlock": means.landlock,
            "seccomp": means.seccomp.is_ok(),
            "insight": means.insight.is_ok(),
            "groups": {
                "memory": means.groups.memory.map(name),
                "pids": means.groups.pids.map(name),
            },
            "problems": problems.collect::<Vec<_>>(),
            "trials": trials.collect::<Vec<_>>(),
        });
        format!("{report:#}\n")
    }

    /// What there is.
    fn parts(&self) -> Vec<(bool, String)> {
        let Means {
            launcher,
            namespaces,
            landlock,
            seccomp,
            insight,
            groups: Groups { memory, pids },
        } = self.means;
        let launcher = match launcher {
            Ok(it) => format!("bubblewrap {} at {}", it.version, it.path.display()),
            Err(reason) => reason.text.clone(),
        };
        let landlock_words = match landlock {
            0 => "Landlock".to_owned(),
            version => format!("Landlock, version {version}"),
        };
        let group = |what: &str, hierarchy: Option<Hierarchy>| {
            let by = hierarchy.map_or(String::new(), |it| format!(" ({})", name(it)));
            (
                hierarchy.is_some(),
                format!("a control group for {what}{by}"),
            )
        };
        vec![
            (self.means.launcher.is_ok(), launcher),
            (
                namespaces.is_ok(),
                "namespaces with a /proc of their own".to_owned(),
            ),
            (*landlock > 0, landlock_words),
            (
                seccomp.is_ok(),
                "system call filters that can ask".to_owned(),
            ),
            (
                insight.is_ok(),
                "sight of what is asked for (ptrace_scope)".to_owned(),
            ),
            group("memory", *memory),
            group("processes", *pids),
        ]
    }

    fn summary(&self) -> &'static str {
        match (&self.walls, self.is_good()) {
            (Kind::Full, false) if self.means.insight.is_err() => {
                "Every sandbox can be enforced here, but what one permits may fail: see above."
            }
            (Kind::Full, true) => "Every sandbox can be enforced here.",
            (Kind::Full, false) => "Something that should be enforced here is not: see FAIL above.",
            (Kind::ReadOnlyOnly { .. }, _) => {
                "Only sandboxes that let nothing be written and no network be reached can be \
                 enforced here; others are refused."
            }
            (Kind::None { .. }, _) => "No sandbox can be enforced here; all are refused.",
        }
    }
}

fn name(hierarchy: Hierarchy) -> &'static str {
    match hierarchy {
        Hierarchy::V1 => "cgroup v1",
        Hierarchy::V2 => "cgroup v2",
    }
}

#[cfg(test)]
mod tests;
