{{/*
What values.schema.json cannot say: values that contradict one another. Each message names the
value and what to do; nothing is rendered then.
*/}}
{{- define "export-worker.validate" -}}
{{- $v := .Values -}}
{{- $s := $v.controlPlaneServer -}}

{{- range $d := include "export-worker.deployments" . | fromJsonArray }}
{{- $autoscaling := $d.pod.autoscaling }}
{{- if and $autoscaling.hpa.enabled $autoscaling.keda.enabled }}
{{- fail (printf "%s.autoscaling.hpa.enabled and %s.autoscaling.keda.enabled exclude one another, because KEDA makes an HPA of its own: turn one off" $d.values $d.values) }}
{{- end }}
{{- range $kind, $scaler := $autoscaling }}
{{- if and $scaler.enabled (gt (int $scaler.minReplicas) (int $scaler.maxReplicas)) }}
{{- fail (printf "%s.autoscaling.%s.minReplicas is %d, more than maxReplicas, %d" $d.values $kind (int $scaler.minReplicas) (int $scaler.maxReplicas)) }}
{{- end }}
{{- end }}
{{- range $d.pod.extraEnv }}
{{- if eq .name "SHUTDOWN_GRACE_SECONDS" }}
{{- fail (printf "%s.extraEnv sets SHUTDOWN_GRACE_SECONDS, and terminationGracePeriodSeconds would not follow: set loops.shutdownGraceSeconds" $d.values) }}
{{- end }}
{{- end }}
{{- if $autoscaling.keda.enabled }}
{{- if not (or $autoscaling.keda.triggerAuthentication $v.controlPlane.apiKey.secretName (eq (default "" $v.controlPlane.auth) "none")) }}
{{- fail (printf "%s.autoscaling.keda.triggerAuthentication is not set, and controlPlane.apiKey.secretName, of which one would be made, neither: KEDA could not ask the Control Plane" $d.values) }}
{{- end }}
{{- end }}
{{- end }}

{{- if and (ne $v.mode "split") (or $v.submitter $v.poller) }}
{{- fail "submitter and poller differ from worker only with mode: split" }}
{{- end }}

{{- range $name, $secret := dict "starburst.password" $v.starburst.password "starburst.token" $v.starburst.token "controlPlane.apiKey" $v.controlPlane.apiKey "traces.headers" $v.traces.headers "controlPlaneServer.postgresql.url" $s.postgresql.url }}
{{- if and $secret.secretName $secret.csiFile }}
{{- fail (printf "%s.secretName and %s.csiFile exclude one another" $name $name) }}
{{- end }}
{{- if and $secret.csiFile (not (or $v.csi.secretProviderClass $v.csi.create.enabled)) }}
{{- fail (printf "%s.csiFile is set, but neither csi.secretProviderClass nor csi.create.enabled is" $name) }}
{{- end }}
{{- end }}

{{- if and (or $v.starburst.password.secretName $v.starburst.password.csiFile) (or $v.starburst.token.secretName $v.starburst.token.csiFile) }}
{{- fail "starburst.password and starburst.token exclude one another: set one" }}
{{- end }}
{{- if and (or $v.starburst.password.secretName $v.starburst.password.csiFile $v.starburst.token.secretName $v.starburst.token.csiFile) (hasPrefix "http://" (lower $v.starburst.url)) }}
{{- fail (printf "starburst.url is %s, but a password or a token needs https" $v.starburst.url) }}
{{- end }}
{{- if and $v.starburst.schema (not $v.starburst.catalog) }}
{{- fail "starburst.schema is set, but starburst.catalog is not" }}
{{- end }}
{{- if and $v.starburst.ca.configMapName $v.starburst.ca.secretName }}
{{- fail "starburst.ca.configMapName and starburst.ca.secretName exclude one another" }}
{{- end }}

