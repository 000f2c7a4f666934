//! Who may do what. A permission is a value that a `Control` verb requires; only [`Principal`] makes one, so forgetting to ask does not
//! compile.

mod accounts;
mod bearer;
mod password;
mod proof;
mod registrar;
mod secret;
mod throttle;

pub use accounts::{Accounts, SignedIn};
pub use bearer::BearerToken;
pub use password::{PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS};
pub use proof::{Principal, SystemAdmin, Viewer};
pub use registrar::Registrar;
pub(crate) use registrar::Registrars;
pub use secret::Secret;
