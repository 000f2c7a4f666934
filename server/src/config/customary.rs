//! Environment variables that other software of this kind uses too, honoured below `EVENKEEL_…`. A name is listed once what it sets
//! exists.

/// The variable and the key it sets.
pub const CUSTOMARY: &[(&str, &str)] = &[
    ("DATABASE_URL", "database.url"),
    ("DB_POOL_MAX", "database.pool_max"),
    ("DB_POOL_MIN", "database.pool_min"),
    ("LOAD_BALANCER_ALGORITHM", "gateway.algorithm"),
    ("HEALTH_CHECK_INTERVAL", "health.interval_ms"),
    ("CONNECTION_TIMEOUT", "gateway.connect_timeout_ms"),
    ("MAX_CONNECTIONS", "gateway.max_connections"),
];
