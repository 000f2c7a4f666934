//! `/api/…`

mod functions;
mod gateways;
mod live;
mod origin;
mod services;
