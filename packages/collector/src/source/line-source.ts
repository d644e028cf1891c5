// Where the output of a component comes from. Parsing and shipping know nothing else of it, so that the Docker engine's
// API or the files of a pod can take a file's place.

/** One for each kind of source; kept as JSON. */
export type Position = FilePosition

/** A byte of one life of a file: a file that was truncated or replaced begins another. */
export interface FilePosition {
  inode: string
  /** The first bytes of this life, by which its file is known again under another name. */
  head: Head
  offset: number
  /** Files that were finished before, or were never to be read (livesOf has their keys). */
  past: readonly string[]
}

export interface Head {
  bytes: number
  /** SHA-256 of these bytes, in hexadecimal. */
  digest: string
}

export interface SourceLine {
  /** Without its end; a line above the limit is cut. */
  bytes: Buffer
  /** Bytes that were left out of a line that was cut. */
  cut: number
  /** Where the next line begins. */
  after: Position
}

export interface Reading {
  lines: readonly SourceLine[]
  /** There was nothing more at that moment. */
  atEnd: boolean
  /** Output that was gone before it could be read: how many bytes, as far as that is known. Comes before the lines. */
  lost?: { bytes: number | undefined }
}

export interface LineSource {
  /** Where it begins; to be kept before anything is read, so that a restart knows what was there before. */
  begin: () => Promise<Position>
  /** Reads on from where the last call ended, about `limit` bytes at most. Nothing there yet is no error. */
  read: (limit: number) => Promise<Reading>
  /** Bytes that wait to be read. */
  behind: () => Promise<number>
  /** What has to be done from time to time, such as rotation; true when something was. */
  maintain?: () => Promise<boolean>
  close: () => Promise<void>
}
