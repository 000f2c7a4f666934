//! A Prometheus of our own, and just enough of remote write 0.1.0 to fill it (<https://prometheus.io/docs/specs/remote_write_spec/>).

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{
    stream::{SECONDS, Stream},
    usage::{Cpu, folder_bytes},
};

const READY_WITHIN: Duration = Duration::from_secs(30);

/// For each sample.
pub(crate) struct Theirs {
    pub(crate) bytes: f64,
    pub(crate) cpu_us: f64,
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // Already ended is as good as ended by us.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn measure(stream: &Stream, folder: &Path) -> Result<Theirs, String> {
    fs::create_dir_all(folder).map_err(|e| e.to_string())?;
    let settings = folder.join("prometheus.yml");
    fs::write(&settings, "global:\n  scrape_interval: 1m\n").map_err(|e| e.to_string())?;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|l| l.local_addr())
        .map_err(|e| e.to_string())?
        .port();
    let log = fs::File::create(folder.join("log")).map_err(|e| e.to_string())?;
    let child = Command::new("prometheus")
        .arg(format!("--config.file={}", settings.display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .args([
            "--web.enable-remote-write-receiver",
            "--web.enable-admin-api",
            "--storage.tsdb.retention.time=10y",
        ])
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .map_err(|e| format!("prometheus does not start: {e}"))?;
    let server = Server(child);
    let started = Instant::now();
    while !matches!(request(port, "GET", "/-/ready", &[], &[]), Ok((200, _))) {
        if started.elapsed() > READY_WITHIN {
            return Err("prometheus does not get ready".to_owned());
        }
        thread::sleep(Duration::from_millis(50));
    }
    // What it would take a sender from the outside: made before the clock runs.
    let rows = stream.rows();
    let bodies: Vec<Vec<u8>> = rows
        .iter()
        .take(usize::try_from(SECONDS).unwrap_or_default())
        .map(|row| snappy(&write_request(row.at_ms, row.values.iter().map(|(k, v)| (&**k, *v)))))
        .collect();
    let samples = (bodies.len() * stream.keys.len()) as f64;
    let before = Cpu::of_process(server.0.id());
    let mut connection = connect(port)?;
    let headers = [
        ("content-type", "application/x-protobuf"),
        ("content-encoding", "snappy"),
        ("x-prometheus-remote-write-version", "0.1.0"),
    ];
    for body in &bodies {
        let (status, text) = exchange(&mut connection, "POST", "/api/v1/write", &headers, body)?;
        if status != 204 && status != 200 {
            return Err(format!("prometheus answered {status}: {text}"));
        }
    }
    let cpu_us = before.elapsed_us() / samples;
    let (status, text) = request(port, "POST", "/api/v1/admin/tsdb/snapshot", &[], &[])?;
    if status != 200 {
        return Err(format!("prometheus made no snapshot: {status} {text}"));
    }
    let bytes = folder_bytes(&folder.join("data/snapshots")) as f64 / samples;
    Ok(Theirs { bytes, cpu_us })
}

fn connect(port: u16) -> Result<BufReader<TcpStream>, String> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(|e| e.to_string())?;
    stream.set_nodelay(true).map_err(|e| e.to_string())?;
    Ok(BufReader::new(stream))
}

fn request(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<(u16, String), String> {
    exchange(&mut connect(port)?, method, path, headers, body)
}

/// One request and its answer, whose length is told.
fn exchange(
    connection: &mut BufReader<TcpStream>,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Result<(u16, String), String> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    let mut bytes = (head + "\r\n").into_bytes();
    bytes.extend_from_slice(body);
    connection.get_mut().write_all(&bytes).map_err(|e| e.to_string())?;
    let (mut status, mut length) = (0, 0);
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).map_err(|e| e.to_string())?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(rest) = line.strip_prefix("http/1.1 ") {
            status = rest[..3].parse().map_err(|_| line.clone())?;
        }
        if let Some(rest) = line.strip_prefix("content-length:") {
            length = rest.trim().parse().map_err(|_| line.clone())?;
        }
    }
    let mut text = vec![0; length];
    connection.read_exact(&mut text).map_err(|e| e.to_string())?;
    Ok((status, String::from_utf8_lossy(&text).into_owned()))
}

/// `WriteRequest { repeated TimeSeries timeseries = 1 }`, each of one sample. `cpu_percent@pool/instance` is a name and two labels.
fn write_request<'a>(at_ms: i64, values: impl Iterator<Item = (&'a str, f32)>) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in values {
        let (name, scope) = key.split_once('@').unwrap_or((key, ""));
        let (pool, instance) = scope.split_once('/').unwrap_or((scope, ""));
        let mut series = Vec::new();
        for (label, value) in [("__name__", name), ("instance", instance), ("pool", pool)] {
            let mut pair = Vec::new();
            field(&mut pair, 1, label.as_bytes());
            field(&mut pair, 2, value.as_bytes());
            field(&mut series, 1, &pair);
        }
        let mut sample = vec![0x09];
        sample.extend_from_slice(&f64::from(value).to_le_bytes());
        sample.push(0x10);
        varint(&mut sample, at_ms.unsigned_abs());
        field(&mut series, 2, &sample);
        field(&mut out, 1, &series);
    }
    out
}

fn field(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    out.push(number << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// The block format with literals alone: as quick to unpack as it gets, which favours the peer.
fn snappy(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, bytes.len() as u64);
    for part in bytes.chunks(65_536) {
        let length = u32::try_from(part.len() - 1).unwrap_or_default().to_le_bytes();
        out.extend_from_slice(&[61 << 2, length[0], length[1]]);
        out.extend_from_slice(part);
    }
    out
}
