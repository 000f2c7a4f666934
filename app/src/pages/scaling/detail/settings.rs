//! What the tabs that change something have in common: which version stands there, and whether it still is in force.

use leptos::{prelude::*, task::spawn_local};
use model::scaling::ScalingIntent;

use super::{change::Changer, context::WorkloadContext};
use crate::{
    api::Problem,
    components::{Callout, Debounce, PlainFormAnswer, Tone},
    format,
    forms::Fields,
};

/// Draws a form from what is in force, and again when somebody asks for it or their change has come through.
#[component]
pub fn FromInForce(
    workload: WorkloadContext,
    changer: Changer,
    /// The form, made from this.
    form: impl Fn(ScalingIntent) -> AnyView + Send + Sync + 'static,
) -> impl IntoView {
    let forms = move || {
        changer.changes.track();
        // The frames that come meanwhile leave what somebody types alone.
        workload.intent().map(|intent| {
            let version = intent.version;
            view! {
                <Note workload=workload intent=intent.clone() />
                <Overtaken workload=workload changer=changer version=version />
                {form(intent)}
            }
        })
    };
    view! {
        <PlainFormAnswer />
        {forms}
    }
    .into_any()
}

#[component]
fn Note(workload: WorkloadContext, intent: ScalingIntent) -> impl IntoView {
    let by = intent.changed_by.unwrap_or_else(|| "the settings file".to_owned());
    let at = format::date_time(intent.changed_at_ms, workload.now_ms.get_untracked());
    let why_not = move || {
        workload
            .why_not
            .get()
            .map(|why| view! { <Callout tone=Tone::Info>{format!("You see the settings but cannot change them. {why}")}</Callout> })
    };
    view! {
        <p class="muted settings-note">{format!("Version {} is in force, set by {by} on {at} UTC.", intent.version)}</p>
        {why_not}
    }
}

/// Somebody else was faster: said before the form is sent.
#[component]
fn Overtaken(workload: WorkloadContext, changer: Changer, version: u64) -> impl IntoView {
    let newer = Memo::new(move |_| Some(workload.version.get()).filter(|v| *v > version));
    move || {
        newer.get().map(|newer| {
            view! {
                <Callout tone=Tone::Warning>
                    <p class="strong">{format!("Version {newer} is in force; this form was made from version {version}.")}</p>
                    <p>
                        <button type="button" class="button small" on:click=move |_| changer.changes.update(|n| *n += 1)>
                            "Show what is in force"
                        </button>
                    </p>
                </Callout>
            }
        })
    }
}

/// What the server says to what is typed, asked each time typing pauses; nothing while there is nothing to ask.
pub fn use_answer<T, F>(
    fields: RwSignal<Fields>,
    has_question: impl Fn() -> bool + 'static,
    ask: impl Fn(Fields) -> F + Copy + 'static,
) -> RwSignal<Option<Result<T, Problem>>>
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<T, Problem>> + 'static,
{
    let answer = RwSignal::new(None);
    let pause = Debounce::new();
    Effect::new(move |_| {
        fields.track();
        if !has_question() {
            answer.set(None);
            return;
        }
        pause.run(move || {
            // The form may have been left meanwhile.
            let Some(sent) = fields.try_get_untracked() else { return };
            spawn_local(async move {
                let said = ask(sent.clone()).await;
                if fields.try_get_untracked().as_ref() == Some(&sent) {
                    answer.try_set(Some(said));
                }
            });
        });
    });
    answer
}
