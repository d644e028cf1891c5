// HEALTHCHECK of an image: asks the service's own readiness page. A job, which listens nowhere, is well while it runs.
/* global fetch, AbortSignal */

const listen = process.env['RUNLIGHT_LISTEN']
if (listen) {
  const port = listen.slice(listen.lastIndexOf(':') + 1)
  const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(4000) })
  if (!response.ok) {
    console.error(await response.text())
    process.exit(1)
  }
}
