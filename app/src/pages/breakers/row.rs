use std::collections::BTreeSet;

use leptos::prelude::*;
use model::{BreakerRow, BreakerStatus, BreakerTarget, InstanceId, PoolId};

use super::{
    Index,
    act::{Actor, Verb},
};
use crate::{
    browser,
    components::{Icon, breaker_badge, icon},
    format,
};

/// Names one breaker on the page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub pool: PoolId,
    pub instance: Option<InstanceId>,
}

impl Key {
    pub fn of(row: &BreakerRow) -> Self {
        Self {
            pool: row.pool.clone(),
            instance: row.instance.clone(),
        }
    }

    pub fn target(&self) -> BreakerTarget {
        self.instance.clone().map_or(BreakerTarget::Pool, BreakerTarget::Instance)
    }

    /// `web-1`, or `pool web`.
    pub fn words(&self) -> String {
        self.instance
            .as_ref()
            .map_or_else(|| format!("pool {}", self.pool), ToString::to_string)
    }
}

/// `3 of 40`, or a dash where nothing was asked.
fn failed(status: &BreakerStatus) -> String {
    match status.requests {
        0 => "–".to_owned(),
        requests => format!("{} of {requests}", status.failures),
    }
}

#[component]
pub fn Row(
    key: Key,
    index: Memo<Index>,
    now_ms: Memo<i64>,
    ticked: RwSignal<BTreeSet<Key>>,
    actor: Actor,
    why_not: Option<String>,
) -> impl IntoView {
    let row = {
        let key = key.clone();
        Memo::new(move |_| index.with(|index| index.get(&key).cloned()))
    };
    let cells = move || {
        row.get().map(|row| {
            let now_ms = now_ms.get();
            let status = row.status;
            let href = row.instance.as_ref().map_or_else(
                || format!("/pools/{}", row.pool),
                |instance| format!("/pools/{}?q={instance}", row.pool),
            );
            let pool = row
                .instance
                .is_some()
                .then(|| view! { <span class="muted">{format!(" in {}", row.pool)}</span> });
            let until = status
                .until_ms
                .map_or_else(|| "–".to_owned(), |until_ms| format::age_between(now_ms, until_ms));
            view! {
                <td>{breaker_badge(status.state)}</td>
                <th scope="row">
                    <a href=href>{Key { pool: row.pool.clone(), instance: row.instance.clone() }.words()}</a>
                    {pool}
                </th>
                <td class="number">{failed(&status)}</td>
                <td class="number">{format::age_between(status.since_ms, now_ms)}</td>
                <td class="number">{until}</td>
                <td class="number">{format::count(status.opened)}</td>
                <td class="wrap">{status.cause}</td>
            }
        })
    };
    let name = key.words();
    let actions = actions(&key, row, actor, why_not);
    let is_ticked = {
        let key = key.clone();
        move || ticked.with(|t| t.contains(&key))
    };
    let tick = move |event| {
        let on = event_target_checked(&event);
        ticked.update(|t| {
            if on {
                t.insert(key.clone());
            } else {
                t.remove(&key);
            }
        });
    };
    view! {
        <tr tabindex="-1" data-row>
            <td class="tick js-only">
                <input type="checkbox" aria-label=format!("Tick {name}") prop:checked=is_ticked on:change=tick />
            </td>
            {cells}
            <td class="actions">{actions}</td>
        </tr>
    }
}

fn actions(key: &Key, row: Memo<Option<BreakerRow>>, actor: Actor, why_not: Option<String>) -> AnyView {
    let label = format!("Change the breaker of {}", key.words());
    if let Some(why) = why_not {
        return view! {
            <button type="button" class="icon-button" disabled aria-label=format!("{label}. {why}") title=why>
                {icon(Icon::More)}
            </button>
        }
        .into_any();
    }
    let menu = format!("breaker:{}/{}", key.pool, key.target().id());
    let choices = Verb::ALL
        .into_iter()
        .map(|verb| {
            let menu = menu.clone();
            let click = move |_| {
                browser::hide_popover(&menu);
                actor.ask(verb, row.get_untracked().into_iter().collect());
            };
            view! {
                <button type="button" class="menu-item" on:click=click>
                    {verb.label()}
                </button>
            }
        })
        .collect_view();
    view! {
        <button type="button" class="icon-button" popovertarget=menu.clone() aria-label=label>
            {icon(Icon::More)}
        </button>
        <div id=menu popover="auto" class="menu-body row-menu">
            {choices}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_whose_breaker_it_is() {
        let pool: PoolId = "web".parse().unwrap();
        let own = Key {
            pool: pool.clone(),
            instance: None,
        };
        assert_eq!((own.words().as_str(), own.target().id()), ("pool web", "*"));
        let one = Key {
            pool,
            instance: Some("web-1".parse().unwrap()),
        };
        assert_eq!((one.words().as_str(), one.target().id()), ("web-1", "web-1"));
        assert!(own < one, "the pool's own comes first");
    }
}
