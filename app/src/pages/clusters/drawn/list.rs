use leptos::prelude::*;
use model::{
    Frame, SourceState, ViewData,
    cluster::{ClusterStatus, ClustersView, ObjectQuery, ObjectRow, ObjectState},
};

use super::{
    draw, has, is_harmless,
    made::{HOSTILE, NOW_MS, cluster, frame, row},
};
use crate::{
    pages::clusters::list::{Clusters, query::Asked},
    url::use_query,
};

fn view(clusters: Vec<ClusterStatus>, rows: Vec<ObjectRow>, found: u32, query: ObjectQuery) -> Frame {
    frame(ViewData::Clusters(Box::new(ClustersView {
        clusters,
        namespaces: vec!["shop".to_owned(), HOSTILE.to_owned()],
        rows,
        found,
        query,
    })))
}

fn list(path: &'static str, clusters: Vec<ClusterStatus>, rows: Vec<ObjectRow>, found: u32) -> String {
    draw(path, move || {
        let query = use_query();
        let asked = query.query.with_untracked(Asked::from_query);
        let frame = view(clusters, rows, found, asked.query.clone());
        view! { <Clusters query=query frame=frame asked=asked /> }
    })
}

#[tokio::test]
async fn the_list_shows_clusters_and_rows_and_strangers_words_stay_words() {
    let rows = vec![
        row("prod:shop:hpa:web", ObjectState::AtMax),
        row("prod:shop:deployment:web", ObjectState::Steady),
    ];
    let page = list("/clusters?namespace=shop&page=1", vec![cluster(SourceState::Up)], rows, 4_999);
    is_harmless(&page);
    has(
        &page,
        &[
            "v1.36.3",
            "4,999",
            "Nothing is changed from here: read_only is set in the settings",
            "1 of 3 kinds are read: 1 not there, 1 forbidden",
            "To read events, add this to the rules",
            "resources: [events]",
            "href=\"/clusters/prod/shop/hpa/web\"",
            "href=\"/clusters/prod/shop/deployment/web\"",
            "cpu 82 % / 70 %",
            "3 / 5",
            "data-object=\"at_max\"",
            "3 d",
            "101–102 of 4,999",
            "href=\"/clusters?namespace=shop\"",
            "href=\"/clusters?namespace=shop&amp;page=2\"",
            "<option value=\"shop\" selected",
            "What the states mean",
        ],
    );
}

#[tokio::test]
async fn an_empty_list_says_why_it_is_empty() {
    let none = draw("/clusters", || {
        let query = use_query();
        view! { <Clusters query=query frame=frame(ViewData::Gone) asked=Asked::default() /> }
    });
    has(&none, &["No cluster is in the settings", "[[clusters]]", "kubeconfig = "]);
    let up = || vec![cluster(SourceState::Up)];
    has(
        &list("/clusters?text=nothing", up(), vec![], 0),
        &["Nothing passes these filters", "Show everything", "0 of 0"],
    );
    has(&list("/clusters", up(), vec![], 0), &["Nothing here can be scaled"]);
    has(&list("/clusters?page=7", up(), vec![], 3), &["The list does not go that far"]);
    let waiting = vec![cluster(SourceState::Waiting { since_ms: NOW_MS })];
    has(&list("/clusters", waiting, vec![], 0), &["Waiting for the first list", "waiting"]);
    let impossible = list("/clusters?text=%3Cscript%3E", up(), vec![], 0);
    is_harmless(&impossible);
    has(&impossible, &["No name has that in it"]);
}

#[tokio::test]
async fn a_silent_cluster_keeps_its_last_known_rows_with_their_age() {
    let down = cluster(SourceState::Down {
        since_ms: NOW_MS - 10_000,
        why: HOSTILE.to_owned(),
    });
    let page = list("/clusters", vec![down], vec![row("prod:shop:hpa:web", ObjectState::Unknown)], 1);
    is_harmless(&page);
    has(
        &page,
        &["down 14 s", "has not answered for 14 s", "last-known", "data-object=\"unknown\""],
    );
}
