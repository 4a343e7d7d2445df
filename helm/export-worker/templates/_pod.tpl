{{/* Parts of a pod that all of ours share. They satisfy the Pod Security Standard "restricted". */}}

{{- define "export-worker.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "export-worker.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* (list probes port-name): startup and liveness ask whether it serves, readiness whether it works. */}}
{{- define "export-worker.probes" -}}
{{- $probes := index . 0 -}}
startupProbe:
  httpGet: {path: /healthz, port: http}
  {{- toYaml $probes.startup | nindent 2 }}
livenessProbe:
  httpGet: {path: /healthz, port: http}
  {{- toYaml $probes.liveness | nindent 2 }}
readinessProbe:
  httpGet: {path: /readyz, port: http}
  {{- toYaml $probes.readiness | nindent 2 }}
{{- end -}}

{{/* (list root component values): where it is scheduled. */}}
{{- define "export-worker.scheduling" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $values := index . 2 -}}
{{- with $values.topologySpread }}
topologySpreadConstraints:
  {{- range . }}
  - topologyKey: {{ .topologyKey }}
    maxSkew: {{ int .maxSkew }}
    whenUnsatisfiable: {{ .whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "export-worker.selector" (list $root $component) | nindent 8 }}
    # Counted within one version, so that an upgrade does not skew the next.
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "export-worker.pullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* (list values disruption-selector): minAvailable where it is set, else maxUnavailable. */}}
{{- define "export-worker.disruption" -}}
{{- if kindIs "invalid" .minAvailable -}}
maxUnavailable: {{ .maxUnavailable }}
{{- else -}}
minAvailable: {{ .minAvailable }}
{{- end -}}
{{- end -}}

{{/*
Seconds a worker may take to end: its grace (25 where it is not set, as in the worker), 5 to hand
over what is left, 2 for the last spans, 2 for the last answers of /metrics, and a margin.
*/}}
{{- define "export-worker.terminationSeconds" -}}
{{- $root := index . 0 -}}
{{- $pod := index . 1 -}}
{{- $grace := $root.Values.loops.shutdownGraceSeconds -}}
{{- if kindIs "invalid" $grace }}{{ $grace = 25 }}{{ end -}}
{{- add (int $grace) 9 (int $pod.terminationMarginSeconds) -}}
{{- end -}}

{{/* The same for the Control Plane: its grace (10 where it is not set), 2 to close the store, 2 for the last spans, and a margin. */}}
{{- define "export-worker.controlPlaneTerminationSeconds" -}}
{{- $grace := .Values.controlPlaneServer.shutdownGraceSeconds -}}
{{- if kindIs "invalid" $grace }}{{ $grace = 10 }}{{ end -}}
{{- add (int $grace) 4 6 -}}
{{- end -}}
