import { expect, test } from 'vitest'
import { nextStep } from './diagnose.ts'

// Lines as the programs really print them.
test.each([
  ['go: writing stat cache: write /x: no space left on device', 'Free some disk space'],
  ['npm error code ENOSPC', 'Free some disk space'],
  ['dial tcp: lookup proxy.example on 10.0.0.1:53: no such host', 'Check the network'],
  ['npm error code EAI_AGAIN', 'Check the network'],
  ['Could not transfer artifact a:b:jar:1: Unknown host repo.example', 'Check the network'],
  ['WARNING: Retrying: NewConnectionError: Failed to establish a new connection', 'Check the network'],
  [
    '[ERROR] transfer failed: PKIX path building failed: unable to find valid certification path',
    "The program that failed doesn't trust",
  ],
  ['npm error code SELF_SIGNED_CERT_IN_CHAIN', "The program that failed doesn't trust"],
  ['mkdir /cache: permission denied', 'Make the folder that is named above writable'],
  ['/usr/lib/go/compile: signal: killed', 'It ran out of memory'],
  ['go: module requires go >= 1.26.5 (running go 1.21; GOTOOLCHAIN=local)', 'Install a newer Go'],
  ['something else', 'Run it again'],
])('%s', (line, advice) => {
  const next = nextStep(['a line before', line], '/cache/logs/x.log')
  expect(next.startsWith(advice)).toBe(true)
  expect(next).toContain('/cache/logs/x.log')
})
