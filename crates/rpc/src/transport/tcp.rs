//! The settings of every TCP connection, whichever side opened it.

use std::{io, time::Duration};

use tokio::net::TcpStream;

use crate::limits::Timeouts;

/// How much later than the pump the kernel gives a peer up, so that the pump can say why.
const GRACE: Duration = Duration::from_secs(10);

/// - `TCP_NODELAY`: two small writes in a row must not wait for the peer's delayed acknowledgement
///   (40 ms). The pump gathers, so there are no needless packets to be saved.
/// - `TCP_USER_TIMEOUT`: bytes a dead peer never acknowledges end the connection even while it is
///   not read from, when no pong could be seen.
/// - The send buffer stays the kernel's to size: a fixed one would cap the throughput of long
///   lines, and what it grows to (4 MiB by default) is part of what a process retains.
pub(crate) fn tune(stream: &TcpStream, timeouts: &Timeouts) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let timeout = (timeouts.write_stall + GRACE).as_millis();
    let timeout = u32::try_from(timeout).unwrap_or(u32::MAX);
    Ok(rustix::net::sockopt::set_tcp_user_timeout(stream, timeout)?)
}

#[cfg(test)]
mod tests {
    use rustix::net::sockopt;

    use super::*;

    #[tokio::test]
    async fn w23_a_socket_neither_delays_nor_waits_for_the_dead() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        tune(&stream, &Timeouts::default()).unwrap();
        assert!(sockopt::tcp_nodelay(&stream).unwrap());
        assert_eq!(sockopt::tcp_user_timeout(&stream).unwrap(), 40_000);
    }
}
