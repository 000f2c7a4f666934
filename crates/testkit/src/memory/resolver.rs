use std::{
    collections::{HashMap, HashSet, VecDeque},
    io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use control::ports::Resolver;
use parking_lot::Mutex;

/// Names with the answers that a test gives them, one after the other: a name server in the hands of somebody else. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct MemoryResolver {
    names: Arc<Mutex<HashMap<String, VecDeque<Vec<IpAddr>>>>>,
    own: Arc<Mutex<HashSet<IpAddr>>>,
    hangs: Arc<AtomicBool>,
}

impl MemoryResolver {
    /// The name's next answer, after those that were given before; the last one stays.
    pub fn answer(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
        self.names.lock().entry(name.to_owned()).or_default().push_back(addresses);
    }

    /// From now on no answer comes.
    pub fn hang(&self) {
        self.hangs.store(true, Ordering::Relaxed);
    }

    /// From now on an address of the machine that the test pretends to be.
    pub fn own(&self, address: &str) {
        self.own.lock().insert(address.parse().unwrap());
    }
}

#[async_trait]
impl Resolver for MemoryResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        if self.hangs.load(Ordering::Relaxed) {
            return std::future::pending().await;
        }
        let mut names = self.names.lock();
        let unknown = || io::Error::new(io::ErrorKind::NotFound, "no such name");
        let answers = names.get_mut(name).ok_or_else(unknown)?;
        if answers.len() > 1 {
            return answers.pop_front().ok_or_else(unknown);
        }
        answers.front().cloned().ok_or_else(unknown)
    }

    fn is_local(&self, ip: IpAddr) -> bool {
        self.own.lock().contains(&ip)
    }
}
