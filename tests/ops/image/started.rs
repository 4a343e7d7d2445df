//! Both images at work: an export to its end, and whom they trust.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use export_api::SnapshotStatus;
use export_sandbox::{Sandbox, SandboxConfig};

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
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
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

/// A server whose certificate is of an authority that nobody knows. It speaks TLS and no HTTP.
struct Stranger {
    server: Child,
    address: String,
}

fn openssl(folder: &Path, arguments: &[&str]) -> Command {
    let mut openssl = Command::new("openssl");
    openssl
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    openssl
}

impl Stranger {
    /// Its authority is `authority.pem` in the folder.
    fn start(folder: &Path) -> Self {
        let new = "req -x509 -newkey rsa:2048 -nodes -days 2";
        for names in [
            "-subj /CN=authority -keyout authority.key -out authority.pem",
            "-subj /CN=stranger -keyout stranger.key -out stranger.pem \
             -CA authority.pem -CAkey authority.key \
             -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=CA:FALSE",
        ] {
            let arguments: Vec<&str> = new.split(' ').chain(names.split(' ')).collect();
            output(&mut openssl(folder, &arguments));
        }
        let serve = "s_server -accept 127.0.0.1:0 -rev -cert stranger.pem -key stranger.key";
        let arguments: Vec<&str> = serve.split(' ').collect();
        let mut server = openssl(folder, &arguments)
            .stdout(Stdio::piped())
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
    let stranger = Stranger::start(&folder);

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
    let words = refusal(doctor().env("STARBURST_CA_FILE", "/authorities/authority.pem"));
    assert!(words.contains("invalid HTTP version"), "{words}");
}
