//! How a pool picks the instance for a request.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The balancing algorithms that the gateway implements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    #[default]
    RoundRobin,
    WeightedRoundRobin,
    LeastConnections,
    LeastResponseTime,
    Ewma,
    ResourceBased,
    IpHash,
    UriHash,
    RandomTwo,
}

impl Algorithm {
    pub const ALL: [Self; 9] = [
        Self::RoundRobin,
        Self::WeightedRoundRobin,
        Self::LeastConnections,
        Self::LeastResponseTime,
        Self::Ewma,
        Self::ResourceBased,
        Self::IpHash,
        Self::UriHash,
        Self::RandomTwo,
    ];

    /// The id used in settings, the API and the audit log.
    pub const fn id(self) -> &'static str {
        match self {
            Self::RoundRobin => "round_robin",
            Self::WeightedRoundRobin => "weighted_round_robin",
            Self::LeastConnections => "least_connections",
            Self::LeastResponseTime => "least_response_time",
            Self::Ewma => "ewma",
            Self::ResourceBased => "resource_based",
            Self::IpHash => "ip_hash",
            Self::UriHash => "uri_hash",
            Self::RandomTwo => "random_two",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::RoundRobin => "Round robin",
            Self::WeightedRoundRobin => "Weighted round robin",
            Self::LeastConnections => "Least connections",
            Self::LeastResponseTime => "Least response time",
            Self::Ewma => "Peak EWMA",
            Self::ResourceBased => "Resource based",
            Self::IpHash => "Client address hash",
            Self::UriHash => "URI hash",
            Self::RandomTwo => "Random of two",
        }
    }

    /// One sentence for the form that offers it.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::RoundRobin => "Even over healthy instances; weights are not used.",
            Self::WeightedRoundRobin => "In proportion to the weights, smoothly interleaved: weights 5,1,1 give a a b a c a a.",
            Self::LeastConnections => "The instance with the fewest requests in flight, divided by its weight.",
            Self::LeastResponseTime => "The lowest average response time, multiplied by the requests in flight.",
            Self::Ewma => "Of two random instances the one that answers faster; peaks and failures count at once and fade.",
            Self::ResourceBased => "By the processor, memory, GPU and sessions that the instances report themselves.",
            Self::IpHash => "The same client address always to the same instance.",
            Self::UriHash => "The same path and query always to the same instance.",
            Self::RandomTwo => "Of two random instances the one with fewer requests in flight.",
        }
    }

    /// When to use it, and when not.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::RoundRobin => "Equal instances, requests of about equal cost. The easiest to reason about; blind to a slow instance.",
            Self::WeightedRoundRobin => {
                "Instances of different size, or a new version that shall get a small part. Blind to a slow instance."
            }
            Self::LeastConnections => "Requests of very different length, long polls, WebSockets. An instance that fails fast looks idle.",
            Self::LeastResponseTime => "One clearly slower instance among few. Several gateways may all turn to the same one.",
            Self::Ewma => "Latency matters most and instances have slow moments: avoids one that stalls within a few requests.",
            Self::ResourceBased => {
                "Recommended for heavy computation, when instances send load reports. Least connections while any report is missing."
            }
            Self::IpHash => "Sessions kept in the instance's memory, without cookies. Uneven when many clients share one address.",
            Self::UriHash => "Instances that cache: each object is kept once. Uneven when few objects are asked for most.",
            Self::RandomTwo => "Many gateways or very many instances: nearly as good as least connections, without a herd.",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// The id names no algorithm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an algorithm; allowed: round_robin, weighted_round_robin, least_connections, least_response_time, ewma, \
     resource_based, ip_hash, uri_hash, random_two"
)]
pub struct UnknownAlgorithm(pub String);

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(id: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL
            .into_iter()
            .find(|a| a.id() == id)
            .ok_or_else(|| UnknownAlgorithm(id.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_through_text_and_json() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.id().parse(), Ok(algorithm));
            assert_eq!(serde_json::to_string(&algorithm).unwrap(), format!("\"{}\"", algorithm.id()));
            assert!(UnknownAlgorithm(String::new()).to_string().contains(algorithm.id()));
        }
    }
}
