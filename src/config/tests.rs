use std::{io::Write as _, time::Duration};

use secrecy::ExposeSecret as _;

use super::*;

/// The least that `run` starts with.
const LEAST: [(&str, &str); 3] = [
    ("STARBURST_URL", "https://starburst.example:8443"),
    ("STARBURST_USER", "exporter"),
    ("CONTROL_PLANE_URL", "http://control-plane:8080/base/"),
];

fn sources(more: &[(&str, &str)]) -> Sources {
    Sources::from_environment(LEAST.iter().chain(more).copied())
}

fn loaded(more: &[(&str, &str)]) -> Config {
    Config::load(&sources(more)).unwrap()
}

/// Each problem as one line.
fn problems(more: &[(&str, &str)]) -> Vec<String> {
    let ConfigErrors(problems) = Config::load(&sources(more)).unwrap_err();
    problems
        .into_iter()
        .map(|problem| format!("{}: {}", problem.variable, problem.message))
        .collect()
}

#[test]
fn the_defaults_are_those_of_the_table() {
    let config = loaded(&[]);
    assert_eq!(config.starburst.client_tags, ["graph-olap-export"]);
    assert_eq!(config.starburst.source, "export-worker");
    assert!(config.starburst.ssl_verify);
    assert!(matches!(
        config.starburst.credentials,
        StarburstCredentials::None
    ));
    assert_eq!(config.export.unload_function.as_str(), "io.unload");
    assert_eq!(config.export.settle, Duration::from_secs(10));
    assert_eq!(config.loops.role, Role::All);
    assert_eq!(config.loops.poll_interval, Duration::from_secs(5));
    assert_eq!(config.loops.empty_poll_backoff, Duration::from_secs(10));
    assert_eq!(
        (config.loops.claim_limit, config.loops.poll_limit),
        (10, 10)
    );
    assert_eq!(config.loops.submit_concurrency, 64);
    assert_eq!(config.loops.poll_concurrency, 128);
    assert_eq!(config.loops.lease, Duration::from_secs(60));
    assert_eq!(config.loops.claim_wait, Duration::from_secs(5));
    assert_eq!(config.loops.shutdown_grace, Duration::from_secs(25));
    assert_eq!(config.storage.count_concurrency, 32);
    assert_eq!(config.control_plane.max_retries, 5);
    assert_eq!(config.admin.listen.to_string(), "0.0.0.0:8080");
    assert_eq!(
        config.control_plane.url.as_str(),
        "http://control-plane:8080/base"
    );
}

#[test]
fn every_default_is_a_value_that_would_be_taken() {
    let spelled_out: Vec<(&str, &str)> = GROUPS
        .iter()
        .flat_map(|group| group.settings)
        .filter_map(|setting| match setting.default {
            Default::Value(value) => Some((setting.variable, value)),
            Default::Required | Default::Otherwise(_) => None,
        })
        .collect();
    assert!(spelled_out.len() > 15);
    loaded(&spelled_out);
}

#[test]
fn the_doc_of_every_field_names_variable_default_and_unit() {
    let code = [
        include_str!("starburst.rs"),
        include_str!("control_plane.rs"),
        include_str!("storage.rs"),
        include_str!("export.rs"),
        include_str!("loops.rs"),
        include_str!("telemetry.rs"),
        include_str!("traces.rs"),
    ]
    .concat();
    for setting in GROUPS.iter().flat_map(|group| group.settings) {
        // A switch that only refuses has no field.
        if setting.variable == "DIRECT_EXPORT" {
            continue;
        }
        let unit = match setting.kind {
            Kind::Seconds { .. } => ", seconds",
            _ => "",
        };
        let doc = match (setting.kind, setting.default) {
            (_, Default::Value(value)) => {
                format!("/// `{}`, default `{value}`{unit}: ", setting.variable)
            }
            (_, Default::Required) => format!("/// `{}`, required: ", setting.variable),
            (Kind::Secret, _) => format!("`{}`", setting.variable),
            (_, Default::Otherwise("none")) => format!("/// `{}`, default none", setting.variable),
            (_, Default::Otherwise(_)) => format!("/// `{}`", setting.variable),
        };
        assert!(code.contains(&doc), "no field says {doc}");
    }
}

