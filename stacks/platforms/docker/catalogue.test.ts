// What configs/versions.json pins, and that the Dockerfile says the same.

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { pinnedImage, referenceOf } from './catalogue.ts'

const CLONE = new URL('../../../', import.meta.url)
const { images } = JSON.parse(readFileSync(new URL('configs/versions.json', CLONE), 'utf8')) as { images: object }
const names = Object.keys(images).filter((name) => name !== '$comment')

it('pins each image by tag and digest', () => {
  const byDigest = /^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/
  const without = names.filter((name) => !byDigest.test(referenceOf(pinnedImage(name))))
  // Of this one none is known yet: docs/docker.md says how to ask for it.
  expect(without.filter((name) => name !== 'console')).toEqual([])
})

it('builds our images on the same Node, whether by the Dockerfile alone or not', () => {
  const dockerfile = readFileSync(new URL('Dockerfile', CLONE), 'utf8')
  expect(/^ARG BASE_IMAGE=(\S+)$/m.exec(dockerfile)?.[1]).toBe(referenceOf(pinnedImage('node')))
})
