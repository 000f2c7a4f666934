use crate::components::PageTab;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Overview,
    History,
    Ledger,
    Policy,
    Schedule,
    Prediction,
    WhatIf,
}

impl PageTab for Tab {
    fn all() -> &'static [Self] {
        &[
            Self::Overview,
            Self::History,
            Self::Ledger,
            Self::Policy,
            Self::Schedule,
            Self::Prediction,
            Self::WhatIf,
        ]
    }

    fn id(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::History => "history",
            Self::Ledger => "ledger",
            Self::Policy => "policy",
            Self::Schedule => "schedule",
            Self::Prediction => "prediction",
            Self::WhatIf => "what-if",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::History => "History",
            Self::Ledger => "Ledger",
            Self::Policy => "Policy",
            Self::Schedule => "Schedule",
            Self::Prediction => "Prediction",
            Self::WhatIf => "What-if",
        }
    }
}
