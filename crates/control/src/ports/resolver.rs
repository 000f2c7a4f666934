use std::{
    io,
    net::{IpAddr, ToSocketAddrs as _, UdpSocket},
    sync::Arc,
};

use async_trait::async_trait;
use tokio::sync::Semaphore;

/// Look-ups under way at once. Each holds a thread until the system gives up, long after its caller has.
const LOOK_UPS_MAX: usize = 16;

/// Host names into addresses.
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    /// All addresses that the name has now.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;

    /// Whether it is an address of this machine. Answers at once.
    fn is_local(&self, ip: IpAddr) -> bool;
}

/// What the machine itself does: its hosts file, then DNS.
#[derive(Debug, Clone)]
pub struct SystemResolver {
    at_once: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self {
            at_once: Arc::new(Semaphore::new(LOOK_UPS_MAX)),
        }
    }
}

impl SystemResolver {
    /// Waits for a place, which is held until the look-up ends, whether or not anybody waits for it still.
    async fn look_up<T: Send + 'static>(&self, look_up: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
        let place = self.at_once.clone().acquire_owned().await.map_err(io::Error::other)?;
        let looking = tokio::task::spawn_blocking(move || {
            let found = look_up();
            drop(place);
            found
        });
        looking.await.map_err(io::Error::other)?
    }
}

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let name = name.to_owned();
        self.look_up(move || Ok((name.as_str(), 0).to_socket_addrs()?.map(|found| found.ip()).collect()))
            .await
    }

    /// Only an address of its own can be bound; nothing is sent.
    fn is_local(&self, ip: IpAddr) -> bool {
        UdpSocket::bind((ip, 0)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    #[test]
    fn the_machine_knows_its_own_addresses() {
        let resolver = SystemResolver::default();
        for own in ["127.0.0.1", "127.8.9.10"] {
            assert!(resolver.is_local(own.parse().unwrap()), "{own}");
        }
        // Kept for documentation (RFC 5737) and for later: hardly all of them are this machine's.
        let others = ["192.0.2.201", "198.51.100.201", "203.0.113.201", "240.0.0.201"];
        assert!(others.iter().any(|other| !resolver.is_local(other.parse().unwrap())));
    }

    #[tokio::test]
    async fn look_ups_that_nobody_waits_for_any_more_still_count() {
        let resolver = SystemResolver::default();
        let (go_on, hangs) = mpsc::channel::<()>();
        let hangs = Arc::new(parking_lot::Mutex::new(hangs));
        for _ in 0..LOOK_UPS_MAX {
            let hangs = hangs.clone();
            let hanging = resolver.look_up(move || {
                let _ended = hangs.lock().recv();
                Ok(())
            });
            assert!(tokio::time::timeout(Duration::from_millis(10), hanging).await.is_err());
        }
        let next = || tokio::time::timeout(Duration::from_millis(50), resolver.look_up(|| Ok(7)));
        assert!(next().await.is_err(), "there is no place");
        // The name server is back.
        drop(go_on);
        free(&resolver).await;
        assert_eq!(resolver.look_up(|| Ok(7)).await.unwrap(), 7);
    }

    /// Until every place is free.
    async fn free(resolver: &SystemResolver) {
        let all = u32::try_from(LOOK_UPS_MAX).unwrap();
        drop(resolver.at_once.acquire_many(all).await.unwrap());
    }
}
