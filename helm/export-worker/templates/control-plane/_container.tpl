{{/* What the server's container and that of the migration have in common. */}}

{{/* Image, security and resources of a Control Plane's container. */}}
{{- define "export-worker.controlPlaneContainer" -}}
{{- $s := .Values.controlPlaneServer -}}
image: {{ include "export-worker.image" (list . $s.image) }}
imagePullPolicy: {{ $s.image.pullPolicy }}
securityContext:
  {{- include "export-worker.containerSecurity" . | nindent 2 }}
resources:
  {{- toYaml $s.resources | nindent 2 }}
{{- end -}}

{{/* (list root secrets): volumes, the secrets being those of one of the templates in _secrets.tpl. */}}
{{- define "export-worker.controlPlaneVolumes" -}}
{{- $root := index . 0 -}}
{{- include "export-worker.secretVolumes" (include (index . 1) $root | fromJson | merge (dict "root" $root)) }}
{{- with $root.Values.controlPlaneServer.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The same list: where they are mounted. */}}
{{- define "export-worker.controlPlaneMounts" -}}
{{- $root := index . 0 -}}
{{- include "export-worker.secretMounts" (include (index . 1) $root | fromJson) }}
{{- with $root.Values.controlPlaneServer.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}
