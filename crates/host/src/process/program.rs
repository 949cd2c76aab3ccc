//! What is handed to `exec`: strings, and the places where a program is looked for.
//!
//! Pure. The rules are those of `execvp`, but with the command's own `PATH`: a name with a slash
//! is taken as it is (relative to the command's working directory), another is tried in each
//! directory of `PATH`. Where execution then fails for more than one place, "permission denied"
//! is more telling than "not found".

use std::ffi::CString;

use rustix::io::Errno;

/// Where a program is looked for when the command has no `PATH`.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// A command as `exec` wants it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Program {
    /// The files to try, in this order.
    pub(crate) candidates: Vec<CString>,
    /// The arguments, the program's own name first.
    pub(crate) argv: Vec<CString>,
    /// The environment, each as `NAME=value`.
    pub(crate) env: Vec<CString>,
    /// The working directory.
    pub(crate) cwd: CString,
}

impl Program {
    /// Prepares a command. `None` when there is no program, when a string holds a NUL, or when a
    /// name in the environment is empty or holds an equals sign.
    pub(crate) fn new(
        argv: &[Vec<u8>],
        arg0: Option<&[u8]>,
        cwd: &[u8],
        env: &[(Vec<u8>, Vec<u8>)],
    ) -> Option<Self> {
        let (name, rest) = argv.split_first()?;
        let path = env
            .iter()
            .find(|(name, _)| name == b"PATH")
            .map(|(_, path)| path.as_slice());
        let candidates = candidates(name, path);
        let argv = [arg0.unwrap_or(name)]
            .into_iter()
            .chain(rest.iter().map(Vec::as_slice));
        let env = env.iter().map(|(name, value)| {
            let good = !name.is_empty() && !name.contains(&b'=');
            good.then(|| CString::new([name.as_slice(), b"=", value].concat()).ok())?
        });
        Some(Self {
            candidates: strings(candidates.into_iter())?,
            argv: strings(argv)?,
            env: env.collect::<Option<_>>()?,
            cwd: CString::new(cwd).ok()?,
        })
    }
}

fn strings<T: Into<Vec<u8>>>(items: impl Iterator<Item = T>) -> Option<Vec<CString>> {
    items.map(|item| CString::new(item).ok()).collect()
}

/// The files that `name` may mean.
fn candidates(name: &[u8], path: Option<&[u8]>) -> Vec<Vec<u8>> {
    if name.contains(&b'/') || name.is_empty() {
        return vec![name.to_vec()];
    }
    let directories = path.unwrap_or(DEFAULT_PATH).split(|byte| *byte == b':');
    directories
        .map(|directory| match directory {
            // An empty entry is the working directory.
            [] => name.to_vec(),
            [.., b'/'] => [directory, name].concat(),
            _ => [directory, b"/", name].concat(),
        })
        .collect()
}

/// Tries each candidate until one runs or fails in a way that another place would not mend.
pub(crate) fn first_that_runs<T>(
    candidates: &[CString],
    mut run: impl FnMut(&CString) -> Result<T, Errno>,
) -> Result<T, Errno> {
    let mut told = Errno::NOENT;
    for candidate in candidates {
        match run(candidate) {
            Ok(value) => return Ok(value),
            Err(Errno::ACCESS) => told = Errno::ACCESS,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::STALE | Errno::NODEV | Errno::TIMEDOUT)
                if candidates.len() > 1 => {}
            Err(error) => return Err(error),
        }
    }
    Err(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, path: Option<&str>) -> Vec<String> {
        candidates(name.as_bytes(), path.map(str::as_bytes))
            .into_iter()
            .map(|candidate| String::from_utf8(candidate).unwrap())
            .collect()
    }

    #[test]
    fn a_name_with_a_slash_is_not_looked_for() {
        assert_eq!(found("./a", Some("/bin")), ["./a"]);
        assert_eq!(found("/x/a", None), ["/x/a"]);
        assert_eq!(found("", Some("/bin")), [""]);
    }

    #[test]
    fn a_bare_name_is_looked_for_on_the_commands_own_path() {
        assert_eq!(found("a", Some("/x:/y/")), ["/x/a", "/y/a"]);
        assert_eq!(found("a", Some("/x::rel")), ["/x/a", "a", "rel/a"]);
        assert_eq!(found("a", Some("")), ["a"]);
        assert_eq!(found("a", None), ["/bin/a", "/usr/bin/a"]);
    }

    #[test]
    fn the_first_that_runs_wins_and_a_refusal_outlives_not_found() {
        let places: Vec<CString> = strings(["1", "2", "3"].into_iter()).unwrap();
        let outcome = |answers: [Result<u8, Errno>; 3]| {
            let mut answers = answers.into_iter();
            first_that_runs(&places, |_| answers.next().unwrap())
        };
        assert_eq!(outcome([Err(Errno::NOENT), Ok(2), Ok(3)]), Ok(2));
        assert_eq!(outcome([Err(Errno::ACCESS), Ok(2), Ok(3)]), Ok(2));
        assert_eq!(
            outcome([Err(Errno::NOENT), Err(Errno::NOEXEC), Ok(3)]),
            Err(Errno::NOEXEC)
        );
        let (no, denied) = (Err(Errno::NOTDIR), Err(Errno::ACCESS));
        assert_eq!(outcome([no, denied, no]), denied);
        assert_eq!(outcome([no, no, no]), Err(Errno::NOENT));
    }

    #[test]
    fn one_candidate_keeps_its_own_error() {
        let place = strings(["1"].into_iter()).unwrap();
        let outcome = first_that_runs::<()>(&place, |_| Err(Errno::NOTDIR));
        assert_eq!(outcome, Err(Errno::NOTDIR));
    }

    #[test]
    fn what_exec_cannot_take_is_refused() {
        let argv = |items: &[&str]| {
            items
                .iter()
                .map(|i| i.as_bytes().to_vec())
                .collect::<Vec<_>>()
        };
        let env = |name: &str, value: &str| vec![(name.into(), value.into())];
        let good = Program::new(&argv(&["a", "b"]), Some(b"z"), b"/", &env("N", "a=b")).unwrap();
        assert_eq!(good.argv, strings(["z", "b"].into_iter()).unwrap());
        assert_eq!(good.env, strings(["N=a=b"].into_iter()).unwrap());
        for (argv, cwd, env) in [
            (argv(&[]), "/", env("N", "")),
            (argv(&["a\0"]), "/", env("N", "")),
            (argv(&["a", "\0"]), "/", env("N", "")),
            (argv(&["a"]), "/\0", env("N", "")),
            (argv(&["a"]), "/", env("", "x")),
            (argv(&["a"]), "/", env("N=", "x")),
            (argv(&["a"]), "/", env("N", "\0")),
        ] {
            assert_eq!(Program::new(&argv, None, cwd.as_bytes(), &env), None);
        }
    }
}
