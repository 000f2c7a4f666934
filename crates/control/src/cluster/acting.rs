use std::{collections::BTreeSet, sync::Arc};

use model::{ApiError, cluster::ObjectRef};
use parking_lot::Mutex;

/// Objects that a command is under way for. One at a time for each: the second would be tried on what the first is changing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Acting(Arc<Mutex<BTreeSet<ObjectRef>>>);

/// Ends with the command.
pub(super) struct Turn {
    acting: Acting,
    object: ObjectRef,
}

impl Acting {
    pub(super) fn begin(&self, object: &ObjectRef) -> Result<Turn, ApiError> {
        if self.0.lock().insert(object.clone()) {
            return Ok(Turn {
                acting: self.clone(),
                object: object.clone(),
            });
        }
        let why = format!("a command for {object} is under way: wait for its end");
        Err(ApiError::Clash { why })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.acting.0.lock().remove(&self.object);
    }
}
