//! One folder or file per page; each only composes.

mod breakers;
mod clusters;
mod data;
mod doctor;
mod events;
mod not_found;
mod overview;
mod pool;
mod pools;
mod requests;
mod scaling;
mod search;
mod setup;
mod sign_in;

pub use breakers::BreakersPage;
pub use clusters::{ClustersPage, ObjectPage};
pub use data::DataPage;
pub use doctor::DoctorPage;
pub use events::EventsPage;
pub use not_found::NotFoundPage;
pub use overview::OverviewPage;
pub use pool::PoolPage;
pub use pools::PoolsPage;
pub use requests::RequestsPage;
pub use scaling::{ScalingPage, WorkloadPage};
pub use search::SearchPage;
pub use setup::SetupPage;
pub use sign_in::SignInPage;
