// The answer of the Loki passthrough: Loki's own (https://grafana.com/docs/loki/latest/reference/loki-http-api/).

import Type from 'typebox'

const Labels = Type.Record(Type.String(), Type.String())

/** Lines of one stream, with the flag `categorize-labels`. */
export const LokiStream = Type.Object({
  stream: Labels,
  values: Type.Array(
    Type.Array(Type.Unknown(), {
      minItems: 2,
      maxItems: 3,
      description:
        'Nanoseconds since the epoch as text, the line, and an object with `structuredMetadata` and `parsed` labels',
    }),
  ),
})

/** Values of one series of a metric query. */
export const LokiSeries = Type.Object({
  metric: Labels,
  values: Type.Array(
    Type.Array(Type.Unknown(), {
      minItems: 2,
      maxItems: 2,
      description: 'Seconds since the epoch, and the value as text',
    }),
  ),
})

export const LokiAnswer = Type.Object({
  status: Type.Literal('success'),
  data: Type.Object({
    resultType: Type.Enum(['streams', 'matrix'], { description: 'Lines, or the series of a metric query' }),
    encodingFlags: Type.Optional(Type.Array(Type.String())),
    result: Type.Array(Type.Union([LokiStream, LokiSeries])),
    stats: Type.Optional(Type.Unknown({ description: "Loki's own account of its work" })),
  }),
  warnings: Type.Optional(Type.Array(Type.String())),
})
export type LokiAnswer = Type.Static<typeof LokiAnswer>
