//! The Schedule tab: bounds by the calendar, and what they come to in the coming week.

mod bars;
mod week;

use leptos::{ev, prelude::*, server_fn::ServerFn};
use model::{
    ApiError,
    scaling::{ScalingIntent, ScalingPlan, diff},
};

use super::{
    change::{Changer, Wish},
    context::WorkloadContext,
    settings::{FromInForce, use_answer},
};
use crate::{
    api::{self, ChangeSchedule, Problem},
    components::{FormFields, Preview, slot_list},
    forms::{Fields, schedule},
};
use week::WeekPanel;

#[component]
pub fn ScheduleTab(workload: WorkloadContext, changer: Changer) -> impl IntoView {
    view! { <FromInForce workload=workload changer=changer form=move |intent| schedule_form(workload, changer, intent) /> }
}

fn schedule_form(workload: WorkloadContext, changer: Changer, intent: ScalingIntent) -> AnyView {
    let fields = RwSignal::new(schedule::fields_of(&intent.plan.schedule));
    let parsed = Memo::new(move |_| fields.with(schedule::parse));
    let in_force = StoredValue::new(intent.plan.schedule.clone());
    let first = Resource::new_blocking(
        || (),
        move |()| api::coming_week(workload.id.get_value(), schedule::fields_of(&in_force.get_value())),
    );
    // While what is typed is what is in force there is nothing to ask.
    let has_question = move || parsed.with(|p| p.as_ref().is_ok_and(|rules| in_force.with_value(|now| now != rules)));
    let edited = use_answer(fields, has_question, move |fields| {
        api::coming_week(workload.id.get_value(), fields)
    });
    let errors = Memo::new(move |_| {
        let mut errors = parsed.with(|p| p.as_ref().err().cloned().unwrap_or_default());
        let found = edited.with(|e| e.as_ref().and_then(|e| e.as_ref().err()).and_then(|p| fields.with(|f| named(p, f))));
        let refused = changer
            .refused
            .get()
            .and_then(|(field, reason)| fields.with(|f| Some((schedule::field_of(&field, f)?, reason))));
        errors.extend(found);
        errors.extend(refused);
        errors
    });
    let why_not = workload.why_not;
    let disabled = Signal::derive(move || why_not.with(Option::is_some));
    let form = FormFields {
        id: "schedule",
        fields,
        errors,
        disabled,
    };
    let version = intent.version;
    let base = StoredValue::new(intent);
    let after = move || {
        let schedule = parsed.get().ok()?;
        let plan = base.with_value(|base| base.plan.clone());
        Some(ScalingPlan { schedule, ..plan })
    };
    let preview = Signal::derive(move || {
        after()
            .map(|after| base.with_value(|base| diff(&base.plan, &after)))
            .unwrap_or_default()
    });
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if let Some(after) = after() {
            changer.ask(Wish::Schedule(fields.get_untracked()), base.get_value(), after);
        }
    };
    let nothing = move || disabled.get() || preview.with(Vec::is_empty);
    let names = Memo::new(move |_| {
        let rules = parsed.get().unwrap_or_else(|_| in_force.get_value());
        rules.into_iter().map(|rule| rule.name).collect::<Vec<_>>()
    });
    view! {
        <section class="panel" aria-labelledby="schedule-title">
            <header class="panel-head">
                <h2 id="schedule-title">"Schedule"</h2>
            </header>
            <p class="hint">
                "From each time a rule names, for its duration, other bounds hold; the metrics go on deciding between them. Where two overlap, the higher minimum and the lower maximum count."
            </p>
            <form class="form" method="post" action=ChangeSchedule::url() novalidate on:submit=submit>
                <input type="hidden" name="workload" value=workload.name() />
                <input type="hidden" name="expected_version" value=version.to_string() />
                {slot_list(form, schedule::LIST.to_owned(), "rule", move |slot| rule(form, slot), |fields, _, slot| schedule::add(fields, slot))}
                <Preview fields=preview />
                <div class="form-actions">
                    <button type="submit" class="button primary" disabled=disabled class:idle=nothing title=move || why_not.get()>
                        "Change schedule"
                    </button>
                </div>
            </form>
        </section>
        <WeekPanel first=first edited=edited names=names />
    }
    .into_any()
}

fn rule(form: FormFields, slot: usize) -> AnyView {
    let key = |name: &str| schedule::key(slot, name);
    view! {
        {form.text(&key("name"), "Name", "")}
        {form.text(&key("cron"), "From (cron)", "")}
        {form.text(&key("time_zone"), "Time zone", "")}
        {form.text(&key("duration"), "For", "")}
        {form.number(&key("min_replicas"), "At least", "")}
        {form.number(&key("max_replicas"), "At most", "")}
    }
    .into_any()
}

/// What the server found wrong, under the field it was typed into.
fn named(problem: &Problem, fields: &Fields) -> Option<(String, String)> {
    match &problem.0 {
        ApiError::Invalid { field, reason } => Some((schedule::field_of(field, fields)?, reason.clone())),
        _ => None,
    }
}
