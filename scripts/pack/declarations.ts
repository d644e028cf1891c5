// The declarations that go with the JavaScript of published packages: one program for all of them, as they import each
// other.

import { join, relative } from 'node:path'
import ts from 'typescript'
import { Failure } from '../failure.ts'

/** Types are checked by `npm run check`; here only what can't be declared is refused, in half the time. */
const DECLARATIONS: ts.CompilerOptions = { noEmit: false, declaration: true, emitDeclarationOnly: true, noCheck: true }

/**
 * Declarations of modules, and of those that they import in this clone.
 * @param root the clone
 * @param modules paths of TypeScript modules, relative to the clone
 * @returns path relative to the clone, ending in `.d.ts` → text, with specifiers that end in `.js`
 * @throws Failure with what the compiler says
 */
export function declarations(root: string, modules: readonly string[]): Map<string, string> {
  const program = ts.createProgram(
    modules.map((path) => join(root, path)),
    { ...compilerOptions(root), ...DECLARATIONS },
  )
  const written = new Map<string, string>()
  const { diagnostics } = program.emit(undefined, (path, text) =>
    written.set(relative(root, path), withJavaScriptSpecifiers(text)),
  )
  if (diagnostics.length === 0) return written
  throw new Failure({
    what: 'The declarations cannot be written.',
    why: ts.formatDiagnostics(diagnostics, {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => root,
      getNewLine: () => '\n',
    }),
    next: 'Write the types out that the compiler asks for.',
  })
}

function compilerOptions(root: string): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object }
  }
  return ts.convertCompilerOptionsFromJson(config.compilerOptions, root).options
}

/** The compiler leads imports to `.js` in JavaScript, but leaves them in declarations. */
function withJavaScriptSpecifiers(text: string): string {
  const ours = ts.preProcessFile(text).importedFiles.filter(({ fileName }) => /^\.{1,2}\/.*\.ts$/.test(fileName))
  let done = text
  // From the end, so that earlier positions stay.
  for (const { fileName, pos } of ours.sort((a, b) => b.pos - a.pos)) {
    const start = pos + 1 // after the quote
    done = done.slice(0, start) + fileName.replace(/ts$/, 'js') + done.slice(start + fileName.length)
  }
  return done
}
