#!/usr/bin/env node
// The command in a clone: runs the TypeScript sources.
import { register } from 'tsx/esm/api'

register()
await import('../src/main.ts')
