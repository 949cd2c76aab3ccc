//! The words for what is missing, and what to do about it.
//!
//! Pure, but for [`Scene::look`], which reads the kernel settings that the words depend on.

use std::{fs, io, path::Path};

use rustix::process::geteuid;

use super::{LAUNCHER_VARIABLE, Reason, launcher::Version, trial::Outcome};

/// What namespaces depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scene {
    /// How many user namespaces there may be, where the kernel says.
    most: Option<u64>,
    /// 0 where some distributions reserve them for root.
    unprivileged: Option<u64>,
    /// 1 where AppArmor gives them only to programs it knows.
    apparmor: Option<u64>,
    /// Whether this is root.
    root: bool,
    /// Whether this looks like a container.
    container: bool,
    /// Whether bubblewrap runs with root's rights whoever starts it.
    setuid: bool,
}

// === impl Scene ===

impl Scene {
    /// Reads it.
    pub(super) fn look(setuid: bool) -> Self {
        let setting = |path: &str| {
            let text = fs::read_to_string(Path::new("/proc/sys").join(path)).ok()?;
            text.trim().parse().ok()
        };
        let marks = ["/.dockerenv", "/run/.containerenv"].map(Path::new);
        Self {
            most: setting("user/max_user_namespaces"),
            unprivileged: setting("kernel/unprivileged_userns_clone"),
            apparmor: setting("kernel/apparmor_restrict_unprivileged_userns"),
            root: geteuid().is_root(),
            container: marks.iter().any(|mark| mark.exists()),
            setuid,
        }
    }
}

/// There is none.
pub(super) fn no_launcher() -> Reason {
    Reason::new(
        "bubblewrap is not installed",
        "Install it, for example with `apt install bubblewrap` or `dnf install bubblewrap`",
    )
}

/// There is none where it was said to be, or it cannot be executed.
pub(super) fn no_launcher_at(path: &Path, error: &io::Error) -> Reason {
    Reason::new(
        format!("bubblewrap at {} cannot be used: {error}", path.display()),
        format!("Install bubblewrap, or let {LAUNCHER_VARIABLE} name one that works"),
    )
}

/// It was named by a path that depends on where one is.
pub(super) fn relative_launcher(path: &Path) -> Reason {
    Reason::new(
        format!("the path {} of bubblewrap is not absolute", path.display()),
        format!("Let {LAUNCHER_VARIABLE} name it with an absolute path, or unset the variable"),
    )
}

/// Somebody else may have put it there; `part` of the path is why.
pub(super) fn untrusted_launcher(path: &Path, part: &Path, why: &str) -> Reason {
    Reason::new(
        format!(
            "bubblewrap at {} is not trusted, because {} {why}",
            path.display(),
            part.display()
        ),
        format!(
            "Install bubblewrap for the whole system, or let {LAUNCHER_VARIABLE} name one that \
             only you and root can change"
        ),
    )
}

/// It does not say how old it is.
pub(super) fn no_version(path: &Path, words: &str) -> Reason {
    Reason::new(
        format!(
            "{} does not say a version as bubblewrap does{}",
            path.display(),
            quoted(words)
        ),
        format!("Install bubblewrap, or let {LAUNCHER_VARIABLE} name it"),
    )
}

/// It is too old.
pub(super) fn old_launcher(path: &Path, version: Version, oldest: Version) -> Reason {
    Reason::new(
        format!("bubblewrap at {} is version {version}", path.display()),
        format!("Install version {oldest} or a later one"),
    )
}

/// Landlock is missing or too old.
pub(super) fn landlock(version: u8, needed: u8) -> Reason {
    let kernel = if needed > 2 { "6.12" } else { "5.19" };
    if version == 0 {
        return Reason::new(
            "this kernel has no Landlock, or it is switched off",
            format!(
                "Use Linux {kernel} or later, and have `landlock` in the list of the boot \
                 parameter `lsm=`"
            ),
        );
    }
    Reason::new(
        format!("the Landlock of this kernel is version {version}, and {needed} is needed"),
        format!("Use Linux {kernel} or later"),
    )
}

/// The kernel says nothing of system call filters.
pub(super) fn no_seccomp() -> Reason {
    Reason::new(
        "this kernel does not tell that it can filter system calls",
        "Mount /proc, and use a kernel with seccomp filters (CONFIG_SECCOMP_FILTER)",
    )
}

/// The kernel's filters cannot do what is needed.
pub(super) fn old_seccomp() -> Reason {
    Reason::new(
        "the system call filters of this kernel cannot ask another process",
        "Use Linux 5.9 or later",
    )
}

/// Nobody without a capability may look into another process.
pub(super) fn no_insight(scope: u8) -> Reason {
    // It cannot be lowered again from 3.
    let remedy = match scope {
        2 => "As root: `sysctl -w kernel.yama.ptrace_scope=1`, and the same line in /etc/sysctl.d",
        _ => {
            "Have kernel.yama.ptrace_scope set to 1 in /etc/sysctl.d, and start the machine anew: \
             the kernel lowers it no more"
        }
    };
    let text = format!(
        "Yama lets no process look into another (kernel.yama.ptrace_scope is {scope}), so commands \
         in a sandbox cannot make files beside names that are protected"
    );
    Reason::new(text, remedy)
}

