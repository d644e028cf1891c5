import { expect, it } from 'vitest'
import { renderTemplate } from './template.ts'

const values = { scrapeSeconds: 5, scrapeConfigs: '[]' }

it('fills in every placeholder', () => {
  const text = renderTemplate('prometheus/prometheus.yml', values)
  expect(text).toContain('scrape_interval: 5s')
  expect(text).toContain('scrape_configs: []')
  expect(text).not.toContain('${')
})

it('refuses a placeholder without a value, and a value without a placeholder', () => {
  expect(() => renderTemplate('prometheus/prometheus.yml', { scrapeSeconds: 5 })).toThrow(
    'configs/prometheus/prometheus.yml asks for ${scrapeConfigs}, which it is not given',
  )
  expect(() => renderTemplate('prometheus/prometheus.yml', { ...values, port: 1 })).toThrow('has no place for port')
})
