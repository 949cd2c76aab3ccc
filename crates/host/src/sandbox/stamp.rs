//! What was at the places of a plan's layers when the server looked last.
//!
//! A stamp goes with each start, for the first process inside to compare: what it is shown must be
//! what the rules were about. Walls that were raised beforehand show what was there then; and also
//! while walls are being raised, somebody outside of them can swap a folder for a link.
//!
//! A device and an inode number are enough to tell whether a place is still the same: who compares
//! does so with a mount that holds the inode, so its number cannot have been given to another. No
//! time of birth is asked for, which many file systems do not know.

use std::{
    ffi::OsString,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, Mode, OFlags, ResolveFlags, fstat, openat2},
    io::Errno,
};

use super::plan::{Layer, View};
use crate::keeper::wire::{
    WireError,
    fields::{Reader, bytes, count},
};

/// What was at the place of each layer, in the order in which they are laid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(pub(crate) Vec<Mark>);

/// The place of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Absolute, without a symbolic link in it.
    pub(crate) path: PathBuf,
    /// What is there and shown. `None` where the layer hides it.
    pub(crate) shown: Option<Identity>,
}

/// Which file or directory it is, among all that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The number of its device.
    pub(crate) device: u64,
    /// Its number there.
    pub(crate) inode: u64,
}

/// A layer that lies on something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    path: PathBuf,
    hidden: bool,
}

// === impl Place ===

impl Place {
    /// Those of `layers` that lie on something; a symbolic link does not.
    pub(super) fn of(layers: &[Layer]) -> Vec<Self> {
        let places = layers.iter().filter_map(|layer| {
            let hidden = match layer.view {
                View::ReadOnly | View::Writable => false,
                View::HiddenDirectory | View::HiddenFile => true,
                View::Link(_) => return None,
            };
            let path = layer.path.clone();
            Some(Self { path, hidden })
        });
        places.collect()
    }
}

/// What is at a path that no symbolic link leads to: whoever swaps a folder for a link must not have
/// the link's target taken for what the rules are about.
fn identify(path: &Path) -> Result<Identity, Errno> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let found = openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)?;
    let found = fstat(found)?;
    let (device, inode) = (found.st_dev, found.st_ino);
    Ok(Identity { device, inode })
}

// === impl Stamp ===

impl Stamp {
    /// Looks at each place. `None` when one cannot be looked at: then nothing can be compared.
    pub(super) fn look(places: &[Place]) -> Option<Self> {
        let mark = |place: &Place| {
            let shown = if place.hidden {
                None
            } else {
                Some(identify(&place.path).ok()?)
            };
            let path = place.path.clone();
            Some(Mark { path, shown })
        };
        places.iter().map(mark).collect::<Option<_>>().map(Self)
    }

    /// Appends it.
    pub(crate) fn encode(&self, w: &mut Vec<u8>) {
        count(w, self.0.len());
        for Mark { path, shown } in &self.0 {
            bytes(w, path.as_os_str().as_bytes());
            w.push(u8::from(shown.is_some()));
            if let Some(Identity { device, inode }) = shown {
                w.extend(device.to_le_bytes());
                w.extend(inode.to_le_bytes());
            }
        }
    }

    /// Reads what [`Stamp::encode`] wrote.
    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, WireError> {
        let mark = |r: &mut Reader<'_>| {
            let path = PathBuf::from(OsString::from_vec(r.bytes()?));
            let shown = if r.bool()? {
                let (device, inode) = (r.u64()?, r.u64()?);
                Some(Identity { device, inode })
            } else {
                None
            };
            Ok(Mark { path, shown })
        };
        r.list(mark).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    fn layer(path: PathBuf, view: View) -> Layer {
        Layer { path, view }
    }

    #[test]
    fn what_took_the_place_of_another_has_another_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".git");
        fs::create_dir(&path).unwrap();
        let places = Place::of(&[layer(path.clone(), View::ReadOnly)]);
        let before = Stamp::look(&places).unwrap();
        assert_eq!(Stamp::look(&places), Some(before.clone()));
        fs::create_dir(folder.path().join("new")).unwrap();
        fs::rename(folder.path().join("new"), &path).unwrap();
        assert_ne!(Stamp::look(&places), Some(before));
        fs::remove_dir(&path).unwrap();
        assert_eq!(Stamp::look(&places), None);
    }

    #[test]
    fn a_link_stands_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        fs::create_dir_all(folder.join("real/within")).unwrap();
        symlink("real", folder.join("link")).unwrap();
        let look = |path| Stamp::look(&Place::of(&[layer(folder.join(path), View::Writable)]));
        assert!(look("real/within").is_some());
        assert_eq!(look("link/within"), None);
        assert_eq!(look("link"), None);
    }

    #[test]
    fn what_is_hidden_is_not_looked_at_and_links_lie_on_nothing() {
        let hidden = layer("/no/such/place".into(), View::HiddenDirectory);
        let link = layer("/no/such/link".into(), View::Link("x".into()));
        let stamp = Stamp::look(&Place::of(&[hidden, link])).unwrap();
        let path = "/no/such/place".into();
        assert_eq!(stamp, Stamp(vec![Mark { path, shown: None }]));
    }
}
