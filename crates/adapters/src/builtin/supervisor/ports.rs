//! Ports for instances.

use std::{fs, io, net::TcpListener};

use rand::Rng;

/// Below this are ports that well-known services use.
const FIRST: u16 = 10_240;

/// `count` ports of 127.0.0.1 that are free now, all different.
///
/// Taken from below the range the kernel gives to outgoing connections where that is possible: an instance keeps its port while it is
/// down, and a connection made meanwhile could otherwise be given the very same port and hold it (or, being made to that port, be
/// connected to itself).
pub(super) fn choose(count: u32) -> io::Result<Vec<u16>> {
    let end = first_outgoing().unwrap_or(FIRST);
    // Held open until all are chosen, so that none is chosen twice.
    let mut held = vec![];
    if end > FIRST {
        let start = rand::rng().random_range(FIRST..end);
        let candidates = (start..end).chain(FIRST..start);
        held.extend(candidates.filter_map(listen).take(count as usize));
    }
    while held.len() < count as usize {
        held.push(TcpListener::bind(("127.0.0.1", 0))?);
    }
    held.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

fn listen(port: u16) -> Option<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).ok()
}

fn first_outgoing() -> Option<u16> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    range.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ports_are_different_and_outside_what_the_kernel_gives_away() {
        let ports = choose(20).unwrap();
        assert_eq!(ports.iter().collect::<BTreeSet<_>>().len(), 20);
        if let Some(end) = first_outgoing().filter(|&end| end > FIRST + 1_000) {
            assert!(ports.iter().all(|&port| (FIRST..end).contains(&port)), "{ports:?}");
        }
    }
}