#[test]
fn all_errors_are_reported_at_once() {
    let sources = Sources::from_environment([
        ("STARBURST_URL", "ftp://starburst"),
        ("CLAIM_LIMIT", "0"),
        ("LOG_LEVEL", "verbose"),
        ("EXPORT_STRATEGY", "ctas"),
    ]);
    let error = Config::load(&sources).unwrap_err().to_string();
    assert_eq!(
        error,
        "\
the configuration has 6 errors:
  STARBURST_URL: \"ftp://starburst\" is neither http nor https; expected a URL such as https://host:port
  STARBURST_USER: is not set; set it to one line of text: user the queries run as
  CONTROL_PLANE_URL: is not set; set it to a URL such as https://host:port: Control Plane, without /api/internal
  EXPORT_STRATEGY: \"ctas\" is not built yet; only unload is known
  CLAIM_LIMIT: \"0\" is out of range; expected a whole number from 1 to 100
  LOG_LEVEL: \"verbose\" is no log level; expected error, warn, info, debug, trace, off or directives such as info,export_worker=debug"
    );
}

#[test]
fn each_bad_value_gets_one_error_that_names_it() {
    for (variable, value, says) in [
        (
            "STARBURST_URL",
            "starburst:8443",
            "is neither http nor https",
        ),
        ("STARBURST_URL", "not a url", "is no URL"),
        (
            "STARBURST_URL",
            "https://starburst/?a=b",
            "a query or a fragment",
        ),
        (
            "STARBURST_URL",
            "https://u:hush@starburst",
            "credentials do not belong into a URL",
        ),
        ("STARBURST_USER", "a\nb", "control character"),
        ("STARBURST_CLIENT_TAGS", "a,,b", "an empty tag"),
        ("STARBURST_CLIENT_TAGS", "a b", "a tag with a blank"),
        ("STARBURST_CLIENT_TAGS", "größe", "not ASCII"),
        ("STARBURST_SCHEMA", "tiny", "without STARBURST_CATALOG"),
        ("STARBURST_SSL_VERIFY", "maybe", "neither true nor false"),
        (
            "STARBURST_REQUEST_TIMEOUT_SECONDS",
            "1",
            "out of range; expected whole seconds from 2 to 600",
        ),
        (
            "STARBURST_REQUEST_TIMEOUT_SECONDS",
            "30s",
            "is no whole number",
        ),
        (
            "STARBURST_REQUEST_TIMEOUT_SECONDS",
            "99999999999999999999",
            "out of range",
        ),
        (
            "STARBURST_UNLOAD_FUNCTION",
            "unload()",
            "dotted identifiers",
        ),
        (
            "CONTROL_PLANE_URL",
            "http://cp/api/internal",
            "leave it out",
        ),
        ("CONTROL_PLANE_MAX_RETRIES", "-1", "out of range"),
        (
            "CONTROL_PLANE_AUTH",
            "basic",
            "is not known; expected api-key, google or none",
        ),
        ("CONTROL_PLANE_AUTH", "api-key", "set the key"),
        (
            "STORAGE_EMULATOR_HOST",
            "gs://host",
            "neither http nor https",
        ),
        (
            "EXPORT_BUCKET",
            "s3://exports",
            "\"s3://exports\" is not a gs:// path; expected gs://bucket or gs://bucket/folder",
        ),
        ("EXPORT_BUCKET", "exports", "is not a gs:// path"),
        ("EXPORT_BUCKET", "gs://", "names no bucket"),
        ("COUNT_CONCURRENCY", "0", "out of range"),
        (
            "EXPORT_STRATEGY",
            "direct",
            "is not built yet; only unload is known",
        ),
        ("EXPORT_STRATEGY", "magic", "is not known; only unload is"),
        ("DIRECT_EXPORT", "true", "is not built yet"),
        ("POLL_LIMIT", "101", "from 1 to 100"),
        ("ROLE", "reader", "expected all, submitter or poller"),
        ("CLAIM_WAIT_SECONDS", "61", "out of range"),
        ("LOG_FORMAT", "xml", "expected json or text"),
        ("LISTEN_ADDR", "8080", "no address with a port"),
    ] {
        let problems = problems(&[(variable, value)]);
        assert_eq!(problems.len(), 1, "{variable}={value}: {problems:?}");
        let about_key = variable == "CONTROL_PLANE_AUTH" && value == "api-key";
        let named = if about_key {
            "GRAPH_OLAP_INTERNAL_API_KEY"
        } else {
            variable
        };
        assert!(
            problems[0].starts_with(&format!("{named}: ")),
            "{problems:?}"
        );
        assert!(
            problems[0].contains(says),
            "{variable}={value}: {problems:?}"
        );
        assert!(!problems[0].contains("hush"), "{problems:?}");
    }
}