/// The namespaces could not be raised.
pub(super) fn no_namespaces(scene: &Scene, outcome: &Outcome) -> Reason {
    let words = outcome.words.as_str();
    let says = |part: &str| words.contains(part);
    let (text, remedy) = if outcome.late {
        (
            "bubblewrap does not come to an end",
            "See with `bwrap --ro-bind / / true` where it hangs",
        )
    } else if scene.setuid || says("setuid") {
        (
            "bubblewrap is installed setuid, in which mode it does less",
            "Clear the bit with `chmod u-s` as root; the kernel has to let users make user \
             namespaces then",
        )
    } else if scene.most == Some(0) {
        (
            "this system lets nobody make user namespaces (user.max_user_namespaces is 0)",
            "As root: `sysctl -w user.max_user_namespaces=15000`, and the same line in \
             /etc/sysctl.d",
        )
    } else if scene.unprivileged == Some(0) && !scene.root {
        (
            "this system lets only root make user namespaces (kernel.unprivileged_userns_clone \
             is 0)",
            "As root: `sysctl -w kernel.unprivileged_userns_clone=1`, and the same line in \
             /etc/sysctl.d",
        )
    } else if scene.apparmor == Some(1) && !scene.root {
        (
            "AppArmor lets only programs it knows make user namespaces \
             (kernel.apparmor_restrict_unprivileged_userns is 1)",
            "As root, give bubblewrap an AppArmor profile with the rule `userns,` (some systems \
             have one in the package apparmor-profiles), or set \
             kernel.apparmor_restrict_unprivileged_userns to 0",
        )
    } else if says("No space left on device") {
        (
            "this system has no user namespace left to give",
            "As root: `sysctl -w user.max_user_namespaces=15000`",
        )
    } else if says("mount proc") {
        (
            "a namespace cannot have a /proc of its own here, as in a container whose /proc is \
             masked",
            "Start the container with `--security-opt systempaths=unconfined`, or this server \
             outside it",
        )
    } else if scene.container {
        (
            "this container forbids namespaces",
            "Start it with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined \
             --security-opt systempaths=unconfined`, or this server outside it",
        )
    } else {
        (
            "bubblewrap cannot raise namespaces here",
            "The kernel needs user namespaces (CONFIG_USER_NS), and what is around this program \
             (a container, another sandbox, SELinux) has to permit them",
        )
    };
    Reason::new(format!("{text}{}", quoted(words)), remedy)
}

/// What a program said, in one line, for the end of a sentence.
fn quoted(words: &str) -> String {
    let line = words.lines().find(|line| !line.trim().is_empty());
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let quote = |line: &str| format!("; it says: {}", line.chars().map(shown).collect::<String>());
    line.map(str::trim).map(quote).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(words: &str) -> Outcome {
        Outcome {
            status: Some(1),
            late: false,
            words: words.to_owned(),
        }
    }

    #[test]
    fn b15_each_obstacle_has_its_remedy() {
        let good = Scene {
            most: Some(1000),
            ..Scene::default()
        };
        let denied = "bwrap: No permissions to create a new namespace";
        for (scene, words, text, remedy) in [
            (
                Scene {
                    most: Some(0),
                    ..good
                },
                denied,
                "max_user_namespaces is 0",
                "sysctl -w user.max_user_namespaces",
            ),
            (
                Scene {
                    unprivileged: Some(0),
                    ..good
                },
                denied,
                "unprivileged_userns_clone is 0",
                "unprivileged_userns_clone=1",
            ),
            (
                Scene {
                    apparmor: Some(1),
                    ..good
                },
                "bwrap: setting up uid map: Permission denied",
                "AppArmor",
                "userns,",
            ),
            (
                Scene {
                    setuid: true,
                    ..good
                },
                "bwrap: --cap-add in setuid mode can be used only by root",
                "setuid",
                "chmod u-s",
            ),
            (
                good,
                "bwrap: Creating new namespace failed: No space left on device",
                "no user namespace left",
                "sysctl",
            ),
            (
                good,
                "bwrap: Can't mount proc on /newroot/proc: Operation not permitted",
                "/proc",
                "systempaths=unconfined",
            ),
            (
                Scene {
                    container: true,
                    ..good
                },
                denied,
                "container",
                "seccomp=unconfined",
            ),
            (good, denied, "cannot raise namespaces", "CONFIG_USER_NS"),
        ] {
            let reason = no_namespaces(&scene, &outcome(words));
            assert!(reason.text.contains(text), "{reason}");
            assert!(reason.text.ends_with(words), "{reason}");
            assert!(reason.remedy.contains(remedy), "{reason}");
            assert!(!reason.remedy.ends_with('.'), "{reason}");
        }
    }

    #[test]
    fn what_is_for_users_alone_is_not_said_to_root() {
        let scene = Scene {
            unprivileged: Some(0),
            apparmor: Some(1),
            root: true,
            ..Scene::default()
        };
        let reason = no_namespaces(&scene, &outcome("x"));
        assert!(
            reason.text.starts_with("bubblewrap cannot raise"),
            "{reason}"
        );
    }

    #[test]
    fn what_hangs_is_told_from_what_fails() {
        let late = Outcome {
            late: true,
            status: None,
            words: String::new(),
        };
        let reason = no_namespaces(&Scene::default(), &late);
        assert_eq!(reason.text, "bubblewrap does not come to an end");
    }

    #[test]
    fn foreign_words_are_one_line_without_control_characters() {
        assert_eq!(quoted("\n a\u{1b}[31mb \nc"), "; it says: a\u{fffd}[31mb");
        assert_eq!(quoted(" \n"), "");
    }
}
