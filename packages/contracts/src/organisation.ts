// Organisations: tenants of Loki, and the border between readers.

/** Pattern of an organisation's id; anything else sends the record to the dead letters. */
export const ORG_ID_PATTERN = '^[A-Za-z0-9_-]{1,128}$'

/** Where records without an organisation go, in both stores; seen by operators only. */
export const UNASSIGNED_ORG = 'unassigned'

/** The organisation under which a record is stored: its own, or the reserved one. */
export function storedOrg(orgId: string | undefined): string {
  return orgId ?? UNASSIGNED_ORG
}
