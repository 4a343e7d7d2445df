//! A wrong value is refused before anything reaches the cluster, by its name.

use super::{super::tool::refusal, CHART, template};

/// Settings on top of `ci/minimal.yaml`, and what the refusal must say.
const REFUSED: &[(&[&str], &[&str])] = &[
    // Typos
    (&["starburst.urll=\"https://x\""], &["/starburst", "'urll'"]),
    (&["replicaCount=3"], &["'replicaCount'"]),
    (
        &["worker.autoscaling.keda.maxReplica=3"],
        &["/worker/autoscaling/keda", "'maxReplica'"],
    ),
    (
        &["mode=\"split\"", "poller.replica=3"],
        &["/poller", "'replica'"],
    ),
    (&["mode=\"splitt\""], &["/mode", "split"]),
    (
        &["metrics.scrape=\"podmonitor\""],
        &["/metrics/scrape", "PodMonitor"],
    ),
    (
        &["worker.extraEnv=[{\"name\":\"A\",\"valueOf\":\"b\"}]"],
        &["/worker/extraEnv/0", "'valueOf'"],
    ),
    (
        &["worker.extraEnv=[{\"name\":\"SHUTDOWN_GRACE_SECONDS\",\"value\":\"60\"}]"],
        &["worker.extraEnv", "loops.shutdownGraceSeconds"],
    ),
    // Wrong types
    (
        &["worker.replicas=\"three\""],
        &["/worker/replicas", "integer"],
    ),
    (
        &["starburst.sslVerify=\"false\""],
        &["/starburst/sslVerify", "boolean"],
    ),
    (
        &["starburst.clientTags=\"one,two\""],
        &["/starburst/clientTags", "array"],
    ),
    (&["loops.dryRun=1"], &["/loops/dryRun", "boolean"]),
    (
        &["traces.samplerArg=\"all\""],
        &["/traces/samplerArg", "number"],
    ),
    (
        &["starburst.password=\"secret\""],
        &["/starburst/password", "object"],
    ),
    // Out of range, or no such thing
    (
        &["loops.leaseSeconds=2"],
        &["/loops/leaseSeconds", "minimum", "3"],
    ),
    (
        &["loops.claimLimit=101"],
        &["/loops/claimLimit", "maximum", "100"],
    ),
    (
        &["loops.claimWaitSeconds=61"],
        &["/loops/claimWaitSeconds", "60"],
    ),
    (
        &["loops.pollIntervalSeconds=1.5"],
        &["/loops/pollIntervalSeconds", "integer"],
    ),
    (&["traces.samplerArg=1.5"], &["/traces/samplerArg", "1"]),
    (&["metrics.port=80"], &["/metrics/port", "1,024"]),
    (&["export.directExport=true"], &["/export/directExport"]),
    (
        &["export.strategy=\"ctas\""],
        &["/export/strategy", "unload"],
    ),
    (&["image.digest=\"latest\""], &["/image/digest"]),
    (
        &["storage.bucket=\"exports\""],
        &["/storage/bucket", "gs://"],
    ),
    (
        &["starburst.url=\"starburst.example.com\""],
        &["/starburst/url", "https?://"],
    ),
    (
        &["starburst.url=\"https://user:password@starburst.example.com\""],
        &["/starburst/url"],
    ),
    (
        &["controlPlane.url=\"http://queue/api/internal\""],
        &["/controlPlane/url"],
    ),
    (
        &["controlPlane.auth=\"basic\""],
        &["/controlPlane/auth", "google"],
    ),
    (
        &["controlPlaneServer.metricsSnapshots=1001"],
        &["/controlPlaneServer/metricsSnapshots"],
    ),
    // Missing
    (&["starburst.url=null"], &["starburst", "url"]),
    (&["starburst.user=null"], &["starburst", "user"]),
    (
        &["controlPlane.url=null"],
        &["controlPlane.url is not set", "controlPlaneServer.enabled"],
    ),
    // Values that contradict one another
    (
        &[
            "worker.autoscaling.hpa.enabled=true",
            "worker.autoscaling.keda.enabled=true",
        ],
        &[
            "worker.autoscaling.hpa.enabled",
            "worker.autoscaling.keda.enabled",
            "exclude one another",
        ],
    ),
    (
        &[
            "mode=\"split\"",
            "worker.autoscaling.hpa.enabled=true",
            "poller.autoscaling.keda.enabled=true",
        ],
        &["poller.autoscaling.hpa.enabled", "exclude one another"],
    ),
    (
        &["worker.autoscaling.keda.enabled=true"],
        &[
            "keda.triggerAuthentication",
            "controlPlane.apiKey.secretName",
        ],
    ),
    (
        &[
            "worker.autoscaling.hpa.enabled=true",
            "worker.autoscaling.hpa.minReplicas=30",
        ],
        &["worker.autoscaling.hpa.minReplicas is 30"],
    ),
    (
        &["poller.replicas=3"],
        &["submitter and poller", "mode: split"],
    ),
    (
        &[
            "starburst.password.secretName=\"a\"",
            "starburst.token.secretName=\"b\"",
        ],
        &["starburst.password and starburst.token exclude one another"],
    ),
    (
        &[
            "starburst.password.secretName=\"a\"",
            "starburst.password.csiFile=\"b\"",
        ],
        &["starburst.password.secretName and starburst.password.csiFile exclude one another"],
    ),
    (
        &["starburst.password.csiFile=\"b\""],
        &["starburst.password.csiFile", "csi.secretProviderClass"],
    ),
    (
        &[
            "starburst.url=\"http://starburst:8080\"",
            "starburst.password.secretName=\"a\"",
        ],
        &["starburst.url is http://starburst:8080", "https"],
    ),
    (
        &["starburst.schema=\"sales\""],
        &["starburst.schema", "starburst.catalog"],
    ),
    (
        &["controlPlane.auth=\"api-key\""],
        &[
            "controlPlane.auth is api-key",
            "controlPlane.apiKey.secretName",
        ],
    ),
    (
        &[
            "controlPlane.auth=\"none\"",
            "controlPlane.apiKey.secretName=\"a\"",
        ],
        &["controlPlane.auth is none", "controlPlane.apiKey"],
    ),
    (
        &["controlPlaneServer.enabled=true"],
        &[
            "controlPlane.apiKey.secretName",
            "controlPlaneServer.insecure",
        ],
    ),
    (
        &[
            "controlPlaneServer.enabled=true",
            "controlPlane.apiKey.secretName=\"a\"",
            "controlPlaneServer.replicas=2",
        ],
        &[
            "controlPlaneServer.replicas is 2",
            "controlPlaneServer.store",
        ],
    ),
    (
        &[
            "controlPlaneServer.enabled=true",
            "controlPlane.apiKey.secretName=\"a\"",
            "controlPlaneServer.store=\"postgresql\"",
        ],
        &["controlPlaneServer.postgresql.url.secretName is not set"],
    ),
    (
        &[
            "controlPlaneServer.enabled=true",
            "controlPlane.apiKey.secretName=\"a\"",
            "controlPlaneServer.store=\"postgresql\"",
            "controlPlaneServer.postgresql.url.csiFile=\"url\"",
            "csi.secretProviderClass=\"exports\"",
            "controlPlaneServer.migrate=\"hook\"",
        ],
        &["controlPlaneServer.migrate is hook", "on-start"],
    ),
    (
        &[
            "controlPlaneServer.enabled=true",
            "controlPlane.url=null",
            "controlPlane.apiKey.secretName=\"a\"",
            "controlPlane.auth=\"google\"",
        ],
        &["controlPlane.auth is google", "controlPlane.url"],
    ),
    (
        &["networkPolicy.enabled=true"],
        &["networkPolicy.controlPlane is empty"],
    ),
    (
        &[
            "networkPolicy.enabled=true",
            "networkPolicy.starburst=[{\"ipBlock\":{\"cidr\":\"10.0.0.1/32\"}}]",
            "controlPlaneServer.enabled=true",
            "controlPlane.url=null",
            "controlPlane.apiKey.secretName=\"a\"",
            "worker.autoscaling.keda.enabled=true",
        ],
        &["networkPolicy.controlPlaneFrom is empty"],
    ),
];

#[test]
fn a_wrong_value_is_refused_by_its_name() {
    for (settings, expected) in REFUSED {
        let mut command = template();
        command.args(["--values", &format!("{CHART}/ci/minimal.yaml")]);
        for setting in *settings {
            command.args(["--set-json", setting]);
        }
        let said = refusal(&mut command);
        for part in *expected {
            assert!(
                said.contains(part),
                "{settings:?} must be refused with {part}, not\n{said}"
            );
        }
        assert!(
            !said.contains("kind: Deployment"),
            "{settings:?} renders something"
        );
    }
}
