use model::scaling::{Hold, HoldKind};

use crate::format;

/// What an operator can do with the replicas for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldVerb {
    ScaleTo,
    Pause,
    PauseScaleOut,
    PauseScaleIn,
    LetGo,
}

impl HoldVerb {
    /// Those that lay a hold, except for scaling.
    pub const PAUSES: [Self; 3] = [Self::Pause, Self::PauseScaleOut, Self::PauseScaleIn];

    pub const fn label(self) -> &'static str {
        match self {
            Self::ScaleTo => "Scale",
            Self::Pause => "Pause",
            Self::PauseScaleOut => "Pause scale-out",
            Self::PauseScaleIn => "Pause scale-in",
            Self::LetGo => "Let go",
        }
    }

    /// What it will do, in the dialog.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::ScaleTo => "Exactly that many, whatever the metrics say. Then the policy goes on by itself.",
            Self::Pause => "No change, whatever the metrics say. Then the policy goes on by itself.",
            Self::PauseScaleOut => "It may become fewer, but not more. Then the policy goes on by itself.",
            Self::PauseScaleIn => "It may become more, but not fewer. Then the policy goes on by itself.",
            Self::LetGo => "From now on the policy decides again, within its windows and limits.",
        }
    }

    /// As the server function wants it.
    pub const fn to(self) -> &'static str {
        match self {
            Self::ScaleTo => "pin",
            Self::Pause => "pause",
            Self::PauseScaleOut => "pause_scale_out",
            Self::PauseScaleIn => "pause_scale_in",
            Self::LetGo => "none",
        }
    }

    /// The toast.
    pub fn done(self, workload: &str, replicas: Option<u32>, minutes: Option<u32>) -> String {
        let time = minutes
            .map(|m| format!(" for {}", format::duration(i64::from(m) * 60_000)))
            .unwrap_or_default();
        match (self, replicas) {
            (Self::ScaleTo, Some(n)) => format!("{workload} is scaled to {n}{time}."),
            (Self::ScaleTo | Self::Pause, _) => format!("{workload} is paused{time}."),
            (Self::PauseScaleOut, _) => format!("{workload} does not scale out{time}."),
            (Self::PauseScaleIn, _) => format!("{workload} does not scale in{time}."),
            (Self::LetGo, _) => format!("{workload} follows its policy again."),
        }
    }

    /// Whether it can leave too little for what is asked: in production the name has to be typed.
    pub const fn is_dangerous(self) -> bool {
        !matches!(self, Self::LetGo)
    }
}

/// The hold that is in force at this time.
pub fn in_force(hold: Option<Hold>, now_ms: i64) -> Option<Hold> {
    hold.filter(|hold| !hold.is_over(now_ms))
}

/// `Pinned to 5`.
pub fn hold_title(kind: HoldKind) -> String {
    match kind {
        HoldKind::Pause => "Paused".to_owned(),
        HoldKind::PauseScaleOut => "Scale-out paused".to_owned(),
        HoldKind::PauseScaleIn => "Scale-in paused".to_owned(),
        HoldKind::Pin { replicas } => format!("Pinned to {replicas}"),
    }
}

/// `pinned to 5, 42 s left`; nothing once it is over.
pub fn hold_short(hold: Hold, now_ms: i64) -> Option<String> {
    let hold = in_force(Some(hold), now_ms)?;
    let left = format::duration(hold.until_ms.saturating_sub(now_ms));
    Some(format!("{}, {left} left", hold_title(hold.kind).to_lowercase()))
}

/// `Pinned to 5 for another 42 s, until 18:53:43 UTC on 20 Nov.`, and what that means; nothing once it is over.
pub fn hold_long(hold: Hold, now_ms: i64) -> Option<(String, &'static str)> {
    let hold = in_force(Some(hold), now_ms)?;
    let left = format::duration(hold.until_ms.saturating_sub(now_ms));
    let title = format!(
        "{} for another {left}, until {} UTC.",
        hold_title(hold.kind),
        format::date_time(hold.until_ms, now_ms)
    );
    let meaning = match hold.kind {
        HoldKind::Pause => "The metrics are read and written down, and nothing is changed.",
        HoldKind::PauseScaleOut => "It may become fewer, but not more.",
        HoldKind::PauseScaleIn => "It may become more, but not fewer.",
        HoldKind::Pin { .. } => "Whatever the metrics say. Then the policy goes on by itself.",
    };
    Some((title, meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_795_200_763_000;

    #[test]
    fn a_hold_says_how_long_it_still_lasts_and_then_nothing() {
        let pin = Hold {
            kind: HoldKind::Pin { replicas: 5 },
            until_ms: NOW_MS + 60_000,
        };
        assert_eq!(hold_short(pin, NOW_MS + 18_000).unwrap(), "pinned to 5, 42 s left");
        assert_eq!(
            hold_long(pin, NOW_MS).unwrap().0,
            "Pinned to 5 for another 1 min, until 20 Nov 18:53:43 UTC."
        );
        assert_eq!((hold_short(pin, NOW_MS + 60_000), hold_long(pin, NOW_MS + 60_001)), (None, None));
        assert_eq!((in_force(Some(pin), NOW_MS), in_force(None, NOW_MS)), (Some(pin), None));
    }

    #[test]
    fn every_verb_is_understood_by_the_server_and_told_when_done() {
        for verb in [
            HoldVerb::ScaleTo,
            HoldVerb::Pause,
            HoldVerb::PauseScaleOut,
            HoldVerb::PauseScaleIn,
            HoldVerb::LetGo,
        ] {
            assert!(crate::forms::hold::hold_of(verb.to(), Some(3), Some(5), 0).is_ok(), "{verb:?}");
        }
        assert_eq!(HoldVerb::ScaleTo.done("web", Some(5), Some(1)), "web is scaled to 5 for 1 min.");
        assert_eq!(
            HoldVerb::PauseScaleIn.done("web", None, Some(90)),
            "web does not scale in for 1 h 30 min."
        );
        assert_eq!(HoldVerb::LetGo.done("web", None, None), "web follows its policy again.");
    }
}
