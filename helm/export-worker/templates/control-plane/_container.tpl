{{/* What the server's container and that of the migration have in common. */}}

{{/* Image, environment and mounts of a Control Plane's container. */}}
{{- define "export-worker.controlPlaneContainer" -}}
{{- $s := .Values.controlPlaneServer -}}
image: {{ include "export-worker.image" (list . $s.image) }}
imagePullPolicy: {{ $s.image.pullPolicy }}
securityContext:
  {{- include "export-worker.containerSecurity" . | nindent 2 }}
resources:
  {{- toYaml $s.resources | nindent 2 }}
{{- end -}}

{{- define "export-worker.controlPlaneVolumes" -}}
{{- include "export-worker.secretVolumes" (include "export-worker.controlPlaneSecrets" . | fromJson | merge (dict "root" .)) }}
{{- with .Values.controlPlaneServer.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "export-worker.controlPlaneMounts" -}}
{{- include "export-worker.secretMounts" (include "export-worker.controlPlaneSecrets" . | fromJson) }}
{{- with .Values.controlPlaneServer.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}