#[test]
fn settings_of_traces_that_make_no_sense_are_refused() {
    for (variable, value, says) in [
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "collector:4318",
            "neither http nor https",
        ),
        ("OTEL_EXPORTER_OTLP_HEADERS", "hush", "no list of headers"),
        ("OTEL_TRACES_SAMPLER_ARG", "10", "from 0 to 1"),
    ] {
        let problems = problems(&[(variable, value)]);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with(variable), "{problems:?}");
        assert!(problems[0].contains(says), "{problems:?}");
        assert!(!problems[0].contains("hush"), "{problems:?}");
    }
}

#[test]
fn a_file_of_the_collectors_headers_that_is_no_good_keeps_no_worker_from_its_work() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("headers");
    std::fs::write(&path, "hush").unwrap();
    let config = loaded(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
        ("OTEL_EXPORTER_OTLP_HEADERS_FILE", path.to_str().unwrap()),
    ]);
    assert!(config.traces.unwrap().headers.is_some());
}

#[test]
fn empty_values_count_as_not_set() {
    let config = loaded(&[
        ("STARBURST_PASSWORD", ""),
        ("CLAIM_LIMIT", "  "),
        ("HOSTNAME", ""),
    ]);
    assert!(matches!(
        config.starburst.credentials,
        StarburstCredentials::None
    ));
    assert_eq!(config.loops.claim_limit, 10);
    let generated = config.loops.worker_id.strip_prefix("worker-").unwrap();
    assert_eq!(generated.len(), 8);
}

#[test]
fn a_bucket_is_examined_in_the_folder_that_is_named_or_in_one_of_our_own() {
    for (bucket, folder) in [
        ("gs://exports", "gs://exports/.export-worker/"),
        ("gs://exports/", "gs://exports/.export-worker/"),
        ("gs://exports/a/b/", "gs://exports/a/b/"),
    ] {
        let config = loaded(&[("EXPORT_BUCKET", bucket)]);
        assert_eq!(config.storage.export_bucket.unwrap().to_string(), folder);
    }
    assert_eq!(loaded(&[]).storage.export_bucket, None);
}

#[test]
fn a_flag_overrides_its_variable_and_is_named_when_it_is_wrong() {
    let mut sources = sources(&[("CLAIM_LIMIT", "3"), ("POLL_LIMIT", "4")]);
    sources.set_flag("CLAIM_LIMIT", "7");
    let config = Config::load(&sources).unwrap();
    assert_eq!((config.loops.claim_limit, config.loops.poll_limit), (7, 4));

    sources.set_flag("CLAIM_LIMIT", "many");
    let error = Config::load(&sources).unwrap_err().to_string();
    assert!(
        error.contains("CLAIM_LIMIT: \"many\" (from --claim-limit)"),
        "{error}"
    );
}

#[test]
fn booleans_are_read_in_all_their_spellings() {
    for (text, value) in [
        ("true", true),
        ("TRUE", true),
        ("1", true),
        ("Yes", true),
        ("false", false),
        ("0", false),
        ("no", false),
    ] {
        assert_eq!(loaded(&[("DRY_RUN", text)]).loops.dry_run, value, "{text}");
    }
}

#[test]
fn blanks_around_a_client_tag_do_not_count() {
    let config = loaded(&[("STARBURST_CLIENT_TAGS", " exports , nightly")]);
    assert_eq!(config.starburst.client_tags, ["exports", "nightly"]);
}

#[test]
fn a_secret_comes_from_its_variable_or_its_file_but_not_both() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"from the file\n").unwrap();
    let path = file.path().to_str().unwrap();

    let config = loaded(&[("STARBURST_PASSWORD_FILE", path)]);
    let StarburstCredentials::Password(secret) = config.starburst.credentials else {
        panic!("no password");
    };
    assert_eq!(secret.current().unwrap().expose_secret(), "from the file");

    let config = loaded(&[("GRAPH_OLAP_INTERNAL_API_KEY", "hush\n")]);
    let ControlPlaneAuth::ApiKey(key) = config.control_plane.auth else {
        panic!("no key");
    };
    assert_eq!(key.current().unwrap().expose_secret(), "hush");

    let both = problems(&[("STARBURST_TOKEN", "hush"), ("STARBURST_TOKEN_FILE", path)]);
    assert_eq!(
        both,
        ["STARBURST_TOKEN: is set, and so is STARBURST_TOKEN_FILE; keep one of them"]
    );
}

#[test]
fn a_secret_file_that_is_not_there_yet_is_a_secret_all_the_same() {
    let config = loaded(&[
        ("GRAPH_OLAP_INTERNAL_API_KEY_FILE", "/nowhere/key"),
        ("STARBURST_TOKEN_FILE", "/nowhere/token"),
    ]);
    let ControlPlaneAuth::ApiKey(key) = config.control_plane.auth else {
        panic!("a key is configured");
    };
    let StarburstCredentials::Token(token) = config.starburst.credentials else {
        panic!("a token is configured");
    };
    for (secret, says) in [
        (
            key,
            "GRAPH_OLAP_INTERNAL_API_KEY_FILE: secret file /nowhere/key cannot be read",
        ),
        (
            token,
            "STARBURST_TOKEN_FILE: secret file /nowhere/token cannot be read",
        ),
    ] {
        let error = secret.current().unwrap_err().to_string();
        assert!(error.starts_with(says), "{error}");
    }
}

