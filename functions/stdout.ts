/** Whether whoever read this has what they wanted, as `head` has: no failure, and nothing to report. */
export function isReaderGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE'
}

/** Lets what is at work come to its end although nobody reads any more; unheard, the stream's error would end the process. */
export function outliveReader(stdout: NodeJS.WriteStream): void {
  stdout.on('error', (error) => {
    if (!isReaderGone(error)) throw error
  })
}
