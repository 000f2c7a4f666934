//! The console: pages, components, charts and live data, rendered on the server first and hydrated in the browser after.
//!
//! ```text
//!  shell ─ router ─ layout ─ pages/<page>/mod.rs     composes
//!                              ├─ components/        draw
//!                              ├─ charts/            series → charming → ECharts
//!                              ├─ url/ format/       pure, tested natively
//!                              ├─ forms/             settings as typed, read alike in the browser and on the server
//!                              └─ api/<noun>.rs      server functions: who, call, answer
//!  live.rs                     the only EventSource
//!  browser/                    the only code that touches the DOM directly; does nothing on the server
//!  api/context.rs              the only code that knows that a server is around it
//! ```
//!
//! The first render comes from a `Resource`, live frames replace it after hydration. There is no clock in a view: every age on screen is
//! the difference to the frame's own time.

#![recursion_limit = "512"]
#![expect(
    unreachable_pub,
    reason = "the component and server macros write public functions into private modules"
)]

pub mod api;
pub mod assets;
mod browser;
pub mod charts;
mod components;
mod format;
pub mod forms;
mod keys;
mod layout;
pub mod live;
mod pages;
mod router;
mod shell;
pub mod theme;
pub mod url;

pub use assets::Assets;
pub use router::App;
pub use shell::{ShellOptions, shell};
