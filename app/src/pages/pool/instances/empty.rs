use leptos::prelude::*;
use model::PoolId;

use crate::components::{CopyButton, Empty};

/// How a pool gets its first instance.
pub fn no_instances(pool: &PoolId, register_at: Option<String>) -> AnyView {
    let by_itself = register_at.map(|url| {
        let line = curl(&url, pool);
        view! {
            <p>"Or let them register themselves; "<code>"$TOKEN"</code>" is "<code>"registry.token"</code>" of the settings:"</p>
            <p class="copy-line">
                <code>{line.clone()}</code>
                <CopyButton text=line label="Copy the command" />
            </p>
        }
    });
    view! {
        <Empty title="This pool has no instances">
            <p>"Write them under "<code>"[[pools.instances]]"</code>" in "<code>"evenkeel.toml"</code>"."</p>
            {by_itself}
        </Empty>
    }
    .into_any()
}

fn curl(url: &str, pool: &PoolId) -> String {
    format!(
        "curl -X POST {url} -H \"Authorization: Bearer $TOKEN\" -H \"Content-Type: application/json\" -d '{{\"pool\":\"{pool}\",\"id\":\"{pool}-1\",\"address\":\"HOST:PORT\"}}'"
    )
}
