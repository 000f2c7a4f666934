//! Requests that are being answered right now, so that identical ones wait for that answer.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::{Key, SharedAnswer};

/// At once, of one pool; beyond that everybody asks for itself.
const FLIGHTS_MAX: usize = 10_000;

#[derive(Debug, Clone)]
enum Progress {
    Waiting,
    /// The head is there.
    Answered,
    /// It is for the one that asked.
    Own,
    Done(Arc<SharedAnswer>),
}

#[derive(Debug, Default)]
pub(crate) struct Flights(Mutex<HashMap<Key, watch::Receiver<Progress>>>);

/// What a request finds.
#[derive(Debug)]
pub(crate) enum Seen {
    /// Nobody asks for this yet: ask, and tell the others.
    First(Lead),
    /// Somebody asks for it already.
    Under(Follow),
    /// Too much goes on.
    Full,
}

/// The one that asks. Dropping it without an answer lets those that wait ask for themselves.
#[derive(Debug)]
pub(crate) struct Lead {
    flights: Weak<Flights>,
    key: Key,
    progress: watch::Sender<Progress>,
}

/// What a request that waits learns of the one that asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaited {
    Shared,
    Own,
    /// Somebody else has to ask.
    Broken,
}

#[derive(Debug)]
pub(crate) struct Follow(watch::Receiver<Progress>);

impl Flights {
    pub(crate) fn see(self: &Arc<Self>, key: &Key) -> Seen {
        let mut flights = self.0.lock();
        if let Some(progress) = flights.get(key) {
            return Seen::Under(Follow(progress.clone()));
        }
        if flights.len() >= FLIGHTS_MAX {
            return Seen::Full;
        }
        let (progress, seen) = watch::channel(Progress::Waiting);
        flights.insert(key.clone(), seen);
        Seen::First(Lead {
            flights: Arc::downgrade(self),
            key: key.clone(),
            progress,
        })
    }
}

impl Lead {
    /// The head of an answer that can be shared is there.
    pub(crate) fn answered(&self) {
        self.progress.send_replace(Progress::Answered);
    }

    /// The answer is not for others: they ask for themselves, without waiting for one another.
    pub(crate) fn keep_to_itself(self) {
        self.progress.send_replace(Progress::Own);
    }

    pub(crate) fn done(self, answer: Arc<SharedAnswer>) {
        self.progress.send_replace(Progress::Done(answer));
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if let Some(flights) = self.flights.upgrade() {
            flights.0.lock().remove(&self.key);
        }
    }
}

impl Follow {
    /// Until the head is there, or it is known that there will be none to share.
    pub(crate) async fn head(&mut self) -> Awaited {
        match self.0.wait_for(|progress| !matches!(progress, Progress::Waiting)).await.as_deref() {
            Ok(Progress::Own) => Awaited::Own,
            Ok(_) => Awaited::Shared,
            Err(_) => Awaited::Broken,
        }
    }

    /// The whole answer; `None` when it is not to be shared or broke off.
    pub(crate) async fn answer(mut self) -> Option<Arc<SharedAnswer>> {
        let progress = self.0.wait_for(|progress| matches!(progress, Progress::Done(_))).await.ok()?;
        match &*progress {
            Progress::Done(answer) => Some(answer.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn key(path: &str) -> Key {
        Key::new(&Request::builder().uri(path).body(()).unwrap().into_parts().0, false, "h").unwrap()
    }

    fn under(flights: &Arc<Flights>, path: &str) -> Follow {
        match flights.see(&key(path)) {
            Seen::Under(follow) => follow,
            other => panic!("somebody asks for {path} already: {other:?}"),
        }
    }

    #[tokio::test]
    async fn whoever_comes_while_one_asks_learns_how_it_ends() {
        let flights = Arc::<Flights>::default();
        let Seen::First(lead) = flights.see(&key("/a")) else {
            panic!("nobody asks yet")
        };
        assert!(
            matches!(flights.see(&key("/b")), Seen::First(_)),
            "another request is another matter"
        );
        let mut broken = under(&flights, "/a");
        drop(lead);
        assert_eq!(broken.head().await, Awaited::Broken);

        let Seen::First(lead) = flights.see(&key("/a")) else {
            panic!("it is over")
        };
        let mut own = under(&flights, "/a");
        lead.keep_to_itself();
        assert_eq!(own.head().await, Awaited::Own);
        assert!(flights.0.lock().is_empty(), "nothing stays behind");
    }
}
