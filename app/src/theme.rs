//! How a person likes the page: light, dark or as the system says, and how wide the navigation is. Kept in cookies, so that the server
//! draws it so from the first byte.

use std::str::FromStr;

/// The cookie that remembers the choice; read on the server, so that no page flashes in the wrong colours.
pub const COOKIE: &str = "theme";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub const fn id(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// What the toggle goes to.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Auto => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::Auto,
        }
    }

    /// From a `Cookie` header; nonsense means [`Theme::Auto`].
    pub fn from_cookies(header: &str) -> Self {
        cookie(header, COOKIE).and_then(|value| value.parse().ok()).unwrap_or_default()
    }
}

/// How wide the navigation is.
pub mod nav {
    pub const COOKIE: &str = "nav";
    pub const NARROW: &str = "narrow";
    pub const WIDE: &str = "wide";

    /// From a `Cookie` header.
    pub fn from_cookies(header: &str) -> &'static str {
        if super::cookie(header, COOKIE) == Some(NARROW) {
            NARROW
        } else {
            WIDE
        }
    }
}

/// The value of a cookie; of several with one name the last.
fn cookie<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next_back()
}

impl FromStr for Theme {
    type Err = ();

    fn from_str(id: &str) -> Result<Self, ()> {
        [Self::Auto, Self::Light, Self::Dark].into_iter().find(|t| t.id() == id).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_header_tells_the_theme_and_nonsense_does_not() {
        assert_eq!(Theme::from_cookies("a=b; theme=dark; c=d"), Theme::Dark);
        assert_eq!(Theme::from_cookies("theme=\"><script>"), Theme::Auto);
        assert_eq!(Theme::from_cookies(""), Theme::Auto);
        assert_eq!(Theme::from_cookies("mytheme=dark"), Theme::Auto);
    }

    #[test]
    fn the_toggle_comes_round() {
        assert_eq!(Theme::Auto.next().next().next(), Theme::Auto);
    }
}
