use leptos::prelude::*;

/// In production: the name of what is about to change, typed to show that it is meant. Anywhere else nothing is asked.
#[derive(Debug, Clone, Copy)]
pub struct TypedName {
    id: &'static str,
    name: Signal<String>,
    is_asked: bool,
    typed: RwSignal<String>,
    is_wrong: RwSignal<bool>,
}

impl TypedName {
    /// `id`: of the element that says what is wrong.
    pub fn new(id: &'static str, is_asked: bool, name: impl Into<Signal<String>>) -> Self {
        Self {
            id,
            name: name.into(),
            is_asked,
            typed: RwSignal::new(String::new()),
            is_wrong: RwSignal::new(false),
        }
    }

    /// Whether it may go on. If not, the field says so.
    pub fn is_right(self) -> bool {
        let is_right = !self.is_asked
            || self
                .name
                .with_untracked(|name| self.typed.with_untracked(|typed| typed.trim() == name));
        self.is_wrong.set(!is_right);
        is_right
    }

    /// For the next time it is asked.
    pub fn clear(self) {
        self.typed.set(String::new());
        self.is_wrong.set(false);
    }

    pub fn field(self) -> impl IntoView {
        self.is_asked.then(|| {
            view! {
                <label class="field">
                    <span>"This is production. Type " <code>{move || self.name.get()}</code> " to go on."</span>
                    <input
                        type="text"
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        aria-invalid=move || self.is_wrong.get().then_some("true")
                        aria-describedby=self.id
                        prop:value=move || self.typed.get()
                        on:input=move |event| {
                            self.is_wrong.set(false);
                            self.typed.set(event_target_value(&event));
                        }
                    />
                </label>
                <p class="field-error" id=self.id role="alert">
                    {move || self.is_wrong.get().then_some("That is not the name.")}
                </p>
            }
            .into_any()
        })
    }
}
