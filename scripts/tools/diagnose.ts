interface Symptom {
  pattern: RegExp
  next: string
}

const symptoms: readonly Symptom[] = [
  {
    pattern: /no space left on device|ENOSPC|disk quota exceeded|EDQUOT/i,
    next: 'Free some disk space (`npm run doctor` shows how much there is), then run it again: it goes on.',
  },
  {
    pattern: /certificate|PKIX path building failed|CERT_|SELF_SIGNED/i,
    next: "The program that failed doesn't trust the registry's (or the proxy's) certificate: add it to what that program trusts (Java has a store of its own), then run it again.",
  },
  {
    pattern:
      /no such host|could not resolve|temporary failure in name resolution|unknown ?host|ENOTFOUND|EAI_AGAIN|network is unreachable|connection refused|ECONNREFUSED|ETIMEDOUT|i\/o timeout|connection timed out|connection reset|ECONNRESET|NewConnectionError|TLS handshake timeout/i,
    next: 'Check the network, and the proxy and registry settings of the program that failed; then run it again: it goes on.',
  },
  {
    pattern: /permission denied|EACCES|read-only file system|EROFS/i,
    next: 'Make the folder that is named above writable, or set RUNLIGHT_CACHE to a folder that is; then run it again.',
  },
  {
    pattern: /signal: killed|cannot allocate memory|out of memory|ended by SIGKILL/i,
    next: 'It ran out of memory: end other programs (a build needs about 3 GB), then run it again: it goes on.',
  },
  {
    pattern: /requires go >= ?[\d.]+|go\.mod requires go/i,
    next: 'Install a newer Go, or take the older one off PATH so that Runlight gets its own.',
  },
]

/** What a person can do about a program that failed, read from what it said. */
export function nextStep(lines: readonly string[], log: string): string {
  const text = lines.join('\n')
  const symptom = symptoms.find((each) => each.pattern.test(text))
  const advice = symptom?.next ?? 'Run it again; if it fails in the same way, the whole output helps to find out why.'
  return `${advice} The whole output: ${log}`
}
