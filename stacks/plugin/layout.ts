import { basename, join } from 'node:path'

/** Where a component keeps what, below its own folder. */
export function layoutOf(folder: string) {
  return {
    data: join(folder, 'data'),
    files: join(folder, 'files'),
    secrets: join(folder, 'secrets'),
    log: join(folder, 'log', `${basename(folder)}.log`),
    /** Which process runs, so that a later plugin knows it again. */
    record: join(folder, 'process.json'),
    /** Identity of the data folder; it is there once the folder is completely initialised. */
    dataId: join(folder, 'data-id'),
    /** Is there while the data folder is being initialised. */
    initialising: join(folder, 'initialising'),
  }
}
