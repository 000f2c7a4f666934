use crate::components::PageTab;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Instances,
    Traffic,
    Health,
    Affinity,
    Settings,
}

impl PageTab for Tab {
    fn all() -> &'static [Self] {
        &[Self::Instances, Self::Traffic, Self::Health, Self::Affinity, Self::Settings]
    }

    fn id(self) -> &'static str {
        match self {
            Self::Instances => "instances",
            Self::Traffic => "traffic",
            Self::Health => "health",
            Self::Affinity => "affinity",
            Self::Settings => "settings",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Instances => "Instances",
            Self::Traffic => "Traffic",
            Self::Health => "Health",
            Self::Affinity => "Affinity",
            Self::Settings => "Settings",
        }
    }
}
