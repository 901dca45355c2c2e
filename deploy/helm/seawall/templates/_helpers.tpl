{{- define "seawall.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "seawall.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "seawall.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "seawall.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "seawall.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{ include "seawall.selector" . }}
{{- end -}}

{{- define "seawall.selector" -}}
app.kubernetes.io/name: {{ include "seawall.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* What does not fit together is told before anything is installed. */}}
{{- define "seawall.check" -}}
{{- $external := eq .Values.database.type "external" -}}
{{- $s3 := eq .Values.persistence.imageChartStorage.type "s3" -}}
{{- $replicas := int .Values.core.replicas -}}
{{- if not (has .Values.database.type (list "internal" "external")) -}}
{{- fail (printf "database.type is internal or external, not %s" .Values.database.type) -}}
{{- end -}}
{{- if not (has .Values.expose.type (list "clusterIP" "nodePort" "loadBalancer" "ingress")) -}}
{{- fail (printf "expose.type is clusterIP, nodePort, loadBalancer or ingress, not %s" .Values.expose.type) -}}
{{- end -}}
{{- if and $external (not .Values.database.external.host) -}}
{{- fail "database.type is external: name database.external.host" -}}
{{- end -}}
{{- if and (gt $replicas 1) (not $external) -}}
{{- fail "core.replicas above 1 needs database.type external: SQLite serves one process" -}}
{{- end -}}
{{- if and (gt $replicas 1) (not $s3) (ne .Values.persistence.persistentVolumeClaim.registry.accessMode "ReadWriteMany") -}}
{{- fail "core.replicas above 1 needs persistence.imageChartStorage.type s3, or a volume with accessMode ReadWriteMany" -}}
{{- end -}}
{{- if and .Values.jobservice.enabled (not $external) -}}
{{- fail "jobservice.enabled needs database.type external: other processes cannot reach SQLite" -}}
{{- end -}}
{{- if and .Values.jobservice.enabled (not $s3) (ne .Values.persistence.persistentVolumeClaim.registry.accessMode "ReadWriteMany") -}}
{{- fail "jobservice.enabled needs persistence.imageChartStorage.type s3, or a volume with accessMode ReadWriteMany: jobs read and remove blobs" -}}
{{- end -}}
{{- if and $s3 (not .Values.persistence.imageChartStorage.s3.bucket) -}}
{{- fail "persistence.imageChartStorage.type is s3: name persistence.imageChartStorage.s3.bucket" -}}
{{- end -}}
{{- if and (eq .Values.redis.type "external") (not .Values.redis.external.addr) -}}
{{- fail "redis.type is external: name redis.external.addr" -}}
{{- end -}}
{{- if and (eq .Values.redis.type "external") (not $external) -}}
{{- fail "redis.type external is for database.type external; beside SQLite jobs lie on the volume" -}}
{{- end -}}
{{- if and .Values.expose.tls.enabled (not .Values.expose.tls.secret.secretName) -}}
{{- fail "expose.tls.enabled: name the secret of the certificate in expose.tls.secret.secretName" -}}
{{- end -}}
{{- end -}}

{{- define "seawall.podTLS" -}}
{{- if and .Values.expose.tls.enabled (ne .Values.expose.type "ingress") -}}true{{- end -}}
{{- end -}}

{{- define "seawall.volume" -}}
{{- if or (ne .Values.persistence.imageChartStorage.type "s3") (eq .Values.database.type "internal") -}}true{{- end -}}
{{- end -}}

{{- define "seawall.claim" -}}
{{- .Values.persistence.persistentVolumeClaim.registry.existingClaim | default (printf "%s-registry" (include "seawall.fullname" .)) -}}
{{- end -}}

{{/* A value of the release's secret: what is there stays, else what is given, else a new one. */}}
{{- define "seawall.keptSecret" -}}
{{- $present := (lookup "v1" "Secret" .root.Release.Namespace (include "seawall.fullname" .root)) -}}
{{- $data := dict -}}
{{- if $present -}}{{- $data = $present.data | default dict -}}{{- end -}}
{{- if .given -}}
{{- .given -}}
{{- else if hasKey $data .key -}}
{{- index $data .key | b64dec -}}
{{- else -}}
{{- .fresh -}}
{{- end -}}
{{- end -}}

{{- define "seawall.securityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "seawall.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Environment of both programs: secrets, and what is made of them. */}}
{{- define "seawall.environment" -}}
{{- $name := include "seawall.fullname" . -}}
{{- if eq .Values.database.type "external" }}
{{- with .Values.database.external }}
- name: DATABASE_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret | default $name }}
      key: {{ if .existingSecret }}password{{ else }}databasePassword{{ end }}
- name: SEAWALL_DATABASE_URL
  value: "postgres://{{ .username }}:$(DATABASE_PASSWORD)@{{ .host }}:{{ .port }}/{{ .coreDatabase }}?sslmode={{ .sslmode }}"
{{- end }}
{{- end }}
{{- if eq .Values.redis.type "external" }}
{{- with .Values.redis.external }}
{{- $password := or .existingSecret .password }}
{{- if $password }}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret | default $name }}
      key: {{ if .existingSecret }}REDIS_PASSWORD{{ else }}redisPassword{{ end }}
{{- end }}
- name: SEAWALL_JOBS_REDIS_URL
  value: "{{ if .tlsOptions.enable }}rediss{{ else }}redis{{ end }}://{{ if $password }}{{ .username }}:$(REDIS_PASSWORD)@{{ end }}{{ .addr }}/{{ .jobserviceDatabaseIndex }}"
{{- end }}
{{- end }}
{{- if eq .Values.persistence.imageChartStorage.type "s3" }}
{{- with .Values.persistence.imageChartStorage.s3 }}
{{- if or .existingSecret .accesskey }}
- name: SEAWALL_STORAGE_S3_ACCESS_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret | default $name }}
      key: REGISTRY_STORAGE_S3_ACCESSKEY
- name: SEAWALL_STORAGE_S3_SECRET_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret | default $name }}
      key: REGISTRY_STORAGE_S3_SECRETKEY
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.caBundleSecretName }}
- name: SSL_CERT_DIR
  value: /etc/ssl/certs:/etc/seawall/ca
{{- end }}
{{- end -}}

{{- define "seawall.mounts" -}}
- name: settings
  mountPath: /etc/seawall/seawall.yml
  subPath: seawall.yml
  readOnly: true
- name: key
  mountPath: /etc/seawall/encryption.key
  subPath: encryption.key
  readOnly: true
- name: data
  mountPath: /var/lib/seawall
{{- if .Values.caBundleSecretName }}
- name: ca
  mountPath: /etc/seawall/ca
  readOnly: true
{{- end }}
{{- end -}}

{{- define "seawall.volumes" -}}
- name: settings
  configMap:
    name: {{ include "seawall.fullname" . }}
- name: key
  secret:
    secretName: {{ .Values.existingSecretSecretKey | default (include "seawall.fullname" .) }}
    defaultMode: 0400
    items:
      - key: {{ if .Values.existingSecretSecretKey }}{{ .Values.existingSecretSecretKeyKey }}{{ else }}secretKey{{ end }}
        path: encryption.key
- name: data
  {{- if and (include "seawall.volume" .) .Values.persistence.enabled }}
  persistentVolumeClaim:
    claimName: {{ include "seawall.claim" . }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- if .Values.caBundleSecretName }}
- name: ca
  secret:
    secretName: {{ .Values.caBundleSecretName }}
{{- end }}
{{- end -}}

{{- define "seawall.placement" -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .topologySpreadConstraints }}
topologySpreadConstraints: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
{{- end -}}
