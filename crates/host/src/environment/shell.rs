//! Which shell commands are written for. Pure, apart from the question whether a file can run,
//! which is asked through the caller.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// A shell that clients know how to speak to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shell {
    /// `bash`, `zsh` or `sh`.
    pub name: &'static str,
    /// The program.
    pub path: PathBuf,
}

/// In the order in which one replaces another. Others (`fish`, `dash`, …) are not spoken by
/// clients, who would send them the wrong words.
const KNOWN: [&str; 3] = ["bash", "zsh", "sh"];

/// Where shells stand when `PATH` does not lead to them.
const USUAL_FOLDERS: [&str; 2] = ["/usr/bin", "/bin"];

/// The shell of a user whose login shell is `login`, with `path` as their `PATH`: the login shell
/// itself if it is known and there, else another of its kind, else bash, zsh, sh.
pub(super) fn choose(
    login: Option<&Path>,
    path: Option<&OsStr>,
    is_executable: &dyn Fn(&Path) -> bool,
) -> Shell {
    let find = |name: &'static str| {
        std::env::split_paths(path.unwrap_or_default())
            .chain(USUAL_FOLDERS.map(PathBuf::from))
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(name))
            .find(|candidate| is_executable(candidate))
            .map(|path| Shell { name, path })
    };
    let login = login.and_then(|login| Some((login, kind(login)?)));
    match login {
        Some((login, name)) if login.is_absolute() && is_executable(login) => Some(Shell {
            name,
            path: login.to_owned(),
        }),
        Some((_, name)) => find(name),
        None => None,
    }
    .or_else(|| KNOWN.into_iter().find_map(find))
    .unwrap_or_else(|| Shell {
        name: "sh",
        path: PathBuf::from("/bin/sh"),
    })
}

fn kind(shell: &Path) -> Option<&'static str> {
    let name = shell.file_name()?;
    KNOWN.into_iter().find(|known| name == *known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_shell_is_chosen_if_it_can_be_used() {
        let cases: [(Option<&str>, &[&str], &str); 10] = [
            (
                Some("/bin/bash"),
                &["/bin/bash", "/usr/bin/bash"],
                "bash /bin/bash",
            ),
            (Some("/bin/sh"), &["/bin/bash", "/bin/sh"], "sh /bin/sh"),
            (Some("/opt/zsh"), &["/bin/bash", "/opt/zsh"], "zsh /opt/zsh"),
            (Some("/bin/zsh"), &["/usr/bin/bash"], "bash /usr/bin/bash"),
            (
                Some("/bin/zsh"),
                &["/first/zsh", "/usr/bin/bash"],
                "zsh /first/zsh",
            ),
            (
                Some("/usr/bin/fish"),
                &["/usr/bin/fish", "/bin/bash"],
                "bash /bin/bash",
            ),
            (
                Some("/bin/none/sh"),
                &["/usr/bin/sh", "/bin/bash"],
                "sh /usr/bin/sh",
            ),
            (Some(""), &["/bin/zsh", "/bin/sh"], "zsh /bin/zsh"),
            (None, &["/bin/sh"], "sh /bin/sh"),
            (None, &[], "sh /bin/sh"),
        ];
        for (login, present, expected) in cases {
            let path = OsStr::new("relative:/first");
            let shell = choose(login.map(Path::new), Some(path), &|path| {
                present.iter().any(|present| path == Path::new(present))
            });
            let found = format!("{} {}", shell.name, shell.path.display());
            assert_eq!(found, expected, "{login:?} {present:?}");
        }
    }
}
