use leptos::prelude::*;

/// How long something is to last, as typed into a dialog.
#[derive(Clone, Copy)]
pub struct Minutes {
    typed: RwSignal<String>,
    error: RwSignal<Option<String>>,
    /// Whether it has to end.
    must: bool,
    max: u32,
}

impl Minutes {
    /// `first`: what stands there to begin with. `max`: the longest there is.
    pub fn new(first: &str, must: bool, max: u32) -> Self {
        Self {
            typed: RwSignal::new(first.to_owned()),
            error: RwSignal::new(None),
            must,
            max,
        }
    }

    /// What is typed. What is wrong with it is said under the field.
    pub fn read(self) -> Result<Option<u32>, ()> {
        let read = self.typed.with_untracked(|text| parse(text, self.must, self.max));
        read.map_err(|why| self.error.set(Some(why)))
    }

    /// `error_id`: of the element that says what is wrong.
    pub fn field(self, error_id: &'static str) -> impl IntoView {
        view! {
            <label class="field">
                <span>"For"</span>
                <span class="field-input">
                    <input
                        type="text"
                        inputmode="numeric"
                        autocomplete="off"
                        required=self.must
                        value=self.typed.get_untracked()
                        aria-invalid=move || self.error.with(Option::is_some).then_some("true")
                        aria-describedby=error_id
                        on:input=move |event| {
                            self.error.set(None);
                            self.typed.set(event_target_value(&event));
                        }
                    />
                    <span class="unit">{if self.must { "minutes" } else { "minutes; empty: until somebody lets go" }}</span>
                </span>
            </label>
            <p class="field-error" id=error_id role="alert">
                {move || self.error.get()}
            </p>
        }
    }
}

fn parse(text: &str, must: bool, max: u32) -> Result<Option<u32>, String> {
    let text = text.trim();
    if text.is_empty() && !must {
        return Ok(None);
    }
    match text.parse() {
        Ok(minutes) if (1..=max).contains(&minutes) => Ok(Some(minutes)),
        _ => Err(format!("type a whole number from 1 to {max}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_needed_where_something_must_end() {
        assert_eq!(parse("", false, 60), Ok(None));
        assert_eq!(parse(" 15 ", true, 60), Ok(Some(15)));
        for bad in ["", "0", "-1", "soon", "61"] {
            assert!(parse(bad, true, 60).is_err(), "{bad:?}");
        }
    }
}
