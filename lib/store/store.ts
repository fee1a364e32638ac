/**
 * The only memory there is: S3 in AWS, a folder on a laptop, the same keys in both.
 * Four methods and no policy; claims, runs and manifests are built on them.
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
   * undefined. Else the new etag.
   */
  put(key: string, body: Uint8Array | string, options?: PutOptions): Promise<string | undefined>
  /** Keys with a prefix, in the order of their UTF-8 bytes. */
  list(prefix: string): AsyncIterable<Listed>
  delete(key: string): Promise<void>
}

export interface Stored {
  readonly body: Uint8Array
  readonly etag: string
}

export interface Listed {
  readonly key: string
  readonly bytes: number
  readonly etag: string
}

export interface PutOptions {
  readonly if?: 'absent' | { readonly etag: string }
  readonly contentType?: string
}

/** Keys are plain: segments of letters, digits and `-_.=` joined by `/`; nothing that climbs or hides. */
export function checkKey(key: string): string {
  if (!/^[A-Za-z0-9_=][A-Za-z0-9._=-]*(?:\/[A-Za-z0-9_=][A-Za-z0-9._=-]*)*$/.test(key)) {
    throw new RangeError(`not a key of the store: ${JSON.stringify(key)}`)
  }
  return key
}
