//! The container images, opened and run.

pub mod dockerfile;
mod opened;
mod started;

use std::{collections::HashSet, process::Command};

use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::{Value, json};

use super::tool::{output, read, refusal, repository, tool};
use opened::Image;

const PACKAGES: [&str; 2] = ["export-worker", "export-control-plane"];

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What git says; `otherwise` of sources that come without their history.
fn git(arguments: &[&str], otherwise: &str) -> String {
    let mut git = Command::new("git");
    git.current_dir(repository()).args(arguments);
    let said = git.output().ok().filter(|said| said.status.success());
    said.map_or(otherwise.to_owned(), |said| {
        String::from_utf8(said.stdout).unwrap().trim().to_owned()
    })
}

#[test]
fn an_image_runs_its_binary_as_a_numeric_user_and_says_what_it_is() {
    for (package, command, description) in [
        ("export-worker", "run", env!("CARGO_PKG_DESCRIPTION")),
        (
            "export-control-plane",
            "serve",
            "The reference Control Plane: a queue of export jobs over HTTP, on SQLite or PostgreSQL",
        ),
    ] {
        let image = Image::open(package);
        let config = &image.config["config"];
        assert_eq!(config["User"], "65532:65532");
        assert_eq!(config["Entrypoint"], json!([format!("/{package}")]));
        assert_eq!(config["Cmd"], json!([command]));
        assert_eq!(config["ExposedPorts"], json!({"8080/tcp": {}}));
        assert_eq!(config["WorkingDir"], "/");
        assert_eq!(image.config["os"], "linux");

        let label =
            |name: &str| config["Labels"][format!("org.opencontainers.image.{name}")].clone();
        assert_eq!(label("title"), package);
        assert_eq!(label("description"), description);
        assert_eq!(label("version"), VERSION);
        assert_eq!(label("licenses"), "Apache-2.0");
        let revision = label("revision").as_str().unwrap().replace("-dirty", "");
        assert_eq!(
            revision,
            git(&["rev-parse", "HEAD"], "unknown"),
            "run `make image`"
        );

        // The commit's time, so that the same sources give the same image.
        let committed = git(&["show", "--no-patch", "--format=%ct", "HEAD"], "0");
        let created = label("created").as_str().unwrap().to_owned();
        assert_eq!(image.config["created"], created);
        let created = chrono::DateTime::parse_from_rfc3339(&created).unwrap();
        assert_eq!(created.timestamp().to_string(), committed);
    }
}

#[test]
fn an_image_holds_one_binary_no_shell_and_nothing_that_can_be_written_to() {
    for package in PACKAGES {
        let mut listing = Image::open(package).listing.clone();
        listing.sort();
        let mut expected = vec![
            format!("-r-xr-xr-x 0/0 {package}"),
            "-r--r--r-- 0/0 etc/ssl/certs/ca-certificates.crt".to_owned(),
            format!("-r--r--r-- 0/0 usr/share/doc/{package}/LICENSE"),
            format!("-r--r--r-- 0/0 usr/share/sbom/{package}.cdx.json"),
        ];
        let folders = [
            "etc",
            "etc/ssl",
            "etc/ssl/certs",
            "usr",
            "usr/share",
            "usr/share/doc",
        ];
        expected.extend(folders.map(|folder| format!("dr-xr-xr-x 0/0 {folder}/")));
        expected.push(format!("dr-xr-xr-x 0/0 usr/share/doc/{package}/"));
        expected.push("dr-xr-xr-x 0/0 usr/share/sbom/".to_owned());
        expected.sort();
        assert_eq!(listing, expected);
    }
}

#[test]
fn an_image_is_smaller_than_30_megabytes() {
    for package in PACKAGES {
        let size = Image::open(package).size;
        assert!(size < 30_000_000, "{package}: {size} bytes");
    }
}

#[test]
fn every_certificate_authority_of_an_image_can_be_trusted() {
    for package in PACKAGES {
        let image = Image::open(package);
        let pem = image.path("etc/ssl/certs/ca-certificates.crt");
        let pem = std::fs::read(pem).unwrap();
        let authorities: Vec<_> = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<_, _>>()
            .unwrap();
        let mut trusted = rustls::RootCertStore::empty();
        let (taken, ignored) = trusted.add_parsable_certificates(authorities);
        assert!(taken > 100 && ignored == 0, "{taken} taken, {ignored} not");
    }
}

/// Names and versions of Cargo.lock, as package URLs.
fn locked() -> HashSet<String> {
    let lock = read("Cargo.lock");
    let field = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim_matches('"').to_owned())
    };
    lock.split("[[package]]")
        .filter_map(|block| {
            let (name, version) = (field(block, "name = ")?, field(block, "version = ")?);
            Some(format!("pkg:cargo/{name}@{version}"))
        })
        .collect()
}

#[test]
fn a_bill_of_materials_names_what_is_compiled_in_and_nothing_else() {
    let locked = locked();
    let version = |crate_name: &str| {
        let start = format!("pkg:cargo/{crate_name}@");
        locked.iter().find(|purl| purl.starts_with(&start)).unwrap()
    };
    for (package, has, has_not) in [
        ("export-worker", ["tokio", "parquet"], ["sqlx", "tempfile"]),
        (
            "export-control-plane",
            ["tokio", "sqlx"],
            ["parquet", "tempfile"],
        ),
    ] {
        let image = Image::open(package);
        let path = image.path(&format!("usr/share/sbom/{package}.cdx.json"));
        output(tool("validate-bill").arg(&path));
        let bill = opened::json(&path);
        assert_eq!(bill["metadata"]["component"]["name"], package);
        assert_eq!(bill["metadata"]["component"]["version"], VERSION);
        let named: HashSet<String> = bill["components"]
            .as_array()
            .unwrap()
            .iter()
            .map(|component| component["purl"].as_str().unwrap().to_owned())
            .collect();
        assert!(named.is_subset(&locked), "{:?}", named.difference(&locked));
        for wanted in has {
            assert!(named.contains(version(wanted)), "{package}: {wanted}");
        }
        for unwanted in has_not {
            assert!(!named.contains(version(unwanted)), "{package}: {unwanted}");
        }
        let licensed = |component: &Value| component["licenses"][0]["expression"].is_string();
        assert!(bill["components"].as_array().unwrap().iter().all(licensed));
    }
}

#[test]
fn a_binary_runs_with_no_files_but_those_of_its_image() {
    for package in PACKAGES {
        let said = output(Image::open(package).command(&[]).arg("--version"));
        assert_eq!(said.trim(), format!("{package} {VERSION}"));
    }
    let worker = Image::open("export-worker");
    let words = refusal(&mut worker.command(&["doctor"]));
    assert!(words.contains("STARBURST_URL"), "{words}");
    let words = refusal(&mut Image::open("export-control-plane").command(&["serve"]));
    assert!(words.contains("GRAPH_OLAP_INTERNAL_API_KEY"), "{words}");
}
