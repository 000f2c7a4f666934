//! Text from elsewhere.

/// One line of at most `max` characters, nothing that steers a terminal or hides in a page.
pub fn line(text: &str, max: usize) -> String {
    let hidden =
        |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let mut out: String = text.chars().take(max).map(|c| if hidden(c) { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(max).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_or_hides_is_shown_as_a_mark() {
        assert_eq!(line("a\u{1b}[31m\n\u{202e}b", 20), "a\u{fffd}[31m\u{fffd}\u{fffd}b");
        assert_eq!(line("abcdef", 3), "abc…");
    }
}
