use leptos::prelude::*;
use model::{SourceState, cluster::ClusterStatus};

use super::query::Asked;
use crate::{
    components::{CodeBlock, Empty},
    format,
};

const SETTING: &str =
    "[[clusters]]\nid = \"prod\"\n# Absent: the account of the pod that the console runs in.\nkubeconfig = \"/etc/evenkeel/kubeconfig\"\n";

/// How a console gets its first cluster.
pub fn no_clusters() -> AnyView {
    view! {
        <section class="panel">
            <Empty title="No cluster is in the settings">
                <p>"Add one to " <code>"evenkeel.toml"</code> " and start the console again; it reads first and changes nothing by itself:"</p>
                <CodeBlock text=SETTING label="The setting" />
            </Empty>
        </section>
    }
    .into_any()
}

/// Why the table has no row.
pub fn no_rows(clusters: &[ClusterStatus], asked: &Asked, found: u32) -> AnyView {
    let waiting = clusters.iter().find_map(|c| match c.source.state {
        SourceState::Waiting { since_ms } => Some((c.id.to_string(), since_ms)),
        _ => None,
    });
    let first_page = asked.query.page == 0;
    match waiting {
        _ if found > 0 && !first_page => view! {
            <Empty title="The list does not go that far">
                <a class="button" href="/clusters">
                    "Back to its beginning"
                </a>
            </Empty>
        }
        .into_any(),
        Some((id, since_ms)) => view! {
            <Empty title="Waiting for the first list">
                <p>{format!("{id} has been asked since {} UTC.", format::clock(since_ms))}</p>
            </Empty>
        }
        .into_any(),
        None if asked.is_filtered() => view! {
            <Empty title="Nothing passes these filters">
                <a class="button" href="/clusters">
                    "Show everything"
                </a>
            </Empty>
        }
        .into_any(),
        None => view! {
            <Empty title="Nothing here can be scaled">
                <p>"No HPA, Deployment or StatefulSet is in the namespaces that the console may read."</p>
            </Empty>
        }
        .into_any(),
    }
}
