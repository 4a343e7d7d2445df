{{/* What things are called, and the labels they carry. */}}

{{- define "export-worker.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 45 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 45 characters, so that every suffix fits into the 63 of a label. */}}
{{- define "export-worker.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "export-worker.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 45 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "export-worker.controlPlaneName" -}}
{{- printf "%s-control-plane" (include "export-worker.fullname" .) -}}
{{- end -}}

{{- define "export-worker.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "export-worker.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "export-worker.releaseLabels" -}}
app.kubernetes.io/name: {{ include "export-worker.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Labels of an object, without a component. */}}
{{- define "export-worker.labels" -}}
{{ include "export-worker.releaseLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: export-worker
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* (list root component): labels of an object of this component. */}}
{{- define "export-worker.componentLabels" -}}
{{ include "export-worker.labels" (index . 0) }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* (list root component values): labels of a pod. Without the chart's version: a new one alone starts no pod anew. */}}
{{- define "export-worker.podLabels" -}}
{{- $root := index . 0 -}}
{{ include "export-worker.selector" . }}
app.kubernetes.io/part-of: export-worker
{{- range $labels := list $root.Values.commonLabels (index . 2).podLabels }}
{{- with $labels }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* (list root component): what never changes, for selectors. */}}
{{- define "export-worker.selector" -}}
{{ include "export-worker.releaseLabels" (index . 0) }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* (list root image): repository with digest, or tag. */}}
{{- define "export-worker.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default $root.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/*
What runs the worker: a list of {component, role, name, pod}. In mode `split` each role's
values are those of `worker`, overridden by its own.
*/}}
{{- define "export-worker.deployments" -}}
{{- $name := include "export-worker.fullname" . -}}
{{- $deployments := list -}}
{{- if eq .Values.mode "split" -}}
{{- range $role := list "submitter" "poller" -}}
{{- $pod := mergeOverwrite (deepCopy $.Values.worker) (deepCopy (index $.Values $role)) -}}
{{- $deployments = append $deployments (dict "component" $role "role" $role "values" $role "name" (printf "%s-%s" $name $role) "pod" $pod) -}}
{{- end -}}
{{- else -}}
{{- $deployments = append $deployments (dict "component" "worker" "role" "" "values" "worker" "name" $name "pod" .Values.worker) -}}
{{- end -}}
{{- toJson $deployments -}}
{{- end -}}

{{- define "export-worker.controlPlaneUrl" -}}
{{- if .Values.controlPlane.url -}}
{{- .Values.controlPlane.url -}}
{{- else -}}
{{- printf "http://%s.%s.svc:%d" (include "export-worker.controlPlaneName" .) .Release.Namespace (int .Values.controlPlaneServer.service.port) -}}
{{- end -}}
{{- end -}}

{{/* The release as a label of every series: rules and dashboard tell releases apart by it. */}}
{{- define "export-worker.relabelings" -}}
- sourceLabels: [__meta_kubernetes_pod_label_app_kubernetes_io_instance]
  targetLabel: release
{{- end -}}
