// TypeScript to the JavaScript that images and published packages hold: types taken away, `.ts` specifiers made `.js`.
// The dialect is erasable, so each file is done by itself; types are checked elsewhere.

import ts from 'typescript'

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  rewriteRelativeImportExtensions: true,
}

/** A module's own path asked for by name, as Temporal's bundler wants it: no import, so the compiler leaves it. */
const RESOLVED = /(import\.meta\.resolve\(\s*['"]\.{1,2}\/[^'"]+)\.ts(['"])/g

/** Most services share most modules. */
const known = new Map<string, string>()

/**
 * JavaScript of one module.
 * @param path for messages
 * @throws Error with what the compiler says of it
 */
export function transpile(path: string, source: string): string {
  const javaScript = known.get(source) ?? compile(path, source)
  known.set(source, javaScript)
  return javaScript
}

function compile(path: string, source: string): string {
  const { outputText, diagnostics = [] } = ts.transpileModule(source, {
    fileName: path,
    reportDiagnostics: true,
    compilerOptions: OPTIONS,
  })
  const [fault] = diagnostics
  if (fault) throw new Error(`${path}: ${ts.flattenDiagnosticMessageText(fault.messageText, '\n')}`)
  return outputText.replace(RESOLVED, '$1.js$2')
}

interface Manifest {
  exports?: Record<string, string>
  devDependencies?: unknown
  publishConfig?: unknown
  [key: string]: unknown
}

/** A workspace's package.json as it goes with the JavaScript: its exports lead there; what loads sources is left out. */
export function builtManifest(text: string): string {
  const { devDependencies: _, publishConfig: __, ...manifest } = JSON.parse(text) as Manifest
  const exports = Object.entries(manifest.exports ?? {})
    .filter(([, path]) => path.endsWith('.ts'))
    .map(([name, path]) => [name, path.replace(/\.ts$/, '.js')])
  return `${JSON.stringify({ ...manifest, exports: Object.fromEntries(exports) }, null, 2)}\n`
}
