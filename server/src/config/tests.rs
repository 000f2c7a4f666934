use std::{collections::BTreeSet, fs};

use control::ports::cluster::ControllerSettings;
use model::{Algorithm, scaling::Tolerance};

use super::{layers::Origin, *};

const EXAMPLE: &str = include_str!("../../../evenkeel.example.toml");

/// Settings from this file text and these variables, with nothing of the machine's own.
fn with(toml: &str, variables: &[(&str, &str)], flags: &[(&'static str, &'static str, &str)]) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("evenkeel.toml");
    fs::write(&file, toml).unwrap();
    load(&Inputs {
        file: Some(file),
        variables: variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        flags: flags.iter().map(|(f, k, v)| (*f, *k, (*v).to_owned())).collect(),
    })
}

/// The sentence, with the file's directory cut off.
fn sentence(toml: &str) -> String {
    let text = with(toml, &[], &[]).unwrap_err().to_string();
    let start = text.find("evenkeel.toml").unwrap_or(0);
    text[start..].to_owned()
}

#[test]
fn nothing_set_is_the_embedded_default() {
    let config = with("", &[], &[]).unwrap();
    assert_eq!(config.settings, Settings::default());
    assert!(config.is_embedded());
}

#[test]
fn flags_beat_variables_beat_customary_names_beat_the_file() {
    let file = "[health]\ninterval_ms = 200\n[database]\npool_max = 7\n[environment]\nname = \"file\"";
    let variables = [
        ("HEALTH_CHECK_INTERVAL", "300"),
        ("EVENKEEL_HEALTH__INTERVAL_MS", "400"),
        ("DB_POOL_MAX", "8"),
        ("EVENKEEL_ENVIRONMENT__NAME", "123"),
        ("EVENKEEL_CONSOLE__LISTEN", "127.0.0.1:1"),
    ];
    let settings = with(file, &variables, &[("--listen", "console.listen", "[::1]:2")])
        .unwrap()
        .settings;
    assert_eq!((settings.health.interval_ms, settings.database.pool_max), (400, 8));
    assert_eq!(settings.environment.name, "123", "a variable is text where text is meant");
    assert_eq!(settings.console.listen, "[::1]:2".parse().unwrap());
}

#[test]
fn a_variable_can_hold_a_list() {
    for value in ["127.0.0.1:1,[::1]:2", "[\"127.0.0.1:1\", \"[::1]:2\"]"] {
        let settings = with("", &[("EVENKEEL_GATEWAY__LISTEN", value)], &[]).unwrap().settings;
        assert_eq!(
            settings.gateway.listen,
            ["127.0.0.1:1".parse().unwrap(), "[::1]:2".parse().unwrap()],
            "{value}"
        );
    }
}

#[test]
fn variables_of_kubernetes_and_empty_customary_ones_are_not_settings() {
    let variables = [
        ("EVENKEEL_PORT", "tcp://10.0.0.1:80"),
        ("EVENKEEL_PORT_80_TCP", "x"),
        ("EVENKEEL_SERVICE_HOST", "10.0.0.1"),
        ("EVENKEEL_GATEWAY_SERVICE_HOST", "10.0.0.1"),
        ("EVENKEEL_GATEWAY_SERVICE_PORT_HTTP", "80"),
        ("EVENKEEL_CONSOLE_PORT", "tcp://10.0.0.1:80"),
        ("EVENKEEL_CONSOLE_PORT_80_TCP_PROTO", "tcp"),
        ("DATABASE_URL", ""),
    ];
    assert_eq!(with("", &variables, &[]).unwrap().settings, Settings::default());
}

