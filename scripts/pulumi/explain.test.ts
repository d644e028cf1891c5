// Messages as the Docker provider 5.1 and an engine 20.10 gave them.

import { expect, it } from 'vitest'
import { pinnedImage, referenceOf } from '../../stacks/platforms/docker/catalogue.ts'
import { explainError } from './explain.ts'

it('tells which image cannot be pulled, why, and what to do', () => {
  const message =
    'sdk-v2/provider2.go:572: sdk.helper_schema: Unable to read Docker image into resource: unable to pull image ' +
    'nowhere.invalid/loki:9: error pulling image nowhere.invalid/loki:9: Error response from daemon: ' +
    'Get "https://nowhere.invalid/v2/": dial tcp: lookup nowhere.invalid: no such host: provider=docker@5.1.0'
  const told = explainError(message, 'loki-image', 'dev')
  expect(told).toContain('The image nowhere.invalid/loki:9 of loki cannot be pulled: ')
  expect(told).toMatch(/no such host\n.*--stack dev --path 'runlight:images\./s)
})

it('names the pinned image as `docker load` brings it, under its setting', () => {
  const { image, tag } = pinnedImage('redpanda')
  const reference = referenceOf(pinnedImage('redpanda'))
  const message = `unable to pull image ${reference}: error pulling image ${reference}: no such host`
  const told = explainError(message, 'bus-image', 'dev')
  expect(told).toMatch(
    new RegExp(`docker load\\) and name it without a digest.*--path 'runlight:images\\.redpanda' ${image}:${tag}$`),
  )
})

it('tells how one of ours gets into its registry again', () => {
  const reference = 'registry.example:5000/team/runlight/bridge-loki:0.1.0-0123456789ab'
  const message = `Unable to create container with image ${reference}: unable to pull image ${reference}: manifest unknown`
  const told = explainError(message, 'bridge-loki', 'dev')
  expect(told).toContain('npm run images -- --registry registry.example:5000/team --push bridge-loki (with --base')
  expect(told).not.toContain('docker load')
})

it.each([
  'failed to solve with frontend dockerfile.v0: failed to create LLB definition: failed to do request: Head ' +
    '"https://nowhere.invalid/v2/library/node/manifests/22": dial tcp: lookup nowhere.invalid: no such host',
  'failed to solve: nowhere.invalid/node:22: failed to resolve source metadata for nowhere.invalid/node:22: no such host',
])('tells that an image of ours has no base, and what to do: %s', (message) => {
  const told = explainError(`error reading build output: ${message}`, 'bridge-loki-image', 'dev')
  expect(told).toMatch(/^The image of bridge-loki cannot be built, as its base image cannot be had: .*no such host\n/)
  expect(told).toMatch(/docker load\) and name it without a digest.*--path 'runlight:docker\.baseImage' node:[\w.-]+$/)
})

it('tells which image cannot be pushed, and how to log in', () => {
  const message = 'error reading push output: unauthorized: authentication required'
  const told = explainError(message, 'bridge-loki-image', 'dev')
  expect(told).toMatch(/^The image of bridge-loki cannot be pushed: unauthorized: authentication required\n/)
  expect(told).toMatch(/docker login .*--stack dev --path 'runlight:docker\.registry/)
})

it('tells which port is taken', () => {
  const message =
    'Unable to start container: Error response from daemon: driver failed programming external connectivity on endpoint ' +
    'runlight-dev-loki (9c): Bind for 127.0.0.1:17310 failed: port is already allocated'
  expect(explainError(message, 'loki', 'dev')).toMatch(/^Port 17310 of loki is taken on 127\.0\.0\.1/)
  const other = 'Error starting userland proxy: listen tcp4 127.0.0.1:17310: bind: address already in use'
  expect(explainError(other, 'loki', 'dev')).toMatch(/^Port 17310 of loki is taken on 127\.0\.0\.1/)
})

it('tells whose log says why a container is not well', () => {
  const told = explainError('sdk.helper_schema: container failed to be in healthy state: provider=docker', 'bus', 'dev')
  expect(told).toContain('docker logs runlight-dev-bus')
})

it('leaves what it does not know as it is', () => {
  expect(explainError('something else', 'bus', 'dev')).toBe('something else')
})
