//! The handle behind both doors. Cheap to clone; every verb asks for the permission it needs as a value.

use std::sync::Arc;

use model::Environment;

use crate::{access::Accounts, state::State};

#[derive(Clone)]
pub struct Control {
    pub(crate) state: Arc<State>,
}

impl Control {
    pub fn environment(&self) -> &Environment {
        &self.state.environment
    }

    pub fn accounts(&self) -> &Accounts {
        &self.state.accounts
    }
}
