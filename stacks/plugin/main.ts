// The provider plugin that Pulumi starts (Pulumi.yaml, `plugins`).

import { main } from '@pulumi/pulumi/provider/index.js'
import { processProvider } from './provider.ts'

const PARENT_CHECK_MS = 1_000
/** How long a start that is under way may take to be undone. */
const UNDO_MS = 15_000

const cancelled = new AbortController()

/** Pulumi that is killed outright would leave the plugin waiting for ever. */
function endWithParent(): void {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    cancelled.abort()
    setTimeout(() => process.exit(1), UNDO_MS)
  }, PARENT_CHECK_MS)
}

endWithParent()
await main(processProvider(cancelled), process.argv.slice(2))
