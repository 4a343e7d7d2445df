{{/*
The variables of both programs, by the values that set them. What is not set stays out, so
that the defaults live in the programs alone.
*/}}

{{/* A dict of variables: those that are set, as lines of a ConfigMap. */}}
{{- define "export-worker.variables" -}}
{{- range $name, $value := . }}
{{- if kindIs "slice" $value }}
{{- $value = join "," $value }}
{{- end }}
{{- if not (or (kindIs "invalid" $value) (eq (toString $value) "")) }}
{{ $name }}: {{ toString $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "export-worker.workerVariables" -}}
{{- $v := .Values -}}
{{- $ca := "" -}}
{{- if or $v.starburst.ca.configMapName $v.starburst.ca.secretName -}}
{{- $ca = printf "/etc/export-worker/ca/%s" $v.starburst.ca.key -}}
{{- end -}}
{{- include "export-worker.variables" (dict
  "STARBURST_URL" $v.starburst.url
  "STARBURST_USER" $v.starburst.user
  "STARBURST_PASSWORD_FILE" (include "export-worker.secretFile" (list "starburst-password" $v.starburst.password))
  "STARBURST_TOKEN_FILE" (include "export-worker.secretFile" (list "starburst-token" $v.starburst.token))
  "STARBURST_CATALOG" $v.starburst.catalog
  "STARBURST_SCHEMA" $v.starburst.schema
  "STARBURST_CLIENT_TAGS" $v.starburst.clientTags
  "STARBURST_SOURCE" $v.starburst.source
  "STARBURST_ROLE" $v.starburst.role
  "STARBURST_SSL_VERIFY" $v.starburst.sslVerify
  "STARBURST_CA_FILE" $ca
  "STARBURST_REQUEST_TIMEOUT_SECONDS" $v.starburst.requestTimeoutSeconds
  "STARBURST_REWRITE_NEXT_URI" $v.starburst.rewriteNextUri
  "STARBURST_UNLOAD_FUNCTION" $v.starburst.unloadFunction
  "STARBURST_SETTLE_SECONDS" $v.starburst.settleSeconds
  "CONTROL_PLANE_URL" (include "export-worker.controlPlaneUrl" .)
  "CONTROL_PLANE_TIMEOUT_SECONDS" $v.controlPlane.timeoutSeconds
  "CONTROL_PLANE_MAX_RETRIES" $v.controlPlane.maxRetries
  "CONTROL_PLANE_AUTH" $v.controlPlane.auth
  "GRAPH_OLAP_INTERNAL_API_KEY_FILE" (include "export-worker.secretFile" (list "api-key" $v.controlPlane.apiKey))
  "EXPORT_BUCKET" $v.storage.bucket
  "GCP_PROJECT" $v.storage.gcpProject
  "STORAGE_EMULATOR_HOST" $v.storage.emulatorHost
  "COUNT_CONCURRENCY" $v.storage.countConcurrency
  "EXPORT_STRATEGY" $v.export.strategy
  "DIRECT_EXPORT" $v.export.directExport
  "POLL_INTERVAL_SECONDS" $v.loops.pollIntervalSeconds
  "EMPTY_POLL_BACKOFF_SECONDS" $v.loops.emptyPollBackoffSeconds
  "CLAIM_LIMIT" $v.loops.claimLimit
  "POLL_LIMIT" $v.loops.pollLimit
  "SUBMIT_CONCURRENCY" $v.loops.submitConcurrency
  "POLL_CONCURRENCY" $v.loops.pollConcurrency
  "LEASE_SECONDS" $v.loops.leaseSeconds
  "CLAIM_WAIT_SECONDS" $v.loops.claimWaitSeconds
  "SHUTDOWN_GRACE_SECONDS" $v.loops.shutdownGraceSeconds
  "DRY_RUN" $v.loops.dryRun
  "LOG_LEVEL" $v.log.level
  "LOG_FORMAT" $v.log.format
  "OTEL_EXPORTER_OTLP_ENDPOINT" $v.traces.endpoint
  "OTEL_SERVICE_NAME" $v.traces.serviceName
  "OTEL_TRACES_SAMPLER_ARG" $v.traces.samplerArg
  "OTEL_EXPORTER_OTLP_HEADERS_FILE" (include "export-worker.secretFile" (list "otlp-headers" $v.traces.headers))
  "LISTEN_ADDR" (printf "0.0.0.0:%d" (int $v.metrics.port))
) -}}
{{- end -}}

{{- define "export-worker.controlPlaneVariables" -}}
{{- $v := .Values -}}
{{- $s := $v.controlPlaneServer -}}
{{- $postgresql := eq $s.store "postgresql" -}}
{{- include "export-worker.variables" (dict
  "DATABASE_URL_FILE" (ternary (include "export-worker.secretFile" (list "database-url" $s.postgresql.url)) "" $postgresql)
  "DATABASE_MAX_CONNECTIONS" (ternary $s.postgresql.maxConnections nil $postgresql)
  "SQLITE_PATH" (ternary "" "/var/lib/export-control-plane/queue.db" $postgresql)
  "NO_MIGRATE" (ternary "true" "" (and $postgresql (eq $s.migrate "hook")))
  "GRAPH_OLAP_INTERNAL_API_KEY_FILE" (include "export-worker.secretFile" (list "api-key" $v.controlPlane.apiKey))
  "INSECURE" (ternary "true" "" $s.insecure)
  "LEASE_SECONDS" $s.leaseSeconds
  "MAX_ATTEMPTS" $s.maxAttempts
  "REAP_INTERVAL_SECONDS" $s.reapIntervalSeconds
  "SHUTDOWN_GRACE_SECONDS" $s.shutdownGraceSeconds
  "METRICS_SNAPSHOTS" $s.metricsSnapshots
  "LISTEN_ADDR" (printf "0.0.0.0:%d" (int $s.service.port))
  "LOG_LEVEL" $v.log.level
  "LOG_FORMAT" $v.log.format
  "OTEL_EXPORTER_OTLP_ENDPOINT" $v.traces.endpoint
  "OTEL_SERVICE_NAME" $s.tracesServiceName
  "OTEL_TRACES_SAMPLER_ARG" $v.traces.samplerArg
  "OTEL_EXPORTER_OTLP_HEADERS_FILE" (include "export-worker.secretFile" (list "otlp-headers" $v.traces.headers))
) -}}
{{- end -}}
