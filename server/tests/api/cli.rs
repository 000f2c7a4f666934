//! The command line: the real binary, its exit codes and its one sentence.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use testkit::postgres::{Postgres, is_root};

use crate::support::{PASSWORD, Program};

/// Runs it; exit code 2 and one sentence, without the leading "evenkeel: ".
fn refused(dir: &Path, args: &[&str]) -> String {
    refusal(Program::command(dir, args))
}

fn refusal(command: Command) -> String {
    let shown = format!("{command:?}");
    let output = Program::run(command, "");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{shown}: {stderr}");
    let sentences: Vec<_> = stderr.lines().filter(|l| l.starts_with("evenkeel: ")).collect();
    assert_eq!(sentences.len(), 1, "{shown}: {stderr}");
    assert!(!stderr.contains("panicked") && !stderr.contains("backtrace"), "{stderr}");
    sentences[0].trim_start_matches("evenkeel: ").to_owned()
}

const ANY_PORTS: &[&str] = &["--listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0"];

#[test]
fn files_that_the_gateway_cannot_use_are_named_without_what_is_in_them() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join("a.pem"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    fs::write(dir.path().join("a.key"), "s3cr3t").unwrap();
    let own = "console.listen = \"127.0.0.1:0\"\ngateway.listen = \"127.0.0.1:0\"\n[[routes]]\npool = \"web\"\n[[pools]]\nid = \"web\"\n\
               instances = [{ id = \"a\", address = \"127.0.0.1:9\" }]\n";
    let tls = |certificate: &str| {
        format!(
            "gateway.tls = {{ listen = \"127.0.0.1:0\", certificates = [{{ certificate = \"{certificate}\", key = \"a.key\" }}] }}\n{own}"
        )
    };
    let cases = [
        (
            tls("b.pem"),
            "the gateway cannot start: b.pem cannot be read: there is no such file; mend or replace",
        ),
        (
            tls("a.pem"),
            "the gateway cannot start: the certificate in a.pem is damaged; mend or replace",
        ),
        (
            format!("gateway.access_log.file = \"no/such.log\"\n{own}"),
            "the gateway cannot start: the access log no/such.log cannot be opened: No such file",
        ),
        (
            format!("{own}tls = {{ on = true, ca = \"c.pem\" }}\n"),
            "the gateway cannot start: the plan is wrong: tls of pool web: c.pem cannot be read: there is no such file; mend",
        ),
    ];
    for (toml, expected) in cases {
        fs::write(dir.path().join("evenkeel.toml"), &toml).unwrap();
        for command in ["serve", "gateway"] {
            let sentence = refused(dir.path(), &[command]);
            assert!(
                sentence.starts_with(expected) && !sentence.contains("s3cr3t"),
                "{command}: {sentence}"
            );
        }
    }
}

#[test]
fn wrong_settings_are_one_sentence_and_exit_code_2() {
    let dir = tempfile::tempdir().unwrap();
    let cases = [
        (
            "[console]\nlissten = \"x\"",
            "evenkeel.toml: there is no setting console.lissten; allowed here: listen,",
        ),
        ("[console]\nlisten = \"here\"", "evenkeel.toml: console.listen is wrong"),
        (
            "[[pools]]\nid = \"web\"\ninstances = [{ id = \"a\", address = \"127.0.0.1:9\" }]",
            "evenkeel.toml: no route leads to a pool",
        ),
        ("console = [", "evenkeel.toml is not valid TOML"),
    ];
    for (toml, expected) in cases {
        // The file in the current directory is read without being named.
        fs::write(dir.path().join("evenkeel.toml"), toml).unwrap();
        for command in ["serve", "gateway", "check-config"] {
            let sentence = refused(dir.path(), &[command]);
            assert!(sentence.starts_with(expected), "{command}: {sentence}");
        }
    }
    assert!(!dir.path().join("data").exists(), "nothing was written");
    fs::remove_file(dir.path().join("evenkeel.toml")).unwrap();
    assert!(refused(dir.path(), &["--config", "missing.toml"]).starts_with("missing.toml cannot be read"));
    assert!(refused(dir.path(), &["gateway"]).contains("[[pools]]"));
    assert!(refused(dir.path(), &["--listen", "x"]).starts_with("the flag --listen: console.listen is wrong"));
    let mut variable = Program::command(dir.path(), &[]);
    variable.env("EVENKEEL_CONSOLE__LISTEN", "x");
    assert!(refusal(variable).starts_with("the variable EVENKEEL_CONSOLE__LISTEN: console.listen is wrong"));
}

