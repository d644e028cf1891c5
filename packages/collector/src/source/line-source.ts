// Where the output of a component comes from. Parsing and shipping know nothing else of it, so that the files of a pod
// can take the place of a file or of a container's files.

/** One for each kind of source; kept as JSON. */
export type Position = FilePosition | ContainerPosition

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

/** A line of a container's output: the engine keeps it in files of its own format. */
export interface ContainerPosition {
  /** The container's id; empty where none was there yet. */
  container: string
  /** Where, in the engine's files, the lines begin that the engine has kept interleaved. */
  file: FilePosition
  /** How many of these lines are behind already. */
  skip: number
  /** Containers of the same tag that were finished before, or were never to be read. */
  past: readonly string[]
}

export interface SourceLine<P = Position> {
  /** Without its end; a line above the limit is cut. */
  bytes: Buffer
  /** Bytes that were left out of a line that was cut. */
  cut: number
  /** When it was written, in RFC 3339, where the source knows. */
  time?: string
  /** Where the next line begins. */
  after: P
}

export interface Reading<P = Position> {
  lines: readonly SourceLine<P>[]
  /** There was nothing more at that moment. */
  atEnd: boolean
  /** Output that was gone before it could be read: how many bytes, as far as that is known. Comes before the lines. */
  lost?: { bytes: number | undefined }
}

export interface LineSource<P = Position> {
  /** Where it begins; to be kept before anything is read, so that a restart knows what was there before. */
  begin: () => Promise<P>
  /** Reads on from where the last call ended, about `limit` bytes at most. Nothing there yet is no error. */
  read: (limit: number) => Promise<Reading<P>>
  /** Bytes that wait to be read. */
  behind: () => Promise<number>
  /** What has to be done from time to time, such as rotation; true when something was. */
  maintain?: () => Promise<boolean>
  close: () => Promise<void>
}