#[test]
fn a_password_and_a_token_exclude_each_other() {
    let problems = problems(&[("STARBURST_PASSWORD", "hush"), ("STARBURST_TOKEN", "hush")]);
    assert_eq!(
        problems,
        ["STARBURST_PASSWORD: is set, and so is STARBURST_TOKEN; keep one of them"]
    );
}

#[test]
fn a_password_crosses_no_network_in_clear() {
    let clear = problems(&[
        ("STARBURST_URL", "http://starburst:8080"),
        ("STARBURST_PASSWORD", "hush"),
    ]);
    assert_eq!(clear.len(), 1);
    assert!(clear[0].starts_with("STARBURST_URL: "), "{clear:?}");
    assert!(clear[0].contains("use https"), "{clear:?}");
    for url in [
        "http://localhost:8080",
        "http://127.0.0.1:1",
        "http://[::1]:1",
    ] {
        loaded(&[("STARBURST_URL", url), ("STARBURST_PASSWORD", "hush")]);
    }
    loaded(&[("STARBURST_URL", "http://starburst:8080")]);
}

#[test]
fn the_control_plane_is_spoken_to_without_credentials_only_when_said() {
    let auth = |more| loaded(more).control_plane.auth;
    assert!(matches!(auth(&[]), ControlPlaneAuth::Google));
    assert!(matches!(
        auth(&[("GRAPH_OLAP_INTERNAL_API_KEY", "hush")]),
        ControlPlaneAuth::ApiKey(_)
    ));
    assert!(matches!(
        auth(&[("CONTROL_PLANE_AUTH", "none")]),
        ControlPlaneAuth::None
    ));
    let problems = problems(&[
        ("CONTROL_PLANE_AUTH", "none"),
        ("GRAPH_OLAP_INTERNAL_API_KEY", "hush"),
    ]);
    assert!(problems[0].contains("contradicts"), "{problems:?}");
}

#[test]
fn an_emulator_may_be_a_host_and_a_port() {
    for text in ["127.0.0.1:4443", "http://127.0.0.1:4443/"] {
        let config = loaded(&[("STORAGE_EMULATOR_HOST", text)]);
        let emulator = config.storage.emulator.unwrap();
        assert_eq!(
            emulator.origin().ascii_serialization(),
            "http://127.0.0.1:4443"
        );
    }
}

#[test]
fn a_role_names_its_loops() {
    for (role, submits, polls) in [
        ("all", true, true),
        ("submitter", true, false),
        ("Poller", false, true),
    ] {
        let role = loaded(&[("ROLE", role)]).loops.role;
        assert_eq!((role.submits(), role.polls()), (submits, polls));
    }
}

#[test]
fn no_secret_shows_in_debug_output() {
    let config = loaded(&[
        ("STARBURST_PASSWORD", "hush"),
        ("GRAPH_OLAP_INTERNAL_API_KEY", "hush"),
    ]);
    assert!(!format!("{config:?}").contains("hush"));
}

#[test]
fn a_command_needs_only_what_it_uses() {
    let nothing = Sources::from_environment([("STARBURST_URL", "nonsense")]);
    assert!(CountConfig::load(&nothing).is_ok());
    let no_loops = sources(&[("CLAIM_LIMIT", "nonsense"), ("LISTEN_ADDR", "nonsense")]);
    assert!(DoctorConfig::load(&no_loops).is_ok());
}

#[test]
fn a_variable_that_is_nearly_ours_is_told_with_the_nearest_name() {
    let sources = sources(&[
        ("STARBURST_PASWORD", "hush"),
        ("CONTROL_PLANE_TIMEOUT", "30"),
        ("STARBURST_TOKEN_FILE", "/token"),
        ("STARBURST_SERVICE_HOST", "10.0.0.1"),
        ("CONTROL_PLANE_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("HOME", "/root"),
    ]);
    assert_eq!(
        suspicious_variables(&sources),
        [
            "CONTROL_PLANE_TIMEOUT is set, but no setting has that name; the nearest is CONTROL_PLANE_TIMEOUT_SECONDS",
            "STARBURST_PASWORD is set, but no setting has that name; the nearest is STARBURST_PASSWORD",
        ]
    );
}