#[test]
fn a_port_in_use_is_named_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let console = refused(dir.path(), &["--listen", &address, "--gateway-listen", "127.0.0.1:0"]);
    assert!(console.contains(&address) && console.contains("console.listen"), "{console}");
    let gateway = refused(dir.path(), &["--listen", "127.0.0.1:0", "--gateway-listen", &address]);
    assert!(gateway.contains(&address) && gateway.contains("gateway.listen"), "{gateway}");
}

#[test]
fn a_second_console_on_the_same_data_is_sent_away() {
    let dir = tempfile::tempdir().unwrap();
    let first = Program::start(Program::command(dir.path(), ANY_PORTS));
    first.says("/setup?token=");
    let sentence = refused(dir.path(), ANY_PORTS);
    assert!(
        sentence.contains("already uses data/") && sentence.contains(&first.pid().to_string()),
        "{sentence}"
    );
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o500)).unwrap();
    // Root may write anywhere; without capabilities it is a user like any other.
    let mut runner = Command::new(if is_root() { "setpriv" } else { "env" });
    if is_root() {
        runner.args(["--bounding-set=-all", "--inh-caps=-all"]);
    }
    runner.arg(env!("CARGO_BIN_EXE_evenkeel"));
    let sentence = refusal(Program::through(runner, dir.path(), ANY_PORTS));
    assert!(sentence.starts_with("data/ cannot be used: permission denied"), "{sentence}");
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("data")).unwrap();
    let file = dir.path().join("data/evenkeel.db");
    fs::write(&file, "my diary, please keep\n".repeat(100)).unwrap();
    let sentence = refused(dir.path(), ANY_PORTS);
    assert!(sentence.contains("data/evenkeel.db is not an SQLite database"), "{sentence}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "my diary, please keep\n".repeat(100));
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let url = Postgres::shared().database();
    let name = url.rsplit_once('/').unwrap().1.to_owned();
    let with_url = |args: &[&str]| {
        let mut command = Program::command(dir.path(), args);
        command.env("DATABASE_URL", &url);
        command
    };
    assert!(Program::run(with_url(&["user", "list"]), "").status.success());
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'future', true, ''::bytea, 0)";
    Postgres::shared().sql(&name, newer);
    let sentence = refusal(with_url(ANY_PORTS));
    assert!(sentence.contains("was written by a newer Evenkeel (schema 9999"), "{sentence}");
    assert!(!sentence.contains("secret"), "{sentence}");
}

