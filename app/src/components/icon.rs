//! Small line drawings on a 16 by 16 grid. Always beside a word, so hidden from screen readers.

use leptos::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    Overview,
    Pools,
    Scaling,
    Clusters,
    Doctor,
    ScaleOut,
    ScaleIn,
    Breakers,
    Requests,
    Events,
    Data,
    Search,
    Pause,
    Play,
    Theme,
    Menu,
    Close,
    Copy,
    User,
    SignOut,
    Keyboard,
    More,
    Up,
    Down,
    Warning,
    Drain,
    Maintenance,
    Unknown,
    Unchecked,
    Info,
}

impl Icon {
    pub const fn path(self) -> &'static str {
        match self {
            Self::Overview => "M2.5 2.5h4.5v4.5h-4.5zM9 2.5h4.5v4.5h-4.5zM2.5 9h4.5v4.5h-4.5zM9 9h4.5v4.5h-4.5z",
            Self::Pools => "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01",
            Self::Scaling => "M2.5 13.5v-3.5M6.2 13.5v-6M9.8 13.5v-8.5M13.5 13.5v-11",
            Self::Doctor => {
                "M3.5 2v3.5a3 3 0 0 0 6 0v-3.5M6.5 8.5v2a3.3 3.3 0 0 0 6.6 0v-1.3M13.1 9a1.2 1.2 0 1 0 0-2.4 1.2 1.2 0 0 0 0 2.4z"
            }
            Self::Clusters => "M8 1.8l5.4 3.1v6.2l-5.4 3.1-5.4-3.1v-6.2zM8 8v6M8 8l5.2-3M8 8l-5.2-3",
            Self::ScaleOut => "M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM8 11v-5.5M5.8 7.6l2.2-2.2 2.2 2.2",
            Self::ScaleIn => "M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM8 5v5.5M5.8 8.4l2.2 2.2 2.2-2.2",
            Self::Breakers => "M1.5 8h4M10.5 8h4M5.5 8l4.6-3.6M10.5 8v.01",
            Self::Events => "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01",
            Self::Requests => "M3.5 2.5h9v11l-2.2-1.3-2.3 1.3-2.3-1.3-2.2 1.3zM6 5.5h4M6 8.5h4",
            Self::Data => "M2.5 4c0-2 11-2 11 0v8c0 2-11 2-11 0zM2.5 4c0 2 11 2 11 0M2.5 8c0 2 11 2 11 0",
            Self::Search => "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3l3.2 3.2",
            Self::Pause => "M5.5 3.5v9M10.5 3.5v9",
            Self::Play => "M5 3.5l7.5 4.5-7.5 4.5z",
            Self::Theme => "M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM8 2v12M8 5l4.6-.9M8 8h6M8 11l4.6.9",
            Self::Menu => "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
            Self::Close => "M4 4l8 8M12 4l-8 8",
            Self::Copy => "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
            Self::User => "M8 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM3 13.5c.4-2.6 2.4-3.8 5-3.8s4.6 1.2 5 3.8",
            Self::SignOut => "M6.5 2.5h-4v11h4M7 8h6.5M10.8 5.2l2.7 2.8-2.7 2.8",
            Self::Keyboard => "M1.5 4h13v8h-13zM4 6.5h.01M6.7 6.5h.01M9.3 6.5h.01M12 6.5h.01M5 9.5h6",
            Self::More => "M3.5 8h.01M8 8h.01M12.5 8h.01",
            Self::Up => "M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM5.3 8.2l1.9 1.9 3.5-3.9",
            Self::Down => "M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4",
            Self::Warning => "M8 2.3l6.2 11.2h-12.4zM8 6.5v3.2M8 11.6v.01",
            Self::Drain => "M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM8 5v5.5M5.8 8.5l2.2 2.2 2.2-2.2",
            Self::Maintenance => {
                "M13.3 4.8l-2.3 1.7-1.7-.3-.3-1.7 1.8-2.2a3.7 3.7 0 0 0-4.5 4.8l-4 4a1.35 1.35 0 0 0 1.9 1.9l4-4a3.7 3.7 0 0 0 5.1-4.2z"
            }
            Self::Unknown => "M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM6.3 6.5a1.7 1.7 0 1 1 2.5 1.5c-.6.3-.8.6-.8 1.2M8 11.3v.01",
            Self::Unchecked => "M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM8 5v3.2l2 1.3",
            Self::Info => "M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM8 7.5v3.5M8 5v.01",
        }
    }
}

pub fn icon(icon: Icon) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
            <path d=icon.path() />
        </svg>
    }
}
