//! Prints what the console costs: rendering Overview, and live streams. Run by `cargo xtask bench console`, or by hand:
//!
//! ```text
//! cargo run --release -p server --example bench_console
//! ```
//!
//! The console is the real one (router, connections, control); the balancer and the database are in memory, so that nothing else is
//! measured. The listeners are another process, so that their work does not count.

use std::{
    io::Write as _,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use adapters::builtin::fleet::{Fleet, Limits};
use axum::{Router, body::Body, http::Request};
use control::{
    Control, Fenced, InstanceSetup, PoolSetup, Ports, ReplicaSetup, Running, Setup,
    ports::{Alone, FenceCell, SystemClock, SystemResolver},
};
use evenkeel::http::{Console, ConsoleParts, Site, listen, router};
use model::{Environment, PoolPolicy, Role};
use rustix::process::{Resource, getrlimit, setrlimit};
use testkit::{MemoryBalancer, MemoryStore, build};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

const POOLS: usize = 10;
const RENDERS: usize = 200;
const MEASURE_FOR: Duration = Duration::from_secs(15);
const PASSWORD: &str = "a password for the bench";
/// The unit of /proc/self/stat (sysconf(_`SC_CLK_TCK`), 100 on every Linux there is).
const TICKS_PER_S: f64 = 100.0;

fn main() {
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    setrlimit(Resource::Nofile, files).expect("the soft limit may be raised to the hard one");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("threads start");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["listen", address, cookie, clients] => runtime.block_on(be_clients(address, cookie, clients.parse().expect("a number"))),
        _ => runtime.block_on(bench()),
    }
}

async fn bench() {
    if cfg!(debug_assertions) {
        println!("debug build: these figures mean nothing; use --release");
    }
    println!("rendering Overview, {RENDERS} times each (aim: ≤ 5 ms at 1,000 instances)");
    println!("{:>10} {:>12} {:>12} {:>12}", "instances", "median ms", "p95 ms", "bytes");
    for instances in [10, 100, 1_000] {
        let bench = Bench::start(instances).await;
        let (times, bytes) = bench.render().await;
        println!("{instances:>10} {:>12.2} {:>12.2} {bytes:>12}", at(&times, 50), at(&times, 95));
        bench.stop().await;
    }
    println!(
        "live streams of Overview with 100 instances, one update a second, {} s each (aim: 1,000 clients ≤ 20 % of a core)",
        MEASURE_FOR.as_secs()
    );
    println!(
        "{:>10} {:>12} {:>12} {:>14} {:>16}",
        "clients", "held", "updates", "% of a core", "µs per update"
    );
    let bench = Bench::start(100).await;
    let idle = bench.cpu_with(0).await;
    for clients in [100, 1_000] {
        let measured = bench.cpu_with(clients).await;
        let extra = (measured.cpu_s - idle.cpu_s).max(0.0);
        println!(
            "{clients:>10} {:>12} {:>12} {:>14.1} {:>16.1}",
            measured.held,
            measured.updates,
            measured.cpu_s / MEASURE_FOR.as_secs_f64() * 100.0,
            extra * 1e6 / measured.updates.max(1) as f64
        );
    }
    println!(
        "without clients the console uses {:.1} % of a core",
        idle.cpu_s / MEASURE_FOR.as_secs_f64() * 100.0
    );
    bench.stop().await;
}

