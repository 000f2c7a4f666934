use std::{net::IpAddr, sync::Arc, time::Duration};

use app::{
    Assets, ShellOptions,
    api::context::{Visitor, pages},
    shell,
};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
};
use control::{
    Control, Fenced, InstanceSetup, PoolSetup, Ports, RegistrySetup, ReplicaSetup, Running, Setup, WorkloadSetup,
    access::{BearerToken, Principal},
    decide::reach::Reach,
    ports::{Alone, FenceCell},
};
use http_body_util::BodyExt as _;
use leptos::context::provide_context;
use leptos_axum::LeptosRoutes as _;
use model::{
    Environment, Offer, PoolPolicy, Role, ViewData, ViewKey,
    scaling::{ScalingPlan, ScalingPreset},
};
use testkit::{ManualClock, MemoryBalancer, MemoryResolver, MemoryStore, MemoryWorkloads, build, wait_until};
use tower::ServiceExt as _;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const PASSWORD: &str = "correct horse battery";
const TOKEN: &str = "correct horse battery staple token";
const SOON: Duration = Duration::from_secs(30);

/// A console with pool `web` and its instances `a` and `b`; who asks is decided with each request.
pub(crate) struct Console {
    pub(crate) control: Control,
    pub(crate) balancer: MemoryBalancer,
    pub(crate) clock: ManualClock,
    _running: Running,
    admin: Principal,
    viewer: Principal,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum As {
    Admin,
    Viewer,
    Nobody,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn has(&self, text: &str) -> bool {
        self.body.contains(text)
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

impl Console {
    pub(crate) async fn start() -> Self {
        Self::with(&["a", "b"], false).await
    }

    /// With workload `web`: `web-1` and `web-2`, which may become three by the preset for staging.
    pub(crate) async fn start_scaled() -> Self {
        Self::with(&["web-1", "web-2"], true).await
    }

    /// Without instances.
    pub(crate) async fn start_empty() -> Self {
        Self::with(&[], false).await
    }

    async fn with(names: &[&str], is_scaled: bool) -> Self {
        let balancer = MemoryBalancer::new("gateway");
        balancer.set_observation(build::balancer_observation(vec![build::pool_observation("web", names)]));
        let store = Arc::new(MemoryStore::new());
        let instance = |(name, port): (&&str, u16)| InstanceSetup {
            id: build::instance(name),
            address: ([127, 0, 0, 1], port).into(),
            zone: None,
        };
        let pool = PoolSetup {
            id: build::pool("web"),
            balancer: build::source("gateway"),
            instances: names.iter().zip(9001..).map(instance).collect(),
            tls: model::UpstreamTls::default(),
            defaults: PoolPolicy::default(),
        };
        let workloads = MemoryWorkloads::new("fleet");
        let mut scaled = vec![];
        if is_scaled {
            workloads.run("web", &build::pool("web"), 2);
            scaled.push(WorkloadSetup {
                id: "web".parse().unwrap(),
                defaults: ScalingPlan::new(ScalingPreset::Staging.policy()),
            });
        }
        let clock = ManualClock::default();
        let ports = Ports {
            balancers: vec![Arc::new(balancer.clone())],
            workloads: vec![Arc::new(workloads)],
            clusters: Vec::new(),
            lease: Arc::new(Alone),
            fence: FenceCell::default(),
            fenced: Fenced::new(&store),
            policies: store.clone(),
            journal: store.clone(),
            identity: store.clone(),
            registry: store.clone(),
            samples: store.clone(),
            scaling: store.clone(),
            ledger: store.clone(),
            upkeep: store,
            resolver: Arc::new(MemoryResolver::default()),
            clock: Arc::new(clock.clone()),
        };
        let environment = Environment {
            name: "test bench".into(),
            production: false,
        };
        let setup = Setup {
            environment,
            pools: vec![pool],
            workloads: scaled,
            interval: Duration::from_millis(20),
            registry: Some(registry()),
            accepts_gateways: true,
            retention: model::Retention::default(),
            replica: ReplicaSetup {
                name: "console".into(),
                address: None,
                gateway: None,
            },
        };
        let (control, running) = Control::start(ports, setup).await.unwrap();
        let admin = person(&control, "ada", Role::SystemAdmin).await;
        let viewer = person(&control, "vic", Role::Viewer).await;
        let who = viewer.viewer();
        wait_until(
            "the first collection is in",
            SOON,
            async || matches!(control.view(&who, &ViewKey::Overview).unwrap().view, ViewData::Overview(view) if view.instances_up as usize == names.len() && view.events.len() >= 4),
        )
        .await;
        Self {
            control,
            balancer,
            clock,
            _running: running,
            admin,
            viewer,
        }
    }

    /// An instance announces itself, with the tag `blue`.
    pub(crate) async fn register(&self, id: &str) {
        let who = self.control.registrar(Some(TOKEN), HERE).unwrap();
        let offer = Offer {
            pool: "web".into(),
            id: id.into(),
            address: "10.0.0.9:9009".into(),
            health_url: None,
            weight: None,
            zone: None,
            capabilities: vec![],
            tags: vec!["blue".into()],
            metadata: std::collections::BTreeMap::new(),
        };
        self.control.register(&who, offer).await.unwrap();
    }

    pub(crate) async fn get(&self, who: As, path: &str) -> Answer {
        self.ask(
            who,
            Request::get(path).header(header::ACCEPT, "text/html").body(Body::empty()).unwrap(),
        )
        .await
    }

    /// As a browser without scripts sends a form of `page`.
    pub(crate) async fn submit(&self, who: As, page: &str, path: &str, form: &str) -> Answer {
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::ACCEPT, "text/html,application/xhtml+xml")
            .header(header::REFERER, format!("http://127.0.0.1:3000{page}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()));
        self.ask(who, request.unwrap()).await
    }

    /// As the page itself sends it once it is live.
    pub(crate) async fn call(&self, who: As, path: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()));
        self.ask(who, request.unwrap()).await
    }

    pub(crate) async fn ask(&self, who: As, request: Request) -> Answer {
        let principal = match who {
            As::Admin => Some(self.admin.clone()),
            As::Viewer => Some(self.viewer.clone()),
            As::Nobody => None,
        };
        let control = self.control.clone();
        let provide = move || {
            provide_context(control.clone());
            provide_context(Visitor {
                principal: principal.clone(),
                from: HERE,
            });
            provide_context(assets());
        };
        let options = ShellOptions::builder().output_name("app").build();
        let document = {
            let options = options.clone();
            move || shell(options.clone())
        };
        let pages = Router::new()
            .leptos_routes_with_context(&options, pages(), provide.clone(), document.clone())
            .fallback(leptos_axum::render_app_async_with_context(provide, document))
            .with_state(options);
        let response = pages.oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer {
            status: head.status,
            headers: head.headers,
            body,
        }
    }

    /// Which version is intended for the pool.
    pub(crate) fn version(&self) -> u64 {
        self.control.intent(&self.viewer.viewer(), &build::pool("web")).unwrap().version
    }
}

fn registry() -> RegistrySetup {
    RegistrySetup {
        token: BearerToken::new(TOKEN),
        reach: Reach {
            networks: vec!["10.0.0.0/8".parse().unwrap()],
            ports: vec![1024..=65_535],
            own: vec![],
        },
        refresh: SOON,
        expire: SOON * 2,
        max_instances: 10,
        url: "http://console/register".into(),
    }
}

fn assets() -> Assets {
    Assets {
        app_js: "/pkg/app.1.js".into(),
        app_wasm: "/pkg/app_bg.1.wasm".into(),
        app_css: "/pkg/app.1.css".into(),
        charts_js: "/pkg/charts.1.js".into(),
        favicon: "/pkg/favicon.1.svg".into(),
    }
}

async fn person(control: &Control, name: &str, role: Role) -> Principal {
    let accounts = control.accounts();
    accounts.create_user(name, role, PASSWORD, "command line").await.unwrap();
    let session = accounts.sign_in(name, PASSWORD, HERE).await.unwrap();
    accounts.authenticate(session.token.expose(), HERE).await.unwrap().unwrap()
}
