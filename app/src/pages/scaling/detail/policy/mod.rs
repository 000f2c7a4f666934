//! The Policy tab: what is in force, field by field, and what would change.

mod algorithm;

use leptos::{ev, prelude::*, server_fn::ServerFn};
use model::scaling::{FlapWarning, ScalingIntent, ScalingPlan, ScalingPreset, diff, words as facts};

use super::{
    change::{Changer, Wish},
    context::WorkloadContext,
    settings::{FromInForce, use_answer},
    tabs::Tab,
};
use crate::{
    api::{self, ChangeScalingPolicy, Problem},
    components::{Callout, FormFields, PageTab, Preview, Tone},
    forms::{Errors, policy},
    pages::scaling::{sides, words},
    url::UseQuery,
};

#[component]
pub fn PolicyTab(workload: WorkloadContext, changer: Changer, query: UseQuery) -> impl IntoView {
    view! { <FromInForce workload=workload changer=changer form=move |intent| policy_form(workload, changer, query, intent) /> }
}

fn policy_form(workload: WorkloadContext, changer: Changer, query: UseQuery, intent: ScalingIntent) -> AnyView {
    let fields = RwSignal::new(policy::fields_of(&intent.plan.policy));
    let parsed = Memo::new(move |_| fields.with(policy::parse));
    // What the server refused stands under its field until something is typed.
    Effect::new(move |before: Option<()>| {
        fields.track();
        if before.is_some() {
            changer.refused.set(None);
        }
    });
    let errors = Memo::new(move |_| {
        let mut errors = parsed.with(|p| p.as_ref().err().cloned().unwrap_or_default());
        errors.extend(changer.refused.get());
        errors
    });
    let why_not = workload.why_not;
    let disabled = Signal::derive(move || why_not.with(Option::is_some));
    let form = FormFields {
        id: "policy",
        fields,
        errors,
        disabled,
    };
    let version = intent.version;
    let in_force = facts::plan(&intent.plan);
    let base = StoredValue::new(intent);
    let after = move || {
        let policy = parsed.get().ok()?;
        let plan = base.with_value(|base| base.plan.clone());
        Some(ScalingPlan { policy, ..plan })
    };
    let preview = Signal::derive(move || {
        after()
            .map(|after| base.with_value(|base| diff(&base.plan, &after)))
            .unwrap_or_default()
    });
    let can_ask = move || parsed.with(Result::is_ok);
    let warnings = use_answer(fields, can_ask, move |fields| api::check_scaling(workload.id.get_value(), fields));
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if let Some(after) = after() {
            changer.ask(Wish::Policy(fields.get_untracked()), base.get_value(), after);
        }
    };
    let what_if = move |_| {
        if let Some(after) = untrack(after) {
            workload.candidates.add("edited", after);
            query.replace(|q| Tab::WhatIf.write(&q));
        }
    };
    let nothing = move || disabled.get() || preview.with(Vec::is_empty);
    let source_max = workload.part(|v| v.replicas_max);
    let hint = move || source_max.get().map(|n| format!("What runs it can run {n}."));
    view! {
        <section class="panel" aria-labelledby="policy-title">
            <header class="panel-head">
                <h2 id="policy-title">"Policy"</h2>
            </header>
            <form class="form policy" method="post" action=ChangeScalingPolicy::url() novalidate on:submit=submit>
                <input type="hidden" name="workload" value=workload.name() />
                <input type="hidden" name="expected_version" value=version.to_string() />
                {presets(form)}
                <fieldset class="group">
                    <legend>"Replicas"</legend>
                    <div class="slot-fields">
                        {form.number("min_replicas", "At least", "")} {form.number("max_replicas", "At most", "")}
                    </div>
                    <p class="hint">{hint}</p>
                </fieldset>
                {algorithm::algorithm(form)}
                {speed(form)}
                {details(form)}
                <Preview fields=preview />
                <Flaps warnings=warnings />
                <Wrong errors=errors />
                <div class="form-actions">
                    <button type="submit" class="button primary" disabled=disabled class:idle=nothing title=move || why_not.get()>
                        "Change policy"
                    </button>
                    <button type="button" class="button js-only" disabled=move || parsed.with(Result::is_err) on:click=what_if>
                        "What if?"
                    </button>
                </div>
            </form>
        </section>
        <section class="panel" aria-labelledby="in-force-title">
            <header class="panel-head">
                <h2 id="in-force-title">"In force"</h2>
            </header>
            <InForce facts=in_force />
        </section>
    }
    .into_any()
}

fn presets(form: FormFields) -> AnyView {
    let buttons = ScalingPreset::ALL
        .into_iter()
        .map(|preset| {
            let (name, meaning) = words::preset(preset);
            view! {
                <button
                    type="button"
                    class="button small"
                    disabled=form.disabled
                    title=meaning
                    on:click=move |_| form.fields.set(policy::fields_of(&preset.policy()))
                >
                    {name}
                </button>
            }
        })
        .collect_view();
    view! {
        <p class="presets js-only">
            <span class="hint">"Presets"</span>
            {buttons}
        </p>
    }
    .into_any()
}

fn speed(form: FormFields) -> AnyView {
    let choices = [
        ("own", "as set below"),
        ("none", "as Kubernetes without a behaviour: twice as many at once, down after 300 s"),
    ];
    view! {
        <fieldset class="group">
            <legend>"Speed"</legend>
            {form.select("behavior", "How fast it may change", &choices)}
        </fieldset>
        {sides(form)}
    }
    .into_any()
}

fn details(form: FormFields) -> AnyView {
    view! {
        <fieldset class="group">
            <legend>"Instances that start, and old figures"</legend>
            <div class="slot-fields">
                {form.number("cpu_initialization_period_s", "CPU initialisation period", "s")}
                {form.number("initial_readiness_delay_s", "Initial readiness delay", "s")}
                {form.number("metric_max_age_s", "Oldest figure that counts", "s")}
            </div>
            <p class="hint">
                "In its first seconds an instance has processor figures that mean little, and one that is not ready has none. 0 believes figures of any age."
            </p>
        </fieldset>
    }
    .into_any()
}

/// What keeps the form from being sent, in one line; each mistake stands under its field too.
#[component]
fn Wrong(errors: Memo<Errors>) -> impl IntoView {
    let words = move || {
        errors.with(|errors| {
            let (field, reason) = errors.iter().next()?;
            let more = match errors.len() {
                1 => String::new(),
                n => format!(" ({} more)", n - 1),
            };
            Some(format!("{field}: {reason}{more}"))
        })
    };
    view! { <p class="field-error">{words}</p> }
}

/// What is likely to go up and down and up again, before it is saved.
#[component]
fn Flaps(warnings: RwSignal<Option<Result<Vec<FlapWarning>, Problem>>>) -> impl IntoView {
    let told = move || {
        let warnings = warnings.get()?.ok()?;
        let one = |warning: FlapWarning| {
            view! {
                <Callout tone=Tone::Warning>
                    <p class="strong">{format!("This will flap: {}.", warning.why)}</p>
                    <p>{words::instead(&warning)}</p>
                </Callout>
            }
        };
        Some(warnings.into_iter().map(one).collect_view())
    };
    view! {
        <div class="warnings" aria-live="polite">
            {told}
        </div>
    }
}

#[component]
fn InForce(facts: Vec<(String, String)>) -> impl IntoView {
    let rows = facts
        .into_iter()
        .map(|(name, value)| {
            view! {
                <div>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                </div>
            }
        })
        .collect_view();
    view! { <dl class="in-force">{rows}</dl> }
}