{{- $key := or $v.controlPlane.apiKey.secretName $v.controlPlane.apiKey.csiFile }}
{{- if and (eq (default "" $v.controlPlane.auth) "api-key") (not $key) }}
{{- fail "controlPlane.auth is api-key, but neither controlPlane.apiKey.secretName nor controlPlane.apiKey.csiFile is set" }}
{{- end }}
{{- if and (eq (default "" $v.controlPlane.auth) "none") $key }}
{{- fail "controlPlane.auth is none, but controlPlane.apiKey is set" }}
{{- end }}

{{- if $s.enabled }}
{{- if and $s.insecure $key }}
{{- fail "controlPlaneServer.insecure and controlPlane.apiKey exclude one another" }}
{{- end }}
{{- if not (or $s.insecure $key) }}
{{- fail "controlPlane.apiKey.secretName is not set, but controlPlaneServer.enabled is: set it, or controlPlaneServer.insecure to let everybody in" }}
{{- end }}
{{- if and $s.insecure (ne (default "" $v.controlPlane.auth) "none") }}
{{- fail "controlPlaneServer.insecure takes no key: set controlPlane.auth to none" }}
{{- end }}
{{- if and (eq (default "" $v.controlPlane.auth) "google") (not $v.controlPlane.url) }}
{{- fail "controlPlane.auth is google, but the Control Plane of this release asks for the key of controlPlane.apiKey: leave controlPlane.auth out, or set controlPlane.url to a proxy before it that takes Google's tokens" }}
{{- end }}
{{- if eq $s.store "postgresql" }}
{{- if not (or $s.postgresql.url.secretName $s.postgresql.url.csiFile) }}
{{- fail "controlPlaneServer.postgresql.url.secretName is not set, but controlPlaneServer.store is postgresql" }}
{{- end }}
{{- if and $s.postgresql.url.csiFile (eq $s.migrate "hook") }}
{{- fail "controlPlaneServer.migrate is hook, which runs before a SecretProviderClass and a service account are there: set controlPlaneServer.postgresql.url.secretName, or controlPlaneServer.migrate to on-start" }}
{{- end }}
{{- else }}
{{- if or $s.postgresql.url.secretName $s.postgresql.url.csiFile }}
{{- fail "controlPlaneServer.postgresql.url is set, but controlPlaneServer.store is sqlite" }}
{{- end }}
{{- if gt (int $s.replicas) 1 }}
{{- fail (printf "controlPlaneServer.replicas is %d, but a file has one writer: set controlPlaneServer.store to postgresql" (int $s.replicas)) }}
{{- end }}
{{- if eq $s.migrate "hook" }}
{{- fail "controlPlaneServer.migrate is hook, which only controlPlaneServer.store postgresql knows" }}
{{- end }}
{{- end }}
{{- else if not $v.controlPlane.url }}
{{- fail "controlPlane.url is not set: set it, or run a Control Plane with controlPlaneServer.enabled" }}
{{- end }}

{{- if $v.networkPolicy.enabled }}
{{- $needed := dict "starburst" true "storage" true "dns" true }}
{{- $_ := set $needed "controlPlane" (not (empty $v.controlPlane.url)) }}
{{- $_ := set $needed "traces" (not (empty $v.traces.endpoint)) }}
{{- $_ := set $needed "metricsFrom" (ne $v.metrics.scrape "none") }}
{{- $keda := false }}
{{- range $d := include "export-worker.deployments" . | fromJsonArray }}
{{- $keda = or $keda $d.pod.autoscaling.keda.enabled }}
{{- end }}
{{- $_ := set $needed "controlPlaneFrom" (and $s.enabled $keda) }}
{{- $_ := set $needed "database" (and $s.enabled (eq $s.store "postgresql")) }}
{{- range $name, $need := $needed }}
{{- if and $need (not (index $v.networkPolicy $name)) }}
{{- fail (printf "networkPolicy.%s is empty, but what was configured needs its peers: name them" $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
