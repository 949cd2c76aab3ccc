//! Putting watches where the way to a path goes at the moment.

use std::{
    collections::{HashMap, HashSet},
    ffi::OsString,
    fs,
    path::Path,
};

use rustix::io::Errno;

use super::{
    CHANGED_PATHS,
    os::{Number, Queue, add, remove},
    way::{Role, Spot, Way},
};

/// How often a way that changes while it is watched is followed before others get their turn.
const ROUNDS: usize = 8;

/// What is watched now.
#[derive(Debug)]
pub(super) struct Arranged {
    pub(super) roles: HashMap<Number, Vec<Role>>,
    pub(super) spot: Option<Spot>,
    /// Whether the path leads elsewhere than before.
    pub(super) fresh: bool,
    /// What is in the directory it leads to now.
    pub(super) names: Vec<OsString>,
    /// Whether the way has stood still.
    pub(super) settled: bool,
    /// A watch the system did not give.
    pub(super) refused: Option<Errno>,
}

/// Watches the way to `path`, and ends those of the `old` watches that are not on it. `known` is
/// what the path led to before; at the beginning, when there are none, nothing is listed.
pub(super) fn arrange(queue: &Queue, path: &Path, known: Option<Spot>, old: &[Number]) -> Arranged {
    let mut numbers: HashSet<Number> = old.iter().copied().collect();
    let mut way = Way::go(path);
    let mut arranged = Arranged {
        roles: HashMap::new(),
        spot: None,
        fresh: false,
        names: Vec::new(),
        settled: false,
        refused: None,
    };
    for _ in 0..ROUNDS {
        (arranged.roles, arranged.refused) = watch(queue, &way);
        numbers.extend(arranged.roles.keys());
        let seen = std::mem::replace(&mut way, Way::go(path));
        arranged.spot = seen.spot;
        arranged.settled = seen == way;
        if arranged.settled {
            break;
        }
    }
    for number in numbers {
        if !arranged.roles.contains_key(&number) {
            remove(queue, number);
        }
    }
    // A file's number may be given again at once, the number of a watch is not.
    let end = |role: &Role| matches!(role, Role::File | Role::Directory);
    let end = (arranged.roles.iter()).find(|(_, roles)| roles.iter().any(end));
    arranged.fresh = arranged.spot != known || end.is_some_and(|(number, _)| !old.contains(number));
    let begun = !old.is_empty();
    if begun && arranged.fresh && arranged.spot.is_some_and(|spot| spot.directory) {
        arranged.names = listed(path);
    }
    arranged
}

fn watch(queue: &Queue, way: &Way) -> (HashMap<Number, Vec<Role>>, Option<Errno>) {
    let mut roles: HashMap<Number, Vec<Role>> = HashMap::new();
    let mut refused = None;
    for (place, role) in &way.steps {
        match add(queue, place, role) {
            Ok(number) => roles.entry(number).or_default().push(role.clone()),
            // It has gone meanwhile, which the second look finds.
            Err(Errno::NOENT | Errno::NOTDIR) => {}
            // A directory on the way that may not be listed: what else is watched tells enough.
            Err(Errno::ACCESS) if !matches!(role, Role::File | Role::Directory) => {}
            Err(error) => refused = Some(error),
        }
    }
    (roles, refused)
}

/// The names in a directory, a few more than a batch holds.
fn listed(path: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name());
    names.take(CHANGED_PATHS + 1).collect()
}
