{{/* What a worker's container and that of `doctor` have in common. */}}

{{/* (list root pod): volumes of a worker's pod. */}}
{{- define "export-worker.workerVolumes" -}}
{{- $root := index . 0 -}}
{{- $pod := index . 1 -}}
{{- include "export-worker.secretVolumes" (include "export-worker.workerSecrets" $root | fromJson | merge (dict "root" $root)) }}
{{- with $root.Values.starburst.ca }}
{{- if .configMapName }}
- name: ca
  configMap:
    name: {{ .configMapName }}
    optional: true
    items: [{key: {{ .key | quote }}, path: {{ .key | quote }}}]
{{- else if .secretName }}
- name: ca
  secret:
    secretName: {{ .secretName }}
    optional: true
    defaultMode: 0440
    items: [{key: {{ .key | quote }}, path: {{ .key | quote }}}]
{{- end }}
{{- end }}
{{- with $pod.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* (list root pod): where they are mounted. */}}
{{- define "export-worker.workerMounts" -}}
{{- $root := index . 0 -}}
{{- $pod := index . 1 -}}
{{- include "export-worker.secretMounts" (include "export-worker.workerSecrets" $root | fromJson) }}
{{- if or $root.Values.starburst.ca.configMapName $root.Values.starburst.ca.secretName }}
- name: ca
  mountPath: /etc/export-worker/ca
  readOnly: true
{{- end }}
{{- with $pod.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* (list root pod role): image, environment and mounts. */}}
{{- define "export-worker.workerContainer" -}}
{{- $root := index . 0 -}}
{{- $pod := index . 1 -}}
{{- $role := index . 2 -}}
image: {{ include "export-worker.image" (list $root $root.Values.image) }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
securityContext:
  {{- include "export-worker.containerSecurity" $root | nindent 2 }}
envFrom:
  - configMapRef:
      name: {{ include "export-worker.fullname" $root }}
env:
  # The worker's id, in claims and logs.
  - name: HOSTNAME
    valueFrom:
      fieldRef:
        fieldPath: metadata.name
  {{- with $role }}
  - name: ROLE
    value: {{ . }}
  {{- end }}
  {{- with $pod.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
resources:
  {{- toYaml $pod.resources | nindent 2 }}
{{- with include "export-worker.workerMounts" (list $root $pod) | trim }}
volumeMounts:
  {{- . | nindent 2 }}
{{- end }}
{{- end -}}