/// Sorted milliseconds.
fn at(times: &[f64], percent: usize) -> f64 {
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

struct Measured {
    cpu_s: f64,
    held: usize,
    updates: u64,
}

struct Bench {
    router: Router,
    address: SocketAddr,
    cookie: String,
    running: Running,
    stopping: CancellationToken,
}

impl Bench {
    async fn start(instances: usize) -> Self {
        let (balancer, store) = (MemoryBalancer::new("gateway"), Arc::new(MemoryStore::new()));
        let pools = (0..POOLS).map(|p| PoolSetup {
            id: build::pool(&format!("pool-{p}")),
            balancer: build::source("gateway"),
            instances: (0..instances / POOLS)
                .map(|i| InstanceSetup {
                    id: build::instance(&format!("pool-{p}-{i}")),
                    address: SocketAddr::from((
                        [10, 0, u8::try_from(p).expect("few pools"), u8::try_from(i).expect("few instances")],
                        8080,
                    )),
                    zone: None,
                })
                .collect(),
            tls: model::UpstreamTls::default(),
            defaults: PoolPolicy::default(),
        });
        let ports = Ports {
            balancers: vec![Arc::new(balancer)],
            workloads: Vec::new(),
            clusters: Vec::new(),
            lease: Arc::new(Alone),
            fence: FenceCell::default(),
            fenced: Fenced::new(&store),
            policies: store.clone(),
            journal: store.clone(),
            identity: store.clone(),
            registry: store.clone(),
            scaling: store.clone(),
            ledger: store.clone(),
            samples: store.clone(),
            upkeep: store,
            resolver: Arc::new(SystemResolver::default()),
            clock: Arc::new(SystemClock),
        };
        let setup = Setup {
            environment: Environment {
                name: "bench".into(),
                production: false,
            },
            pools: pools.collect(),
            workloads: Vec::new(),
            interval: Duration::from_secs(1),
            registry: None,
            accepts_gateways: false,
            retention: model::Retention::default(),
            replica: ReplicaSetup {
                name: "console".into(),
                address: None,
                gateway: None,
            },
        };
        let (control, running) = Control::start(ports, setup).await.expect("the console starts");
        control
            .accounts()
            .create_user("bench", Role::Viewer, PASSWORD, "bench")
            .await
            .expect("the account is new");
        let signed_in = control
            .accounts()
            .sign_in("bench", PASSWORD, IpAddr::V4(Ipv4Addr::LOCALHOST))
            .await
            .expect("the password is right");
        let stopping = CancellationToken::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it listens");
        let router = router(Console::new(ConsoleParts {
            control,
            gateway: None,
            settings: evenkeel::config::ConsoleSettings::default(),
            site: Site::open(None, std::path::Path::new("/nonexistent/evenkeel")).expect("no site is fine"),
            gateways: None,
            peers: None,
            fleet: Arc::new(Fleet::new(
                Limits {
                    silent_after: Duration::from_secs(5),
                    max: 1,
                },
                model::GatewayPlan::default(),
                [0; 32],
            )),
            stopping: stopping.clone(),
        }));
        tokio::spawn(listen::serve(listener, router.clone(), stopping.clone(), Duration::from_secs(5)));
        Self {
            router,
            address,
            cookie: format!("evenkeel_session={}", signed_in.token.expose()),
            running,
            stopping,
        }
    }

    /// Sorted milliseconds of whole answers, and the size of one.
    async fn render(&self) -> (Vec<f64>, usize) {
        let mut times = Vec::with_capacity(RENDERS);
        let mut bytes = 0;
        for _ in 0..RENDERS {
            let request = Request::get("/")
                .header("host", "127.0.0.1")
                .header("accept", "text/html")
                .header("cookie", &self.cookie);
            let request = request.body(Body::empty()).expect("a plain request");
            let started = Instant::now();
            let answer = self.router.clone().oneshot(request).await.expect("the router always answers");
            assert_eq!(answer.status(), 200);
            bytes = axum::body::to_bytes(answer.into_body(), 64 << 20)
                .await
                .expect("the page ends")
                .len();
            times.push(started.elapsed().as_secs_f64() * 1_000.0);
        }
        times.sort_by(f64::total_cmp);
        (times, bytes)
    }

    async fn cpu_with(&self, clients: usize) -> Measured {
        let program = std::env::current_exe().expect("this program has a path");
        let mut child = Command::new(program)
            .args(["listen", &self.address.to_string(), &self.cookie, &clients.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the listeners start");
        let (mut stdin, stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(stdout));
        let (held, lines) = tokio::task::spawn_blocking(move || (number(lines.next()), lines))
            .await
            .expect("the listeners connect");
        let before = cpu_s();
        tokio::time::sleep(MEASURE_FOR).await;
        let cpu_s = cpu_s() - before;
        stdin.write_all(b"\n").expect("the listeners listen");
        let mut lines = lines;
        let updates = tokio::task::spawn_blocking(move || number(lines.next()))
            .await
            .expect("the listeners count");
        child.wait().expect("the listeners end");
        Measured {
            cpu_s,
            held: usize::try_from(held).expect("few clients"),
            updates,
        }
    }

    async fn stop(self) {
        self.stopping.cancel();
        self.running.stop().await;
    }
}

fn number(line: Option<std::io::Result<String>>) -> u64 {
    line.expect("a line").expect("text").trim().parse().expect("a number")
}

/// User and system time of this process so far (proc(5)).
fn cpu_s() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = text.rsplit_once(')').expect("the command's name").1.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().expect("utime") + fields[12].parse::<f64>().expect("stime");
    ticks / TICKS_PER_S
}

/// Connects, says how many are held, counts updates until a line comes in, says how many.
async fn be_clients(address: &str, cookie: &str, clients: usize) {
    use std::sync::atomic::{AtomicU64, Ordering};
    let updates = Arc::new(AtomicU64::new(0));
    let (ready, mut connected) = tokio::sync::mpsc::channel(clients.max(1));
    for _ in 0..clients {
        let (address, cookie, updates, ready) = (address.to_owned(), cookie.to_owned(), updates.clone(), ready.clone());
        tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.expect("the console accepts");
            let request = format!("GET /api/live?view=overview HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n");
            stream.write_all(request.as_bytes()).await.expect("the console reads");
            let mut buffer = vec![0; 64 << 10];
            let mut told = false;
            while let Ok(n @ 1..) = stream.read(&mut buffer).await {
                // A frame comes in one write, and "id: " stands only at its beginning.
                let frames = buffer[..n].windows(4).filter(|w| *w == b"id: ").count();
                updates.fetch_add(frames as u64, Ordering::Relaxed);
                if !told && frames > 0 {
                    told = true;
                    let _ = ready.send(()).await;
                }
            }
        });
    }
    for _ in 0..clients {
        connected.recv().await;
    }
    updates.store(0, Ordering::Relaxed);
    println!("{clients}");
    let mut line = String::new();
    let _ = tokio::task::spawn_blocking(move || std::io::stdin().read_line(&mut line)).await;
    println!("{}", updates.load(Ordering::Relaxed));
    std::process::exit(0);
}
