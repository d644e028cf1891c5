/** Our services, each with an image of its own: npm workspace → its first module. */
export const SERVICES = {
  '@runlight/bridge-loki': 'src/main.ts',
  '@runlight/bridge-postgres': 'src/main.ts',
  '@runlight/observer': 'src/main.ts',
  '@runlight/api': 'src/main.ts',
  '@runlight/demo': 'src/main.ts',
  '@runlight/provision': 'src/main.ts',
  '@runlight/collector': 'src/main.ts',
} as const satisfies Record<string, string>

export type Service = keyof typeof SERVICES
export const SERVICE_NAMES = Object.keys(SERVICES) as Service[]
