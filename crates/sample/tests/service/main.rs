//! One instance as its clients see it, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod api;
mod load;
mod progress;
mod support;
mod traffic;
