// Generated credentials: `npm run setup` writes each as a secret of the stack where it is missing.

/** Names under the `runlight:` namespace; `pulumi config get runlight:<name>` shows one to its owner. */
export const SECRETS = [
  /** Role `runlight`: owns the database; only provision uses it. */
  'postgresOwnerPassword',
  /** Role `runlight_writer`: the bridges. */
  'postgresWriterPassword',
  /** Role `runlight_reader`: the API. */
  'postgresReaderPassword',
  /** Role `runlight_grafana`: the boards. */
  'postgresGrafanaPassword',
  /** Grafana's user `admin`. */
  'grafanaAdminPassword',
] as const

export type SecretName = (typeof SECRETS)[number]
