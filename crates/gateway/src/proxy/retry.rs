//! When a failed attempt may go to another instance.
//!
//! After a failed connect nothing was sent, so every request may move on. After that the instance may have acted on the request: only
//! idempotent methods (RFC 9110 §9.2.2) are sent again, and only when the instance broke the connection, or was silent for longer than
//! one try may take. The last time-out is not repeated: it would multiply both the wait and the load on a pool that is slow already.

use pingora_error::{ErrorSource, ErrorType};

/// What is known when an established exchange breaks.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each from another place")]
pub(super) struct Broken<'a> {
    pub(super) source: &'a ErrorSource,
    pub(super) kind: &'a ErrorType,
    pub(super) idempotent: bool,
    /// The request's body can be sent again from its start.
    pub(super) body_kept: bool,
    /// The client has seen the beginning of an answer.
    pub(super) answer_begun: bool,
    /// The time for one try is over, and there is somebody else to try.
    pub(super) was_impatient: bool,
    /// The gateway itself cut the connection because of a time-out.
    pub(super) timed_out: bool,
}

pub(super) fn after_break(broken: Broken<'_>) -> bool {
    let connection_broke = matches!(
        broken.kind,
        ErrorType::ConnectionClosed | ErrorType::ReadError | ErrorType::WriteError
    );
    let gave_up = broken.was_impatient && *broken.kind == ErrorType::ReadTimedout;
    *broken.source == ErrorSource::Upstream
        && (connection_broke || gave_up)
        && broken.idempotent
        && broken.body_kept
        && !broken.answer_begun
        && !broken.timed_out
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOST: Broken<'static> = Broken {
        source: &ErrorSource::Upstream,
        kind: &ErrorType::ConnectionClosed,
        idempotent: true,
        body_kept: true,
        answer_begun: false,
        was_impatient: false,
        timed_out: false,
    };

    #[test]
    fn a_broken_connection_before_the_answer_is_worth_a_second_try() {
        assert!(after_break(LOST));
    }

    #[test]
    fn the_time_of_one_try_is_not_the_time_of_all() {
        let silent = Broken {
            kind: &ErrorType::ReadTimedout,
            was_impatient: true,
            ..LOST
        };
        assert!(after_break(silent));
        assert!(!after_break(Broken {
            was_impatient: false,
            ..silent
        }));
        assert!(!after_break(Broken {
            idempotent: false,
            ..silent
        }));
    }

    #[test]
    fn one_reason_against_it_is_enough() {
        let refused = [
            Broken { idempotent: false, ..LOST },
            Broken { body_kept: false, ..LOST },
            Broken {
                answer_begun: true,
                ..LOST
            },
            Broken { timed_out: true, ..LOST },
            Broken {
                kind: &ErrorType::ReadTimedout,
                ..LOST
            },
            Broken {
                kind: &ErrorType::InvalidHTTPHeader,
                ..LOST
            },
            Broken {
                source: &ErrorSource::Downstream,
                ..LOST
            },
        ];
        for broken in refused {
            assert!(!after_break(broken), "{broken:?}");
        }
    }
}
