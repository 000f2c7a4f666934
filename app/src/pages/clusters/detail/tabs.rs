use crate::components::PageTab;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Overview,
    Pods,
    History,
    Ledger,
    Events,
    WhatIf,
    Edit,
}

impl PageTab for Tab {
    fn all() -> &'static [Self] {
        &[
            Self::Overview,
            Self::Pods,
            Self::History,
            Self::Ledger,
            Self::Events,
            Self::WhatIf,
            Self::Edit,
        ]
    }

    fn id(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Pods => "pods",
            Self::History => "history",
            Self::Ledger => "ledger",
            Self::Events => "events",
            Self::WhatIf => "what-if",
            Self::Edit => "edit",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Pods => "Pods",
            Self::History => "History",
            Self::Ledger => "Ledger",
            Self::Events => "Events",
            Self::WhatIf => "What-if",
            Self::Edit => "Edit",
        }
    }
}
