//! One answer for several requests, as a route may allow: identical GETs at the same time are fetched once, and when the pool is strained
//! or gone, an answer that was kept is better than none.
//!
//! Two requests are identical when everything an instance could decide by is the same ([`key`]). What may be kept is what a shared cache
//! may keep (RFC 9111); what is shared at the same time leaves out the same answers.

mod answer;
mod flight;
mod kept;
mod key;
mod space;

pub(crate) use answer::{Recorder, SharedAnswer};
pub(crate) use flight::{Awaited, Flights, Lead, Seen};
pub(crate) use kept::Kept;
pub(crate) use key::Key;
pub(crate) use space::Space;
