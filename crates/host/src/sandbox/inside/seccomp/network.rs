//! What is refused because of the network.
//!
//! **Paths.** A socket of the computer that has a path is reached by whoever can read the path,
//! and behind it may be a service that does everything: no mount stops that, nor does Landlock. So
//! there is no way to any: local sockets are pairs, of the kinds that are connected for good. A
//! datagram socket, also one of a pair, can send to any path, by a message whose address no
//! filter sees; so there is none.
//!
//! **Restricted**, a command has nothing but these. Asking about a socket (`getpeername` and the
//! like) stays possible: shells do it to tell a remote login.
//!
//! **Enabled**, there are the families of the internet, and of netlink what tells addresses and
//! routes. Others reach the host of a virtual machine, its devices, or parts of the kernel that
//! hardly anybody uses.

use libc::{
    AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, NETLINK_ROUTE, SOCK_DGRAM, SOCK_RAW, SYS_accept,
    SYS_accept4, SYS_bind, SYS_connect, SYS_listen, SYS_sendto, SYS_socket, SYS_socketpair, c_int,
};
use seccompiler::BackendError;

use super::{
    Rules,
    rule::{always, bits, is, is_given, is_not, when},
};
use crate::sandbox::policy::Network;

/// The kind of a socket, beside which its second argument has flags.
const KIND: u32 = 0xf;

/// An old form of a packet socket, of any family.
const SOCK_PACKET: u32 = 10;

/// What is refused.
pub(super) fn rules(network: Network) -> Result<Rules, BackendError> {
    match network {
        Network::Restricted => restricted(),
        Network::Enabled => enabled(),
    }
}

fn restricted() -> Result<Rules, BackendError> {
    let mut rules = Rules::new();
    let reaching = [SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4];
    always(&mut rules, &reaching);
    only_connected(&mut rules, SYS_socket)?;
    only_connected(&mut rules, SYS_socketpair)?;
    when(&mut rules, SYS_sendto, [is_given(4)])?;
    Ok(rules)
}

fn enabled() -> Result<Rules, BackendError> {
    let mut rules = Rules::new();
    let families = [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK];
    when(
        &mut rules,
        SYS_socket,
        families.map(|family| is_not(0, word(family))),
    )?;
    let netlink = [is(0, word(AF_NETLINK)), is_not(2, word(NETLINK_ROUTE))];
    when(&mut rules, SYS_socket, netlink)?;
    when(&mut rules, SYS_socket, [bits(1, KIND, SOCK_PACKET)])?;
    only_connected(&mut rules, SYS_socketpair)?;
    Ok(rules)
}

/// What is refused without a word about it, also where there is a supervisor: with a network,
/// local sockets that are no pair. The C library makes one for a name service, which hardly any
/// computer has, and does without.
pub(super) fn quietly(network: Network) -> Result<Rules, BackendError> {
    let mut rules = Rules::new();
    if network == Network::Enabled {
        when(&mut rules, SYS_socket, [is(0, word(AF_UNIX))])?;
    }
    Ok(rules)
}

/// Refuses all but local sockets of the kinds that are connected for good.
fn only_connected(rules: &mut Rules, call: i64) -> Result<(), BackendError> {
    when(rules, call, [is_not(0, word(AF_UNIX))])?;
    // A raw one of this family is one of datagrams.
    for kind in [SOCK_DGRAM, SOCK_RAW] {
        when(rules, call, [bits(1, KIND, word(kind))])?;
    }
    Ok(())
}

const fn word(number: c_int) -> u32 {
    number.cast_unsigned()
}
