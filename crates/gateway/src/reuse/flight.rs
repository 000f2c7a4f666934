//! Requests that are being answered right now, so that identical ones wait for that answer.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::watch,
    time::{Instant, timeout, timeout_at},
};

use super::{Key, SharedAnswer};

/// At once, of one pool; beyond that everybody asks for itself.
const FLIGHTS_MAX: usize = 10_000;
/// From the head to the end of an answer: a client that reads slowly shall not hold up the others.
const BODY_WITHIN: Duration = Duration::from_secs(2);

#[derive(Debug, Clone)]
enum Progress {
    Waiting,
    /// The head is there, since then.
    Answered(Instant),
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
#[derive(Debug)]
pub(crate) enum Awaited {
    Shared(Arc<SharedAnswer>),
    /// The answer is not for others, or takes too long.
    Own,
    /// Somebody else has to ask.
    Broken,
}

#[derive(Debug)]
pub(crate) struct Follow(watch::Receiver<Progress>);

impl Flights {
    pub(crate) fn see(self: &Arc<Self>, key: &Key) -> Seen {
        let mut flights = self.0.lock();
        let has_room = flights.len() < FLIGHTS_MAX;
        let place = match flights.entry(key.clone()) {
            Entry::Occupied(flight) => {
                return match &*flight.get().borrow() {
                    Progress::Answered(at) if at.elapsed() > BODY_WITHIN => Seen::Full,
                    _ => Seen::Under(Follow(flight.get().clone())),
                };
            }
            Entry::Vacant(_) if !has_room => return Seen::Full,
            Entry::Vacant(place) => place,
        };
        let (progress, seen) = watch::channel(Progress::Waiting);
        place.insert(seen);
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
        self.progress.send_replace(Progress::Answered(Instant::now()));
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
    /// Until the whole answer is there, or it is known that there will be none to share. The head has to come within `head_within`.
    pub(crate) async fn answer(mut self, head_within: Duration) -> Awaited {
        let begun = self.0.wait_for(|progress| !matches!(progress, Progress::Waiting));
        let answered = match timeout(head_within, begun).await {
            Err(_) => return Awaited::Own,
            Ok(Err(_)) => return Awaited::Broken,
            Ok(Ok(progress)) => match &*progress {
                Progress::Answered(at) => *at,
                progress => return progress.into(),
            },
        };
        let ended = self.0.wait_for(|progress| matches!(progress, Progress::Done(_) | Progress::Own));
        match timeout_at(answered + BODY_WITHIN, ended).await {
            Err(_) => Awaited::Own,
            Ok(Err(_)) => Awaited::Broken,
            Ok(Ok(progress)) => (&*progress).into(),
        }
    }
}

impl From<&Progress> for Awaited {
    fn from(progress: &Progress) -> Self {
        match progress {
            Progress::Done(answer) => Self::Shared(answer.clone()),
            Progress::Own => Self::Own,
            Progress::Waiting | Progress::Answered(_) => Self::Broken,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Request;
    use pingora_http::ResponseHeader;

    use super::{super::Recorder, *};

    fn key(path: &str) -> Key {
        Key::new(&Request::builder().uri(path).body(()).unwrap().into_parts().0, false, "h").unwrap()
    }

    fn under(flights: &Arc<Flights>, path: &str) -> Follow {
        match flights.see(&key(path)) {
            Seen::Under(follow) => follow,
            other => panic!("somebody asks for {path} already: {other:?}"),
        }
    }

    fn first(flights: &Arc<Flights>, path: &str) -> Lead {
        match flights.see(&key(path)) {
            Seen::First(lead) => lead,
            other => panic!("nobody asks for {path} yet: {other:?}"),
        }
    }

    const SOON: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn whoever_comes_while_one_asks_learns_how_it_ends() {
        let flights = Arc::<Flights>::default();
        let lead = first(&flights, "/a");
        let another_matter = first(&flights, "/b");
        let broken = under(&flights, "/a");
        drop(lead);
        assert!(matches!(broken.answer(SOON).await, Awaited::Broken));

        let lead = first(&flights, "/a");
        let own = under(&flights, "/a");
        lead.keep_to_itself();
        assert!(matches!(own.answer(SOON).await, Awaited::Own));
        drop(another_matter);
        assert!(flights.0.lock().is_empty(), "nothing stays behind");
    }

    #[tokio::test]
    async fn between_head_and_end_everything_may_still_happen() {
        let flights = Arc::<Flights>::default();
        let head = ResponseHeader::build(200, None).unwrap();
        let recorder = Recorder::begin(&Request::new(()).into_parts().0, &head, None, Arc::default()).unwrap();
        let lead = first(&flights, "/a");
        lead.answered();
        let shared = under(&flights, "/a");
        lead.done(Arc::new(recorder.finish().unwrap()));
        assert!(matches!(shared.answer(SOON).await, Awaited::Shared(_)));

        let lead = first(&flights, "/a");
        lead.answered();
        let too_large = under(&flights, "/a");
        lead.keep_to_itself();
        assert!(matches!(too_large.answer(SOON).await, Awaited::Own));

        let lead = first(&flights, "/a");
        lead.answered();
        let broken_off = under(&flights, "/a");
        drop(lead);
        assert!(matches!(broken_off.answer(SOON).await, Awaited::Broken));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_holds_up_nobody_for_long() {
        let flights = Arc::<Flights>::default();
        let lead = first(&flights, "/a");
        let silent = under(&flights, "/a");
        assert!(matches!(silent.answer(Duration::from_secs(1)).await, Awaited::Own));
        lead.answered();
        let patient = under(&flights, "/a");
        assert!(
            matches!(patient.answer(SOON).await, Awaited::Own),
            "until two seconds after the head"
        );
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(matches!(flights.see(&key("/a")), Seen::Full), "who comes then does not wait at all");
    }
}
