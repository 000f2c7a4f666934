//! One folder per outside system, each behind a port of `control`. Folders never import each other.

pub mod builtin;
pub mod kubernetes;
