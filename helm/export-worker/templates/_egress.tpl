{{/* Rules of egress. An empty list of peers would mean everybody; _validate.tpl refuses one. */}}

{{/* Names, over both protocols. */}}
{{- define "export-worker.egressNames" -}}
# Names
- to:
    {{- toYaml .Values.networkPolicy.dns | nindent 4 }}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end -}}

{{/* (list what peers url): these peers, on the port of the URL. */}}
{{- define "export-worker.egress" -}}
# {{ index . 0 }}
- to:
    {{- toYaml (index . 1) | nindent 4 }}
  ports:
    - {protocol: TCP, port: {{ include "export-worker.port" (index . 2) }}}
{{- end -}}

{{/* The port of a URL, or that of its scheme. host:port is taken as well. */}}
{{- define "export-worker.port" -}}
{{- $address := regexReplaceAll "^[A-Za-z]+://" . "" | splitList "/" | first -}}
{{- $port := regexFind ":[0-9]+$" $address | trimPrefix ":" -}}
{{- default (ternary "80" "443" (hasPrefix "http://" (lower .))) $port -}}
{{- end -}}
