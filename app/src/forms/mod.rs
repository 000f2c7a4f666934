//! Settings with lists in them as typed: text in every field, what is wrong with each, and the settings that they mean. Pure.
//!
//! The page reads with it as one types; the server reads with it what a form sends, so both find the same mistakes. Settings that are
//! flat have their serde names for fields and need none of this (`pages/pool/settings/draft.rs`).

pub mod decimal;
pub mod fields;
pub mod hold;
pub mod hpa;
pub mod lasting;
pub mod policy;
#[cfg(test)]
mod policy_tests;
pub mod prediction;
pub mod schedule;

pub use fields::{Errors, Fields};
