use async_trait::async_trait;
use model::{
    Algorithm, BalancerObservation, BreakerTarget, InstanceId, LoadReport, Pins, PoolId, PoolPlan, ReceiptFilter, Receipts, SourceId,
};

/// A source did not answer, in words a person can act on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// The balancer did not take a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The plan itself is wrong; trying again changes nothing. The old plan stays in force.
    #[error("the balancer refused the plan: {0}")]
    Refused(String),
    /// The balancer did not answer; the next round tries again.
    #[error("the balancer does not answer: {0}")]
    Unreachable(String),
}

/// What can be changed on a balancer, so that the UI offers exactly that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalancerCapabilities {
    pub algorithms: Vec<Algorithm>,
    pub weights: bool,
    pub drain: bool,
    pub health_checks: bool,
}

/// Whatever spreads requests: the built-in gateway, HAProxy, nginx.
#[async_trait]
pub trait Balancer: Send + Sync + 'static {
    /// Names it as a source.
    fn source(&self) -> SourceId;

    /// In words, for the source strip: "built-in gateway".
    fn describe(&self) -> String;

    fn capabilities(&self) -> BalancerCapabilities;

    /// Whether it is this console's own, so that each console applies plans to its own. To any other one only the leader does.
    fn is_own(&self) -> bool {
        false
    }

    /// The state right now, with cumulative counters. Called once a second, by one caller, with a deadline.
    async fn observe(&self) -> Result<BalancerObservation, SourceError>;

    /// Makes this plan the one in force for its pool, without losing a request. Applying it twice changes nothing.
    async fn apply(&self, plan: &PoolPlan) -> Result<(), ApplyError>;

    /// Closes these breakers at once, with everything they counted forgotten.
    async fn reset_breakers(&self, pool: &PoolId, targets: &[BreakerTarget]) -> Result<(), ApplyError>;

    /// What an instance reported of its own load, for algorithms that go by it. One that does not know such reports refuses.
    async fn report_load(&self, pool: &PoolId, instance: &InstanceId, load: LoadReport) -> Result<(), ApplyError>;

    /// Which clients come back to which instance.
    async fn pins(&self, pool: &PoolId) -> Result<Pins, SourceError>;

    /// The receipts of requests that `filter` takes, newest first, at most `limit`; none where the balancer writes none.
    async fn receipts(&self, filter: &ReceiptFilter, limit: usize) -> Result<Receipts, SourceError>;
}
