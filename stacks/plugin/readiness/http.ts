/** Asks a component's own readiness page, such as Loki's /ready or a service's /readyz. */
export async function askHttp(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal })
  const body = await response.text()
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${body.trim().slice(0, 300)}`)
}
