use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// A setting that must not reach a log, an error or `check-config`. Its password is cut out wherever it is printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Redacted(String);

impl Redacted {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The real value; only for the one who connects with it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `postgres://user:…@host/db`; what cannot be parsed is hidden whole.
    fn shown(&self) -> String {
        match url::Url::parse(&self.0) {
            Ok(mut url) if url.has_host() => {
                // Passwords can also stand in the query (`?password=`, `?sslpassword=`).
                let query = url.query().is_some();
                url.set_query(None);
                let hidden = url.password().is_some() && url.set_password(Some("HIDDEN")).is_ok();
                let text = if hidden {
                    url.to_string().replacen(":HIDDEN@", ":…@", 1)
                } else {
                    url.to_string()
                };
                if query { format!("{text}?…") } else { text }
            }
            _ => "(hidden)".to_owned(),
        }
    }
}

impl From<&str> for Redacted {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Serialize for Redacted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_of_printing_shows_the_password() {
        for url in [
            "postgres://keel:s3cr3t@db/evenkeel",
            "postgres://keel@db/evenkeel?password=s3cr3t",
            "postgres:s3cr3t",
            "s3cr3t",
        ] {
            let secret = Redacted::new(url);
            let printed = format!("{secret} {secret:?} {}", serde_json::to_string(&secret).unwrap());
            assert!(!printed.contains("s3cr3t"), "{printed}");
        }
        assert_eq!(
            Redacted::new("postgres://keel:x@db/evenkeel").to_string(),
            "postgres://keel:…@db/evenkeel"
        );
    }
}
