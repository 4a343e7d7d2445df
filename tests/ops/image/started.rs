//! Both images at work: an export to its end, and whom they trust.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use export_api::SnapshotStatus;
use export_sandbox::Sandbox;

use super::{
    super::{
        api::{Caller, KEY, regions},
        process::Process,
        tool::{output, refusal},
        world::worker_variables,
    },
    opened::Image,
};

/// Starts an image with nothing in its environment but `variables`.
fn start(image: &Image, command: &str, variables: &[(&str, &str)]) -> Process {
    let (program, arguments) = image.entrypoint(&[command]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let path = ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let variables: HashMap<String, String> = variables
        .iter()
        .chain([&path])
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Process::start(command, &program, &arguments, &variables)
}

async fn status(base: &str, path: &str) -> u16 {
    let answer = reqwest::get(format!("{base}{path}")).await;
    answer.unwrap().status().as_u16()
}

#[tokio::test]
async fn both_images_export_a_table_and_end_well_when_told() {
    let sandbox = Sandbox::start(Default::default()).await.unwrap();
    let image = Image::open("export-control-plane");
    image.mount("queue");
    let mut control_plane = start(
        &image,
        "serve",
        &[
            ("LISTEN_ADDR", "127.0.0.1:0"),
            ("SQLITE_PATH", "/queue/queue.db"),
            ("GRAPH_OLAP_INTERNAL_API_KEY", KEY),
        ],
    );
    let base = format!("http://{}", control_plane.address("addr").await);
    assert_eq!(status(&base, "/healthz").await, 200);

    let variables = worker_variables(&sandbox, &base);
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let image = Image::open("export-worker");
    let mut worker = start(&image, "run", &variables);
    let admin = format!("http://{}", worker.address("address").await);
    assert_eq!(status(&admin, "/healthz").await, 200);

    let caller = Caller::new(&base);
    let id = caller.submit(vec![regions("Region", "image/Region")]).await;
    worker
        .logged("the end of the job", |line| {
            line["message"] == "job completed"
        })
        .await;
    let snapshot = caller.snapshot(&id).await;
    assert_eq!(snapshot.snapshot.status, SnapshotStatus::Ready);
    assert_eq!(status(&admin, "/readyz").await, 200);

    for process in [&mut worker, &mut control_plane] {
        process.terminate();
        assert_eq!(process.ended().await.code(), Some(0), "{}", process.text());
    }
}

/// A server that proves itself with a certificate nobody signed. It speaks TLS and no HTTP.
struct Stranger {
    server: Child,
    address: String,
}

impl Stranger {
    fn start(certificate: &str, key: &str) -> Self {
        let made = Command::new("openssl")
            .args([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            ])
            .args([
                "-subj",
                "/CN=stranger",
                "-addext",
                "subjectAltName=IP:127.0.0.1",
            ])
            .args(["-keyout", key, "-out", certificate])
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let mut server = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-www"])
            .args(["-cert", certificate, "-key", key])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = BufReader::new(server.stdout.as_mut().unwrap());
        let address = said
            .lines()
            .find_map(|line| line.unwrap().strip_prefix("ACCEPT ").map(str::to_owned))
            .unwrap();
        Self { server, address }
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn the_image_trusts_known_authorities_and_no_stranger_unless_told() {
    let image = Image::open("export-worker");
    let folder = image.mount("authorities");
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (file("stranger.pem"), file("stranger.key"));
    let stranger = Stranger::start(&certificate, &key);
    output(Command::new("chmod").arg("a+r").arg(&certificate));

    let url = format!("https://{}", stranger.address);
    let doctor = || {
        let mut doctor = image.command(&["doctor"]);
        doctor.envs([
            ("STARBURST_URL", url.as_str()),
            ("STARBURST_USER", "export"),
            ("CONTROL_PLANE_URL", "http://127.0.0.1:9"),
            ("CONTROL_PLANE_AUTH", "none"),
            ("CONTROL_PLANE_MAX_RETRIES", "0"),
        ]);
        doctor
    };
    let words = refusal(&mut doctor());
    assert!(words.contains("UnknownIssuer"), "{words}");

    // Told to trust it, the client gets past TLS, to an answer that is none of Starburst's.
    let words = refusal(doctor().env("STARBURST_CA_FILE", "/authorities/stranger.pem"));
    assert!(!words.contains("UnknownIssuer"), "{words}");
}
