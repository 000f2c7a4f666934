//! Which page stands at which path.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

use crate::{
    Assets,
    components::Toasts,
    layout::Layout,
    live::Live,
    pages::{
        BreakersPage, ClustersPage, DataPage, DoctorPage, EventsPage, NotFoundPage, ObjectPage, OverviewPage, PoolPage, PoolsPage,
        RequestsPage, ScalingPage, SearchPage, SetupPage, SignInPage, WorkloadPage,
    },
};

/// The application. Every page is rendered in one sweep (`SsrMode::Async`), so that it is whole without scripts and its status is known
/// before the first byte.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    Assets::provide();
    Live::provide();
    Toasts::provide();
    view! {
        <Title formatter=|page: String| if page.is_empty() { "Evenkeel".to_owned() } else { format!("{page} · Evenkeel") } />
        <Router>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/sign-in") view=SignInPage ssr=SsrMode::Async />
                <Route path=path!("/setup") view=SetupPage ssr=SsrMode::Async />
                <ParentRoute path=path!("") view=Layout ssr=SsrMode::Async>
                    <Route path=path!("/") view=OverviewPage ssr=SsrMode::Async />
                    <Route path=path!("/pools") view=PoolsPage ssr=SsrMode::Async />
                    <Route path=path!("/pools/:id") view=PoolPage ssr=SsrMode::Async />
                    <Route path=path!("/scaling") view=ScalingPage ssr=SsrMode::Async />
                    <Route path=path!("/scaling/:id") view=WorkloadPage ssr=SsrMode::Async />
                    <Route path=path!("/clusters") view=ClustersPage ssr=SsrMode::Async />
                    <Route path=path!("/clusters/:cluster/:namespace/:kind/:name") view=ObjectPage ssr=SsrMode::Async />
                    <Route path=path!("/doctor") view=DoctorPage ssr=SsrMode::Async />
                    <Route path=path!("/breakers") view=BreakersPage ssr=SsrMode::Async />
                    <Route path=path!("/requests") view=RequestsPage ssr=SsrMode::Async />
                    <Route path=path!("/events") view=EventsPage ssr=SsrMode::Async />
                    <Route path=path!("/data") view=DataPage ssr=SsrMode::Async />
                    <Route path=path!("/search") view=SearchPage ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
    }
    .into_any()
}
