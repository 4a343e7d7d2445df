{{/*
Secrets as files. A pod whose Secret is not there yet starts, stays unready and says what it waits
for; the kubelet adds the file once the Secret is made. A migration would only fail: its pod waits
to be created.
*/}}

{{/* (list file secret): where the program finds it, or nothing. */}}
{{- define "export-worker.secretFile" -}}
{{- $secret := index . 1 -}}
{{- if $secret.csiFile -}}
{{- printf "/etc/export-worker/csi/%s" $secret.csiFile -}}
{{- else if $secret.secretName -}}
{{- printf "/etc/export-worker/secrets/%s" (index . 0) -}}
{{- end -}}
{{- end -}}

{{/* (list file secret optional): its source in a projected volume, or nothing. */}}
{{- define "export-worker.secretSource" -}}
{{- $secret := index . 1 -}}
{{- if and $secret.secretName (not $secret.csiFile) }}
- secret:
    name: {{ $secret.secretName }}
    optional: {{ index . 2 }}
    items:
      - key: {{ $secret.key | quote }}
        path: {{ index . 0 }}
{{- end }}
{{- end -}}

{{/* (dict "root" "sources" "csi"): the volumes of secrets; `csi` says whether a csiFile is among them. */}}
{{- define "export-worker.secretVolumes" -}}
{{- with .sources | trim }}
- name: secrets
  projected:
    # Read by the group that fsGroup gives the pod.
    defaultMode: 0440
    sources:
      {{- . | nindent 6 }}
{{- end }}
{{- if .csi }}
- name: csi
  csi:
    driver: secrets-store.csi.k8s.io
    readOnly: true
    volumeAttributes:
      secretProviderClass: {{ include "export-worker.secretProviderClass" .root }}
{{- end }}
{{- end -}}

{{/* The same dict: where they are mounted. */}}
{{- define "export-worker.secretMounts" -}}
{{- if .sources | trim }}
- name: secrets
  mountPath: /etc/export-worker/secrets
  readOnly: true
{{- end }}
{{- if .csi }}
- name: csi
  mountPath: /etc/export-worker/csi
  readOnly: true
{{- end }}
{{- end -}}

{{- define "export-worker.secretProviderClass" -}}
{{- default (include "export-worker.fullname" .) .Values.csi.secretProviderClass -}}
{{- end -}}

{{/* What the worker reads. */}}
{{- define "export-worker.workerSecrets" -}}
{{- $v := .Values -}}
{{- $csi := or $v.starburst.password.csiFile $v.starburst.token.csiFile $v.controlPlane.apiKey.csiFile $v.traces.headers.csiFile -}}
{{- $sources := printf "%s%s%s%s"
  (include "export-worker.secretSource" (list "starburst-password" $v.starburst.password true))
  (include "export-worker.secretSource" (list "starburst-token" $v.starburst.token true))
  (include "export-worker.secretSource" (list "api-key" $v.controlPlane.apiKey true))
  (include "export-worker.secretSource" (list "otlp-headers" $v.traces.headers true)) -}}
{{- dict "sources" $sources "csi" (not (empty $csi)) | toJson -}}
{{- end -}}

{{/* What the migration reads: the database's URL alone. */}}
{{- define "export-worker.migrationSecrets" -}}
{{- $url := .Values.controlPlaneServer.postgresql.url -}}
{{- $sources := include "export-worker.secretSource" (list "database-url" $url false) -}}
{{- dict "sources" $sources "csi" (not (empty $url.csiFile)) | toJson -}}
{{- end -}}

{{/* What the Control Plane reads. */}}
{{- define "export-worker.controlPlaneSecrets" -}}
{{- $v := .Values -}}
{{- $url := ternary $v.controlPlaneServer.postgresql.url dict (eq $v.controlPlaneServer.store "postgresql") -}}
{{- $csi := or $url.csiFile $v.controlPlane.apiKey.csiFile $v.traces.headers.csiFile -}}
{{- $sources := printf "%s%s%s"
  (include "export-worker.secretSource" (list "database-url" $url true))
  (include "export-worker.secretSource" (list "api-key" $v.controlPlane.apiKey true))
  (include "export-worker.secretSource" (list "otlp-headers" $v.traces.headers true)) -}}
{{- dict "sources" $sources "csi" (not (empty $csi)) | toJson -}}
{{- end -}}
