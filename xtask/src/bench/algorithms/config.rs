//! Our gateway with a pool for each algorithm, and two peers.

use std::path::Path;

use super::super::{
    failover::haproxy,
    gateway::{config::nginx_frame, nginx, peer::free_port},
    origin::write,
};
use crate::{failure::Failure, process::Cmd};

const OURS: [&str; 9] = [
    "round_robin",
    "weighted_round_robin",
    "least_connections",
    "least_response_time",
    "ewma",
    "resource_based",
    "ip_hash",
    "uri_hash",
    "random_two",
];

/// A proxy, and the algorithms it is measured with: name and path.
pub(super) struct Subject {
    pub(super) proxy: &'static str,
    pub(super) cmd: Cmd,
    pub(super) port: u16,
    pub(super) algorithms: Vec<(String, String)>,
}

pub(super) fn subjects(folder: &Path, evenkeel: &Path, origins: &[u16]) -> Result<Vec<Subject>, Failure> {
    let (ours, theirs, other) = (free_port()?, free_port()?, free_port()?);
    let toml = write(folder, "evenkeel.toml", &evenkeel_toml(folder, ours, origins))?;
    let nginx_file = write(folder, "nginx.conf", &nginx_conf(folder, theirs, origins))?;
    let haproxy_file = write(folder, "haproxy.cfg", &haproxy_cfg(other, origins))?;
    let of = |proxy: &str, name: &str, path: &str| (format!("{proxy} {name}"), path.to_owned());
    Ok(vec![
        Subject {
            proxy: "evenkeel",
            cmd: Cmd::new(evenkeel).arg("gateway").arg("--config").arg(toml),
            port: ours,
            algorithms: OURS.iter().map(|name| of("evenkeel", name, &format!("/{name}"))).collect(),
        },
        Subject {
            proxy: "nginx",
            cmd: nginx().arg("-c").arg(nginx_file),
            port: theirs,
            algorithms: vec![of("nginx", "random two least_conn", "/")],
        },
        Subject {
            proxy: "haproxy",
            cmd: haproxy().arg("-f").arg(haproxy_file),
            port: other,
            algorithms: vec![of("haproxy", "leastconn", "/")],
        },
    ])
}

fn evenkeel_toml(folder: &Path, port: u16, origins: &[u16]) -> String {
    let instances: Vec<_> = origins
        .iter()
        .enumerate()
        .map(|(n, origin)| format!("  {{ id = \"o{n}\", address = \"127.0.0.1:{origin}\" }},\n"))
        .collect();
    let instances = instances.concat();
    let pools = OURS.map(|name| {
        format!(
            "[[pools]]\nid = \"{name}\"\nalgorithm = \"{name}\"\n\
             health = {{ path = \"/\", interval_ms = 1000, rise = 2, fall = 3, slow_start_ms = 0 }}\n\
             retry = {{ attempts = 1 }}\noutlier = {{ failures = 0 }}\nbreaker = {{ failures = 0 }}\ninstances = [\n{instances}]\n\n\
             [[routes]]\npath = \"/{name}\"\npool = \"{name}\"\n\n"
        )
    });
    // The root answers the question whether it is up.
    format!(
        "[database]\ndata_dir = \"{}/data\"\n\n[gateway]\nlisten = [\"127.0.0.1:{port}\"]\n\n{}[[routes]]\npath = \"/\"\npool = \"round_robin\"\n",
        folder.display(),
        pools.concat()
    )
}

fn nginx_conf(folder: &Path, port: u16, origins: &[u16]) -> String {
    let servers: Vec<_> = origins.iter().map(|origin| format!("    server 127.0.0.1:{origin};\n")).collect();
    let http = format!(
        "  upstream pool {{\n    random two least_conn;\n{}    keepalive 100;\n  }}\n\
         server {{\n    listen 127.0.0.1:{port} backlog=4096;\n    location / {{\n      proxy_pass http://pool;\n      proxy_http_version 1.1;\n      \
         proxy_set_header Connection \"\";\n    }}\n  }}\n",
        servers.concat()
    );
    nginx_frame(folder, "nginx", &http)
}

fn haproxy_cfg(port: u16, origins: &[u16]) -> String {
    let servers: Vec<_> = origins
        .iter()
        .enumerate()
        .map(|(n, origin)| format!("  server o{n} 127.0.0.1:{origin}\n"))
        .collect();
    format!(
        "global\n  maxconn 8192\n\
         defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n\
         frontend in\n  bind 127.0.0.1:{port} backlog 4096\n  default_backend pool\n\
         backend pool\n  balance leastconn\n  option httpchk GET /\n  default-server inter 1s rise 2 fall 3 check\n{}",
        servers.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_proxy_has_all_instances() {
        let folder = Path::new("/bench");
        let origins: Vec<u16> = (7_001..=7_011).collect();
        for text in [
            evenkeel_toml(folder, 7_000, &origins),
            nginx_conf(folder, 7_000, &origins),
            haproxy_cfg(7_000, &origins),
        ] {
            for port in 7_000..=7_011 {
                assert!(text.contains(&format!("127.0.0.1:{port}")), "{port} is not in\n{text}");
            }
        }
    }
}