#[test]
fn every_wrong_setting_is_one_sentence_with_file_key_and_what_is_allowed() {
    let pool = "[[pools]]\nid = \"web\"\ninstances = [{ id = \"a\", address = \"127.0.0.1:9\" }]\n";
    let route = "[[routes]]\npool = \"web\"\n";
    let cases = [
        (
            "[console]\nlissten = 1",
            "evenkeel.toml: there is no setting console.lissten; allowed here: listen, public_url, advertise, trusted_proxies, site_root",
        ),
        (
            "[gatway]\nx = 1",
            "evenkeel.toml: there is no setting gatway; allowed here: console, gateway, gateways, health",
        ),
        (
            "[console]\nlisten = \"here\"",
            "evenkeel.toml: console.listen is wrong (invalid socket address syntax); allowed: an IP address and a port",
        ),
        (
            "[console]\nlisten = 3000",
            "evenkeel.toml: console.listen is wrong (it is the number 3000); allowed: an IP address and a port",
        ),
        (
            "[gateway]\nlisten = []",
            "evenkeel.toml: gateway.listen is wrong (it is empty); allowed: one or more IP addresses",
        ),
        (
            "[gateway]\nlisten = 5",
            "evenkeel.toml: gateway.listen is wrong (it has the wrong type); allowed: one or more",
        ),
        (
            "[gateway]\nalgorithm = \"best\"",
            "evenkeel.toml: gateway.algorithm is wrong (it is \"best\"); allowed: round_robin, weighted_round_robin",
        ),
        (
            "[gateway]\ntls.listen = \"127.0.0.1:1\"",
            "evenkeel.toml: gateway.tls.listen is wrong (there are no gateway.tls.certificates for it); allowed: one or more IP addresses",
        ),
        (
            "[gateway]\ntls.certificates = [{ certificate = \"a.pem\" }]",
            "evenkeel.toml: gateway.tls.certificates[0] needs key; allowed: the path of a PEM file with the private key",
        ),
        (
            "[gateway]\nlisten = \"127.0.0.1:1\"\ntls.listen = \"127.0.0.1:1\"",
            "evenkeel.toml: gateway.tls.listen is wrong (it has 127.0.0.1:1 twice); allowed: one or more IP addresses",
        ),
        (
            "[gateway]\naccess_log.sample = 1.5",
            "evenkeel.toml: gateway.access_log.sample is wrong (1.5 is out of range); allowed: 0 (failures",
        ),
        (
            "[gateway]\ntrace_sample = nan",
            "evenkeel.toml: gateway.trace_sample is wrong (NaN is out of range); allowed: 0 (none) to 1",
        ),
        (
            "[[pools]]\nid = \"web\"\ntls.verify = \"some\"\ninstances = []",
            "evenkeel.toml: pools[0].tls.verify is wrong (it is \"some\"); allowed: full or none",
        ),
        (
            "[[pools]]\nid = \"web\"\ntls = { on = true, name = \"*.a\" }\ninstances = []",
            "evenkeel.toml: pools[0].tls.name is wrong (must be a host name",
        ),
        (
            "[gateways]\ntoken = \"s3cr3t\"",
            "evenkeel.toml: gateways.token is wrong (it is shorter than 16 characters); allowed: 16 to 256 letters",
        ),
        (
            "[gateways]\ntoken = \"https://u:s3cr3t@example.com\"",
            "evenkeel.toml: gateways.token is wrong (it has other characters); allowed: 16 to 256 letters",
        ),
        (
            "[gateways]\nsilent_after_s = 1",
            "evenkeel.toml: gateways.silent_after_s is wrong (1 is out of range); allowed: 3 to 3600 seconds",
        ),
        (
            "[health]\nfall = 0",
            "evenkeel.toml: health.fall is wrong (0 is not between 1 and 100); allowed: 1 to 100 failed checks",
        ),
        (
            "[health]\nrise = -1",
            "evenkeel.toml: health.rise is wrong (it is the number -1); allowed: 1 to 100 passed",
        ),
        (
            "[database]\npool_max = 0",
            "evenkeel.toml: database.pool_max is wrong (0 is out of range); allowed: 1 to 1000",
        ),
        (
            "[database]\nurl = \"mysql://u:s3cr3t@h/d\"",
            "evenkeel.toml: database.url is wrong (it does not start with postgres://); allowed: a PostgreSQL",
        ),
        (
            "[sample]\ncount = 21",
            "evenkeel.toml: sample.count is wrong (21 is out of range); allowed: 1 to 20",
        ),
        (
            "[traffic]\nrate = nan",
            "evenkeel.toml: traffic.rate is wrong (NaN is out of range); allowed: 0 (none) to 1000",
        ),
        (
            "[registry]\ntoken = \"s3cr3t\"",
            "evenkeel.toml: registry.token is wrong (it is shorter than 16 characters); allowed: 16 to 256 letters",
        ),
        (
            "[registry]\nallow = [\"inside\"]",
            "evenkeel.toml: registry.allow is wrong (\"inside\" is not one); allowed: a list of addresses or networks",
        ),
        (
            "[registry]\nports = [\"9-8\"]",
            "evenkeel.toml: registry.ports is wrong (\"9-8\" is neither a port nor a range of ports); allowed: a list of ports",
        ),
        (
            "[registry]\nrefresh_s = 60",
            "evenkeel.toml: registry.refresh_s is wrong (60 is out of range); allowed: 1 to 3600 seconds, less than registry.expire_s",
        ),
        ("[environment]\nname = \"\"", "evenkeel.toml: environment.name is wrong"),
        ("[log]\nfilter = \"info,=x=\"", "evenkeel.toml: log.filter is wrong"),
        ("[console", "evenkeel.toml is not valid TOML: line 1, column 9"),
        (
            pool,
            "evenkeel.toml: no route leads to a pool; add [[routes]] with path = \"/\" and pool = \"web\"",
        ),
        (route, "evenkeel.toml: there are [[routes]] but no [[pools]]"),
        (
            &format!("{pool}[[routes]]\npool = \"shop\""),
            "evenkeel.toml: routes[0].pool names the unknown pool shop; allowed: web",
        ),
        (
            &format!("{pool}{route}{route}"),
            "evenkeel.toml: two routes have the path / on any host; leave one",
        ),
        (
            &format!("{pool}{pool}{route}"),
            "evenkeel.toml: two pools have the id web; give each its own",
        ),
        (
            &format!("{route}[[pools]]\nid = \"web\"\ninstances = []"),
            "evenkeel.toml: the pool web has no instance",
        ),
        (
            &format!("{route}[[pools]]\nid = \"web\""),
            "evenkeel.toml: the pool web has no instance",
        ),
        (
            &format!("{route}[[pools]]\nid = \"We b\"\ninstances = []"),
            "evenkeel.toml: pools[0].id is wrong (a name is made of a-z",
        ),
        (
            &format!("{route}[[pools]]\nid = \"web\"\ninstances = [{{ id = \"a\" }}]"),
            "evenkeel.toml: pools[0].instances[0] needs address; allowed: a host and a port",
        ),
        (
            &format!("{route}[[pools]]\nid = \"web\"\ninstances = [{{ id = \"a\", address = \"127.0.0.1\" }}]"),
            "evenkeel.toml: pools[0].instances[0].address is wrong (\"127.0.0.1\" has no port)",
        ),
        (
            &format!("{route}[[pools]]\nid = \"web\"\ninstances = [{{ id = \"a\", address = \"host.invalid:80\" }}]"),
            "evenkeel.toml: pools[0].instances[0].address is wrong (\"host.invalid\" cannot be resolved",
        ),
        (
            &format!("{route}[[pools]]\nid = \"web\"\ninstances = [{{ id = \"a\", address = \"127.0.0.1:9\", weight = 300 }}]"),
            "evenkeel.toml: pools[0].instances[0].weight is wrong (weight: 300 is not between 1 and 256); allowed: 1 to 256",
        ),
        (
            &format!(
                "{route}[[pools]]\nid = \"web\"\ninstances = [{{ id = \"a\", address = \"127.0.0.1:9\" }}, {{ id = \"b\", address = \"127.0.0.1:9\" }}]"
            ),
            "evenkeel.toml: the pool web has two instances at 127.0.0.1:9",
        ),
        (
            &format!(
                "{route}[[pools]]\nid = \"web\"\ninstances = [{{ id = \"a\", address = \"127.0.0.1:9\" }}, {{ id = \"a\", address = \"127.0.0.1:8\" }}]"
            ),
            "evenkeel.toml: the pool web has two instances with the id a",
        ),
        (
            "[[clusters]]\nid = \"prod\"\n[[clusters]]\nid = \"prod\"",
            "evenkeel.toml: clusters[1].id is wrong (two clusters have the id prod); allowed: a name of a-z",
        ),
        (
            "[[clusters]]\nid = \"prod\"\nnamespaces = [\"shop\", \"Shop\"]",
            "evenkeel.toml: clusters[0].namespaces is wrong (\"Shop\" is not the name of a namespace); allowed: a list of 1 to 100",
        ),
        (
            "[[clusters]]\nid = \"prod\"\nnamespaces = []",
            "evenkeel.toml: clusters[0].namespaces is wrong (it has 0 namespaces)",
        ),
        (
            "[[clusters]]\nid = \"prod\"\nnamespace = \"shop\"",
            "evenkeel.toml: there is no setting clusters[0].namespace; allowed here: id, kubeconfig, context, namespaces, read_only, controller",
        ),
        (
            "[[clusters]]\nid = \"prod\"\ncontroller.horizontal_pod_autoscaler_tolerance = -0.1",
            "evenkeel.toml: clusters[0].controller.horizontal_pod_autoscaler_tolerance is wrong (-0.1 is out of range); allowed: 0 to 10",
        ),
        (
            "[[clusters]]\nid = \"prod\"\ncontroller.horizontal_pod_autoscaler_tolerance = nan",
            "evenkeel.toml: clusters[0].controller.horizontal_pod_autoscaler_tolerance is wrong (NaN is out of range); allowed: 0 to 10",
        ),
        (
            "[[clusters]]\nid = \"prod\"\n[clusters.controller]\nhorizontal_pod_autoscaler_sync_period = \"0s\"",
            "evenkeel.toml: clusters[0].controller.horizontal_pod_autoscaler_sync_period is wrong (0s is out of range); allowed: whole seconds from \"1s\" to \"1h\"",
        ),
        (
            "[[clusters]]\nid = \"prod\"\n[clusters.controller]\nhorizontal_pod_autoscaler_downscale_stabilization = \"2h\"",
            "evenkeel.toml: clusters[0].controller.horizontal_pod_autoscaler_downscale_stabilization is wrong (2h0m0s is out of range); allowed: whole seconds from",
        ),
        (
            "[[clusters]]\nid = \"prod\"\n[clusters.controller]\nhorizontal_pod_autoscaler_initial_readiness_delay = \"soon\"",
            "evenkeel.toml: clusters[0].controller.horizontal_pod_autoscaler_initial_readiness_delay is wrong (\"soon\" is no duration",
        ),
        (
            "[[clusters]]\nid = \"prod\"\n[clusters.controller]\nsync_period = \"15s\"",
            "evenkeel.toml: there is no setting clusters[0].controller.sync_period; allowed here: horizontal_pod_autoscaler_tolerance",
        ),
        ("[[clusters]]\ncontext = \"prod\"", "evenkeel.toml: clusters[0] needs id"),
        (
            &format!("{route}[[pools]]\nid = \"web\"\nhealth.rise = 0\ninstances = [{{ id = \"a\", address = \"127.0.0.1:9\" }}]"),
            "evenkeel.toml: pools[0].health.rise is wrong (0 is not between 1 and 100)",
        ),
    ];
    let mut wrong = Vec::new();
    for (toml, expected) in cases {
        let sentence = sentence(toml);
        if !sentence.starts_with(expected) || sentence.contains('\n') || sentence.contains("s3cr3t") {
            wrong.push(format!("{toml:?}\n  is      {sentence}\n  but not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_error_names_the_variable_or_flag_that_set_it() {
    let error = |variables: &[(&str, &str)]| with("", variables, &[]).unwrap_err().to_string();
    assert!(error(&[("EVENKEEL_HEALTH__RISE", "none")]).starts_with("the variable EVENKEEL_HEALTH__RISE: health.rise is wrong"));
    assert!(error(&[("LOAD_BALANCER_ALGORITHM", "best")]).starts_with("the variable LOAD_BALANCER_ALGORITHM: gateway.algorithm is wrong"));
    assert!(error(&[("EVENKEEL_CONSOLE__PORT", "1")]).starts_with("the variable EVENKEEL_CONSOLE__PORT: there is no setting console.port"));
    assert!(error(&[("EVENKEEL_CONSOLE_LISTEN", "1")]).contains("there is no setting EVENKEEL_CONSOLE_LISTEN"));
    assert!(error(&[("EVENKEEL_REGISTRY_PORTS", "1")]).contains("there is no setting EVENKEEL_REGISTRY_PORTS"));
    assert!(error(&[("EVENKEEL_LISTEN", "1")]).starts_with("the variable EVENKEEL_LISTEN: there is no setting EVENKEEL_LISTEN"));
    let flag = with("", &[], &[("--listen", "console.listen", "x")]).unwrap_err().to_string();
    assert!(flag.starts_with("the flag --listen: console.listen is wrong"), "{flag}");
}

#[test]
fn an_own_pool_takes_what_it_does_not_set_from_the_groups() {
    let toml = "gateway.algorithm = \"least_connections\"\nhealth.rise = 9\n[[routes]]\npool = \"web\"\n[[pools]]\nid = \"web\"\nhealth.fall = 7\n\
                instances = [{ id = \"a\", address = \"localhost:9\", weight = 4 }]";
    let config = with(toml, &[], &[]).unwrap();
    let pool = &config.pools[0];
    assert_eq!(pool.defaults.algorithm, Algorithm::LeastConnections);
    assert_eq!((pool.defaults.health_check.rise, pool.defaults.health_check.fall), (9, 7));
    assert_eq!(pool.defaults.instance(&pool.instances[0].id).weight.get(), 4);
    assert!(pool.instances[0].address.ip().is_loopback());
    assert!(!config.is_embedded());
}

#[test]
fn a_pool_may_be_empty_when_instances_can_register() {
    let toml = "registry.token = \"0123456789abcdef0123456789abcdef\"\nregistry.ports = 9000\n[[routes]]\npool = \"web\"\n[[pools]]\nid = \"web\"\n\
                instances = []";
    let config = with(toml, &[("EVENKEEL_REGISTRY__ALLOW", "10.0.0.0/8,::1")], &[]).unwrap();
    assert!(config.pools[0].instances.is_empty() && !config.is_embedded());
    let setup = config.settings.registry.setup(Vec::new(), "http://ops").unwrap();
    assert_eq!((setup.reach.networks.len(), &setup.reach.ports[..]), (2, &[9000..=9000][..]));
    assert_eq!(setup.url, "http://ops/api/scalability/services/register");
    assert!(
        !format!("{:?} {:?}", config.settings, setup).contains("0123456789"),
        "the token is not printed"
    );
    for value in ["8080", "8080,9000-9100"] {
        assert!(with("", &[("EVENKEEL_REGISTRY__PORTS", value)], &[]).is_ok(), "{value}");
    }
}

#[test]
fn every_setting_is_in_the_list_of_keys_and_the_other_way_round() {
    let listed: BTreeSet<String> = all_keys().map(|k| k.name.to_owned()).filter(|n| !n.contains("[]")).collect();
    let real: BTreeSet<String> = super::show::default_keys().into_iter().collect();
    assert_eq!(listed, real);
}

/// What stands in the example instead of a token. It is none, so that nobody starts with one that everybody knows.
const NO_TOKEN: &str = "<openssl rand -hex 24>";

/// The example with the comment sign taken from every line that is a setting, and with tokens.
fn uncommented() -> String {
    let setting = |line: &str| line.starts_with('[') || line.split_once('=').is_some_and(|(key, _)| !key.trim().contains(' '));
    let open = |line: &str| {
        line.strip_prefix('#')
            .filter(|l| setting(l))
            .map_or_else(|| line.to_owned(), str::to_owned)
    };
    let whole: String = EXAMPLE.lines().map(|line| open(line) + "\n").collect();
    for section in ["registry", "gateways"] {
        assert!(with(&format!("[{section}]\ntoken = \"{NO_TOKEN}\""), &[], &[]).is_err());
    }
    whole.replace(NO_TOKEN, &"0a".repeat(24))
}

#[test]
fn the_example_names_every_key_with_its_default() {
    with(EXAMPLE, &[], &[]).unwrap();
    let config = with(&uncommented(), &[], &[]).unwrap();
    let (text, defaults) = (uncommented(), Settings::default());
    for key in all_keys() {
        let name = key.name.rsplit("[].").next().unwrap().rsplit('.').next().unwrap();
        assert!(
            text.lines().any(|l| l.trim().starts_with(&format!("{name} ="))
                || l.contains(&format!(".{name} ="))
                || l == format!("[[{}]]", key.name)),
            "{} is not in the example",
            key.name
        );
    }
    // Where there is a default, the example shows it; those without one show a plausible value.
    let mut shown = config.settings;
    shown.console.public_url = None;
    shown.console.advertise = None;
    shown.console.site_root = None;
    shown.gateway.tls = TlsSettings::default();
    shown.gateway.access_log.file = None;
    shown.database.url = None;
    shown.registry.token = None;
    shown.gateways.token = None;
    shown.pools.clear();
    shown.routes.clear();
    shown.clusters.clear();
    assert_eq!(shown, defaults);
}

#[test]
fn what_is_shown_can_be_read_again_and_holds_no_secret() {
    let inputs = Inputs {
        variables: vec![("DATABASE_URL".into(), "postgres://keel:s3cr3t@db/keel".into())],
        ..Inputs::default()
    };
    let shown = show(&inputs).unwrap();
    assert!(!shown.contains("s3cr3t"), "{shown}");
    assert!(
        shown
            .lines()
            .any(|l| l.starts_with("url = ") && l.ends_with("# the variable DATABASE_URL")),
        "{shown}"
    );
    assert_eq!(with(&shown, &[], &[]).unwrap().settings.gateway, Settings::default().gateway);
    assert_eq!(Origin::Default.to_string(), "default");
}

#[test]
fn what_a_controller_was_started_with_is_read_shown_and_read_again() {
    let toml = "[[clusters]]\nid = \"prod\"\n[clusters.controller]\nhorizontal_pod_autoscaler_tolerance = 0.05\n\
                horizontal_pod_autoscaler_sync_period = \"1m30s\"\n[[clusters]]\nid = \"edge\"\n";
    let read = with(toml, &[], &[]).unwrap().settings.clusters;
    let settings = ControllerSettings::from(&read[0].controller);
    let own = ControllerSettings {
        tolerance: Tolerance {
            scale_up_ppm: 50_000,
            scale_down_ppm: 50_000,
        },
        sync_period_s: 90,
        ..ControllerSettings::default()
    };
    assert_eq!(settings, own, "what is not set is Kubernetes' own");
    assert_eq!(ControllerSettings::from(&read[1].controller), ControllerSettings::default());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("evenkeel.toml");
    fs::write(&file, toml).unwrap();
    let shown = show(&Inputs {
        file: Some(file),
        ..Inputs::default()
    });
    assert_eq!(with(&shown.unwrap(), &[], &[]).unwrap().settings.clusters, read);
}
