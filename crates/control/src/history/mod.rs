//! What was measured, for as long as memory holds it.

mod ring;

pub use ring::{CAPACITY_ROWS, Ring};
