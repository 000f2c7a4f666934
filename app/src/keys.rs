//! The keyboard: one key or `g` and a key, never while somebody writes. Pure; the layout acts on what comes out.

/// A second key more than this after `g` is a key of its own.
const CHORD_MS: f64 = 1_500.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Search,
    Go(&'static str),
    Row(i32),
    OpenRow,
    TogglePause,
    NextTheme,
    Help,
    Back,
}

/// What `?` lists: keys, and what they do.
pub const HELP: [(&str, &str); 16] = [
    ("/", "search"),
    ("g o", "go to Overview"),
    ("g p", "go to Pools"),
    ("g s", "go to Scaling"),
    ("g k", "go to Kubernetes"),
    ("g b", "go to Breakers"),
    ("g r", "go to Requests"),
    ("g e", "go to Events"),
    ("g d", "go to Data"),
    ("j", "next row"),
    ("k", "previous row"),
    ("Enter", "open the row"),
    ("p", "pause and resume live data"),
    ("t", "next theme: system, light, dark"),
    ("?", "this list"),
    ("Esc", "close, leave the field, back to the list"),
];

#[derive(Debug, Clone, Copy, Default)]
pub struct Chords {
    pending_since_ms: Option<f64>,
}

impl Chords {
    /// `key` as in `KeyboardEvent.key`, at a moment of a clock that only rises.
    pub fn press(&mut self, key: &str, at_ms: f64) -> Option<Command> {
        let pending = self.pending_since_ms.take().is_some_and(|since| at_ms - since <= CHORD_MS);
        if pending {
            let go = match key {
                "o" => Some("/"),
                "p" => Some("/pools"),
                "s" => Some("/scaling"),
                "k" => Some("/clusters"),
                "b" => Some("/breakers"),
                "r" => Some("/requests"),
                "e" => Some("/events"),
                "d" => Some("/data"),
                _ => None,
            };
            if let Some(path) = go {
                return Some(Command::Go(path));
            }
        }
        match key {
            "g" => {
                self.pending_since_ms = Some(at_ms);
                None
            }
            "/" => Some(Command::Search),
            "j" => Some(Command::Row(1)),
            "k" => Some(Command::Row(-1)),
            "Enter" => Some(Command::OpenRow),
            "p" => Some(Command::TogglePause),
            "t" => Some(Command::NextTheme),
            "?" => Some(Command::Help),
            "Escape" => Some(Command::Back),
            _ => None,
        }
    }
}

/// Where `Esc` leads to: from a thing to the list it is in.
pub fn parent(path: &str) -> Option<&str> {
    let (list, name) = path.trim_end_matches('/').rsplit_once('/')?;
    (!list.is_empty() && !name.is_empty()).then_some(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_after_g_goes_to_pools_and_alone_pauses() {
        let mut chords = Chords::default();
        assert_eq!(chords.press("g", 0.0), None);
        assert_eq!(chords.press("p", 300.0), Some(Command::Go("/pools")));
        assert_eq!(chords.press("p", 400.0), Some(Command::TogglePause));
    }

    #[test]
    fn a_forgotten_g_does_not_linger() {
        let mut chords = Chords::default();
        chords.press("g", 0.0);
        assert_eq!(chords.press("p", 5_000.0), Some(Command::TogglePause));
        chords.press("g", 6_000.0);
        assert_eq!(chords.press("x", 6_100.0), None);
        assert_eq!(chords.press("e", 6_200.0), None);
    }

    #[test]
    fn escape_leads_from_a_pool_to_the_pools() {
        assert_eq!(parent("/pools/web"), Some("/pools"));
        assert_eq!(parent("/pools"), None);
        assert_eq!(parent("/"), None);
    }
}
