//! What a page's URL says: range, filters, sort, tab, selection. Parsed into types that cannot be wrong; nonsense means the default, so
//! that an old link still opens.

mod query;
mod range;
pub mod since;
mod sort;

pub use query::{Query, UseQuery, encode, use_query};
pub use range::Range;
pub use sort::{Column, Sort, by_number};
