//! `/api/…`

mod doctor;
mod functions;
mod gateways;
mod history;
mod live;
mod origin;
mod services;
