//! Ports for instances.

use std::{collections::HashSet, fs, io, net::TcpListener};

use rand::Rng;

/// Below this are ports that well-known services use.
const FIRST: u16 = 10_240;

/// `count` ports of 127.0.0.1 that are free now, all different, and none of those in `held`.
///
/// Taken from below the range the kernel gives to outgoing connections where that is possible: an instance keeps its port while it is
/// down, and a connection made meanwhile could otherwise be given the very same port and hold it (or, being made to that port, be
/// connected to itself).
pub(super) fn choose(count: usize, held: &HashSet<u16>) -> io::Result<Vec<u16>> {
    let end = first_outgoing().unwrap_or(FIRST);
    // Kept open until all are chosen, so that none is chosen twice.
    let mut chosen = vec![];
    if end > FIRST {
        let start = rand::rng().random_range(FIRST..end);
        let candidates = (start..end).chain(FIRST..start);
        chosen.extend(candidates.filter(|port| !held.contains(port)).filter_map(listen).take(count));
    }
    let mut passed_over = vec![];
    while chosen.len() < count {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        if held.contains(&listener.local_addr()?.port()) {
            // Kept open as well, so that the kernel gives another one.
            passed_over.push(listener);
        } else {
            chosen.push(listener);
        }
    }
    chosen.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
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
        let ports = choose(20, &HashSet::new()).unwrap();
        assert_eq!(ports.iter().collect::<BTreeSet<_>>().len(), 20);
        if let Some(end) = first_outgoing().filter(|&end| end > FIRST + 1_000) {
            assert!(ports.iter().all(|&port| (FIRST..end).contains(&port)), "{ports:?}");
        }
    }

    #[test]
    fn a_port_that_somebody_has_is_not_given_again_while_nobody_listens() {
        let Some(end) = first_outgoing().filter(|&end| end > FIRST + 1_000) else {
            return;
        };
        let held: HashSet<u16> = (FIRST..end).filter(|port| port % 2 == 0).collect();
        let ports = choose(20, &held).unwrap();
        assert!(ports.iter().all(|port| !held.contains(port)), "{ports:?}");
    }
}
