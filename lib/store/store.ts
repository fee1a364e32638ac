import type { Readable } from 'node:stream'

/**
 * The only memory there is: S3 in AWS, a folder on a laptop, the same keys in both.
 * Few methods and no policy; claims, runs and manifests are built on them. What goes wrong with the place itself is
 * told in the family's words: no permission, no bucket, no room, not reachable.
 */
export interface Store {
  /** For people: a folder's path, or `s3://bucket/prefix`. */
  readonly address: string
  /** Where a person finds a key: a path, or `s3://bucket/prefix/key`. */
  locate(key: string): string
  get(key: string): Promise<Stored | undefined>
  /**
   * Whole or not at all: a reader sees the old object or the new one. With a condition that does not hold
   * (`absent`: nothing is there yet; `etag`: what is there is still that), nothing is written and the answer is
   * undefined. Else the new etag, which depends on the content alone: a body written again has its old etag.
   *
   * A conditional put whose answer got lost on the way is tried again and then finds its own object, so a body that
   * must tell the winner says who wrote it (as claims do).
   */
  put(key: string, body: Uint8Array | string, options?: PutOptions): Promise<string | undefined>
  /**
   * An object whose bytes come one after the other, with flat memory: nothing is seen of it before `finish`. Whatever
   * stood there before stands until then, and is replaced at once.
   */
  upload(key: string, options?: Pick<PutOptions, 'contentType'>): Promise<Upload>
  /** The bytes of an object as they come; undefined when nothing is there. What fails fails the stream. */
  read(key: string): Promise<Readable | undefined>
  /** Keys that begin with these characters (`''` for all), in the order of their UTF-8 bytes. */
  list(prefix: string): AsyncIterable<Listed>
  /** Nothing happens when there is nothing. */
  delete(key: string): Promise<void>
  /**
   * Deletes what the key held before, for good; what it holds now stays. With a slash at its end: of all keys under it.
   * A store without versions has nothing to do.
   */
  purge(place: string): Promise<void>
  /**
   * Uploads under a prefix that were begun and are not over: those under way, and those of processes that died, whose bytes
   * lie there although no key shows them. None where what dead processes left needs no one to end it: a store that can
   * tell which those are removes it instead.
   */
  unfinished(prefix: string): Promise<readonly Unfinished[]>
}

/** One object that is being written. Either finish or abort it; both may be called again, and then do nothing. */
export interface Upload {
  /** Resolves when there is room for more. Rejects, now or later, with what the store refuses. */
  write(bytes: Uint8Array): Promise<void>
  /** All of it is there, to be read by anyone. */
  finish(): Promise<void>
  /** Nothing of it ever was. */
  abort(): Promise<void>
  /** Where what was written lies until it is over, in a store on this machine: to be read, and nothing else. */
  readonly path?: string
  /** There, too: takes a file as all that is to be written, and the file is gone, which is quicker than its bytes are. */
  take?(file: string): Promise<void>
}

/** An upload that somebody began. */
export interface Unfinished {
  readonly key: string
  /** Deletes its bytes for good; whoever is still at it fails with UnavailableError. Nothing happens when it is over. */
  abort(): Promise<void>
}

export interface Stored {
  readonly body: Uint8Array
  readonly etag: string
}

export interface Listed {
  readonly key: string
  readonly bytes: number
}

export interface PutOptions {
  readonly if?: 'absent' | { readonly etag: string }
  readonly contentType?: string
}

const segment = '[A-Za-z0-9_=][A-Za-z0-9._=-]*'
const keyPattern = new RegExp(`^${segment}(?:/${segment})*$`)
const prefixPattern = new RegExp(`^(?:${segment}/)*(?:${segment})?$`)

/** Keys are plain: segments of letters, digits and `-_.=` joined by `/`; nothing that climbs or hides. */
export function isKey(text: string): boolean {
  return keyPattern.test(text)
}

export function checkKey(key: string): string {
  if (!isKey(key)) throw new RangeError(`not a key of the store: ${JSON.stringify(key)}`)
  return key
}

/** A key, or what keys lie under, with the slash at its end. */
export function checkPlace(text: string): string {
  checkKey(text.replace(/\/$/, ''))
  return text
}

/** The beginning of a key, or nothing. */
export function checkPrefix(prefix: string): string {
  if (!prefixPattern.test(prefix)) throw new RangeError(`not a prefix of keys of the store: ${JSON.stringify(prefix)}`)
  return prefix
}
