use leptos::prelude::*;
use model::{InstanceId, PoolView};

use crate::{
    components::{DataTable, Empty, Head},
    format,
    pages::pool::PoolContext,
};

/// More than this is nothing that two windows of ten seconds can show.
const CLOSE_POINTS: f64 = 3.0;
const ROWS_MAX: usize = 100;

/// Instance, share of the last ten seconds, intended share.
type Line = (InstanceId, Option<f64>, f64);

fn lines(view: &PoolView) -> Vec<Line> {
    let share = |id: &InstanceId| view.instances.iter().find(|i| &i.id == id).and_then(|i| i.share_percent);
    view.intended_shares
        .iter()
        .take(ROWS_MAX)
        .map(|(id, intended)| (id.clone(), share(id), *intended))
        .collect()
}

/// `+1.2`, in percentage points; and whether it is worth a look.
fn difference(share: Option<f64>, intended: f64) -> (String, bool) {
    share.map_or_else(
        || (format::MISSING.to_owned(), false),
        |share| (format!("{:+.1}", share - intended), (share - intended).abs() > CLOSE_POINTS),
    )
}

const HEADS: [Head; 4] = [
    Head::text("Instance"),
    Head::number("Share, 10 s"),
    Head::number("Intended"),
    Head::number("Difference").hint("Percentage points; an instance that is coming back slowly has less"),
];

/// What each instance has of the pool's requests beside what the algorithm means it to have.
#[component]
pub fn Shares(pool: PoolContext) -> impl IntoView {
    let shares = pool.part(lines);
    let algorithm = pool.part(|v| v.pool.algorithm);
    let rows = move || {
        shares
            .get()
            .unwrap_or_default()
            .into_iter()
            .map(|(id, share, intended)| {
                let (points, is_off) = difference(share, intended);
                view! {
                    <tr tabindex="-1" data-row>
                        <th scope="row">{id.to_string()}</th>
                        <td class="number">{format::percent(share)}</td>
                        <td class="number">{format::percent(Some(intended))}</td>
                        <td class="number" class:bad=is_off>
                            {points}
                        </td>
                    </tr>
                }
            })
            .collect_view()
    };
    let is_empty = Memo::new(move |_| shares.with(|s| s.as_ref().is_none_or(Vec::is_empty)));
    let table = move || {
        (!is_empty.get()).then(|| {
            view! {
                <DataTable label="Shares by instance" heads=HEADS>{rows}</DataTable>
            }
        })
    };
    let none = move || {
        is_empty.get().then(|| {
            let (label, rule) = algorithm.get().map_or(("", ""), |a| (a.label(), a.rule()));
            view! {
                <Empty title=format!("{label} means no share")>
                    <p>{format!("It decides request by request: {rule}")}</p>
                </Empty>
            }
        })
    };
    view! {
        <section class="panel" aria-labelledby="shares-title">
            <header class="panel-head">
                <h2 id="shares-title">"Shares against intention"</h2>
            </header>
            {table}
            {none}
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_difference_that_means_something_stands_out() {
        assert_eq!(difference(Some(34.0), 33.3), ("+0.7".to_owned(), false));
        assert_eq!(difference(Some(20.0), 33.3), ("-13.3".to_owned(), true));
        assert_eq!(difference(None, 33.3), (format::MISSING.to_owned(), false));
    }
}
