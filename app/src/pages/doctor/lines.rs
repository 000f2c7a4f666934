//! What differs between two texts, line by line, with a few lines around each difference. Pure.

use similar::{ChangeTag, TextDiff};

/// Lines that stay, around each change.
const AROUND: usize = 3;
/// More than that nobody reads here: the whole text can be copied.
const LINES_MAX: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Same,
    Removed,
    Added,
}

impl Mark {
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Same => " ",
            Self::Removed => "-",
            Self::Added => "+",
        }
    }
}

/// Lines that stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hunk {
    /// Of the text before, from 1.
    pub(super) line: usize,
    pub(super) lines: Vec<(Mark, String)>,
}

/// The differences, and whether there are more than are shown.
pub(super) fn hunks(before: &str, after: &str) -> (Vec<Hunk>, bool) {
    let diff = TextDiff::from_lines(before, after);
    let mut shown = 0;
    let mut hunks = Vec::new();
    for group in diff.grouped_ops(AROUND) {
        if shown >= LINES_MAX {
            return (hunks, true);
        }
        let line = group.first().map_or(1, |op| op.old_range().start + 1);
        let lines: Vec<_> = group
            .iter()
            .flat_map(|op| diff.iter_changes(op))
            .map(|change| {
                let mark = match change.tag() {
                    ChangeTag::Equal => Mark::Same,
                    ChangeTag::Delete => Mark::Removed,
                    ChangeTag::Insert => Mark::Added,
                };
                (mark, change.value().trim_end_matches(['\r', '\n']).to_owned())
            })
            .collect();
        shown += lines.len();
        hunks.push(Hunk { line, lines });
    }
    (hunks, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_stands_between_what_stays() {
        let (before, after) = ("a\nb\nc\nd\ne\nf\ng\nh\n", "a\nb\nc\nd\nE\nf\ng\nh\ni\n");
        let (hunks, is_cut) = hunks(before, after);
        let said: Vec<String> = hunks
            .iter()
            .flat_map(|h| h.lines.iter().map(|(mark, text)| format!("{}{text}", mark.sign())))
            .collect();
        assert_eq!(said.join("\n"), " b\n c\n d\n-e\n+E\n f\n g\n h\n+i");
        assert_eq!((hunks[0].line, is_cut), (2, false));
        assert_eq!(super::hunks("a\n", "a\n").0, []);
    }

    #[test]
    fn a_long_difference_is_cut() {
        let text = |word: &str| {
            let lines: Vec<_> = (0..5_000)
                .map(|n| if n % 20 == 0 { word.to_owned() } else { n.to_string() })
                .collect();
            lines.join("\n")
        };
        let (hunks, is_cut) = hunks(&text("a"), &text("b"));
        assert!(is_cut && hunks.len() < 200);
    }
}
