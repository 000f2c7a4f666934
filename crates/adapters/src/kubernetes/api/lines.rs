//! The lines of a watch, one JSON document each.

use std::time::Duration;

use http_body_util::BodyExt;
use kube::client::Body;

use super::{Fault, plain};

/// An answer that goes on.
pub(in crate::kubernetes) struct Lines {
    body: Body,
    buffer: Vec<u8>,
    /// Up to where the buffer was searched for the end of a line.
    searched: usize,
    /// Longest line.
    max_bytes: usize,
}

impl Lines {
    pub(super) fn new(body: Body, max_bytes: usize) -> Self {
        Self {
            body,
            buffer: Vec::new(),
            searched: 0,
            max_bytes,
        }
    }

    /// The next line; `None` when the API server ended the answer in order.
    ///
    /// # Errors
    /// [`Fault::TimedOut`] when nothing at all was heard for so long.
    pub(in crate::kubernetes) async fn next(&mut self, quiet: Duration) -> Result<Option<Vec<u8>>, Fault> {
        loop {
            if let Some(end) = self.buffer[self.searched..].iter().position(|b| *b == b'\n') {
                let rest = self.buffer.split_off(self.searched + end + 1);
                let line = std::mem::replace(&mut self.buffer, rest);
                self.searched = 0;
                if line.len() > 1 {
                    return Ok(Some(line));
                }
                continue;
            }
            self.searched = self.buffer.len();
            if self.buffer.len() > self.max_bytes {
                return Err(Fault::unreadable(format!(
                    "a line of a watch is longer than {} bytes",
                    self.max_bytes
                )));
            }
            let frame = tokio::time::timeout(quiet, self.body.frame())
                .await
                .map_err(|_| Fault::TimedOut { after: quiet })?;
            match frame {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        self.buffer.extend_from_slice(data);
                    }
                }
                Some(Err(error)) => {
                    let (why, _) = plain::why(&error);
                    return Err(Fault::Broken { why });
                }
            }
        }
    }
}
