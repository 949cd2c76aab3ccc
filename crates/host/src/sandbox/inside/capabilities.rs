//! Giving up every capability, for good.
//!
//! Always true: after a success the calling thread has no capability in any set it could use, no
//! program it executes gains one, also not as user 0 or by a set-user-id bit, and this was read
//! back from the kernel, not assumed. After an error nothing may be run.

use std::io;

use rustix::{
    io::Errno,
    process::{DumpableBehavior, set_dumpable_behavior},
    thread::{
        CapabilitiesSecureBits as Bits, CapabilitySet, CapabilitySets, capabilities,
        capabilities_secure_bits, capability_is_in_ambient_set, capability_is_in_bounding_set,
        clear_ambient_capability_set, no_new_privs, remove_capability_from_bounding_set,
        set_capabilities, set_capabilities_secure_bits, set_no_new_privs,
    },
};

/// What the kernel may not do for user 0 or by a call of the process, each with its lock.
const LOCKED: Bits = Bits::NO_ROOT
    .union(Bits::NO_ROOT_LOCKED)
    .union(Bits::NO_SETUID_FIXUP)
    .union(Bits::NO_SETUID_FIXUP_LOCKED)
    .union(Bits::KEEP_CAPS_LOCKED)
    .union(Bits::NO_CAP_AMBIENT_RAISE)
    .union(Bits::NO_CAP_AMBIENT_RAISE_LOCKED);

/// Capabilities have numbers below this; the kernel's sets are of 64 bits.
const NUMBERS: u32 = 64;

/// Gives up everything, and makes this process one that others of its user cannot look into.
///
/// For the first process of a sandbox: it must have arrived with `CAP_SETPCAP`, without which
/// nothing can be locked.
///
/// # Errors
///
/// When anything of it fails, or something is left afterwards.
pub(crate) fn give_up() -> io::Result<()> {
    lock()?;
    drop_all()?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    verify(true)
}

/// Gives up everything that this process is able to give up.
///
/// For a command's process without namespaces around it. Without `CAP_SETPCAP` the bounding set
/// stays as it was, which gives nothing: `no_new_privs` holds for every program that follows.
///
/// # Errors
///
/// When anything of it fails, or something usable is left afterwards.
pub(crate) fn give_up_what_there_is() -> io::Result<()> {
    let able = capabilities(None)?
        .effective
        .contains(CapabilitySet::SETPCAP);
    if able {
        lock()?;
    }
    drop_all()?;
    verify(able)
}

/// Locks the secure bits and empties the bounding set; needs `CAP_SETPCAP`.
fn lock() -> io::Result<()> {
    set_capabilities_secure_bits(LOCKED)?;
    for capability in bounding()? {
        remove_capability_from_bounding_set(capability)?;
    }
    Ok(())
}

fn drop_all() -> io::Result<()> {
    set_no_new_privs(true)?;
    clear_ambient_capability_set()?;
    let none = CapabilitySet::empty();
    let (effective, permitted, inheritable) = (none, none, none);
    set_capabilities(
        None,
        CapabilitySets {
            effective,
            permitted,
            inheritable,
        },
    )?;
    Ok(())
}

/// Asks the kernel what is left.
fn verify(locked: bool) -> io::Result<()> {
    let sets = capabilities(None)?;
    let mut left = sets.effective | sets.permitted | sets.inheritable;
    left |= ambient()?;
    if locked {
        bounding()?.into_iter().for_each(|one| left |= one);
    }
    if !left.is_empty() {
        return Err(io::Error::other("capabilities are left"));
    }
    if !no_new_privs()? {
        return Err(io::Error::other("new privileges can be gained"));
    }
    // A bit that is newer than this program may be set as well.
    if locked && !capabilities_secure_bits()?.contains(LOCKED) {
        return Err(io::Error::other("the secure bits are not locked"));
    }
    Ok(())
}

/// What the bounding set still holds, of all that this kernel knows.
fn bounding() -> io::Result<Vec<CapabilitySet>> {
    let mut found = Vec::new();
    for capability in (0..NUMBERS).map(nth) {
        match capability_is_in_bounding_set(capability) {
            Ok(true) => found.push(capability),
            Ok(false) => {}
            // The first number that this kernel does not know; none follows.
            Err(Errno::INVAL) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

fn ambient() -> io::Result<CapabilitySet> {
    let mut found = CapabilitySet::empty();
    for capability in (0..NUMBERS).map(nth) {
        match capability_is_in_ambient_set(capability) {
            Ok(true) => found |= capability,
            Ok(false) => {}
            Err(Errno::INVAL) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

fn nth(number: u32) -> CapabilitySet {
    CapabilitySet::from_bits_retain(1 << number)
}

#[cfg(test)]
mod tests {
    use rustix::process::{dumpable_behavior, geteuid};

    use super::*;
    use crate::sandbox::inside::trial::{apart, call, shell};

    /// What a program that is executed from here has.
    fn of_a_program() -> String {
        shell("grep -E '^(Cap|NoNewPrivs)' /proc/self/status | tr -d '\\t\\n'")
    }

    const NONE: &str = "0000000000000000";

    #[test]
    fn the_first_process_keeps_nothing_or_refuses() {
        apart(|| {
            if !geteuid().is_root() {
                // Nothing can be locked without the capability for it.
                assert_eq!(
                    give_up().unwrap_err().kind(),
                    io::ErrorKind::PermissionDenied
                );
                return;
            }
            give_up().unwrap();
            assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
            let bits = capabilities_secure_bits().unwrap();
            assert!(bits.contains(LOCKED) && !bits.contains(Bits::KEEP_CAPS));
            assert!(set_capabilities_secure_bits(Bits::empty()).is_err());
            let said = of_a_program();
            let expected: String = ["Inh", "Prm", "Eff", "Bnd", "Amb"]
                .map(|set| format!("Cap{set}:{NONE}"))
                .concat();
            assert_eq!(said, expected + "NoNewPrivs:1");
            // As root of files, but without any power over those of others.
            assert!(call(libc::SYS_chown, [c"/".as_ptr() as u64, 1, 1]).is_err());
        });
    }

    #[test]
    fn a_command_keeps_nothing_it_could_use() {
        apart(|| {
            give_up_what_there_is().unwrap();
            let said = of_a_program();
            for set in ["Inh", "Prm", "Eff", "Amb"] {
                assert!(said.contains(&format!("Cap{set}:{NONE}")), "{said}");
            }
            assert!(said.ends_with("NoNewPrivs:1"), "{said}");
            // Once more, with nothing left to give up.
            give_up_what_there_is().unwrap();
        });
    }

    #[test]
    fn whatever_is_left_is_found() {
        apart(|| {
            assert!(verify(true).is_err(), "nothing was given up yet");
            set_no_new_privs(true).unwrap();
            assert_eq!(verify(false).is_err(), geteuid().is_root());
        });
    }
}
