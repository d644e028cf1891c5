/**
 * Grafana's data sources as a stack provisions them: what boards and alert rules name them by, and what is verified.
 */
export const DATA_SOURCES = ['prometheus', 'loki', 'postgres'] as const

/** A data source's uid in Grafana. */
export type DataSource = (typeof DATA_SOURCES)[number]
