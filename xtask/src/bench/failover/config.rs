//! Four proxies before three instances.

use std::path::Path;

use super::{
    super::{
        gateway::{config::nginx_frame, nginx, peer::free_port},
        origin::write,
    },
    haproxy,
};
use crate::{failure::Failure, process::Cmd};

/// Name, command and port of each proxy under test.
pub(super) fn proxies(folder: &Path, evenkeel: &Path, origins: [u16; 3]) -> Result<Vec<(&'static str, Cmd, u16)>, Failure> {
    let ports = [free_port()?, free_port()?, free_port()?, free_port()?];
    let ours = write(folder, "evenkeel.toml", &evenkeel_toml(folder, ports[0], origins))?;
    let theirs = write(folder, "nginx.conf", &nginx_conf(folder, ports[1], origins))?;
    let plain = write(folder, "haproxy.cfg", &haproxy_cfg(ports[2], origins, ""))?;
    let retrying = "  retry-on all-retryable-errors\n  option redispatch 1\n";
    let retry = write(folder, "haproxy-retry.cfg", &haproxy_cfg(ports[3], origins, retrying))?;
    Ok(vec![
        ("evenkeel", Cmd::new(evenkeel).arg("gateway").arg("--config").arg(ours), ports[0]),
        ("nginx", nginx().arg("-c").arg(theirs), ports[1]),
        ("haproxy", haproxy().arg("-f").arg(plain), ports[2]),
        ("haproxy with retry-on", haproxy().arg("-f").arg(retry), ports[3]),
    ])
}

fn evenkeel_toml(folder: &Path, port: u16, origins: [u16; 3]) -> String {
    let instances = [1, 2, 3]
        .map(|n| format!("  {{ id = \"o{n}\", address = \"127.0.0.1:{}\" }},\n", origins[n - 1]))
        .concat();
    format!(
        "[database]\ndata_dir = \"{}/data\"\n\n[gateway]\nlisten = [\"127.0.0.1:{port}\"]\n\n\
         [[pools]]\nid = \"pool\"\nhealth = {{ path = \"/\", interval_ms = 1000, timeout_ms = 1000, rise = 2, fall = 3, slow_start_ms = 0 }}\n\
         retry = {{ per_try_ms = 100 }}\noutlier = {{ base_ms = 5000, max_ms = 5000 }}\nbreaker = {{ open_ms = 5000 }}\n\
         instances = [\n{instances}]\n\n[[routes]]\npath = \"/\"\npool = \"pool\"\n",
        folder.display()
    )
}

fn nginx_conf(folder: &Path, port: u16, origins: [u16; 3]) -> String {
    let servers = origins
        .map(|origin| format!("    server 127.0.0.1:{origin} max_fails=1 fail_timeout=10s;\n"))
        .concat();
    let http = format!(
        "  upstream pool {{\n{servers}    keepalive 100;\n  }}\n\
         server {{\n    listen 127.0.0.1:{port} backlog=4096;\n    location / {{\n      proxy_pass http://pool;\n      proxy_http_version 1.1;\n      \
         proxy_set_header Connection \"\";\n      proxy_connect_timeout 2s;\n      proxy_read_timeout 2s;\n      \
         proxy_next_upstream error timeout;\n    }}\n  }}\n"
    );
    nginx_frame(folder, "nginx", &http)
}

fn haproxy_cfg(port: u16, origins: [u16; 3], retry: &str) -> String {
    let servers = [1, 2, 3].map(|n| format!("  server o{n} 127.0.0.1:{}\n", origins[n - 1])).concat();
    format!(
        "global\n  maxconn 8192\n\
         defaults\n  mode http\n  timeout connect 2s\n  timeout client 60s\n  timeout server 2s\n  timeout http-keep-alive 60s\n\
         frontend in\n  bind 127.0.0.1:{port} backlog 4096\n  default_backend pool\n\
         backend pool\n  balance roundrobin\n{retry}  option httpchk GET /\n  timeout check 1s\n  \
         default-server inter 1s rise 2 fall 3 check\n{servers}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_proxy_has_all_instances() {
        let folder = Path::new("/bench");
        let origins = [7001, 7002, 7003];
        for text in [
            evenkeel_toml(folder, 7000, origins),
            nginx_conf(folder, 7000, origins),
            haproxy_cfg(7000, origins, ""),
        ] {
            for port in 7000..=7003 {
                assert!(text.contains(&format!("127.0.0.1:{port}")), "{port} is not in\n{text}");
            }
        }
    }
}
