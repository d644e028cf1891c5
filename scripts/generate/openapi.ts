// The OpenAPI document, and the types that the client of packages/sdk is written in.

import { apiDocument } from '@runlight/api/document'
import openapiTS, { astToString } from 'openapi-typescript'
import type { GeneratedFile } from './files.ts'

const HEAD = `// Written by \`npm run generate\` from packages/contracts/schemas/openapi.json.

`

export const openApiFiles: GeneratedFile[] = [
  {
    path: 'packages/contracts/schemas/openapi.json',
    render: () => `${JSON.stringify(apiDocument(), null, 2)}\n`,
  },
  {
    path: 'packages/sdk/src/client/api-schema.generated.ts',
    render: async () => {
      // The text, as it is written down: the generator rewrites an object that it is given.
      const types = await openapiTS(JSON.stringify(apiDocument()), { emptyObjectsUnknown: true, silent: true })
      return HEAD + astToString(types)
    },
  },
]
