//! `/api/…`

mod functions;
mod live;
mod origin;
mod services;
