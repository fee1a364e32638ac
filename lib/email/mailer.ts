/** Whoever takes a finished message: SES in AWS. */
export interface Mailer {
  /**
   * Sends once, without retrying: SES has no idempotency token, so a retry could be a second mail.
   * Throws RefusedError when the message was definitely not taken for good, WaitError when it was definitely not taken
   * but may be later (throttled), and UnavailableError when nobody can know (a time-out).
   */
  send(message: {
    readonly raw: Uint8Array
    readonly from: string
    readonly to: string
    readonly run: string
  }): Promise<{ messageId: string }>
}
