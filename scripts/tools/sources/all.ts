import type { RecipeKind } from '../versions.ts'
import { debianPackage } from './debian-package.ts'
import { goModule } from './go-module.ts'
import { maven } from './maven.ts'
import { npmPackage } from './npm-package.ts'
import { pypiWheel } from './pypi-wheel.ts'
import { releaseDownload } from './release-download.ts'
import type { Source } from './source.ts'

/**
 * All ways of getting tools, by the kind of their recipes. A tool's ways are tried from the top of this list down,
 * whatever their order in configs/versions.json: what a project has released first, then what a registry has.
 */
export const sources: { readonly [Kind in RecipeKind]: Source<Kind> } = {
  'release-download': releaseDownload,
  'npm-package': npmPackage,
  'pypi-wheel': pypiWheel,
  maven,
  'go-module': goModule,
  'debian-package': debianPackage,
}

/** The kinds in the order in which they are tried. */
export const sourceOrder = Object.keys(sources) as RecipeKind[]