#[test]
fn accounts_are_managed_with_a_piped_password() {
    let dir = tempfile::tempdir().unwrap();
    let user = |args: &[&str], input: &str| {
        let output = Program::run(Program::command(dir.path(), &[&["user"], args].concat()), input);
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    assert!(user(&["list"], "").1.contains("Nobody may sign in yet"));
    let (code, said, _) = user(&["add", "Grace", "--role", "system_admin"], &format!("{PASSWORD}\n"));
    assert_eq!((code, said.as_str()), (Some(0), "grace may now sign in as system admin\n"));
    assert!(user(&["add", "grace"], PASSWORD).2.contains("name: is taken"));
    assert!(
        user(&["add", "ada"], "short\n")
            .2
            .contains("password: must have at least 10 characters")
    );
    assert!(user(&["add", "<b>"], PASSWORD).2.contains("name: must have"));
    assert_eq!(user(&["list"], "").1, "grace  system admin\n");
    assert_eq!(user(&["passwd", "grace"], "another long password\n").0, Some(0));
    let (code, _, error) = user(&["passwd", "nobody"], PASSWORD);
    assert_eq!((code, error.contains("there is no user \"nobody\"")), (Some(2), true), "{error}");
}

#[test]
fn the_settings_in_force_are_shown_with_their_origin_and_without_secrets() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("evenkeel.toml"), "health.rise = 7\n").unwrap();
    let mut command = Program::command(dir.path(), &["check-config", "--listen", "127.0.0.1:3999"]);
    command.env("DATABASE_URL", "postgres://keel:s3cr3t@db.example.com/keel");
    let output = Program::run(command, "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    let line = |start: &str| {
        text.lines()
            .find(|l| l.starts_with(start))
            .unwrap_or_else(|| panic!("{start} in {text}"))
    };
    assert!(line("rise = 7").ends_with("# evenkeel.toml"));
    assert!(line("listen = \"127.0.0.1:3999\"").ends_with("# the flag --listen"));
    assert!(line("url = ").ends_with("# the variable DATABASE_URL"));
    assert!(line("fall = 3").ends_with("# default"));
    assert!(!text.contains("s3cr3t"));
}

#[test]
fn help_and_version_are_for_people() {
    let dir = tempfile::tempdir().unwrap();
    let help = String::from_utf8(Program::run(Program::command(dir.path(), &["--help"]), "").stdout).unwrap();
    assert!(help.starts_with("A live operations console"), "{help}");
    for word in [
        "serve",
        "gateway",
        "sample",
        "traffic",
        "check-config",
        "user",
        "Examples:",
        "EVENKEEL_",
        "Exit codes",
    ] {
        assert!(help.contains(word), "{word} is missing in\n{help}");
    }
    let version = String::from_utf8(Program::run(Program::command(dir.path(), &["--version"]), "").stdout).unwrap();
    assert_eq!(version.trim(), concat!("evenkeel ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_doctor_tells_mends_and_counts_in_its_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let hpa = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: \
               Deployment, name: web}\n  minReplicas: 9 # nine\n  maxReplicas: 4\n";
    fs::write(dir.path().join("hpa.yaml"), hpa).unwrap();
    let run = |args: &[&str], input: &str| {
        let output = Program::run(Program::command(dir.path(), args), input);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, out, _) = run(&["doctor", "hpa.yaml"], "");
    assert_eq!(code, Some(1), "{out}");
    assert!(
        out.contains("critical invalid_object: maxReplicas 4 is less than minReplicas 9  [spec.maxReplicas]"),
        "{out}"
    );

    let (code, mended, told) = run(&["doctor", "--fix", "-"], hpa);
    assert_eq!(code, Some(1));
    assert!(
        mended.contains("minReplicas: 4 # nine\n  maxReplicas: 9\n") && told.contains("invalid_object"),
        "{mended}{told}"
    );
    let (code, out, _) = run(&["doctor", "-"], &mended);
    assert_eq!((code, out.as_str()), (Some(0), "1 examined, nothing found.\n"));

    // Two files are seen together.
    let (code, json, _) = run(&["doctor", "--json", "hpa.yaml", "hpa.yaml"], "");
    let answer: model::cluster::DoctorAnswer = serde_json::from_str(&json).unwrap();
    assert_eq!((code, answer.documents.len()), (Some(1), 2));
    assert!(
        answer.documents[1]
            .findings
            .iter()
            .any(|f| f.code == model::cluster::FindingCode::TwoHpas),
        "{json}"
    );

    assert!(refused(dir.path(), &["doctor", "none.yaml"]).contains("none.yaml cannot be read"));
    fs::write(dir.path().join("bytes"), [0xff_u8, 0xfe]).unwrap();
    assert!(refused(dir.path(), &["doctor", "bytes"]).contains("is not UTF-8"));
}
