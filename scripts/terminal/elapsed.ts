import { performance } from 'node:perf_hooks'

/** The time since `started` (a `performance.now()`), for a person: `0.4 s`, `12 s`, `4 min 05 s`. */
export function seconds(started: number, now = performance.now()): string {
  const passed = (now - started) / 1000
  if (passed < 9.95) return `${passed.toFixed(1)} s`
  const whole = Math.round(passed)
  if (whole < 60) return `${whole} s`
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
}
