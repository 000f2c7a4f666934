//! `/api/…`

mod functions;
mod live;
mod origin;
