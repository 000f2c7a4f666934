//! The program in what the image has: its libraries, its site, no shell. Another user, and a root that cannot be written to.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use testkit::{postgres::is_root, wait_until};

use crate::support::{Program, SOON};

/// What `distroless/cc` has: the C library and the compiler's runtime. Their names without version and folder.
const LIBRARIES: [&str; 7] = ["ld-linux", "libc", "libdl", "libgcc_s", "libm", "libpthread", "librt"];

/// In a mount namespace of its own: the root read-only, devices and processes as every container has them, and a place for the data that belongs to this user alone.
const INSIDE: &str = "set -e; root=$1; user=$2; shift 2
mount --bind $root $root
mount --rbind /dev $root/dev
mount --rbind /proc $root/proc
mount -t tmpfs tmpfs $root/tmp
mount -t tmpfs -o mode=0700,uid=$user,gid=$user tmpfs $root/var/lib/evenkeel
mount -o remount,ro,bind $root
cd $root; exec chroot --userspec=$user:$user $root \"$@\"";

/// The shared libraries of the program, with the loader.
fn libraries(program: &str) -> Vec<PathBuf> {
    let output = Program::run(
        {
            let mut ldd = Command::new("ldd");
            ldd.arg(program);
            ldd
        },
        "",
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let paths = text.split_whitespace().filter(|word| word.starts_with('/'));
    paths.map(PathBuf::from).collect()
}

fn lay_out(root: &Path) {
    for folder in ["dev", "proc", "tmp", "var/lib/evenkeel", "usr/local/bin"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    let binary = env!("CARGO_BIN_EXE_evenkeel");
    fs::copy(binary, root.join("usr/local/bin/evenkeel")).unwrap();
    let libraries = libraries(binary);
    assert!(libraries.len() > 2, "{libraries:?}");
    for library in libraries {
        let name = library.file_name().unwrap().to_str().unwrap();
        let known = LIBRARIES
            .iter()
            .any(|known| name.starts_with(&format!("{known}.")) || name.starts_with(&format!("{known}-")));
        assert!(known, "the image has no {name}");
        let there = root.join(library.strip_prefix("/").unwrap());
        fs::create_dir_all(there.parent().unwrap()).unwrap();
        fs::copy(&library, there).unwrap();
    }
    fs::set_permissions(root, fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_runs_without_shell_as_another_user_on_a_root_that_cannot_be_written() {
    let dir = tempfile::tempdir().unwrap();
    lay_out(dir.path());
    // In a user namespace only root is mapped, and outside of it that is nobody special.
    let (namespaces, user): (&[&str], &str) = if is_root() {
        (&["--mount"], "65532")
    } else {
        (&["--mount", "--map-root-user"], "0")
    };
    let console = free_address();
    let mut command = Command::new("unshare");
    command.args(namespaces).args(["sh", "-c", INSIDE, "inside"]).arg(dir.path());
    command.args([
        user,
        "/usr/local/bin/evenkeel",
        "serve",
        "--gateway-listen",
        "127.0.0.1:0",
        "--listen",
        &console,
    ]);
    let path = std::env::var_os("PATH").unwrap_or_default();
    command
        .env_clear()
        .env("PATH", path)
        .env("EVENKEEL_DATABASE__DATA_DIR", "/var/lib/evenkeel")
        .env("EVENKEEL_SAMPLE__MAX", "3");
    let mut program = Program::start(command);
    program.says("/setup?token=");

    let health = || {
        Program::run(Program::command(dir.path(), &["health", "--listen", &console]), "")
            .status
            .success()
    };
    wait_until("it is healthy", SOON, async || health()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    wait_until("the samples, its own children, serve", SOON, async || {
        let page = client
            .get(format!("http://{console}/metrics"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let up = page
            .lines()
            .filter(|line| line.starts_with("evenkeel_instance_up{pool=\"samples\"") && line.ends_with(" 1"));
        up.count() == 3
    })
    .await;
    // The same process: `exec` all the way.
    let status = fs::read_to_string(format!("/proc/{}/status", program.pid())).unwrap();
    if is_root() {
        assert!(
            status.contains("\nUid:\t65532\t65532\t65532\t65532\n") && status.contains("\nCapEff:\t0000000000000000\n"),
            "{status}"
        );
    }
    let its_root = Path::new("/proc").join(program.pid().to_string()).join("root");
    assert!(its_root.join("usr/local/bin/evenkeel").exists(), "the process sees another root");
    assert!(!its_root.join("bin").join("sh").exists());
    assert_eq!(program.terminate(), Some(0));
    assert!(
        !dir.path().join("data").exists() && fs::read_dir(dir.path().join("tmp")).unwrap().count() == 0,
        "nothing was written beside its volumes"
    );
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}
