//! The live path's last step: frames for browsers.
//!
//! ```text
//!  snapshot n ─► FrameCache: serialised once per (n, view) ─► the same bytes for every steady listener
//!                                                         └─► one of its own for a listener that missed some
//! ```

mod frame;
mod stream;

pub(crate) use frame::{FrameCache, current};
pub(crate) use stream::stream;
pub use stream::{LiveFrame, LiveStream};
