//! What a replacement takes over from the file it replaces: owner, mode, access lists, extended
//! attributes.

use std::{collections::BTreeMap, ffi::OsString, fs, os::unix::ffi::OsStringExt as _};

use rustix::{
    fs::{
        Gid, Mode, Uid, XattrFlags, fchmod, fchown, fgetxattr, flistxattr, fremovexattr, fsetxattr,
    },
    io::{Errno, Result},
};

use super::super::facts::Facts;

/// The kernel's own bounds on a list of names and on one value, in bytes: no call ever needs more.
const MAX_ATTRIBUTE_BYTES: usize = 64 * 1024;

/// File capabilities: a right to run with privileges, which a file with new content must not
/// inherit.
const CAPABILITIES: &str = "security.capability";

type Attributes = BTreeMap<OsString, Vec<u8>>;

/// Whether exchanging this file for another can go unnoticed by those who use it by name. A file
/// that has just been exchanged by somebody else (it has no name left) is as good as the one in its
/// place: they are alike.
pub(super) fn may_be_replaced(file: &fs::File, facts: &Facts) -> bool {
    const SET_ID: u32 = 0o6000;
    facts.links <= 1
        && facts.mode & SET_ID == 0
        && matches!(
            value(file, CAPABILITIES),
            Err(Errno::NODATA | Errno::OPNOTSUPP)
        )
}

/// Makes `to` like `from` in everything but content; `mode` is the mode it gets.
pub(super) fn over(from: &fs::File, to: &fs::File, facts: &Facts, mode: u32) -> Result<()> {
    let new = Facts::of_open(to)?;
    if new.owner != facts.owner {
        let (user, group) = facts.owner;
        fchown(to, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))?;
    }
    let (wanted, given) = (attributes(from)?, attributes(to)?);
    for name in given.keys().filter(|name| !wanted.contains_key(*name)) {
        fremovexattr(to, name)?;
    }
    for (name, value) in &wanted {
        if given.get(name) != Some(value) {
            fsetxattr(to, name, value, XattrFlags::empty())?;
        }
    }
    // Last: changing the owner clears bits, and access lists change the group's.
    fchmod(to, Mode::from_raw_mode(mode))
}

fn attributes(file: &fs::File) -> Result<Attributes> {
    let mut list = Vec::with_capacity(1024);
    let list = match flistxattr(file, rustix::buffer::spare_capacity(&mut list)) {
        Ok(_) => list,
        Err(Errno::OPNOTSUPP) => return Ok(Attributes::new()),
        Err(Errno::RANGE) => {
            list.reserve(MAX_ATTRIBUTE_BYTES);
            flistxattr(file, rustix::buffer::spare_capacity(&mut list))?;
            list
        }
        Err(errno) => return Err(errno),
    };
    let names = list
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty());
    names
        .map(|name| OsString::from_vec(name.to_vec()))
        .map(|name| value(file, &name).map(|value| (name, value)))
        .collect()
}

fn value(file: &fs::File, name: impl rustix::path::Arg + Copy) -> Result<Vec<u8>> {
    let mut value = Vec::with_capacity(256);
    match fgetxattr(file, name, rustix::buffer::spare_capacity(&mut value)) {
        Err(Errno::RANGE) => {
            value.reserve(MAX_ATTRIBUTE_BYTES);
            fgetxattr(file, name, rustix::buffer::spare_capacity(&mut value))?;
        }
        done => {
            done?;
        }
    }
    Ok(value)
}
