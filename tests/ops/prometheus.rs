//! A real Prometheus, on a port of its own.

use std::collections::HashMap;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    process::Process,
    tool::{repository, tool},
};

/// Seconds between two scrapes, and between two evaluations of the rules.
pub const SCRAPE_SECONDS: u64 = 1;

/// A server that scrapes the targets it was given. Ends when it is dropped.
pub struct Prometheus {
    process: Process,
    base: String,
    _directory: TempDir,
}

impl Prometheus {
    /// Starts one with the repository's rules. Targets are `(job, host:port)`, all of
    /// the namespace `exports` and the release `ours`.
    pub async fn start(targets: &[(&str, String)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("prometheus.yml");
        let scrapes: Vec<Value> = targets
            .iter()
            .map(|(job, target)| {
                json!({
                    "job_name": format!("{job}/{target}"),
                    "static_configs": [{
                        "targets": [target],
                        "labels": { "job": job, "namespace": "exports", "release": "ours", "pod": target },
                    }],
                })
            })
            .collect();
        let every = format!("{SCRAPE_SECONDS}s");
        let text = json!({
            "global": { "scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every },
            "rule_files": [repository().join(super::rule_file::RULES)],
            "scrape_configs": scrapes,
        });
        std::fs::write(&config, text.to_string()).unwrap();
        let data = directory.path().join("data");
        let process = Process::start(
            "prometheus",
            tool("prometheus").get_program().as_ref(),
            &[
                "--config.file",
                config.to_str().unwrap(),
                "--storage.tsdb.path",
                data.to_str().unwrap(),
                "--web.listen-address=127.0.0.1:0",
                "--log.format=json",
            ],
            &HashMap::new(),
        );
        let said = |what: &'static str| move |line: &Value| line["msg"] == what;
        let listening = process.logged("its address", said("Listening on")).await;
        let ready = "Server is ready to receive web requests.";
        process.logged("that it is ready", said(ready)).await;
        Self {
            base: format!("http://{}", listening["address"].as_str().unwrap()),
            process,
            _directory: directory,
        }
    }

    /// What its API answers; a refusal is told with the parameters.
    pub async fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let answer = reqwest::Client::new()
            .get(format!("{}/api/v1/{path}", self.base))
            .query(parameters)
            .send()
            .await
            .unwrap_or_else(|error| panic!("{error}\n{}", self.process.text()));
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["status"], "success", "{parameters:?}: {answer}");
        answer["data"].clone()
    }

    /// How many series there are that a selector matches.
    pub async fn series(&self, selector: &str) -> usize {
        let found = self.ask("series", &[("match[]", selector)]).await;
        found.as_array().unwrap().len()
    }

    /// The series an expression has over a range that ends now.
    pub async fn range(&self, expression: &str, seconds: u64) -> Vec<Value> {
        let now = chrono::Utc::now().timestamp();
        let start = now - i64::try_from(seconds).unwrap();
        let answer = self
            .ask(
                "query_range",
                &[
                    ("query", expression),
                    ("start", &start.to_string()),
                    ("end", &now.to_string()),
                    ("step", "1"),
                ],
            )
            .await;
        answer["result"].as_array().unwrap().clone()
    }
}
