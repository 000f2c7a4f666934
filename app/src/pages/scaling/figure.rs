use leptos::prelude::*;

/// One number of now, and what it means.
pub fn figure(
    title: &'static str,
    value: impl Fn() -> Option<String> + Send + Sync + 'static,
    note: impl Fn() -> Option<String> + Send + Sync + 'static,
    tone: impl Fn() -> &'static str + Send + Sync + 'static,
) -> impl IntoView {
    view! {
        <li class="card" data-tone=tone>
            <h2 class="card-title">{title}</h2>
            <p class="card-value">{value}</p>
            <p class="card-note">{note}</p>
        </li>
    }
}

pub const fn ready_tone(desired: u32, ready: u32) -> &'static str {
    match (desired, ready) {
        (1.., 0) => "critical",
        (desired, ready) if ready < desired => "warning",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_ready_than_asked_for_is_amber_and_none_is_red() {
        assert_eq!(
            [(3, 3), (3, 4), (3, 2), (3, 0), (0, 0)].map(|(d, r)| ready_tone(d, r)),
            ["", "", "warning", "critical", ""]
        );
    }
}
