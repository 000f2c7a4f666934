//! The configurations: two instances, and the proxies before them.

use std::path::Path;

/// Answers have this length, as in published proxy measurements.
const ANSWER: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\\n";
/// More than one connection of the load generator ever sends.
const REQUESTS_PER_CONNECTION: u32 = 1_000_000_000;
/// Idle connections a proxy keeps to its instances; more than the load has.
const KEEPALIVE: u32 = 1_000;

/// nginx in the foreground, as one process, with every path inside the folder.
pub(in crate::bench) fn nginx_frame(folder: &Path, name: &str, http: &str) -> String {
    let folder = folder.display();
    format!(
        "daemon off;\nmaster_process off;\nworker_processes 1;\npid {folder}/{name}.pid;\nerror_log {folder}/{name}.log warn;\n\
         events {{ worker_connections 8192; }}\n\
         http {{\n  access_log off;\n  keepalive_requests {REQUESTS_PER_CONNECTION};\n\
         client_body_temp_path {folder}/{name}-body;\n  proxy_temp_path {folder}/{name}-proxy;\n  fastcgi_temp_path {folder}/{name}-fastcgi;\n\
         uwsgi_temp_path {folder}/{name}-uwsgi;\n  scgi_temp_path {folder}/{name}-scgi;\n{http}}}\n"
    )
}

pub(super) fn instances(folder: &Path, ports: [u16; 2]) -> String {
    let server = |port| {
        format!("  server {{ listen 127.0.0.1:{port} backlog=4096; default_type text/plain; location / {{ return 200 \"{ANSWER}\"; }} }}\n")
    };
    nginx_frame(folder, "instances", &ports.map(server).concat())
}

pub(super) fn nginx(folder: &Path, port: u16, instances: [u16; 2]) -> String {
    let [one, two] = instances;
    let http = format!(
        "  upstream pool {{\n    server 127.0.0.1:{one};\n    server 127.0.0.1:{two};\n    keepalive {KEEPALIVE};\n    \
         keepalive_requests {REQUESTS_PER_CONNECTION};\n  }}\n\
         server {{\n    listen 127.0.0.1:{port} backlog=4096;\n    location / {{\n      proxy_pass http://pool;\n      proxy_http_version 1.1;\n      \
         proxy_set_header Connection \"\";\n      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n      \
         add_header x-served-by $upstream_addr;\n    }}\n  }}\n"
    );
    nginx_frame(folder, "nginx", &http)
}

pub(super) fn haproxy(port: u16, instances: [u16; 2]) -> String {
    let [one, two] = instances;
    format!(
        "global\n  nbthread 1\n  maxconn 8192\n\
         defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n  timeout http-keep-alive 60s\n  option http-keep-alive\n  \
         option forwardfor\n  http-reuse always\n\
         frontend in\n  bind 127.0.0.1:{port} backlog 4096\n  http-response set-header x-served-by %s\n  default_backend pool\n\
         backend pool\n  balance roundrobin\n  option httpchk GET /health\n  default-server inter 1s rise 2 fall 3 check pool-max-conn {KEEPALIVE}\n  \
         server one 127.0.0.1:{one}\n  server two 127.0.0.1:{two}\n"
    )
}

/// How much of itself the gateway shall use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Features {
    /// As it comes: checks, ejection, breakers, retries, request ids, one receipt of a hundred.
    Default,
    /// Everything that all requests pass, with limits that none of them meets: rate, body, in flight, degradation, time per try, traces,
    /// access log. Not affinity, which would send a load of one client to one instance.
    All,
}

pub(super) fn evenkeel(folder: &Path, port: u16, instances: [u16; 2], features: Features) -> String {
    let [one, two] = instances;
    let (of_gateway, of_pool) = match features {
        Features::Default => (String::new(), ""),
        Features::All => (
            format!(
                "trace = true\ntrace_sample = 0.01\naccess_log.file = \"{}/access.log\"\naccess_log.sample = 0.01\n",
                folder.display()
            ),
            "limits = { requests = 1000000, burst = 1000000, in_flight = 100000, body_bytes = 1000000 }\n\
             degradation = { in_flight = 100000, p95_ms = 60000, error_percent = 100 }\nretry = { per_try_ms = 10000 }\n",
        ),
    };
    format!(
        "[database]\ndata_dir = \"{}/data\"\n\n\
         [gateway]\nlisten = [\"127.0.0.1:{port}\"]\nthreads = 1\nupstream_keepalive = {KEEPALIVE}\nalgorithm = \"round_robin\"\n{of_gateway}\n\
         [[pools]]\nid = \"pool\"\n{of_pool}health = {{ path = \"/health\", interval_ms = 1000, rise = 2, fall = 3 }}\n\
         instances = [\n  {{ id = \"one\", address = \"127.0.0.1:{one}\" }},\n  {{ id = \"two\", address = \"127.0.0.1:{two}\" }},\n]\n\n\
         [[routes]]\npath = \"/\"\npool = \"pool\"\n",
        folder.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_proxy_has_both_instances_and_its_own_port() {
        let folder = Path::new("/bench");
        for text in [
            nginx(folder, 7000, [7001, 7002]),
            haproxy(7000, [7001, 7002]),
            evenkeel(folder, 7000, [7001, 7002], Features::Default),
            evenkeel(folder, 7000, [7001, 7002], Features::All),
        ] {
            for port in ["127.0.0.1:7000", "127.0.0.1:7001", "127.0.0.1:7002"] {
                assert!(text.contains(port), "{port} is not in\n{text}");
            }
        }
    }

    #[test]
    fn an_answer_has_64_bytes() {
        assert_eq!(ANSWER.replace("\\n", "\n").len(), 64);
    }
}
