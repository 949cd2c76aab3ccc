//! Which events are worth telling (a pure type).

use std::{
    collections::{HashMap, HashSet},
    ffi::{OsStr, OsString},
};

/// A watched directory, as the system numbers it. Two paths of one directory have one number.
pub(super) type Directory = i32;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// A name has come into a directory.
    Appeared(Directory, &'a OsStr),
    /// A name has gone from a directory.
    Vanished(Directory, &'a OsStr),
    /// A watched directory is not where it was.
    Gone,
    /// Events were lost; anything may have happened.
    Lost,
}

/// What is waited for.
#[derive(Debug, Default)]
pub(super) struct Interests {
    directories: HashMap<Directory, Names>,
}

#[derive(Debug, Default)]
struct Names {
    appearing: HashSet<OsString>,
    vanishing: HashSet<OsString>,
}

impl Interests {
    pub(super) fn appearing(&mut self, directory: Directory, name: &OsStr) {
        let names = self.directories.entry(directory).or_default();
        names.appearing.insert(name.to_owned());
    }

    pub(super) fn vanishing(&mut self, directory: Directory, name: &OsStr) {
        let names = self.directories.entry(directory).or_default();
        names.vanishing.insert(name.to_owned());
    }

    /// Whether this is what is waited for, or might hide it.
    pub(super) fn concern(&self, event: &Event<'_>) -> bool {
        let names = |directory| self.directories.get(directory);
        match event {
            Event::Appeared(directory, name) => {
                names(directory).is_some_and(|names| names.appearing.contains(*name))
            }
            Event::Vanished(directory, name) => {
                names(directory).is_some_and(|names| names.vanishing.contains(*name))
            }
            Event::Gone | Event::Lost => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 3] = ["a", "b", "c"];

    proptest! {
        #[test]
        fn only_the_named_change_in_the_named_directory_matters(
            asked in proptest::collection::vec((0..3i32, 0..3usize, any::<bool>()), 0..12),
            directory in 0..4i32,
            name in 0..3usize,
            appears in any::<bool>(),
        ) {
            let mut interests = Interests::default();
            for (directory, name, appears) in &asked {
                let name = OsStr::new(NAMES[*name]);
                if *appears {
                    interests.appearing(*directory, name);
                } else {
                    interests.vanishing(*directory, name);
                }
            }
            let text = OsStr::new(NAMES[name]);
            let event = if appears { Event::Appeared(directory, text) } else { Event::Vanished(directory, text) };
            prop_assert_eq!(interests.concern(&event), asked.contains(&(directory, name, appears)));
            prop_assert!(interests.concern(&Event::Gone) && interests.concern(&Event::Lost));
        }
    }
}
