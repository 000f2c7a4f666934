//! Which calls fail, how, and how often.

use std::time::Duration;

/// How a call fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed without an answer.
    Drop,
    /// The connection is reset without an answer.
    Reset,
    /// It goes through, later.
    Delay(Duration),
    /// Never answered, and never closed.
    Hang,
    /// The answer breaks off in its middle.
    Truncate,
    /// A `Status` from Kubernetes' own vocabulary.
    Status {
        code: u16,
        reason: &'static str,
        message: String,
        retry_after_s: Option<u32>,
    },
}

impl Fault {
    /// With the reason and a message as the API server has them.
    pub fn status(code: u16) -> Self {
        let (reason, message) = match code {
            401 => ("Unauthorized", "Unauthorized"),
            403 => ("Forbidden", "this is forbidden: the fault proxy says so"),
            404 => ("NotFound", "the server could not find the requested resource"),
            409 => (
                "Conflict",
                "the object has been modified; please apply your changes to the latest version and try again",
            ),
            410 => ("Expired", "The resourceVersion for the provided watch is too old."),
            422 => ("Invalid", "this is invalid: the fault proxy says so"),
            429 => (
                "TooManyRequests",
                "the server has received too many requests and has asked us to try again later",
            ),
            503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
            504 => ("Timeout", "the server was unable to return a response in the time allotted"),
            _ => ("InternalError", "an error on the server has prevented the request from succeeding"),
        };
        Self::Status {
            code,
            reason,
            message: message.to_owned(),
            retry_after_s: None,
        }
    }

    /// 429 with `Retry-After`.
    pub fn too_many(retry_after_s: u32) -> Self {
        match Self::status(429) {
            Self::Status { code, reason, message, .. } => Self::Status {
                code,
                reason,
                message,
                retry_after_s: Some(retry_after_s),
            },
            other => other,
        }
    }
}

/// Which calls fail: by method, beginning of the path, and whether they watch.
#[derive(Debug, Clone)]
pub struct Rule {
    method: Option<String>,
    path: String,
    contains: Option<String>,
    watches: Option<bool>,
    after: u32,
    left: Option<u32>,
    fault: Fault,
}

impl Rule {
    /// Calls with this method whose path begins so, until lifted.
    pub fn on(method: &str, path: &str, fault: Fault) -> Self {
        Self {
            method: Some(method.to_owned()),
            ..Self::any(path, fault)
        }
    }

    /// As [`Rule::on`], with every method.
    pub fn any(path: &str, fault: Fault) -> Self {
        Self {
            method: None,
            path: path.to_owned(),
            contains: None,
            watches: None,
            after: 0,
            left: None,
            fault,
        }
    }

    /// Only so many calls.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.left = Some(count);
        self
    }

    /// Only after so many calls went through.
    #[must_use]
    pub fn after(mut self, count: u32) -> Self {
        self.after = count;
        self
    }

    /// Only calls whose path or query has this in it: `/pods`, `limit=500`.
    #[must_use]
    pub fn containing(mut self, part: &str) -> Self {
        self.contains = Some(part.to_owned());
        self
    }

    /// Only calls that watch.
    #[must_use]
    pub fn watches(mut self) -> Self {
        self.watches = Some(true);
        self
    }

    /// Only calls that do not watch.
    #[must_use]
    pub fn but_watches(mut self) -> Self {
        self.watches = Some(false);
        self
    }

    fn speaks_of(&self, method: &str, target: &str, watch: bool) -> bool {
        self.method.as_ref().is_none_or(|own| own == method)
            && target.starts_with(&self.path)
            && self.contains.as_ref().is_none_or(|part| target.contains(part))
            && self.watches.is_none_or(|own| own == watch)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleId(u64);

#[derive(Debug, Default)]
pub(super) struct Rules {
    standing: Vec<(RuleId, Rule)>,
    next: u64,
}

impl Rules {
    pub(super) fn add(&mut self, rule: Rule) -> RuleId {
        self.next += 1;
        let id = RuleId(self.next);
        self.standing.push((id, rule));
        id
    }

    pub(super) fn lift(&mut self, id: RuleId) {
        self.standing.retain(|(own, _)| *own != id);
    }

    pub(super) fn clear(&mut self) {
        self.standing.clear();
    }

    /// What happens to this call; counts it.
    pub(super) fn judge(&mut self, method: &str, target: &str, watch: bool) -> Option<Fault> {
        for (_, rule) in &mut self.standing {
            if rule.left == Some(0) || !rule.speaks_of(method, target, watch) {
                continue;
            }
            if rule.after > 0 {
                rule.after -= 1;
                continue;
            }
            if let Some(left) = &mut rule.left {
                *left -= 1;
            }
            return Some(rule.fault.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_counts_only_what_it_speaks_of() {
        let mut rules = Rules::default();
        rules.add(Rule::on("GET", "/api/v1/pods", Fault::Drop).but_watches().after(1).times(2));
        rules.add(Rule::any("/api/v1/", Fault::Hang).watches());
        let mut judge = |method: &str, target: &str, watch: bool| rules.judge(method, target, watch);
        assert_eq!(judge("GET", "/api/v1/pods", false), None, "the first goes through");
        assert_eq!(judge("POST", "/api/v1/pods", false), None);
        assert_eq!(judge("GET", "/api/v1/pods?watch=1", true), Some(Fault::Hang));
        assert_eq!(judge("GET", "/api/v1/pods", false), Some(Fault::Drop));
        assert_eq!(judge("GET", "/api/v1/pods?limit=1", false), Some(Fault::Drop));
        assert_eq!(judge("GET", "/api/v1/pods", false), None, "two were asked for");
    }
}
