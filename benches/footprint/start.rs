//! From exec to the first 200 on `/readyz`.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

use export_sandbox::{Sandbox, SandboxConfig};

use super::{
    DEFAULTS,
    figures::{Figures, Spread},
    process::{Process, worker_binary},
    world::worker_variables,
};

const RUNS: usize = 20;

/// Whether `/readyz` answers 200 now. A socket and nothing more: a client of the
/// benchmark's own would take longer to build than the worker takes to start.
fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200 ")
}

fn until_ready(address: SocketAddr) {
    let began = Instant::now();
    while !is_ready(address) {
        assert!(began.elapsed() < Duration::from_secs(10), "never ready");
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

pub async fn measure(table: &mut Figures) {
    let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
    let mut variables = worker_variables(&sandbox, &sandbox.gen1_url());
    let defaults = DEFAULTS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    variables.extend(HashMap::from(defaults));
    let mut millis = Vec::new();
    for _ in 0..RUNS {
        let address = free_address();
        variables.insert("LISTEN_ADDR".to_owned(), address.to_string());
        let began = Instant::now();
        let worker = Process::start("worker", &worker_binary(), &["run"], &variables);
        tokio::task::spawn_blocking(move || until_ready(address))
            .await
            .unwrap();
        millis.push(began.elapsed().as_secs_f64() * 1e3);
        worker.kill().await;
    }
    let [min, median, max] = Spread::of(millis).cells(1);
    let name = format!("exec to ready, ms ({RUNS} runs)");
    table.row([name.as_str(), &min, &median, &max, "100"]);
}
